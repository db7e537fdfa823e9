// SPDX-License-Identifier: GPL-3.0-or-later
// Normalisation of every sample for itself: layer, root mean square, group and local response.
#include "engine/ops/normalization.h"

#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "engine/nn/init.h"
#include "engine/nn/spatial.h"

#include <algorithm>
#include <limits>

namespace mrg {

namespace {

/// A weight and a bias, each where it is learnt, that start as 1 and 0.
class AffineNorm : public Module {
public:
    Tensor weight;
    Tensor bias;

protected:
    void registerAffine(const Shape &shape, bool withWeight, bool withBias)
    {
        if (withWeight)
            registerParameter("weight", weight, shape);
        if (withWeight && withBias)
            registerParameter("bias", bias, shape);
        initialize(RandomStream());
    }
    void resetParameters(RandomStream &) override
    {
        if (weight.defined())
            init::constant(weight, 1);
        if (bias.defined())
            init::constant(bias, 0);
    }
};

using NormalizedShape = std::variant<int64_t, std::vector<int64_t>>;

Shape sizesOf(const NormalizedShape &shape)
{
    return shape.index() == 0 ? Shape{std::get<0>(shape)} : Shape(std::get<1>(shape));
}

Result<void> checkNormalizedShape(const NormalizedShape &shape)
{
    if (!sizesOf(shape).empty())
        return {};
    return Error(ErrorCategory::Value, "wrong_number_of_sizes", "", "no normalized_shape",
                 "the size of one dimension or more");
}

/// That the input ends with those sizes.
Result<Shapes> endsWith(const NormalizedShape &normalized, const Shapes &in)
{
    const Shape &x = in.at(0);
    const Shape tail = sizesOf(normalized);
    if (x.size() >= tail.size() && std::equal(tail.rbegin(), tail.rend(), x.rbegin()))
        return in;
    Error error(ErrorCategory::Shape, "size_mismatch", "", "input " + toString(x),
                "last dimensions " + toString(tail),
                x.empty() ? "" : "set normalized_shape to " + std::to_string(x.back()));
    if (!x.empty()) {
        error.fixArgument = "normalized_shape";
        error.fixValue = {x.back()};
    }
    return error;
}

NormalizationLayout rowsLayout(const Tensor &x, const Shape &tail)
{
    const int64_t length = numel(tail);
    return {1, length == 0 ? 0 : x.numel() / length, 1, length, 1};
}

/// torch.nn.LayerNorm (Ba et al., 2016).
class LayerNorm : public AffineNorm {
public:
    struct Options {
        NormalizedShape normalized_shape = int64_t(16);
        double eps = 1e-5;
        bool elementwise_affine = true;
        bool bias = true;
    };
    explicit LayerNorm(Options options_) : options(std::move(options_))
    {
        registerAffine(sizesOf(options.normalized_shape), options.elementwise_affine, options.bias);
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        inferred("LayerNorm", endsWith(options.normalized_shape, {inputs[0].shape()}));
        Normalization how;
        how.layout = rowsLayout(inputs[0], sizesOf(options.normalized_shape));
        how.eps = options.eps;
        return {normalizing("layer_norm", inputs[0], weight, bias, how)};
    }

    Options options;
};

/// torch.nn.RMSNorm (Zhang and Sennrich, 2019).
class RMSNorm : public AffineNorm {
public:
    struct Options {
        NormalizedShape normalized_shape = int64_t(16);
        std::optional<double> eps;
        bool elementwise_affine = true;
    };
    explicit RMSNorm(Options options_) : options(std::move(options_))
    {
        registerAffine(sizesOf(options.normalized_shape), options.elementwise_affine, false);
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        inferred("RMSNorm", endsWith(options.normalized_shape, {inputs[0].shape()}));
        Normalization how;
        how.layout = rowsLayout(inputs[0], sizesOf(options.normalized_shape));
        how.centred = false;
        how.eps = options.eps.value_or(inputs[0].dtype() == DType::Float64
                                               ? std::numeric_limits<double>::epsilon()
                                               : std::numeric_limits<float>::epsilon());
        return {normalizing("rms_norm", inputs[0], weight, {}, how)};
    }

    Options options;
};

/// torch.nn.GroupNorm (Wu and He, 2018).
class GroupNorm : public AffineNorm {
public:
    struct Options {
        int64_t num_groups = 2;
        int64_t num_channels = 8;
        double eps = 1e-5;
        bool affine = true;
    };
    explicit GroupNorm(Options options_) : options(options_)
    {
        registerAffine({options.num_channels}, options.affine, true);
    }

