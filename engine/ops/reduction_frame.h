// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Launch.h"
#include "engine/kernels/reduction.h"
#include "engine/tensor/Tensor.h"

namespace mrg {

/// Dimensions to reduce; none: all of them, as in torch.
using Dims = std::vector<int64_t>;

/// What a reduction makes of a shape: the rule that `infer` and the operation share.
struct Reduced {
    std::vector<bool> reduced; ///< by dimension
    Shape kept; ///< with size 1 in the place of reduced dimensions
    Shape squeezed; ///< without them
    bool keepdim = false;
    int64_t count = 1; ///< elements that become one

    const Shape &shape() const { return keepdim ? kept : squeezed; }
    /// The reduced dimensions; empty for a 0-d shape, where that means the same.
    Dims along() const;
};
/// **Errors**: index `dimension_error_out_of_range`, value `dimension_given_twice`.
Reduced reduceShape(const Shape &shape, const Dims &dims, bool keepdim, const char *where);
/// For functions without an identity: value `empty_reduction` where a reduced dimension has
/// size 0, even if the result has no elements either.
void requireElements(const Shape &shape, const Reduced &reduced, const char *where);

/// A tensor whose reduced dimensions lie together, and how.
struct ReductionRows {
    Tensor tensor; ///< compact
    kernels::Rows rows;
};
/// Copies `x` only if it is not compact or its reduced dimensions are apart.
ReductionRows reductionRows(const Tensor &x, const Reduced &reduced);

/// The gradient (or result) of a reduction with its reduced dimensions back as size 1.
Tensor withKeptDims(const Tensor &x, const Reduced &reduced);

/// Reduces x, of type T, by a Reducer of kernels/reduction.h. `emit` is a copyable function that
/// gets (pointers..., row, finished state); see reduceInto() for the common one.
template <typename Reducer, typename T, typename Emit>
void launchReduction(const Tensor &x, const Reduced &reduced, Emit emit)
{
    const ReductionRows in = reductionRows(x, reduced);
    launch([rows = in.rows, source = in.tensor.data<T>(), emit] {
        kernels::reduceRows<Reducer>(rows, source, emit);
    });
}

/// out[row] = the reduced row, for reducers that finish with a number.
template <typename Reducer, typename T, typename R>
void reduceInto(const Tensor &x, const Reduced &reduced, const Tensor &out)
{
    launchReduction<Reducer, T>(x, reduced,
                                [target = out.data<R>()](int64_t row, const auto &value) {
                                    target[row] = static_cast<R>(value);
                                });
}

} // namespace mrg
