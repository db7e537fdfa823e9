// SPDX-License-Identifier: GPL-3.0-or-later
// Batch and instance normalisation: a weight, a bias and running statistics a channel.
#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "engine/nn/init.h"
#include "engine/nn/spatial.h"
#include "engine/ops/normalization.h"
#include "engine/ops/views.h"

#include <algorithm>

namespace mrg {

namespace {

/// What tells the modules of this file apart.
struct Traits {
    const char *name;
    bool instance; ///< over space alone, not over the batch
    size_t minimumRank;
    size_t maximumRank; ///< of an instance norm: with a batch; one less is one sample
};

struct CommonOptions {
    double eps = 1e-5;
    std::optional<double> momentum = 0.1;
    bool affine = true;
    bool track_running_stats = true;
};

/// torch.nn.BatchNorm1d to 3d, SyncBatchNorm (Ioffe and Szegedy, 2015) and InstanceNorm1d to 3d
/// (Ulyanov et al., 2016): normalise with the biased variance, keep the unbiased one.
class FeatureNorm : public Module {
public:
    FeatureNorm(const Traits &traits, const CommonOptions &options_, int64_t features)
        : options(options_),
          num_features(features),
          m_traits(traits)
    {
        registerTensors();
        initialize(RandomStream());
    }

    /// One of unknown number of features, which the first input tells.
    FeatureNorm(const Traits &traits, const CommonOptions &options_)
        : options(options_),
          m_traits(traits)
    {
        if (options.affine) {
            registerUninitializedParameter("weight", weight);
            registerUninitializedParameter("bias", bias);
        }
        if (options.track_running_stats) {
            registerUninitializedBuffer("running_mean", running_mean);
            registerUninitializedBuffer("running_var", running_var);
            registerBuffer("num_batches_tracked", num_batches_tracked,
                           Tensor::zeros({}, DType::Int64));
        }
        initialize(RandomStream());
    }

    /// `features` is 0 where it does not matter.
    static Result<Shapes> infer(const Traits &traits, int64_t features, const Shape &x)
    {
        if (x.size() < traits.minimumRank || x.size() > traits.maximumRank) {
            const std::string low = std::to_string(traits.minimumRank);
            const bool open = traits.maximumRank > 8;
            return Error(ErrorCategory::Shape, "dimension_count_mismatch", "",
                         "input " + toString(x),
                         (traits.minimumRank == traits.maximumRank ? low
                                  : open                           ? low + " or more"
                                         : low + " or " + std::to_string(traits.maximumRank))
                                 + " dimensions");
        }
        const size_t at = channelDimension(traits, x);
        if (features != 0 && x[at] != features) {
            Error error(ErrorCategory::Shape, "size_mismatch", "", "input " + toString(x),
                        std::to_string(features) + " channels in dimension " + std::to_string(at),
                        "set num_features to " + std::to_string(x[at]));
            error.fixArgument = "num_features";
            error.fixValue = {x[at]};
            return error;
        }
        return Shapes{x};
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const Tensor &x = inputs[0];
        inferred(m_traits.name, infer(m_traits, wantedFeatures(options, num_features), x.shape()));
        const size_t at = channelDimension(m_traits, x.shape());
        const int64_t batch = at == 0 ? 1 : x.size(0);
        const int64_t channels = x.size(static_cast<int64_t>(at));
        const int64_t inner = numel(
                Shape(x.shape().begin() + static_cast<std::ptrdiff_t>(at) + 1, x.shape().end()));
        Normalization how;
        how.layout = m_traits.instance ? NormalizationLayout{1, batch, channels, 1, inner}
                                       : NormalizationLayout{batch, 1, channels, 1, inner};
        how.eps = options.eps;
        if (training() || !options.track_running_stats) {
            // A single value has no variance.
            if (how.layout.setSize() == 1) {
                throw Error(ErrorCategory::Value, "one_value_per_channel", m_traits.name,
                            "input " + toString(x.shape()), "more than one value per channel",
                            "use a larger input, or eval() with running statistics");
            }
            if (options.track_running_stats)
                how.observe = observer(how.layout, x.dtype());
        } else {
            how.mean = running_mean;
            how.variance = running_var;
        }
        return {normalizing(m_traits.name, x, weight, bias, how)};
    }

    CommonOptions options;
    int64_t num_features = 0;
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

    void initializeParameters(const std::vector<Shape> &inputs) override
    {
        const Shape x = inputs.empty() ? Shape() : inputs[0];
        inferred(m_traits.name, infer(m_traits, 0, x));
        num_features = x[channelDimension(m_traits, x)];
        for (const char *name : {"weight", "bias", "running_mean", "running_var"})
            materialize(name, {num_features}, std::string_view(name) == "running_var" ? 1 : 0);
    }

