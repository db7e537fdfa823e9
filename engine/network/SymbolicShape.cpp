// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/network/check.h"

namespace mrg {

std::string SymbolicShape::text() const
{
    if (dims.empty())
        return "scalar";
    std::string out;
    for (const Dim &dim : dims) {
        out += out.empty() ? "" : " × ";
        if (dim.perSample == 0)
            out += std::to_string(dim.size);
        else
            out += (dim.perSample == 1 ? "" : std::to_string(dim.perSample)) + "N";
    }
    return out;
}

Shape SymbolicShape::shape() const
{
    Shape out;
    for (const Dim &dim : dims)
        out.push_back(dim.size);
    return out;
}

} // namespace mrg
