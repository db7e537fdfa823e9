// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Shape.h"

namespace mrg {

/// An error in a pattern of einops or an equation of einsum, which tells the whole pattern and the
/// shapes it was given.
inline Error inPattern(const Error &error, const std::string &pattern, const Shapes &shapes)
{
    std::string got = error.got + " in '" + pattern + "'";
    for (size_t i = 0; i < shapes.size(); ++i)
        got += (i == 0 ? " of " : ", ") + toString(shapes[i]);
    return {error.category, error.kind, error.where, got, error.wanted, error.fix};
}

/// The same for an error that `work` throws.
template <typename Work>
auto withinPattern(const std::string &pattern, const Shapes &shapes, Work work)
{
    try {
        return work();
    } catch (const Error &error) {
        throw inPattern(error, pattern, shapes);
    }
}

} // namespace mrg
