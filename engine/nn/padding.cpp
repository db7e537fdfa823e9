// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/padding.h"

#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "engine/nn/spatial.h"

namespace mrg {

namespace {

/// One family of padding modules; each member is it over 1, 2 or 3 dimensions.
struct Family {
    const char *name;
    PaddingRule rule;
    const char *summary;
    const char *formula;
};
constexpr Family constantPad{"ConstantPad", PaddingRule::Constant,
                             "Puts a border of one value around the space; negative padding crops.",
                             R"(out[i] = x[i - p]\ \text{inside, else}\ v)"};
constexpr Family zeroPad{"ZeroPad", PaddingRule::Constant,
                         "Puts a border of zeros around the space; negative padding crops.",
                         R"(out[i] = x[i - p]\ \text{inside, else}\ 0)"};
constexpr Family reflectionPad{
        "ReflectionPad", PaddingRule::Reflect,
        "Continues the space by its mirror image; the outermost points stand once.",
        R"(out[i] = x[\,|i - p|\,])"};
constexpr Family replicationPad{"ReplicationPad", PaddingRule::Replicate,
                                "Continues the space by its outermost points.",
                                R"(out[i] = x[\min(\max(i - p, 0), L - 1)])"};
constexpr Family circularPad{"CircularPad", PaddingRule::Circular,
                             "Continues the space by its opposite end.",
                             R"(out[i] = x[(i - p) \bmod L])"};

struct PadOptions {
    IntOrList padding = 1;
};
struct ConstantPadOptions : PadOptions {
    double value = 0;
};
double valueOf(const PadOptions &) { return 0; }
double valueOf(const ConstantPadOptions &o) { return o.value; }

/// Before and after each dimension, the last one first.
std::vector<int64_t> borderOf(const PadOptions &o, size_t dimensions)
{
    return numbersOf(o.padding, 2 * dimensions);
}

/// A module of one of the families.
template <const Family &family, typename O, size_t dimensions> class Pad : public Module {
public:
    using Options = O;
    explicit Pad(Options options_) : options(std::move(options_)) { }

    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        const Result<Shape> shape = paddedShape(in.at(0), borderOf(o, dimensions), family.rule);
        return shape ? Result<Shapes>(Shapes{*shape}) : shape.error();
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        inferred(spatialName(family.name, dimensions), infer(options, {inputs[0].shape()}));
        return {pad(inputs[0], borderOf(options, dimensions), family.rule, valueOf(options))};
    }

    Options options;
};

template <const Family &family, typename O, size_t dimensions> ModuleSpec declarePad()
{
    const auto space = [](Shape leading) {
        return Shapes{spatialShape(std::move(leading), {3, 4, 5}, dimensions)};
    };
    // The last dimension comes first, so that fewer dimensions take the first numbers.
    const auto each = [](const ValueList &numbers) {
        return Value(ValueList(numbers.begin(), numbers.begin() + 2 * dimensions));
    };
    Declaration<O> d{
            .name = spatialName(family.name, dimensions),
            .group = Group::Padding,
            .summary = family.summary,
            .formula = family.formula,
            .source = "torch.nn." + spatialName(family.name, dimensions),
            .args = {requiredArg("padding", &O::padding,
                                 "Points on all sides, or before and after each dimension, the "
                                 "last one first.")},
            .inputs = {spatialPort("input", "C", dimensions)},
            .outputs = {spatialPort("output", "C", dimensions, "_out")},
            .infer = Pad<family, O, dimensions>::infer,
            .validate = [](const O &o) { return checkCount(o.padding, 2 * dimensions); },
            .samples
            = {{.args = {{"padding", 2}}, .inputs = space({2, 1})},
               {.args = {{"padding", each({1, 3, 0, 2, 2, 1})}}, .inputs = space({2})},
               {.args = {{"padding", each({-1, 2, 1, -2, -1, -1})}}, .inputs = space({1, 2})}},
            .badSamples
            = {{{{"padding", -3}}, space({1, 1}), "padding_removes_everything"},
               {{{"padding", ValueList{1, 2, 3}}}, space({1, 1}), "wrong_number_of_sizes"}}};
    if constexpr (std::is_same_v<O, ConstantPadOptions>) {
        d.args.push_back(requiredArg("value", &O::value, "What the border holds."));
        for (Sample &sample : d.samples)
            sample.args["value"] = -0.5;
    }
    if (family.rule != PaddingRule::Constant)
        d.badSamples.push_back({{{"padding", 1}}, {{3}}, "dimension_count_mismatch"});
    if (family.rule == PaddingRule::Reflect || family.rule == PaddingRule::Circular)
        d.badSamples.push_back({{{"padding", 6}}, space({1, 1}), "padding_larger_than_input"});
    return declare<Pad<family, O, dimensions>>(std::move(d));
}

template <const Family &family, typename O = PadOptions>
void addFamily(std::vector<ModuleSpec> &out)
{
    out.push_back(declarePad<family, O, 1>());
    out.push_back(declarePad<family, O, 2>());
    out.push_back(declarePad<family, O, 3>());
}

} // namespace

std::vector<ModuleSpec> paddingModules()
{
    std::vector<ModuleSpec> out;
    addFamily<constantPad, ConstantPadOptions>(out);
    addFamily<zeroPad>(out);
    addFamily<reflectionPad>(out);
    addFamily<replicationPad>(out);
    addFamily<circularPad>(out);
    return out;
}

} // namespace mrg
