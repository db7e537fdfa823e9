// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/autograd/repeated_gradients.h"
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

/// The gradients that a loss worked out together with its value: d loss / d input for every input
/// of its node (undefined: none is wanted), for an upstream gradient of 1.
///
/// They are handed on to the backward pass, which multiplies them by the upstream gradient where
/// they lie. A second backward over the same graph works them out again.
class LossGradients {
public:
    /// Makes new ones; called for the second and later backwards.
    using Compute = std::function<Gradients()>;
    LossGradients(Gradients gradients, ClassLayout layout, Compute compute)
        : m_gradients(std::move(gradients)),
          m_layout(std::move(layout)),
          m_compute(std::move(compute))
    {
    }
    /// The gradients times `upstream`, which has one element or one per item of the layout.
    Gradients times(const Tensor &upstream);

private:
    Gradients m_gradients;
    ClassLayout m_layout;
    Compute m_compute;
    bool m_handedOn = false;
};

/// Makes a second backward through `gradients`, which were worked out from `sources`, throw Error
/// (state, `derivative_not_implemented`) rather than give zeros.
void refuseDerivatives(const char *name, const std::vector<Tensor> &sources,
                       const Gradients &gradients);

/// Records a loss whose gradients are known. `operations` are the loss in recorded functions, for
/// their derivatives; null: there are none, as for PyTorch's margin losses.
void recordLoss(const char *name, const std::vector<Tensor> &inputs, const Tensor &out,
                Gradients gradients, const ClassLayout &layout, LossGradients::Compute compute,
                Operations operations = {});

/// Sum in a fixed order.
template <typename T> double sumOf(const T *values, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; ++i)
        sum += static_cast<double>(values[i]);
    return sum;
}

/// A float as another float type, recorded.
Tensor castFloating(const Tensor &x, DType dtype);

/// The argument that all losses share.
template <typename O> Arg reductionArg()
{
    return arg("reduction", static_cast<Reduction O::*>(&O::reduction),
               "none: a value per item; mean: their mean; sum: their sum.");
}

/// Shape of a loss: a scalar, or that of the items.
Shapes lossShape(Reduction reduction, const Shape &items);

/// A weight per class as constructors take it: registered as the buffer `name` if defined.
/// `weight` becomes float32; Module::to() converts it with the rest.
Tensor lossBuffer(const Tensor &weight);

/// That a weight (undefined: none) repeats to the input's shape.
Result<void> checkSpread(const Tensor &weight, const char *name, const Shape &shape);
/// That a weight (undefined: none) has one element per class.
Result<void> checkClassWeight(const Tensor &weight, int64_t classes);
/// That the target has the input's shape.
Result<void> checkSameShape(const Shape &input, const Shape &target);

/// Throws Error (dtype) unless the scores are float32 or float64.
void requireFloating(const char *name, const Tensor &input);
/// The floating type in which these tensors meet, in which a loss of them is computed. Throws Error
/// (dtype) for complex ones, and where none is floating unless `wholeNumbers`: then they count as
/// floats of the default type.
DType meetingType(const char *name, std::span<const Tensor> inputs, bool wholeNumbers = false);
/// Throws Error (dtype) if one is a mask: masks can't be subtracted.
void refuseMasks(const char *name, std::span<const Tensor> inputs);
/// Throws Error (dtype) unless the target is int64.
void requireInt64(const char *name, const Tensor &target);

} // namespace mrg
