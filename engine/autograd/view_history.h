// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/autograd/Node.h"

namespace mrg {

// What a change in place means for the tape. A view made while operations are recorded knows its
// base, the tensor whose elements it shows, and a base knows its views: a change of one of them is
// a change of all.

/// Where a tensor's elements lie, in elements from the first one of its base.
struct Placement {
    Shape shape;
    std::vector<int64_t> strides;
    int64_t offset = 0;
};

/// How gradients pass between a base and a view of it, in recorded functions.
struct ViewRules {
    using Rule = std::function<Tensor(const Tensor &gradient)>;
    Rule shown; ///< what of the base's shape the view shows
    Rule placed; ///< of the view's shape, where it lies in the base; 0 elsewhere
    Rule blanked; ///< of the base's shape, with 0 where the view lies
};
using MakeViewRules = ViewRules (*)(const Placement &view, const Placement &base);

/// Notes that `view` shows elements of `x`.
void registerView(const Tensor &view, const Tensor &x);

/// **Errors** (state), while operations are recorded: `leaf_changed_in_place` for a leaf that asks
/// for a gradient, `leaf_view_changed_in_place` for a view of one.
void requireChangeable(const Tensor &x);

/// Says that x has the elements of `result` now: x, the tensor it is a view of and that one's other
/// views continue the history of `result`.
void rewriteHistory(const Tensor &x, const Tensor &result, MakeViewRules rules);

} // namespace mrg
