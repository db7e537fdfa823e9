// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/normalization.h"

#include "engine/autograd/Node.h"
#include "engine/core/Launch.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"
#include "engine/ops/views.h"

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {

/// Gradients of x, weight and bias from recorded operations, so that they can be differentiated.
Gradients recordedBackward(const Tensor &x, const Tensor &weight, bool hasBias,
                           const Tensor &gradient, const Normalization &how)
{
    const NormalizationLayout &l = how.layout;
    const Shape full{l.outer, l.repeats, l.period, l.parts, l.step};
    const std::vector<int64_t> set{0, 3, 4};
    const Tensor from = reshape(x, full);
    const Tensor g = reshape(gradient, full);
    const Shape perPeriod{1, 1, l.period, 1, 1};
    const Tensor scaled
            = weight.defined() ? mul(g, reshape(weight, {1, 1, l.period, l.parts, 1})) : g;
    const bool given = how.mean.defined();
    const Tensor average = given ? reshape(how.mean, perPeriod) : mean(from, set, true);
    const Tensor centred = how.centred ? sub(from, average) : from;
    const Tensor variance
            = given ? reshape(how.variance, perPeriod) : mean(square(centred), set, true);
    const Tensor inverse = pow(add(variance, how.eps), -0.5);
    const Tensor normal = mul(centred, inverse);
    Tensor dx = scaled;
    if (!given) {
        dx = sub(dx, mul(normal, mean(mul(scaled, normal), set, true)));
        if (how.centred)
            dx = sub(dx, mean(scaled, set, true));
    }
    Gradients out(3);
    out[0] = reshape(mul(dx, inverse), x.shape());
    if (weight.defined())
        out[1] = reshape(sum(mul(g, normal), {0, 1, 4}), weight.shape());
    if (hasBias)
        out[2] = sum(g, {0, 1, 4});
    return out;
}

/// What backward keeps of a normalisation.
struct Saved {
    SavedTensor x;
    SavedTensor weight;
    Tensor mean; ///< one a set
    Tensor inverse;
    Shape biasShape; ///< of the bias, if `hasBias`
    bool hasBias;
    Normalization how;
};

/// Its elements, or null.
template <typename T> T *pointer(const Tensor &tensor)
{
    return tensor.defined() ? tensor.data<T>() : nullptr;
}

Gradients kernelBackward(const Saved &saved, const Tensor &g)
{
    const Tensor x = saved.x.unpack();
    const Tensor weight = saved.weight.unpack();
    const Tensor gradient = g.compact();
    const NormalizationLayout layout = saved.how.layout;
    Gradients out(3);
    out[0] = Tensor::empty(x.shape(), x.dtype());
    if (weight.defined())
        out[1] = Tensor::empty(weight.shape(), x.dtype());
    if (saved.hasBias)
        out[2] = Tensor::empty(saved.biasShape, x.dtype());
    const Tensor compactWeight = weight.defined() ? weight.compact() : weight;
    const Tensor workspace = Tensor::empty({kernels::normalizationWorkspace(layout)}, x.dtype());
    dispatchFloating(x.dtype(), "normalization", [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([call = kernels::NormalizationBackward<T>{
                        layout, !saved.how.mean.defined(), saved.how.centred, x.data<T>(),
                        saved.mean.data<T>(), saved.inverse.data<T>(), pointer<T>(compactWeight),
                        gradient.data<T>(), out[0].data<T>(), pointer<T>(out[1]),
                        pointer<T>(out[2]), workspace.data<T>()}] {
            kernels::normalizeBackward(call);
        });
    });
    return out;
}

void checkTypes(const char *name, const Tensor &x, std::initializer_list<Tensor> others)
{
    for (const Tensor &other : others) {
        if (other.defined() && other.dtype() != x.dtype()) {
            throw Error(ErrorCategory::DType, "dtype_mismatch", name, dtypeName(x.dtype()),
                        dtypeName(other.dtype()), "convert the input or the module");
        }
    }
}

} // namespace

