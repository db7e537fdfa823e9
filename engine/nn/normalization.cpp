// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/Node.h"
#include "engine/core/Parallel.h"
#include "engine/kernels/normalization.h"
#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "engine/nn/init.h"
#include "engine/nn/spatial.h"

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {

struct BatchNormOptions {
    int64_t num_features = 8;
    double eps = 1e-5;
    std::optional<double> momentum = 0.1;
    bool affine = true;
    bool track_running_stats = true;
};

/// torch.nn.BatchNorm1d and 2d (Ioffe and Szegedy, 2015) over inputs of `minRank` to `maxRank`
/// dimensions: normalises with the biased variance, keeps the unbiased one.
template <int minRank, int maxRank> class BatchNorm : public Module {
public:
    using Options = BatchNormOptions;
    explicit BatchNorm(Options options_) : options(options_)
    {
        if (options.affine) {
            registerParameter("weight", weight, {options.num_features});
            registerParameter("bias", bias, {options.num_features});
        }
        if (options.track_running_stats) {
            registerBuffer("running_mean", running_mean, Tensor::zeros({options.num_features}));
            registerBuffer("running_var", running_var, Tensor::ones({options.num_features}));
            registerBuffer("num_batches_tracked", num_batches_tracked,
                           Tensor::zeros({}, DType::Int64));
        }
        initialize(RandomStream());
    }

    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        const Shape &x = in.at(0);
        if (x.size() < minRank || x.size() > maxRank) {
            return Error(ErrorCategory::Shape, "dimension_count_mismatch", "", "input " + toString(x),
                         minRank == maxRank ? std::to_string(minRank) + " dimensions"
                                            : std::to_string(minRank) + " or "
                                                 + std::to_string(maxRank) + " dimensions");
        }
        if (x[1] != o.num_features) {
            Error error(ErrorCategory::Shape, "size_mismatch", "", "input " + toString(x),
                        std::to_string(o.num_features) + " channels in dimension 1",
                        "set num_features to " + std::to_string(x[1]));
            error.fixArgument = "num_features";
            error.fixValue = {x[1]};
            return error;
        }
        return in;
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        inferred("BatchNorm", infer(options, {inputs[0].shape()}));
        const Tensor x = inputs[0].compact();
        kernels::Channels c{x.shape()[0], x.shape()[1], 1};
        for (size_t d = 2; d < x.shape().size(); ++d)
            c.inner *= x.shape()[d];
        const bool useBatch = training() || !options.track_running_stats;
        if (useBatch && training() && c.outer * c.inner <= 1) {
            throw Error(ErrorCategory::Value, "one_value_per_channel", "BatchNorm",
                        "input " + toString(x.shape()),
                        "more than one value per channel when training",
                        "use a larger batch, or eval()");
        }
        Tensor y = Tensor::empty(x.shape(), x.dtype());
        Tensor mean = Tensor::empty({c.channels}, x.dtype());
        Tensor inverse = Tensor::empty({c.channels}, x.dtype());
        dispatchFloating(x.dtype(), "BatchNorm", [&](auto tag) {
            using T = typename decltype(tag)::type;
            if (useBatch) {
                Tensor variance = Tensor::empty({c.channels}, x.dtype());
                kernels::channelMoments<T>(c, x.data<T>(), mean.data<T>(), variance.data<T>());
                if (training() && options.track_running_stats)
                    updateRunning<T>(c, mean.data<T>(), variance.data<T>());
                invert<T>(variance.data<T>(), inverse.data<T>(), c.channels);
            } else {
                mean.copyFrom(running_mean);
                invert<T>(running_var.data<T>(), inverse.data<T>(), c.channels);
            }
            kernels::channelNormalize<T>(c, x.data<T>(), mean.data<T>(), inverse.data<T>(),
                                         options.affine ? weight.data<T>() : nullptr,
                                         options.affine ? bias.data<T>() : nullptr, y.data<T>());
        });
        if (shouldRecord({&inputs[0], &weight, &bias})) {
            record("batch_norm", {inputs[0], weight, bias}, {y},
                   [c, useBatch, mean, inverse, affine = options.affine, sx = SavedTensor(x),
                    sw = SavedTensor(weight)](const Gradients &g) {
                       const Tensor from = sx.unpack();
                       const Tensor w = sw.unpack();
                       const Tensor gradient = g[0].compact();
                       Gradients back(3);
                       back[0] = Tensor::empty(from.shape(), from.dtype());
                       Tensor dw = Tensor::empty({c.channels}, from.dtype());
                       Tensor db = Tensor::empty({c.channels}, from.dtype());
                       dispatchFloating(from.dtype(), "BatchNorm", [&](auto tag) {
                           using T = typename decltype(tag)::type;
                           kernels::channelNormalizeBackward<T>(
                                   c, useBatch, from.data<T>(), mean.data<T>(), inverse.data<T>(),
                                   affine ? w.data<T>() : nullptr, gradient.data<T>(),
                                   back[0].data<T>(), dw.data<T>(), db.data<T>());
                       });
                       if (affine) {
                           back[1] = dw;
                           back[2] = db;
                       }
                       return back;
                   });
        }
        return {y};
    }

    Options options;
    Tensor weight;
    Tensor bias;
    Tensor running_mean;
    Tensor running_var;
    Tensor num_batches_tracked;

protected:
    void resetParameters(RandomStream &) override
    {
        if (options.affine) {
            init::constant(weight, 1);
            init::constant(bias, 0);
        }
        if (options.track_running_stats) {
            init::constant(running_mean, 0);
            init::constant(running_var, 1);
            num_batches_tracked.fill(0);
        }
    }

private:
    template <typename T> void invert(const T *variance, T *inverse, int64_t count) const
    {
        for (int64_t i = 0; i < count; ++i)
            inverse[i] = T(1) / std::sqrt(variance[i] + static_cast<T>(options.eps));
    }

    template <typename T> void updateRunning(kernels::Channels c, const T *mean, const T *variance)
    {
        int64_t *batches = num_batches_tracked.data<int64_t>();
        ++*batches;
        const double factor = options.momentum ? *options.momentum : 1.0 / static_cast<double>(*batches);
        const double count = static_cast<double>(c.outer * c.inner);
        T *means = running_mean.data<T>();
        T *variances = running_var.data<T>();
        for (int64_t i = 0; i < c.channels; ++i) {
            means[i] = static_cast<T>((1 - factor) * means[i] + factor * mean[i]);
            variances[i] = static_cast<T>((1 - factor) * variances[i]
                                          + factor * variance[i] * count / (count - 1));
        }
        running_mean.bumpVersion();
        running_var.bumpVersion();
    }
};

