// SPDX-License-Identifier: GPL-3.0-or-later
// Losses of an anchor, something like it and something unlike it.
#include "engine/nn/PointwiseLoss.h"
#include "engine/nn/families.h"
#include "engine/ops/distance.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"

#include <map>

namespace mrg {

namespace {

struct TripletOptions {
    double margin = 1.0;
    bool swap = false;
    Reduction reduction = Reduction::Mean;
};

/// What is left to do once distances are known: anchor to positive, anchor to negative and, with
/// `swap`, positive to negative, of which the smaller counts (equal ones share the gradient).
template <bool swap> struct DistancesRule {
    using Options = TripletOptions;
    static constexpr const char *name = "TripletMarginLoss", *function = "triplet_margin_loss";
    static constexpr size_t inputs = swap ? 3 : 2, differentiable = inputs, operands = inputs;

    template <typename V> static V lag(const Options &o, const std::array<V, inputs> &d)
    {
        V negative = d[1];
        if constexpr (swap)
            negative = d[2] < d[1] ? d[2] : d[1];
        return V(o.margin) + d[0] - negative;
    }
    template <typename V> static V value(const Options &o, const std::array<V, inputs> &d)
    {
        const V lack = lag(o, d);
        return lack < V(0) ? V(0) : lack;
    }
    template <typename V>
    static std::array<V, inputs> slopes(const Options &o, const std::array<V, inputs> &d)
    {
        const V active = lag(o, d) >= V(0) ? V(1) : V(0);
        if constexpr (swap) {
            const V own = d[1] < d[2] ? V(1) : d[1] == d[2] ? V(0.5) : V(0);
            return {active, -active * own, -active * (V(1) - own)};
        } else {
            return {active, -active};
        }
    }
};

using Distance = std::function<Tensor(const Tensor &, const Tensor &)>;

/// One number per triplet; the three broadcast, and have as many dimensions unless `anyRank`.
template <bool anyRank> Result<Shapes> tripletShape(const TripletOptions &o, const Shapes &in)
{
    Shape common = in.at(0);
    for (size_t i = 1; i < 3; ++i) {
        const Result<Shape> both = broadcastShapes(common, in.at(i));
        const bool ranksFit = anyRank || in[i].size() == in[0].size();
        if (!ranksFit || in[0].empty() || !both) {
            return Error(ErrorCategory::Shape,
                         in[i].size() == in[0].size() && !in[0].empty()
                                 ? "size_mismatch"
                                 : "dimension_count_mismatch",
                         "", toString(in[i]), "the anchor's shape " + toString(in[0]));
        }
        common = *both;
    }
    common.pop_back();
    return lossShape(o.reduction, common);
}

template <bool swap>
Tensor lossOfDistances(std::shared_ptr<const TripletOptions> options,
                       std::array<Tensor, swap ? 3 : 2> d)
{
    Shape shape = d[0].shape();
    for (const Tensor &one : d)
        shape = broadcastShapes(shape, one.shape()).value();
    for (Tensor &one : d) {
        if (one.shape() != shape)
            one = expand(one, shape);
    }
    const double divisor
            = options->reduction == Reduction::Mean ? static_cast<double>(numel(shape)) : 1;
    const bool reduced = options->reduction != Reduction::None;
    return PointwiseComputation<DistancesRule<swap>>(std::move(options), d, reduced, divisor)();
}

Tensor tripletLoss(const std::shared_ptr<const TripletOptions> &options, std::span<const Tensor> in,
                   const Distance &distance)
{
    const Tensor positive = distance(in[0], in[1]);
    const Tensor negative = distance(in[0], in[2]);
    if (!options->swap)
        return lossOfDistances<false>(options, {positive, negative});
    return lossOfDistances<true>(options, {positive, negative, distance(in[1], in[2])});
}

template <bool anyRank>
void requireTriplet(const char *name, const TripletOptions &o, std::span<const Tensor> in)
{
    refuseMasks(name, in);
    meetingType(name, in, true);
    inferred(name, tripletShape<anyRank>(o, {in[0].shape(), in[1].shape(), in[2].shape()}));
}

/// torch.nn.TripletMarginLoss.
class TripletMarginLoss : public Module {
public:
    struct Options : TripletOptions {
        double p = 2.0;
        double eps = 1e-6;
    };
    explicit TripletMarginLoss(Options options) : m_options(std::make_shared<Options>(options)) { }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        requireTriplet<false>("TripletMarginLoss", *m_options, inputs);
        return {tripletLoss(m_options, inputs, [this](const Tensor &a, const Tensor &b) {
            return pairwiseDistance(a, b, m_options->p, m_options->eps);
        })};
    }

private:
    std::shared_ptr<const Options> m_options;
};

/// The distances that can be asked for by name.
const std::map<std::string, Distance> &namedDistances()
{
    static const std::map<std::string, Distance> known{
            {"l1", [](const Tensor &a, const Tensor &b) { return pairwiseDistance(a, b, 1, 0); }},
            {"chebyshev",
             [](const Tensor &a, const Tensor &b) {
                 return pairwiseDistance(a, b, std::numeric_limits<double>::infinity(), 0);
             }},
            {"one_minus_cosine",
             [](const Tensor &a, const Tensor &b) {
                 return add(neg(cosineSimilarity(a, b, 1)), 1.0);
             }},
            {"squared_euclidean",
             [](const Tensor &a, const Tensor &b) { return sum(square(sub(a, b)), {-1}); }}};
    return known;
}

/// torch.nn.TripletMarginWithDistanceLoss.
class TripletMarginWithDistanceLoss : public Module {
public:
    struct Options : TripletOptions {
        std::optional<FunctionValue> distance_function;
    };
    explicit TripletMarginWithDistanceLoss(Options options)
        : m_options(std::make_shared<TripletOptions>(options)),
          m_distance(distanceOf(options))
    {
    }

