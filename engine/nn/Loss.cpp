// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/Loss.h"

#include "engine/core/Launch.h"
#include "engine/tensor/result_type.h"
#include "engine/tensor/settings.h"

namespace mrg {

ClassLayout classLayout(const Shape &input)
{
    ClassLayout out;
    const size_t classDim = input.size() > 1 ? 1 : 0;
    for (size_t d = 0; d < input.size(); ++d) {
        if (d == classDim) {
            out.classes = input[d];
            continue;
        }
        (d < classDim ? out.outer : out.inner) *= input[d];
        out.items.push_back(input[d]);
    }
    return out;
}

namespace {

/// gradient *= upstream at its item, in place.
void scaleByItem(const Tensor &gradient, const Tensor &upstream, const ClassLayout &layout)
{
    dispatchFloating(gradient.dtype(), "loss", [&](auto tag) {
        using T = typename decltype(tag)::type;
        T *to = gradient.data<T>();
        const T *up = upstream.data<T>();
        if (upstream.numel() == 1) {
            launch([to, up, n = gradient.numel()] {
                const T scale = *up;
                if (scale == 1)
                    return;
                parallelFor(n, elementGrain, [=](int64_t begin, int64_t end) {
                    for (int64_t i = begin; i < end; ++i)
                        to[i] *= scale;
                });
            });
            return;
        }
        launch([to, up, outer = layout.outer, classes = layout.classes, inner = layout.inner] {
            const int64_t length = classes * inner;
            parallelFor(outer, std::max<int64_t>(1, elementGrain / std::max<int64_t>(length, 1)),
                        [=](int64_t begin, int64_t end) {
                            for (int64_t o = begin; o < end; ++o) {
                                for (int64_t i = 0; i < length; ++i)
                                    to[o * length + i] *= up[o * inner + i % inner];
                            }
                        });
        });
    });
}

} // namespace

Gradients LossGradients::times(const Tensor &upstream)
{
    Gradients out = m_handedOn ? m_compute() : std::move(m_gradients);
    m_handedOn = true;
    const Tensor g = upstream.compact();
    for (const Tensor &gradient : out) {
        if (gradient.defined())
            scaleByItem(gradient, g, m_layout);
    }
    return out;
}

void refuseDerivatives(const char *name, const std::vector<Tensor> &sources,
                       const Gradients &gradients)
{
    if (!shouldRecord(sources))
        return;
    for (const Tensor &gradient : gradients) {
        if (!gradient.defined())
            continue;
        record(name, sources, {gradient}, [name](const Gradients &) -> Gradients {
            throw Error(ErrorCategory::State, "derivative_not_implemented", name,
                        "a backward through its gradients", "fewer derivatives");
        });
    }
}

void recordLoss(const char *name, const std::vector<Tensor> &inputs, const Tensor &out,
                Gradients gradients, const ClassLayout &layout, LossGradients::Compute compute,
                Operations operations)
{
    const auto known
            = std::make_shared<LossGradients>(std::move(gradients), layout, std::move(compute));
    record(name, inputs, {out},
           [name, known, inputs, operations = std::move(operations)](const Gradients &g) {
               if (operations && gradEnabled())
                   return repeatedGradients(inputs, operations, g);
               Gradients result;
               {
                   const GradMode off(false);
                   result = known->times(g[0]);
               }
               std::vector<Tensor> sources{g[0]};
               sources.insert(sources.end(), inputs.begin(), inputs.end());
               refuseDerivatives(name, sources, result);
               return result;
           });
}

Tensor castFloating(const Tensor &x, DType dtype)
{
    if (x.dtype() == dtype)
        return x;
    Tensor out = x.toType(dtype);
    if (shouldRecord({&x})) {
        record("to", {x}, {out}, [from = x.dtype()](const Gradients &g) {
            return Gradients{castFloating(g[0], from)};
        });
    }
    return out;
}

Result<void> checkSpread(const Tensor &weight, const char *name, const Shape &shape)
{
    if (!weight.defined())
        return {};
    const Result<Shape> common = broadcastShapes(weight.shape(), shape);
    if (common && *common == shape)
        return {};
    return Error(ErrorCategory::Shape, "weight_size_mismatch", "",
                 std::string(name) + " " + toString(weight.shape()),
                 "a shape that broadcasts to " + toString(shape));
}

Result<void> checkClassWeight(const Tensor &weight, int64_t classes)
{
    if (!weight.defined() || weight.shape() == Shape{classes})
        return {};
    return Error(ErrorCategory::Shape, "weight_size_mismatch", "",
                 "weight " + toString(weight.shape()), toString(Shape{classes}));
}

Result<void> checkSameShape(const Shape &input, const Shape &target)
{
    if (input == target)
        return {};
    return Error(ErrorCategory::Shape, "size_mismatch", "", "target " + toString(target),
                 "the input's shape " + toString(input));
}

Shapes lossShape(Reduction reduction, const Shape &items)
{
    return {reduction == Reduction::None ? items : Shape{}};
}

Tensor lossBuffer(const Tensor &weight)
{
    return weight.defined() ? weight.toType(DType::Float32).copy() : Tensor();
}

void requireFloating(const char *name, const Tensor &input)
{
    if (!input.isFloatingPoint()) {
        throw Error(ErrorCategory::DType, "dtype_not_supported", name,
                    std::string("input of ") + dtypeName(input.dtype()), "float32 or float64");
    }
}

DType meetingType(const char *name, std::span<const Tensor> inputs, bool wholeNumbers)
{
    const DType dtype = resultType(inputs);
    if (isFloating(dtype))
        return dtype;
    if (isComplex(dtype) || !wholeNumbers) {
        throw Error(ErrorCategory::DType, "dtype_not_supported", name, dtypeName(dtype),
                    "float32 or float64");
    }
    return defaultDType();
}

void refuseMasks(const char *name, std::span<const Tensor> inputs)
{
    for (const Tensor &input : inputs) {
        if (input.dtype() == DType::Bool) {
            throw Error(ErrorCategory::DType, "dtype_not_supported", name, "bool", "numbers",
                        "convert the masks to float32");
        }
    }
}

void requireInt64(const char *name, const Tensor &target)
{
    if (target.dtype() != DType::Int64) {
        throw Error(ErrorCategory::DType, "dtype_mismatch", name,
                    std::string("target of ") + dtypeName(target.dtype()), "int64",
                    "convert the target with to(DType::Int64)");
    }
}

} // namespace mrg