struct LayerNormOptions {
    IntOrList normalized_shape = 16;
    double eps = 1e-5;
    bool elementwise_affine = true;
    bool bias = true;
};

/// torch.nn.LayerNorm (Ba et al., 2016).
class LayerNorm : public Module {
public:
    using Options = LayerNormOptions;
    explicit LayerNorm(Options options_) : options(std::move(options_))
    {
        if (options.elementwise_affine) {
            registerParameter("weight", weight, options.normalized_shape.values);
            if (options.bias)
                registerParameter("bias", bias, options.normalized_shape.values);
        }
        initialize(RandomStream());
    }

    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        const Shape &x = in.at(0);
        const Shape &tail = o.normalized_shape.values;
        if (x.size() < tail.size() || !std::equal(tail.rbegin(), tail.rend(), x.rbegin())) {
            Error error(ErrorCategory::Shape, "size_mismatch", "", "input " + toString(x),
                        "last dimensions " + toString(tail),
                        x.empty() ? "" : "set normalized_shape to " + std::to_string(x.back()));
            if (!x.empty()) {
                error.fixArgument = "normalized_shape";
                error.fixValue = {x.back()};
            }
            return error;
        }
        return in;
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        inferred("LayerNorm", infer(options, {inputs[0].shape()}));
        const Tensor x = inputs[0].compact();
        const int64_t length = numel(options.normalized_shape.values);
        const int64_t rows = length == 0 ? 0 : x.numel() / length;
        Tensor y = Tensor::empty(x.shape(), x.dtype());
        Tensor mean = Tensor::empty({rows}, x.dtype());
        Tensor inverse = Tensor::empty({rows}, x.dtype());
        dispatchFloating(x.dtype(), "LayerNorm", [&](auto tag) {
            using T = typename decltype(tag)::type;
            kernels::layerNormalize<T>(rows, length, static_cast<T>(options.eps), x.data<T>(),
                                       weight.defined() ? weight.data<T>() : nullptr,
                                       bias.defined() ? bias.data<T>() : nullptr, y.data<T>(),
                                       mean.data<T>(), inverse.data<T>());
        });
        if (shouldRecord({&inputs[0], &weight, &bias})) {
            record("layer_norm", {inputs[0], weight, bias}, {y},
                   [rows, length, mean, inverse, hasBias = bias.defined(), sx = SavedTensor(x),
                    sw = SavedTensor(weight)](const Gradients &g) {
                       const Tensor from = sx.unpack();
                       const Tensor w = sw.unpack();
                       const Tensor gradient = g[0].compact();
                       Gradients back(3);
                       back[0] = Tensor::empty(from.shape(), from.dtype());
                       if (w.defined())
                           back[1] = Tensor::zeros(w.shape(), from.dtype());
                       if (hasBias)
                           back[2] = Tensor::zeros(w.shape(), from.dtype());
                       dispatchFloating(from.dtype(), "LayerNorm", [&](auto tag) {
                           using T = typename decltype(tag)::type;
                           kernels::layerNormalizeBackward<T>(
                                   rows, length, from.data<T>(), mean.data<T>(), inverse.data<T>(),
                                   w.defined() ? w.data<T>() : nullptr, gradient.data<T>(),
                                   back[0].data<T>(), w.defined() ? back[1].data<T>() : nullptr,
                                   hasBias ? back[2].data<T>() : nullptr);
                       });
                       return back;
                   });
        }
        return {y};
    }

    Options options;
    Tensor weight;
    Tensor bias;