    static Result<void> validate(const Options &o)
    {
        if (!o.distance_function || o.distance_function->call
            || namedDistances().contains(o.distance_function->name))
            return {};
        std::string names;
        for (const auto &[name, distance] : namedDistances())
            names += (names.empty() ? "" : ", ") + name;
        return Error(ErrorCategory::Value, "unknown_function", "", o.distance_function->name,
                     "one of " + names);
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        requireTriplet<true>("TripletMarginWithDistanceLoss", *m_options, inputs);
        return {tripletLoss(m_options, inputs, m_distance)};
    }

private:
    static Distance distanceOf(const Options &o)
    {
        if (!o.distance_function)
            return [](const Tensor &a, const Tensor &b) { return pairwiseDistance(a, b); };
        if (!o.distance_function->call)
            return namedDistances().at(o.distance_function->name);
        return [call = o.distance_function->call](const Tensor &a, const Tensor &b) {
            const Tensor both[] = {a, b};
            return call(both);
        };
    }

    std::shared_ptr<const TripletOptions> m_options;
    Distance m_distance;
};

template <typename O>
std::vector<Arg> tripletArgs(std::vector<Arg> before, std::vector<Arg> between)
{
    std::vector<Arg> out = std::move(before);
    out.push_back(arg("margin", static_cast<double O::*>(&O::margin),
                      "How much nearer the positive should be."));
    for (Arg &one : between)
        out.push_back(std::move(one));
    out.push_back(arg("swap", static_cast<bool O::*>(&O::swap),
                      "Use the distance from positive to negative where it is the smaller."));
    out.push_back(reductionArg<O>());
    return out;
}

} // namespace

std::vector<ModuleSpec> tripletLosses()
{
    using T = TripletMarginLoss::Options;
    using D = TripletMarginWithDistanceLoss::Options;
    const std::vector<Port> ports{{.name = "anchor", .pattern = "* D"},
                                  {.name = "positive", .pattern = "* D"},
                                  {.name = "negative", .pattern = "* D"}};
    const std::vector<BadSample> bad{
            {.inputs = {{2, 3}, {3}, {2, 3}}, .kind = "dimension_count_mismatch"},
            {.inputs = {{2, 3}, {2, 4}, {2, 3}}, .kind = "size_mismatch"}};
    return {declare<TripletMarginLoss>(
                    {.name = "TripletMarginLoss",
                     .group = Group::Loss,
                     .summary = "The anchor should be nearer to the positive than to the negative, "
                                "by a margin.",
                     .formula = R"(\max(0, d(a,p) - d(a,n) + margin),\ d = \|x-y+\epsilon\|_p)",
                     .source = "torch.nn.TripletMarginLoss; Balntas et al., BMVC 2016",
                     .args = tripletArgs<T>({},
                                            {arg("p", &T::p, "Norm of the distance."),
                                             arg("eps", &T::eps, "Added to every difference.")}),
                     .inputs = ports,
                     .outputs = {{.name = "loss", .pattern = "*"}},
                     .infer = tripletShape<false>,
                     .samples
                     = {{.inputs = {{4, 3}, {4, 3}, {4, 3}}},
                        {.args
                         = {{"p", 3.0}, {"swap", true}, {"margin", 2.0}, {"reduction", "none"}},
                         .inputs = {{4, 3}, {4, 3}, {4, 3}}},
                        {.args = {{"reduction", "sum"}}, .inputs = {{3}, {3}, {3}}}},
                     .badSamples = bad}),
            declare<TripletMarginWithDistanceLoss>(
                    {.name = "TripletMarginWithDistanceLoss",
                     .group = Group::Loss,
                     .summary = "The triplet loss with any distance.",
                     .formula = R"(\max(0, d(a,p) - d(a,n) + margin))",
                     .source = "torch.nn.TripletMarginWithDistanceLoss",
                     .args
                     = tripletArgs<D>({arg("distance_function", &D::distance_function,
                                           "A function of two tensors; none: PairwiseDistance.")},
                                      {}),
                     .inputs = ports,
                     .outputs = {{.name = "loss", .pattern = "*"}},
                     .infer = tripletShape<true>,
                     .validate = TripletMarginWithDistanceLoss::validate,
                     .samples = {{.inputs = {{4, 3}, {4, 3}, {4, 3}}},
                                 {.args = {{"swap", true}, {"margin", 3.0}, {"reduction", "none"}},
                                  .inputs = {{4, 3}, {4, 3}, {4, 3}}}},
                     .badSamples = {bad.back()}})};
}

} // namespace mrg