    /// An instance norm without anything a channel takes any number of them.
    static int64_t wantedFeatures(const CommonOptions &o, int64_t features)
    {
        return o.affine || o.track_running_stats ? features : 0;
    }

private:
    static size_t channelDimension(const Traits &traits, const Shape &x)
    {
        return traits.instance && x.size() < traits.maximumRank ? 0 : 1;
    }

    void registerTensors()
    {
        if (options.affine) {
            registerParameter("weight", weight, {num_features});
            registerParameter("bias", bias, {num_features});
        }
        if (options.track_running_stats) {
            registerBuffer("running_mean", running_mean, Tensor::zeros({num_features}));
            registerBuffer("running_var", running_var, Tensor::ones({num_features}));
            registerBuffer("num_batches_tracked", num_batches_tracked,
                           Tensor::zeros({}, DType::Int64));
        }
    }

    /// Updates the running statistics, in a kernel, from the sets' own.
    std::function<void(const void *, const void *)> observer(const NormalizationLayout &layout,
                                                             DType dtype)
    {
        if (running_mean.dtype() != dtype) {
            throw Error(ErrorCategory::DType, "dtype_mismatch", m_traits.name, dtypeName(dtype),
                        dtypeName(running_mean.dtype()), "convert the input or the module");
        }
        running_mean.bumpVersion();
        running_var.bumpVersion();
        return dispatchFloating(
                dtype, m_traits.name,
                [&](auto tag) -> std::function<void(const void *, const void *)> {
                    using T = typename decltype(tag)::type;
                    return [layout, momentum = &options.momentum, instance = m_traits.instance,
                            batches = num_batches_tracked.data<int64_t>(),
                            means = running_mean.data<T>(), variances = running_var.data<T>()](
                                   const void *setMeans, const void *setVariances) {
                        // Without a momentum batch norms keep plain averages; instance norms keep
                        // what they have.
                        if (!instance)
                            ++*batches;
                        const double factor = *momentum ? **momentum
                                : instance              ? 0
                                                        : 1 / static_cast<double>(*batches);
                        const auto count = static_cast<double>(layout.setSize());
                        const double share = factor / static_cast<double>(layout.repeats);
                        for (int64_t c = 0; c < layout.period; ++c) {
                            double mean = (1 - factor) * means[c];
                            double variance = (1 - factor) * variances[c];
                            for (int64_t set = c; set < layout.sets(); set += layout.period) {
                                mean += share * static_cast<const T *>(setMeans)[set];
                                variance += share * static_cast<const T *>(setVariances)[set]
                                        * count / (count - 1);
                            }
                            means[c] = static_cast<T>(mean);
                            variances[c] = static_cast<T>(variance);
                        }
                    };
                });
    }