Tensor normalizing(const char *name, const Tensor &input, const Tensor &weight, const Tensor &bias,
                   const Normalization &how)
{
    checkTypes(name, input, {weight, bias, how.mean, how.variance});
    const NormalizationLayout layout = how.layout;
    const Tensor x = contiguous(input);
    Tensor y = Tensor::empty(x.shape(), x.dtype());
    Tensor mean = Tensor::empty({layout.sets()}, x.dtype());
    Tensor inverse = Tensor::empty({layout.sets()}, x.dtype());
    const Tensor variance = how.observe ? Tensor::empty({layout.sets()}, x.dtype()) : Tensor();
    dispatchFloating(x.dtype(), name, [&](auto tag) {
        using T = typename decltype(tag)::type;
        const kernels::NormalizationForward<T> call{
                layout,         x.data<T>(),       pointer<T>(weight), pointer<T>(bias),
                mean.data<T>(), inverse.data<T>(), y.data<T>()};
        if (how.mean.defined()) {
            launch([call, eps = static_cast<T>(how.eps), givenMean = how.mean.data<T>(),
                    givenVariance = how.variance.data<T>()] {
                for (int64_t set = 0; set < call.layout.sets(); ++set) {
                    const int64_t at = set % call.layout.period;
                    call.mean[set] = givenMean[at];
                    call.inverse[set] = T(1) / std::sqrt(givenVariance[at] + eps);
                }
                kernels::normalizeByGiven(call);
            });
            return;
        }
        launch([call, centred = how.centred, eps = how.eps, variance = pointer<T>(variance),
                observe = how.observe] {
            kernels::normalizeSets(call, centred, eps, variance);
            if (observe)
                observe(call.mean, variance);
        });
    });
    if (shouldRecord({&x, &weight, &bias})) {
        Saved saved{SavedTensor(x),
                    SavedTensor(weight),
                    mean,
                    inverse,
                    bias.defined() ? bias.shape() : Shape(),
                    bias.defined(),
                    how};
        saved.how.observe = nullptr;
        record(name, {x, weight, bias}, {y}, [saved = std::move(saved)](const Gradients &g) {
            if (gradEnabled()) {
                Gradients out = recordedBackward(saved.x.unpack(), saved.weight.unpack(),
                                                 saved.hasBias, g[0], saved.how);
                if (saved.hasBias)
                    out[2] = reshape(out[2], saved.biasShape);
                return out;
            }
            return kernelBackward(saved, g[0]);
        });
    }
    return y;
}

namespace {

/// Sums over channels c - before to c + after of a tensor with channels in dimension 1.
Tensor channelWindowSum(const Tensor &input, int64_t before, int64_t after)
{
    const Tensor x = input.compact();
    const int64_t outer = x.size(0);
    const int64_t channels = x.size(1);
    const int64_t inner = outer * channels == 0 ? 0 : x.numel() / (outer * channels);
    Tensor out = Tensor::empty(x.shape(), x.dtype());
    dispatchFloating(x.dtype(), "local_response_norm", [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([=, from = x.data<T>(), to = out.data<T>()] {
            parallelFor(outer * channels, 16, [=](int64_t begin, int64_t end) {
                for (int64_t row = begin; row < end; ++row) {
                    const int64_t c = row % channels;
                    T *target = to + row * inner;
                    std::fill(target, target + inner, T(0));
                    for (int64_t at = std::max<int64_t>(0, c - before);
                         at <= std::min(channels - 1, c + after); ++at) {
                        const T *source = from + (row - c + at) * inner;
                        for (int64_t i = 0; i < inner; ++i)
                            target[i] += source[i];
                    }
                }
            });
        });
    });
    if (shouldRecord({&input})) {
        record("channel_window_sum", {input}, {out}, [before, after](const Gradients &g) {
            return Gradients{channelWindowSum(g[0], after, before)};
        });
    }
    return out;
}

} // namespace

Tensor localResponseNorm(const Tensor &x, int64_t size, double alpha, double beta, double k)
{
    const Tensor sums = channelWindowSum(square(x), size / 2, (size - 1) / 2);
    const Tensor base = add(mul(sums, alpha / static_cast<double>(size)), k);
    return mul(x, pow(base, -beta));
}

} // namespace mrg
