// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Value.h"
#include "engine/tensor/Number.h"

#include <optional>
#include <span>

namespace mrg {

// torch's functions that make tensors. Where a type is left out, it is that of the numbers given,
// or the default (settings.h). **Errors**: value for sizes and steps that are not possible.

/// start, start + step, ... before end.
Tensor arange(Number start, Number end, Number step = 1, std::optional<DType> dtype = {});
/// `steps` numbers from start to end, both included, at equal distances.
Tensor linspace(double start, double end, int64_t steps, std::optional<DType> dtype = {});
/// base to the powers of linspace.
Tensor logspace(double start, double end, int64_t steps, double base = 10,
                std::optional<DType> dtype = {});
/// Ones on the diagonal.
Tensor eye(int64_t n, int64_t m, std::optional<DType> dtype = {});
Tensor full(const Shape &shape, Number value, std::optional<DType> dtype = {});
/// A tensor from (nested lists of) numbers or bools, or from a tensor, copied. **Errors**: shape
/// `ragged_list`; value `not_a_number`.
Tensor tensorOf(const Value &data, std::optional<DType> dtype = {});
/// Row and column numbers (2, n) of a matrix's part below or above a diagonal.
Tensor trilIndices(int64_t rows, int64_t columns, int64_t offset = 0);
Tensor triuIndices(int64_t rows, int64_t columns, int64_t offset = 0);
/// Tensors of coordinates: one a 1-d tensor, all of the grid's shape; `xy` swaps the first two
/// dimensions.
std::vector<Tensor> meshgrid(std::span<const Tensor> tensors, bool xy = false);
/// All ways to take one element of each 1-d tensor, a row each.
Tensor cartesianProduct(std::span<const Tensor> tensors);
/// All ways to take r elements of a 1-d tensor, a row each.
Tensor combinations(const Tensor &x, int64_t r = 2, bool withReplacement = false);
/// Its shape. **Errors**: value `too_many_combinations`.
Shape combinationsShape(const Shape &x, int64_t r, bool withReplacement);

} // namespace mrg
