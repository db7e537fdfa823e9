// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/spatial.h"

#include "engine/ops/views.h"
#include "engine/ops/windows.h"

namespace mrg {

std::string spatialName(const char *family, size_t dimensions)
{
    return family + std::to_string(dimensions) + "d";
}

namespace {

/// The names of the spatial dimensions.
std::string spaceNames(size_t dimensions, const std::string &suffix, const char *separator)
{
    if (dimensions == 1)
        return "L" + suffix;
    std::string out;
    for (const char *name : {"D", "H", "W"}) {
        if (*name != 'D' || dimensions == 3)
            out += (out.empty() ? "" : separator) + std::string(name) + suffix;
    }
    return out;
}

} // namespace

Port spatialPort(const char *name, const std::string &channels, size_t dimensions,
                 const std::string &suffix)
{
    const std::string unbatched = channels + " " + spaceNames(dimensions, suffix, " ");
    return {.name = name, .pattern = "N " + unbatched + " | " + unbatched};
}

Shape spatialShape(Shape leading, const Shape &sizes, size_t dimensions)
{
    leading.insert(leading.end(), sizes.end() - static_cast<std::ptrdiff_t>(dimensions),
                   sizes.end());
    return leading;
}

Value spatialValue(const ValueList &numbers, size_t dimensions)
{
    return ValueList(numbers.end() - static_cast<std::ptrdiff_t>(dimensions), numbers.end());
}

Result<void> checkSpatialRank(const Shape &shape, size_t dimensions)
{
    if (shape.size() == dimensions + 1 || shape.size() == dimensions + 2)
        return {};
    const std::string space = spaceNames(dimensions, "", ", ");
    return Error(ErrorCategory::Shape, "dimension_count_mismatch", "",
                 "input " + toString(shape) + " with " + std::to_string(shape.size())
                         + " dimensions",
                 "[N, C, " + space + "] or [C, " + space + "]");
}

Result<void> checkNotEmpty(const Shape &shape, size_t dimensions)
{
    for (size_t d = shape.size() - dimensions - 1; d < shape.size(); ++d) {
        if (shape[d] == 0) {
            return Error(ErrorCategory::Shape, "empty_input", "", "input " + toString(shape),
                         "at least one element in dimension " + std::to_string(d));
        }
    }
    return {};
}

std::vector<int64_t> numbersOf(const IntOrList &values, size_t dimensions)
{
    std::vector<int64_t> out;
    for (size_t i = 0; i < dimensions; ++i)
        out.push_back(values.at(i));
    return out;
}

kernels::Extents extentsOf(const IntOrList &values, size_t dimensions, int64_t rest)
{
    return extents(numbersOf(values, dimensions), rest);
}

Shapes inferred(const std::string &where, Result<Shapes> shapes)
{
    if (!shapes)
        throw shapes.error().within(where);
    return std::move(*shapes);
}

std::pair<Tensor, bool> batched(const Tensor &x, size_t dimensions)
{
    if (x.shape().size() > dimensions + 1)
        return {x, false};
    return {unsqueeze(x, 0), true};
}

Tensor unbatched(const Tensor &y) { return squeeze(y, std::vector<int64_t>{0}); }

std::vector<Arg> outputSizeArgs()
{
    return {arg("output_size", &OutputSizeKeyword::output_size,
                "The output's size, where the input's leaves several open.")};
}

std::optional<std::vector<int64_t>> outputSizeOf(const Arguments &keywords,
                                                 const std::string &where)
{
    static const std::vector<Arg> args = outputSizeArgs();
    return makeOptions<OutputSizeKeyword>(args, keywords, where).value().output_size;
}

int64_t pooledSize(int64_t size, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation,
                   bool ceilMode)
{
    const int64_t room
            = size + 2 * padding - dilation * (kernel - 1) - 1 + (ceilMode ? stride - 1 : 0);
    if (room < 0)
        return 0;
    const int64_t out = room / stride + 1;
    return ceilMode && (out - 1) * stride >= size + padding ? out - 1 : out;
}

} // namespace mrg