    static Result<void> validate(const Options &o)
    {
        if (o.num_channels % o.num_groups == 0)
            return {};
        return Error(ErrorCategory::Value, "not_divisible", "",
                     "num_channels " + std::to_string(o.num_channels),
                     "a multiple of num_groups " + std::to_string(o.num_groups));
    }

    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        const Shape &x = in.at(0);
        if (x.size() < 2) {
            return Error(ErrorCategory::Shape, "dimension_count_mismatch", "",
                         "input " + toString(x), "2 or more dimensions");
        }
        if (x[1] == o.num_channels)
            return in;
        Error error(ErrorCategory::Shape, "size_mismatch", "", "input " + toString(x),
                    std::to_string(o.num_channels) + " channels in dimension 1",
                    "set num_channels to " + std::to_string(x[1]));
        error.fixArgument = "num_channels";
        error.fixValue = {x[1]};
        return error;
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const Tensor &x = inputs[0];
        inferred("GroupNorm", infer(options, {x.shape()}));
        const int64_t inner = numel(Shape(x.shape().begin() + 2, x.shape().end()));
        Normalization how;
        how.layout = {1, x.size(0), options.num_groups, options.num_channels / options.num_groups,
                      inner};
        how.eps = options.eps;
        // Of a whole input of one number per group nothing would be left.
        if (x.numel() > 0 && x.size(0) * how.layout.setSize() == 1) {
            throw Error(ErrorCategory::Value, "one_value_per_channel", "GroupNorm",
                        "input " + toString(x.shape()), "more than one value per group");
        }
        return {normalizing("group_norm", x, weight, bias, how)};
    }

    Options options;
};

/// torch.nn.LocalResponseNorm.
class LocalResponseNorm : public Module {
public:
    struct Options {
        int64_t size = 2;
        double alpha = 1e-4;
        double beta = 0.75;
        double k = 1;
    };
    explicit LocalResponseNorm(Options options_) : options(options_) { }

    static Result<Shapes> infer(const Options &, const Shapes &in)
    {
        if (in.at(0).size() >= 3)
            return in;
        return Error(ErrorCategory::Shape, "dimension_count_mismatch", "",
                     "input " + toString(in.at(0)), "3 or more dimensions");
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        inferred("LocalResponseNorm", infer(options, {inputs[0].shape()}));
        return {localResponseNorm(inputs[0], options.size, options.alpha, options.beta, options.k)};
    }

