// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/Random.h"
#include "engine/ops/calls.h"
#include "engine/ops/families.h"
#include "engine/ops/random.h"
#include "engine/ops/views.h"
#include "engine/spec/Spec.h"
#include "engine/tensor/settings.h"

namespace mrg {

namespace {

using Out = std::vector<Tensor>;
using In = std::span<const Tensor>;
using Type = std::optional<DType>;
struct NoOptions { };

struct SizeOptions {
    std::vector<int64_t> size;
    Type dtype;
};
struct LikeOptions {
    Type dtype;
};
struct RangeOptions {
    int64_t low = 0;
    int64_t high = 1;
    std::vector<int64_t> size;
    Type dtype;
};
struct RangeLikeOptions {
    int64_t low = 0;
    int64_t high = 1;
    Type dtype;
};
struct OrderOptions {
    int64_t n = 1;
    Type dtype;
};
struct DrawOptions {
    int64_t num_samples = 1;
    bool replacement = false;
};
struct NormalOptions {
    std::optional<std::vector<int64_t>> size;
};

constexpr const char *typeSummary = "Element type; null: the default.";

/// The fields that all have in common.
template <typename O>
Declaration<O> random(const char *name, const char *summary, const char *formula,
                      std::vector<Arg> args, std::vector<Port> inputs, std::vector<Sample> samples)
{
    return {.name = name,
            .group = Group::Random,
            .summary = summary,
            .formula = formula,
            .source = std::string("torch.") + name,
            .args = std::move(args),
            .inputs = std::move(inputs),
            .outputs = {{.name = "output", .pattern = "*", .dtype = "any"}},
            .samples = std::move(samples),
            .differentiable = false};
}

template <typename O>
FunctionSpec ofSize(const char *name, const char *summary, const char *formula,
                    Tensor (*draw)(const Shape &, DType))
{
    Declaration<O> d = random<O>(
            name, summary, formula,
            {requiredArg("size", &O::size, "The shape."), arg("dtype", &O::dtype, typeSummary)}, {},
            {{.args = {{"size", ValueList{2, 3}}}}});
    d.infer = [](const O &options, const Shapes &) -> Result<Shapes> {
        return Shapes{options.size};
    };
    return declareFunction<O>(std::move(d), [draw](const O &options, In) {
        return Out{draw(options.size, options.dtype.value_or(defaultDType()))};
    });
}

FunctionSpec like(const char *name, const char *summary, const char *formula,
                  Tensor (*draw)(const Shape &, DType))
{
    using O = LikeOptions;
    return declareFunction<O>(
            random<O>(name, summary, formula,
                      {arg("dtype", &O::dtype, "Element type; null: the input's.")},
                      {{.name = "input", .pattern = "*"}}, {{.inputs = {{2, 3}}}}),
            [draw](const O &options, In in) {
                return Out{draw(in[0].shape(), options.dtype.value_or(in[0].dtype()))};
            });
}

FunctionSpec ofTensor(const char *name, const char *summary, const char *formula, Interval domain,
                      Tensor (*draw)(const Tensor &))
{
    return declareFunction<NoOptions>(
            random<NoOptions>(name, summary, formula, {},
                              {{.name = "input", .pattern = "*", .domain = domain}},
                              {{.inputs = {{2, 3}}}}),
            [draw](const NoOptions &, In in) { return Out{draw(in[0])}; });
}

std::vector<FunctionSpec> wholeNumbers()
{
    using R = RangeOptions;
    using L = RangeLikeOptions;
    using P = OrderOptions;
    Declaration<R> range = random<R>("randint", "Whole numbers from low to before high.",
                                     R"(\mathcal{U}\{low, high - 1\})",
                                     {arg("low", &R::low, "The least."),
                                      requiredArg("high", &R::high, "One more than the most."),
                                      requiredArg("size", &R::size, "The shape."),
                                      arg("dtype", &R::dtype, "Element type; null: int64.")},
                                     {}, {{.args = {{"high", 5}, {"size", ValueList{2, 3}}}}});
    range.infer = [](const R &options, const Shapes &) -> Result<Shapes> {
        return Shapes{options.size};
    };
    FunctionSpec randomInts = declareFunction<R>(std::move(range), [](const R &o, In) {
        return Out{randint(o.low, o.high, o.size, o.dtype.value_or(DType::Int64))};
    });
    randomInts.bind
            = bindWithLeadingDefault("randint", {"low", "high", "size", "dtype"}, "low", "high");
    FunctionSpec intsLike = declareFunction<L>(
            random<L>("randint_like",
                      "Whole numbers from low to before high, in the input's shape.",
                      R"(\mathcal{U}\{low, high - 1\})",
                      {arg("low", &L::low, "The least."),
                       requiredArg("high", &L::high, "One more than the most."),
                       arg("dtype", &L::dtype, "Element type; null: the input's.")},
                      {{.name = "input", .pattern = "*", .dtype = "any"}},
                      {{.args = {{"high", 5}}, .inputs = {{2, 3}}}}),
            [](const L &o, In in) {
                return Out{randint(o.low, o.high, in[0].shape(), o.dtype.value_or(in[0].dtype()))};
            });
    intsLike.bind = bindWithLeadingDefault("randint_like", {"input", "low", "high", "dtype"}, "low",
                                           "high", 1);
    Declaration<P> order = random<P>("randperm", "The numbers from 0 to before n in random order.",
                                     R"(\pi(0, \dots, n - 1))",
                                     {requiredArg("n", &P::n, "How many."),
                                      arg("dtype", &P::dtype, "Element type; null: int64.")},
                                     {}, {{.args = {{"n", 7}}}});
    order.infer = [](const P &options, const Shapes &) -> Result<Shapes> {
        return Shapes{{options.n}};
    };
    FunctionSpec permutation = declareFunction<P>(std::move(order), [](const P &o, In) {
        return Out{randperm(o.n, o.dtype.value_or(DType::Int64))};
    });
    return {std::move(randomInts), std::move(intsLike), std::move(permutation)};
}

Result<Shapes> normalShapes(const NormalOptions &options, const Shapes &in)
{
    if (options.size)
        return Shapes{*options.size};
    Result<Shape> shape = broadcastShapes(in.at(0), in.at(1));
    return shape ? Result<Shapes>(Shapes{*shape}) : Result<Shapes>(shape.error());
}

FunctionSpec declareNormal()
{
    using O = NormalOptions;
    Declaration<O> d = random<O>(
            "normal", "Normal numbers with these means and standard deviations.",
            R"(\mathcal{N}(\mu, \sigma^2))",
            {arg("size", &O::size, "The shape, where mean and std are numbers.")},
            {{.name = "mean", .number = true},
             {.name = "std", .number = true, .domain = {.low = 0}}},
            {{.inputs = {{2, 3}, {3}}}, {.args = {{"size", ValueList{2, 2}}}, .inputs = {{}, {}}}});
    d.infer = normalShapes;
    return declareFunction<O>(std::move(d), [](const O &options, In in) {
        if (!options.size && in[0].isNumber() && in[1].isNumber()) {
            throw Error(ErrorCategory::Value, "missing_argument", "normal",
                        "two numbers and no size", "a size");
        }
        const DType dtype = in[0].isNumber() ? (in[1].isNumber() ? defaultDType() : in[1].dtype())
                                             : in[0].dtype();
        const auto spread = [&](const Tensor &x) {
            const Tensor same = x.detach().toType(dtype);
            return options.size ? expand(same, *options.size) : same;
        };
        return Out{normal(spread(in[0]), spread(in[1]))};
    });
}

FunctionSpec declareMultinomial(const char *name)
{
    using O = DrawOptions;
    const bool async = std::string_view(name).ends_with("async");
    Declaration<O> d = random<O>(
            name,
            async ? "The same as multinomial: on a CPU there is nothing to wait for."
                  : "Draws categories by their weights.",
            R"(P(i) \propto w_i)",
            {requiredArg("num_samples", &O::num_samples, "How many are drawn in each row."),
             arg("replacement", &O::replacement, "A category may be drawn again.")},
            {{.name = "input", .domain = {.low = 0}}},
            {{.args = {{"num_samples", 2}}, .inputs = {{4}}},
             {.args = {{"num_samples", 6}, {"replacement", true}}, .inputs = {{2, 3}}}});
    if (async)
        d.group = Group::Device;
    d.outputs[0].dtype = "int64";
    d.infer = [](const O &options, const Shapes &in) -> Result<Shapes> {
        return Shapes{multinomialShape(in.at(0), options.num_samples, options.replacement)};
    };
    d.badSamples = {{.args = {{"num_samples", 1}},
                     .inputs = {{2, 2, 2}},
                     .kind = "dimension_count_mismatch"},
                    {.args = {{"num_samples", 4}}, .inputs = {{2, 3}}, .kind = "wrong_argument"}};
    return declareFunction<O>(std::move(d), [](const O &options, In in) {
        return Out{multinomial(in[0], options.num_samples, options.replacement)};
    });
}

/// Seed, stream and position of the generator, a byte an element.
Tensor generatorState()
{
    const RandomStream &stream = defaultGenerator();
    std::vector<uint8_t> bytes;
    for (uint64_t word : {stream.seed(), stream.stream(), stream.position()}) {
        for (int i = 0; i < 8; ++i)
            bytes.push_back(static_cast<uint8_t>(word >> (8 * i)));
    }
    return Tensor::fromVector(bytes);
}

} // namespace

std::vector<FunctionSpec> randomFunctions()
{
    std::vector<FunctionSpec> out{
            ofSize<SizeOptions>("rand", "Uniform numbers from 0 to before 1.",
                                R"(\mathcal{U}[0, 1))", rand),
            ofSize<SizeOptions>("randn", "Standard normal numbers.", R"(\mathcal{N}(0, 1))", randn),
            like("rand_like", "Uniform numbers from 0 to before 1, in the input's shape.",
                 R"(\mathcal{U}[0, 1))", rand),
            like("randn_like", "Standard normal numbers, in the input's shape.",
                 R"(\mathcal{N}(0, 1))", randn),
            ofTensor("bernoulli", "1 with the chance that each element is, else 0.",
                     R"(\mathrm{Bernoulli}(p))", {.low = 0, .high = 1}, bernoulli),
            ofTensor("poisson", "Numbers of events at the rates of the input.",
                     R"(\mathrm{Poisson}(\lambda))", {.low = 0}, poisson),
            declareNormal(),
            declareMultinomial("multinomial"),
            declareMultinomial("multinomial_async"),
            declareValueFunction<NoOptions>(
                    {.name = "get_rng_state",
                     .group = Group::Random,
                     .summary
                     = "Where the random generator is: seed, stream and position, as bytes.",
                     .source = "torch.get_rng_state",
                     .outputs = {{.name = "state", .dtype = "uint8"}},
                     .differentiable = false},
                    [](const NoOptions &, In) { return ValueList{generatorState()}; })};
    for (FunctionSpec &spec : wholeNumbers())
        out.push_back(std::move(spec));
    return out;
}

} // namespace mrg