protected:
    void resetParameters(RandomStream &) override
    {
        if (weight.defined())
            init::constant(weight, 1);
        if (bias.defined())
            init::constant(bias, 0);
    }
};

template <typename M>
ModuleSpec batchNormSpec(const char *name, const char *pattern, std::vector<Sample> samples,
                         Shape tooManyChannels)
{
    using O = BatchNormOptions;
    return declare<M>(
            {.name = name,
             .group = Group::Normalization,
             .summary = "Normalises every channel over the batch (and space); keeps running averages "
                        "for evaluation.",
             .formula = R"(y = \gamma (x - E[x]) / \sqrt{Var[x] + \epsilon} + \beta)",
             .source = std::string("torch.nn.") + name + "; Ioffe and Szegedy, ICML 2015",
             .args = {requiredArg("num_features", &O::num_features, "Channels of the input.", atLeast(0)),
                      arg("eps", &O::eps, "Added to the variance."),
                      arg("momentum", &O::momentum,
                          "Share of the new batch in the running averages; none: a plain average."),
                      arg("affine", &O::affine, "Whether to learn a scale and an offset per channel."),
                      arg("track_running_stats", &O::track_running_stats,
                          "Whether to keep averages for evaluation.")},
             .inputs = {{.name = "input", .pattern = pattern}},
             .outputs = {{.name = "output", .pattern = pattern}},
             .infer = M::infer,
             .samples = std::move(samples),
             .badSamples = {{.args = {{"num_features", 3}},
                             .inputs = {std::move(tooManyChannels)},
                             .kind = "size_mismatch"}}});
}

} // namespace

std::vector<ModuleSpec> normalizationModules()
{
    using O = LayerNormOptions;
    return {
            batchNormSpec<BatchNorm<2, 3>>("BatchNorm1d", "N num_features | N num_features L",
                                           {{.args = {{"num_features", 3}}, .inputs = {{4, 3}}},
                                            {.args = {{"num_features", 3}, {"affine", false}},
                                             .inputs = {{2, 3, 5}}},
                                            {.args = {{"num_features", 2},
                                                      {"momentum", Value()},
                                                      {"track_running_stats", false}},
                                             .inputs = {{4, 2}}}},
                                           {4, 5}),
            batchNormSpec<BatchNorm<4, 4>>("BatchNorm2d", "N num_features H W",
                                           {{.args = {{"num_features", 3}}, .inputs = {{2, 3, 2, 3}}}},
                                           {2, 5, 2, 2}),
            declare<LayerNorm>(
                    {.name = "LayerNorm",
                     .group = Group::Normalization,
                     .summary = "Normalises every sample over its last dimensions.",
                     .formula = R"(y = \gamma (x - E[x]) / \sqrt{Var[x] + \epsilon} + \beta)",
                     .source = "torch.nn.LayerNorm; Ba, Kiros and Hinton, 2016",
                     .args = {requiredArg("normalized_shape", &O::normalized_shape,
                                          "Sizes of the last dimensions, which are normalised together.",
                                          atLeast(0)),
                              arg("eps", &O::eps, "Added to the variance."),
                              arg("elementwise_affine", &O::elementwise_affine,
                                  "Whether to learn a scale and an offset per element."),
                              arg("bias", &O::bias, "Whether to learn an offset.")},
                     .inputs = {{.name = "input", .pattern = "*"}},
                     .outputs = {{.name = "output", .pattern = "*"}},
                     .infer = LayerNorm::infer,
                     .validate = [](const O &o) -> Result<void> {
                         if (!o.normalized_shape.values.empty())
                             return {};
                         return Error(ErrorCategory::Value, "wrong_number_of_sizes", "",
                                      "no normalized_shape", "the size of one dimension or more");
                     },
                     .samples = {{.args = {{"normalized_shape", 4}}, .inputs = {{3, 4}}},
                                 {.args = {{"normalized_shape", ValueList{2, 3}}, {"bias", false}},
                                  .inputs = {{4, 2, 3}}},
                                 {.args = {{"normalized_shape", 3}, {"elementwise_affine", false}},
                                  .inputs = {{3}}}},
                     .badSamples = {{.args = {{"normalized_shape", 4}},
                                     .inputs = {{2, 3}},
                                     .kind = "size_mismatch"},
                                    {.args = {{"normalized_shape", ValueList()}},
                                     .inputs = {{2, 3}},
                                     .kind = "wrong_number_of_sizes"}}})};
}

} // namespace mrg