    Options options;
};

const std::vector<Port> input{{.name = "input", .pattern = "*"}};
const std::vector<Port> output{{.name = "output", .pattern = "*"}};
constexpr const char *shapeText = "Sizes of the last dimensions, which are normalised together.";
constexpr const char *epsText = "Added to the variance.";

/// What norms over the last dimensions share beyond their own words; `more` are the arguments of
/// one alone, `option` is one that a sample sets.
template <typename M>
ModuleSpec lastDimensionsNorm(Declaration<typename M::Options> own, const char *epsilon,
                              const char *affine, const std::vector<Arg> &more,
                              const Arguments::value_type &option)
{
    using O = typename M::Options;
    own.group = Group::Normalization;
    own.args = {requiredArg("normalized_shape", &O::normalized_shape, shapeText, atLeast(0)),
                arg("eps", &O::eps, epsilon),
                arg("elementwise_affine", &O::elementwise_affine, affine)};
    own.args.insert(own.args.end(), more.begin(), more.end());
    own.inputs = input;
    own.outputs = output;
    own.infer = [](const O &o, const Shapes &in) { return endsWith(o.normalized_shape, in); };
    own.validate = [](const O &o) { return checkNormalizedShape(o.normalized_shape); };
    own.samples
            = {{.args = {{"normalized_shape", 4}}, .inputs = {{3, 4}}},
               {.args = {{"normalized_shape", ValueList{2, 3}}, option}, .inputs = {{4, 2, 3}}},
               {.args = {{"normalized_shape", 3}, {"elementwise_affine", false}}, .inputs = {{3}}}};
    own.badSamples
            = {{.args = {{"normalized_shape", 4}}, .inputs = {{2, 3}}, .kind = "size_mismatch"},
               {.args = {{"normalized_shape", ValueList()}},
                .inputs = {{2, 3}},
                .kind = "wrong_number_of_sizes"}};
    return declare<M>(std::move(own));
}

ModuleSpec layerNorm()
{
    return lastDimensionsNorm<LayerNorm>(
            {.name = "LayerNorm",
             .summary = "Normalises every sample over its last dimensions.",
             .formula = R"(y = \gamma (x - E[x]) / \sqrt{Var[x] + \epsilon} + \beta)",
             .source = "torch.nn.LayerNorm; Ba, Kiros and Hinton, 2016"},
            epsText, "Whether to learn a scale and an offset per element.",
            {arg("bias", &LayerNorm::Options::bias, "Whether to learn an offset.")},
            {"bias", false});
}

ModuleSpec rmsNorm()
{
    return lastDimensionsNorm<RMSNorm>(
            {.name = "RMSNorm",
             .summary = "Divides every sample by the root of its mean square.",
             .formula = R"(y = \gamma x / \sqrt{E[x^2] + \epsilon})",
             .source = "torch.nn.RMSNorm; Zhang and Sennrich, NeurIPS 2019"},
            "Added to the mean square; none: the smallest step of the type at 1.",
            "Whether to learn a scale per element.", {}, {"eps", 1e-3});
}

ModuleSpec groupNorm()
{
    using O = GroupNorm::Options;
    return declare<GroupNorm>(
            {.name = "GroupNorm",
             .group = Group::Normalization,
             .summary = "Normalises the channels of every sample in groups.",
             .formula = R"(y = \gamma (x - E[x]) / \sqrt{Var[x] + \epsilon} + \beta)",
             .source = "torch.nn.GroupNorm; Wu and He, ECCV 2018",
             .args
             = {requiredArg("num_groups", &O::num_groups, "Groups to divide the channels into.",
                            atLeast(1)),
                requiredArg("num_channels", &O::num_channels, "Channels of the input.", atLeast(1)),
                arg("eps", &O::eps, epsText),
                arg("affine", &O::affine, "Whether to learn a scale and an offset per channel.")},
             .inputs = {{.name = "input", .pattern = "N num_channels *"}},
             .outputs = {{.name = "output", .pattern = "N num_channels *"}},
             .infer = GroupNorm::infer,
             .validate = GroupNorm::validate,
             .samples
             = {{.args = {{"num_groups", 2}, {"num_channels", 4}}, .inputs = {{2, 4, 3}}},
                {.args = {{"num_groups", 1}, {"num_channels", 4}, {"affine", false}},
                 .inputs = {{2, 4}}},
                {.args = {{"num_groups", 4}, {"num_channels", 4}}, .inputs = {{1, 4, 2, 2}}}},
             .badSamples = {{.args = {{"num_groups", 2}, {"num_channels", 4}},
                             .inputs = {{2, 6}},
                             .kind = "size_mismatch"},
                            {.args = {{"num_groups", 3}, {"num_channels", 4}},
                             .inputs = {{2, 4}},
                             .kind = "not_divisible"}}});
}

ModuleSpec localResponseNormSpec()
{
    using O = LocalResponseNorm::Options;
    Arg size = requiredArg("size", &O::size, "Channels that count together.", atLeast(1));
    size.type = "int or tuple";
    return declare<LocalResponseNorm>(
            {.name = "LocalResponseNorm",
             .group = Group::Normalization,
             .summary = "Divides by the activity of the channels nearby.",
             .formula
             = R"(y_c = x_c \left(k + \frac{\alpha}{n} \sum_{c'} x_{c'}^2\right)^{-\beta})",
             .source = "torch.nn.LocalResponseNorm; Krizhevsky, Sutskever and Hinton, NeurIPS 2012",
             .args
             = {size, arg("alpha", &O::alpha, "Weight of the mean square."),
                arg("beta", &O::beta, "Exponent."), arg("k", &O::k, "Added to the mean square.")},
             .inputs = input,
             .outputs = output,
             .infer = LocalResponseNorm::infer,
             .samples = {{.args = {{"size", 2}}, .inputs = {{2, 4, 3}}},
                         {.args = {{"size", 3}, {"alpha", 0.5}, {"beta", 0.5}, {"k", 2}},
                          .inputs = {{1, 5, 2, 2}}}},
             .badSamples
             = {{.args = {{"size", 2}}, .inputs = {{3, 2}}, .kind = "dimension_count_mismatch"}}});
}

} // namespace

std::vector<ModuleSpec> normalizationModules()
{
    return {layerNorm(), rmsNorm(), groupNorm(), localResponseNormSpec()};
}

} // namespace mrg
