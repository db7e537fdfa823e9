// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/pooling.h"

#include "engine/ops/windows.h"

namespace mrg {

kernels::Windows windowsOver(const Shape &x, const IntOrList &kernel,
                             const std::optional<IntOrList> &stride, const IntOrList &padding,
                             const IntOrList &dilation, size_t dimensions)
{
    return {.input = spatialExtents(x, dimensions),
            .kernel = extentsOf(kernel, dimensions),
            .stride = extentsOf(stride.value_or(kernel), dimensions),
            .dilation = extentsOf(dilation, dimensions),
            .padding = extentsOf(padding, dimensions, 0)};
}

Result<Shape> pooledShape(const Shape &x, kernels::Windows &w, bool ceilMode, size_t dimensions)
{
    if (Result<void> filled = checkNotEmpty(x, dimensions); !filled)
        return filled.error();
    Shape out(x.begin(), x.end() - static_cast<std::ptrdiff_t>(dimensions));
    for (size_t d = 3 - dimensions; d < 3; ++d) {
        w.output[d] = pooledSize(w.input[d], w.kernel[d], w.stride[d], w.padding[d], w.dilation[d],
                                 ceilMode);
        if (w.output[d] < 1) {
            return Error(ErrorCategory::Shape, "kernel_larger_than_input", "",
                         "input " + toString(x) + ", "
                                 + std::to_string(w.input[d] + 2 * w.padding[d]) + " in dimension "
                                 + std::to_string(out.size()) + " with its padding",
                         "at least " + std::to_string(w.dilation[d] * (w.kernel[d] - 1) + 1)
                                 + ", the reach of the window",
                         "use a smaller kernel_size");
        }
        out.push_back(w.output[d]);
    }
    return out;
}

Result<void> checkHalfPadding(const IntOrList &kernel, const IntOrList &padding, size_t dimensions)
{
    for (size_t i = 0; i < dimensions; ++i) {
        if (padding.at(i) * 2 > kernel.at(i)) {
            return Error(ErrorCategory::Value, "padding_more_than_half_the_kernel", "",
                         "padding " + std::to_string(padding.at(i)),
                         "at most half of kernel_size " + std::to_string(kernel.at(i)));
        }
    }
    return {};
}

Result<Shape> adaptiveShape(const SizesOrNull &sizes, const Shape &x, size_t dimensions)
{
    if (Result<void> rank = checkSpatialRank(x, dimensions); !rank)
        return rank.error();
    Shape out = x;
    for (size_t i = 0; i < dimensions; ++i) {
        const size_t dim = x.size() - dimensions + i;
        out[dim] = sizes.at(i).value_or(x[dim]);
        if (x[dim] < 1) {
            return Error(ErrorCategory::Shape, "empty_input", "", "input " + toString(x),
                         "at least one point in dimension " + std::to_string(dim));
        }
    }
    return out;
}

std::vector<Sample> adaptiveSamples(size_t dimensions)
{
    const auto space = [&](Shape leading, const Shape &sizes) {
        return Shapes{spatialShape(std::move(leading), sizes, dimensions)};
    };
    return {{.args = {{"output_size", 2}}, .inputs = space({2, 2}, {3, 5, 4})},
            {.args = {{"output_size", spatialValue({2, Value(), 3}, dimensions)}},
             .inputs = space({2}, {3, 4, 5})},
            {.args = {{"output_size", 3}}, .inputs = space({1, 1}, {2, 3, 2})}};
}

std::vector<BadSample> adaptiveBadSamples(size_t dimensions)
{
    return {{.args = {{"output_size", 2}}, .inputs = {{4}}, .kind = "dimension_count_mismatch"},
            {.args = {{"output_size", "two"}},
             .inputs = {spatialShape({2}, {4, 4, 4}, dimensions)},
             .kind = "wrong_argument"},
            {.args = {{"output_size", ValueList{2, 2, 2, 2}}},
             .inputs = {spatialShape({2}, {4, 4, 4}, dimensions)},
             .kind = "wrong_number_of_sizes"}};
}

} // namespace mrg
