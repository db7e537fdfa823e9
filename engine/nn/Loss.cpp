// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/Loss.h"

#include "engine/autograd/Node.h"

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

/// gradient * (upstream at its item) * factor; `upstream` has one element or one per item.
Tensor scaled(const Tensor &gradient, const Tensor &upstream, const ClassLayout &layout, double factor)
{
    if (!gradient.defined())
        return {};
    const Tensor g = upstream.compact();
    Tensor out = Tensor::empty(gradient.shape(), gradient.dtype());
    dispatchFloating(gradient.dtype(), "loss", [&](auto tag) {
        using T = typename decltype(tag)::type;
        const T *in = gradient.data<T>();
        const T *up = g.data<T>();
        T *to = out.data<T>();
        const T f = static_cast<T>(factor);
        if (g.numel() == 1) {
            const T scale = up[0] * f;
            for (int64_t i = 0; i < out.numel(); ++i)
                to[i] = in[i] * scale;
            return;
        }
        for (int64_t o = 0; o < layout.outer; ++o) {
            for (int64_t k = 0; k < layout.classes; ++k) {
                for (int64_t i = 0; i < layout.inner; ++i, ++to, ++in)
                    *to = *in * up[o * layout.inner + i] * f;
            }
        }
    });
    return out;
}

} // namespace

Tensor reduceLoss(const char *name, Reduction reduction, const Tensor &input, const Tensor &target,
                  LossParts parts)
{
    const double factor = reduction == Reduction::Mean ? 1 / parts.divisor : 1;
    Tensor out = parts.items;
    if (reduction != Reduction::None) {
        double sum = 0;
        dispatchFloating(parts.items.dtype(), name, [&](auto tag) {
            using T = typename decltype(tag)::type;
            const T *values = parts.items.data<T>();
            for (int64_t i = 0; i < parts.items.numel(); ++i)
                sum += values[i];
        });
        // 0 / 0 is NaN, as in PyTorch: the mean of nothing.
        out = Tensor::scalar(reduction == Reduction::Mean ? sum / parts.divisor : sum, input.dtype());
    }
    if (shouldRecord({&input, &target})) {
        record(name, {input, target}, {out},
               [dx = parts.inputGradient, dt = parts.targetGradient, layout = parts.layout,
                factor, targetType = target.defined() ? target.dtype() : input.dtype()](const Gradients &g) {
                   const Tensor byTarget = scaled(dt, g[0], layout, factor);
                   return Gradients{scaled(dx, g[0], layout, factor),
                                    byTarget.defined() ? byTarget.toType(targetType) : byTarget};
               });
    }
    return out;
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

void requireInt64(const char *name, const Tensor &target)
{
    if (target.dtype() != DType::Int64) {
        throw Error(ErrorCategory::DType, "dtype_mismatch", name,
                    std::string("target of ") + dtypeName(target.dtype()), "int64",
                    "convert the target with to(DType::Int64)");
    }
}

} // namespace mrg