    const Traits m_traits;
};

constexpr size_t anyRank = 64;
constexpr Traits batchNorm1d{"BatchNorm1d", false, 2, 3};
constexpr Traits batchNorm2d{"BatchNorm2d", false, 4, 4};
constexpr Traits batchNorm3d{"BatchNorm3d", false, 5, 5};
constexpr Traits syncBatchNorm{"SyncBatchNorm", false, 2, anyRank};
constexpr Traits instanceNorm1d{"InstanceNorm1d", true, 2, 3};
constexpr Traits instanceNorm2d{"InstanceNorm2d", true, 3, 4};
constexpr Traits instanceNorm3d{"InstanceNorm3d", true, 4, 5};

/// `learns` is the default of affine and track_running_stats.
template <const Traits &traits, bool learns> class SizedNorm : public FeatureNorm {
public:
    struct Options : CommonOptions {
        Options() { affine = track_running_stats = learns; }
        int64_t num_features = 8;
    };
    explicit SizedNorm(const Options &o) : FeatureNorm(traits, o, o.num_features) { }
    static Result<Shapes> inferSized(const Options &o, const Shapes &in)
    {
        return infer(traits, traits.instance ? wantedFeatures(o, o.num_features) : o.num_features,
                     in.at(0));
    }
};

/// The forms without num_features. All of them learn by default, instance norms too (torch.js's
/// list).
template <const Traits &traits> class LazyNorm : public FeatureNorm {
public:
    using Options = CommonOptions;
    explicit LazyNorm(const Options &o) : FeatureNorm(traits, o) { }
    static Result<Shapes> inferLazy(const Options &, const Shapes &in)
    {
        return infer(traits, 0, in.at(0));
    }
};

template <typename O> std::vector<Arg> commonArgs()
{
    // Members of O, so that the defaults are O's own.
    double O::*eps = &O::eps;
    std::optional<double> O::*momentum = &O::momentum;
    bool O::*affine = &O::affine;
    bool O::*track = &O::track_running_stats;
    return {arg("eps", eps, "Added to the variance."),
            arg("momentum", momentum,
                "Share of the new values in the running averages; none: a plain average."),
            arg("affine", affine, "Whether to learn a scale and an offset per channel."),
            arg("track_running_stats", track, "Whether to keep averages for evaluation.")};
}

template <typename O> Declaration<O> normDeclaration(const Traits &traits, const std::string &name)
{
    static const char *spaces[] = {"", " L", " H W", " D H W"};
    const std::string space = traits.maximumRank == anyRank ? " *" : spaces[traits.maximumRank - 2];
    const std::string channels = name.starts_with("Lazy") || traits.instance ? "C" : "num_features";
    const std::string batched = "N " + channels + space;
    const std::string pattern = traits.instance ? batched + " | " + channels + space
            : traits.minimumRank == 2 && traits.maximumRank == 3 ? "N " + channels + " | " + batched
                                                                 : batched;
    return {.name = name,
            .group = Group::Normalization,
            .summary = traits.instance ? "Normalises every channel of every sample over space."
                                       : "Normalises every channel over the batch (and space); "
                                         "keeps running averages for "
                                         "evaluation.",
            .formula = R"(y = \gamma (x - E[x]) / \sqrt{Var[x] + \epsilon} + \beta)",
            .source = "torch.nn." + name
                    + (traits.instance ? "; Ulyanov, Vedaldi and Lempitsky, 2016"
                                       : "; Ioffe and Szegedy, ICML 2015"),
            .inputs = {{.name = "input", .pattern = pattern}},
            .outputs = {{.name = "output", .pattern = pattern}}};
}

/// An input of 3 channels with as many dimensions as the module takes at least or at most.
Shape sampleShape(const Traits &traits, bool most)
{
    const size_t rank = most ? std::min<size_t>(traits.maximumRank, 5) : traits.minimumRank;
    Shape shape = rank < traits.maximumRank && traits.instance ? Shape{3} : Shape{4, 3};
    while (shape.size() < rank)
        shape.push_back(2 + static_cast<int64_t>(shape.size() % 2));
    return shape;
}

template <const Traits &traits, bool learns> ModuleSpec sized()
{
    using M = SizedNorm<traits, learns>;
    using O = typename M::Options;
    Declaration<O> d = normDeclaration<O>(traits, traits.name);
    d.args = commonArgs<O>();
    d.args.insert(
            d.args.begin(),
            requiredArg("num_features", &O::num_features, "Channels of the input.", atLeast(0)));
    d.infer = M::inferSized;
    const Value three = 3;
    d.samples
            = {{.args = {{"num_features", three}, {"affine", true}, {"track_running_stats", true}},
                .inputs = {sampleShape(traits, true)}},
               {.args = {{"num_features", three}, {"affine", false}},
                .inputs = {sampleShape(traits, false)}},
               {.args
                = {{"num_features", three}, {"momentum", Value()}, {"track_running_stats", false}},
                .inputs = {sampleShape(traits, true)}}};
    Shape wrong = sampleShape(traits, true);
    wrong[1] = 5;
    d.badSamples = {{.args = {{"num_features", three}, {"affine", true}},
                     .inputs = {wrong},
                     .kind = "size_mismatch"},
                    {.args = {{"num_features", three}},
                     .inputs = {{3}},
                     .kind = "dimension_count_mismatch"}};
    return declare<M>(std::move(d));
}

template <const Traits &traits> ModuleSpec lazy()
{
    using M = LazyNorm<traits>;
    Declaration<CommonOptions> d
            = normDeclaration<CommonOptions>(traits, std::string("Lazy") + traits.name);
    d.summary += " The first input tells the number of channels.";
    d.args = commonArgs<CommonOptions>();
    d.infer = M::inferLazy;
    d.samples = {{.inputs = {sampleShape(traits, true)}},
                 {.args = {{"affine", false}, {"track_running_stats", false}},
                  .inputs = {sampleShape(traits, false)}}};
    d.badSamples = {{.args = {}, .inputs = {{3}}, .kind = "dimension_count_mismatch"}};
    return declare<M>(std::move(d));
}

} // namespace

std::vector<ModuleSpec> featureNormModules()
{
    return {sized<batchNorm1d, true>(),
            sized<batchNorm2d, true>(),
            sized<batchNorm3d, true>(),
            lazy<batchNorm1d>(),
            lazy<batchNorm2d>(),
            lazy<batchNorm3d>(),
            sized<syncBatchNorm, true>(),
            sized<instanceNorm1d, false>(),
            sized<instanceNorm2d, false>(),
            sized<instanceNorm3d, false>(),
            lazy<instanceNorm1d>(),
            lazy<instanceNorm2d>(),
            lazy<instanceNorm3d>()};
}

} // namespace mrg
