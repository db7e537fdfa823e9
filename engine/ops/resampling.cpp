// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/resampling.h"

#include "engine/autograd/Node.h"
#include "engine/core/Launch.h"
#include "engine/ops/dispatch.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace mrg {

using kernels::SparseRows;

Tensor resample(const char *name, const Tensor &x, size_t dim, const SharedResampling &resampling,
                double fill, bool transposed)
{
    if (const DType type = computedType(x.dtype()); type != x.dtype())
        return narrowedTo(x.dtype(),
                          resample(name, x.toType(type), dim, resampling, fill, transposed));
    const Tensor source = x.compact();
    const SparseRows &matrix = transposed ? resampling->transposed : resampling->matrix;
    Shape shape = x.shape();
    shape[dim] = matrix.rows();
    Tensor out = Tensor::empty(shape, x.dtype());
    int64_t outer = 1;
    int64_t inner = 1;
    for (size_t d = 0; d < shape.size(); ++d) {
        if (d != dim)
            (d < dim ? outer : inner) *= shape[d];
    }
    dispatchTypes<types::All>(x.dtype(), name, [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([resampling, transposed, outer, inner, value = convertElement<T>(fill),
                from = source.data<T>(), to = out.data<T>()] {
            kernels::applyRows<T>(transposed ? resampling->transposed : resampling->matrix, outer,
                                  inner, value, from, to);
        });
    });
    if (shouldRecord({&x})) {
        record(name, {x}, {out}, [name, dim, resampling, transposed](const Gradients &g) {
            return Gradients{resample(name, g[0], dim, resampling, 0, !transposed)};
        });
    }
    return out;
}

SparseRows adaptiveMeans(int64_t size, int64_t count)
{
    SparseRows out(size);
    for (int64_t i = 0; i < count; ++i) {
        const int64_t begin = i * size / count;
        const int64_t end = ((i + 1) * size + count - 1) / count;
        for (int64_t j = begin; j < end; ++j)
            out.add(j, 1.0 / static_cast<double>(end - begin));
        out.endRow();
    }
    return out;
}

SparseRows windowMeans(int64_t size, int64_t count, int64_t kernel, int64_t stride, int64_t padding,
                       MeanDivisor divisor)
{
    SparseRows out(size);
    for (int64_t i = 0; i < count; ++i) {
        const int64_t first = i * stride - padding;
        const int64_t last = std::min(first + kernel, size + padding);
        const int64_t begin = std::max<int64_t>(first, 0);
        const int64_t end = std::min(last, size);
        const int64_t length = divisor == MeanDivisor::Padded ? last - first : end - begin;
        for (int64_t j = begin; j < end; ++j)
            out.add(j, divisor == MeanDivisor::None ? 1.0 : 1.0 / static_cast<double>(length));
        out.endRow();
    }
    return out;
}

namespace {

/// Weights of the four points around a position `t` behind the second: Keys, 1981, with a = -0.75.
template <typename T> std::array<T, 4> cubicWeights(T t)
{
    constexpr T a = T(-0.75);
    const auto near = [](T x) { return ((a + 2) * x - (a + 3)) * x * x + 1; };
    const auto far = [](T x) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; };
    return {far(t + 1), near(t), near(1 - t), far(2 - t)};
}

template <typename T>
SparseRows interpolatedAs(int64_t size, int64_t count, Interpolation interpolation,
                          bool alignCorners, std::optional<double> factor)
{
    T scale = factor ? static_cast<T>(1.0 / *factor) : static_cast<T>(size) / static_cast<T>(count);
    if (alignCorners)
        scale = count > 1 ? static_cast<T>(size - 1) / static_cast<T>(count - 1) : T(0);
    SparseRows out(size);
    // As many points as before stay what they are, whatever the factor. (Not so cubic ones.)
    const bool same = size == count && interpolation != Interpolation::Cubic;
    for (int64_t i = 0; i < count; ++i) {
        if (same) {
            out.add(i);
            out.endRow();
            continue;
        }
        if (interpolation == Interpolation::Nearest) {
            const float position = std::floor(static_cast<float>(scale * static_cast<T>(i)));
            out.add(std::min(static_cast<int64_t>(position), size - 1));
            out.endRow();
            continue;
        }
        T position = alignCorners ? scale * static_cast<T>(i)
                                  : scale * (static_cast<T>(i) + T(0.5)) - T(0.5);
        if (interpolation == Interpolation::Cubic) {
            const T below = std::floor(position);
            const std::array<T, 4> weights = cubicWeights(position - below);
            for (int64_t j = 0; j < 4; ++j) {
                out.add(std::clamp<int64_t>(static_cast<int64_t>(below) - 1 + j, 0, size - 1),
                        static_cast<double>(weights[static_cast<size_t>(j)]));
            }
        } else {
            position = std::max(position, T(0));
            const int64_t below = std::min(static_cast<int64_t>(position), size - 1);
            const T share = std::clamp(position - static_cast<T>(below), T(0), T(1));
            out.add(below, static_cast<double>(1 - share));
            out.add(std::min(below + 1, size - 1), static_cast<double>(share));
        }
        out.endRow();
    }
    return out;
}

} // namespace

SparseRows interpolated(int64_t size, int64_t count, Interpolation interpolation, bool alignCorners,
                        std::optional<double> scale, DType dtype)
{
    return dtype == DType::Float64
            ? interpolatedAs<double>(size, count, interpolation, alignCorners, scale)
            : interpolatedAs<float>(size, count, interpolation, alignCorners, scale);
}

} // namespace mrg
