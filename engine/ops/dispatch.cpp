// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/dispatch.h"

namespace mrg {

const char *typesText(Types set)
{
    if (set & types::IntegersAsFloats)
        set |= types::Bool | types::Integers;
    const bool integers = (set & types::Integers) != 0;
    const bool floats = (set & types::Floats) != 0;
    const bool complexes = (set & types::Complexes) != 0;
    if (integers && floats)
        return (set & types::Bool) ? "a type that is not complex"
                : complexes        ? "a type that is not bool"
                                   : "an integral or floating type";
    if (integers)
        return (set & types::Bool) ? "bool or an integral type" : "an integral type";
    return floats && complexes ? "a floating or complex type"
            : floats           ? "float32 or float64"
                               : "complex64 or complex128";
}

} // namespace mrg
