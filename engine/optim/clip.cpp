// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/optim/clip.h"

#include "engine/core/Launch.h"

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {

std::vector<Tensor> gradientsOf(std::span<const Tensor> parameters)
{
    std::vector<Tensor> out;
    for (const Tensor &parameter : parameters) {
        if (!parameter.grad().defined())
            continue;
        if (!parameter.grad().isContiguous())
            parameter.setGrad(parameter.grad().compact());
        out.push_back(parameter.grad());
    }
    return out;
}

/// The sum of |g|^p, or the largest |g|, to which `before` comes.
template <typename T> double accumulateNorm(const T *g, int64_t n, double p, double before)
{
    double out = before;
    for (int64_t i = 0; i < n; ++i) {
        const double size = std::abs(static_cast<double>(g[i]));
        if (std::isinf(p))
            out = size > out || std::isnan(size) ? size : out;
        else
            out += p == 2 ? size * size : p == 1 ? size : std::pow(size, p);
    }
    return out;
}

} // namespace

Tensor clipGradientNorm(std::span<const Tensor> parameters, double maxNorm, double normType,
                        bool errorIfNotFinite)
{
    const std::vector<Tensor> gradients = gradientsOf(parameters);
    const DType dtype = gradients.empty() ? DType::Float32 : gradients.front().dtype();
    Tensor norm = Tensor::zeros({}, dtype);
    if (gradients.empty())
        return norm;
    const Tensor sum = Tensor::zeros({}, DType::Float64);
    for (const Tensor &gradient : gradients) {
        dispatchFloating(gradient.dtype(), "clip_grad_norm_", [&](auto tag) {
            using T = typename decltype(tag)::type;
            launch([g = gradient.data<T>(), n = gradient.numel(), p = normType,
                    to = sum.data<double>()] { *to = accumulateNorm(g, n, p, *to); });
        });
    }
    dispatchFloating(dtype, "clip_grad_norm_", [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([from = sum.data<double>(), to = norm.data<T>(), p = normType, errorIfNotFinite] {
            const double total = std::isinf(p) ? *from : std::pow(*from, 1 / p);
            if (errorIfNotFinite && !std::isfinite(total)) {
                throw Error(ErrorCategory::Value, "gradients_not_finite", "clip_grad_norm_",
                            "a norm of " + std::to_string(total), "finite gradients");
            }
            *to = static_cast<T>(total);
        });
        for (const Tensor &gradient : gradients) {
            dispatchFloating(gradient.dtype(), "clip_grad_norm_", [&](auto own) {
                using G = typename decltype(own)::type;
                launch([g = gradient.data<G>(), n = gradient.numel(), total = norm.data<T>(),
                        maxNorm] {
                    const double factor = maxNorm / (static_cast<double>(*total) + 1e-6);
                    if (factor >= 1)
                        return;
                    const G scale = static_cast<G>(factor);
                    parallelFor(n, elementGrain, [=](int64_t begin, int64_t end) {
                        for (int64_t i = begin; i < end; ++i)
                            g[i] *= scale;
                    });
                });
            });
            gradient.bumpVersion();
        }
    });
    return norm;
}

void clipGradientValue(std::span<const Tensor> parameters, double limit)
{
    for (const Tensor &gradient : gradientsOf(parameters)) {
        dispatchFloating(gradient.dtype(), "clip_grad_value_", [&](auto tag) {
            using T = typename decltype(tag)::type;
            launchPointwise(gradient.numel(),
                            [g = gradient.data<T>(), bound = static_cast<T>(limit)](int64_t begin,
                                                                                    int64_t end) {
                                for (int64_t i = begin; i < end; ++i)
                                    g[i] = g[i] > bound ? bound : g[i] < -bound ? -bound : g[i];
                            });
        });
        gradient.bumpVersion();
    }
}

} // namespace mrg
