// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/nn/Module.h"
#include "engine/spec/Spec.h"

namespace mrg {

/// How a loss makes one number of many.
enum class Reduction { None, Mean, Sum };
template <> struct EnumTexts<Reduction> {
    static constexpr std::array texts{std::pair{Reduction::None, "none"},
                                      std::pair{Reduction::Mean, "mean"},
                                      std::pair{Reduction::Sum, "sum"}};
};

/// An input seen as (outer, classes, inner), classes in dimension 1 (dimension 0 if it has one).
struct ClassLayout {
    int64_t outer = 1;
    int64_t classes = 1;
    int64_t inner = 1;
    Shape items; ///< the input's shape without the classes
    int64_t count() const { return outer * inner; }
};
ClassLayout classLayout(const Shape &input);

/// What a loss kernel worked out before the reduction.
struct LossParts {
    Tensor items;           ///< one value per item
    Tensor inputGradient;   ///< d item / d input, in the input's shape; undefined if not recorded
    Tensor targetGradient;  ///< likewise for a floating target; mostly undefined
    ClassLayout layout;     ///< which item an element of the input belongs to
    double divisor = 1;     ///< of the mean
};

/// Reduces the items and records the gradient, which was computed in the same pass.
Tensor reduceLoss(const char *name, Reduction reduction, const Tensor &input, const Tensor &target,
                  LossParts parts);

/// The argument that all losses share.
template <typename O> Arg reductionArg()
{
    return arg("reduction", &O::reduction,
               "none: a value per item; mean: their mean; sum: their sum.");
}

/// Shape of a loss: a scalar, or that of the items.
Shapes lossShape(Reduction reduction, const Shape &items);

/// A weight per class as constructors take it: registered as the buffer `name` if defined.
/// `weight` becomes float32; Module::to() converts it with the rest.
Tensor lossBuffer(const Tensor &weight);

/// Throws Error (dtype) unless the scores are float32 or float64.
void requireFloating(const char *name, const Tensor &input);
/// Throws Error (dtype) unless the target is int64.
void requireInt64(const char *name, const Tensor &target);

} // namespace mrg
