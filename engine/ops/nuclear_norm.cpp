// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/nuclear_norm.h"

#include "engine/autograd/Node.h"
#include "engine/autograd/once_differentiable.h"
#include "engine/kernels/singular_values.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/views.h"

namespace mrg {

namespace {

constexpr const char *name = "nuclear norm";

/// Calls one(i, offset of matrix i) for each of a batch of matrices.
template <typename One> void forEachMatrix(int64_t count, int64_t size, One one)
{
    parallelFor(count, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i)
            one(i, i * size);
    });
}

int64_t batchOf(const Tensor &matrices)
{
    return numel(Shape(matrices.shape().begin(), matrices.shape().end() - 2));
}

/// U V^H of every matrix, and the sums of their singular values.
struct PolarNorm {
    Tensor value;
    Tensor polar;
};
PolarNorm polarNorm(const Tensor &matrices, bool wantsPolar)
{
    const Tensor source = matrices.compact();
    const Shape batch(matrices.shape().begin(), matrices.shape().end() - 2);
    PolarNorm out{Tensor::empty(batch, toReal(matrices.dtype())), {}};
    if (wantsPolar)
        out.polar = Tensor::empty(matrices.shape(), matrices.dtype());
    dispatchDifferentiable(matrices.dtype(), name, [&](auto tag) {
        using T = typename decltype(tag)::type;
        using Real = decltype(std::abs(T()));
        launch([rows = matrices.size(-2), columns = matrices.size(-1), count = batchOf(matrices),
                from = source.data<T>(), value = out.value.template data<Real>(),
                polar = wantsPolar ? out.polar.template data<T>() : nullptr] {
            forEachMatrix(count, rows * columns, [&](int64_t i, int64_t offset) {
                value[i] = static_cast<Real>(kernels::nuclearNorm(
                        rows, columns, from + offset, polar ? polar + offset : nullptr));
            });
        });
    });
    return out;
}

/// The derivative of U V^H along a direction, which is also that of a cotangent.
Tensor slopeOfPolar(const Tensor &matrices, const Tensor &direction)
{
    const Tensor from = matrices.compact();
    const Tensor along = direction.compact();
    Tensor out = Tensor::empty(matrices.shape(), matrices.dtype());
    dispatchDifferentiable(matrices.dtype(), name, [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([rows = matrices.size(-2), columns = matrices.size(-1), count = batchOf(matrices),
                x = from.data<T>(), g = along.data<T>(), slope = out.template data<T>()] {
            forEachMatrix(count, rows * columns, [&](int64_t, int64_t offset) {
                kernels::polarSlope(rows, columns, x + offset, g + offset, slope + offset);
            });
        });
    });
    return out;
}

/// U V^H, recorded.
Tensor polar(const Tensor &matrices)
{
    Tensor out = polarNorm(matrices, true).polar;
    if (shouldRecord({&matrices})) {
        record("polar_factor", {matrices}, {out},
               [saved = SavedTensor(matrices)](const Gradients &g) {
                   const Tensor in = saved.unpack();
                   const Tensor madeOf[] = {g[0], in};
                   return onceDifferentiable("nuclear_norm", {slopeOfPolar(in, g[0])}, madeOf);
               });
    }
    return out;
}

Tensor normOfMatrices(const Tensor &matrices)
{
    const bool records = shouldRecord({&matrices});
    const PolarNorm out = polarNorm(matrices, records);
    if (records) {
        record("nuclear_norm", {matrices}, {out.value},
               [saved = SavedTensor(matrices), slope = out.polar](const Gradients &g) {
                   const Tensor share = unsqueeze(unsqueeze(g[0], -1), -1);
                   return Gradients{mul(gradEnabled() ? polar(saved.unpack()) : slope, share)};
               });
    }
    return out.value;
}

} // namespace

Reduced nuclearNormShape(const Shape &shape, const std::optional<Dims> &dims, bool keepdim)
{
    if (!dims && shape.size() != 2) {
        throw Error(ErrorCategory::Shape, "linalg_error_requires_2d", name, toString(shape),
                    "2 dimensions: a matrix", "name the two dimensions of its matrices with dim");
    }
    if (dims && dims->size() != 2) {
        throw Error(ErrorCategory::Shape, "dimension_count_mismatch", name,
                    std::to_string(dims->size()) + " dimensions, dim = " + toString(*dims),
                    "two: that of the rows and that of the columns");
    }
    return reduceShape(shape, dims.value_or(Dims{0, 1}), keepdim, name);
}

Tensor nuclearNorm(const Tensor &x, const std::optional<Dims> &dims, bool keepdim)
{
    const Reduced reduced = nuclearNormShape(x.shape(), dims, keepdim);
    const Tensor norms
            = normOfMatrices(movedim(x, dims ? *dims : std::vector<int64_t>{0, 1}, {-2, -1}));
    return keepdim ? reshape(norms, reduced.kept) : norms;
}

} // namespace mrg
