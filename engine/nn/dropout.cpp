// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/dropout.h"
#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "engine/ops/inplace.h"

namespace mrg {

namespace {

/// What tells the modules of this file apart.
struct Traits {
    const char *name;
    bool alpha; ///< keeps mean and variance of what SELU gives
    /// Dimensions of a unit that is dropped as a whole come after these; 0: every element is one.
    size_t leading;
    size_t unbatched; ///< an input of so many dimensions has no batch in front; 0: none is taken so
    const char *summary;
    const char *source;
};

/// The shape of the mask: one draw a unit.
Shape maskShape(const Traits &traits, const Shape &input)
{
    if (traits.leading == 0)
        return input;
    const size_t leading = input.size() == traits.unbatched ? traits.leading - 1 : traits.leading;
    Shape out = input;
    for (size_t d = leading; d < out.size(); ++d)
        out[d] = 1;
    return out;
}

/// torch.nn.Dropout and its relatives (Srivastava et al., 2014; alpha: Klambauer et al., 2017).
template <const Traits &traits> class DropoutOf : public Module {
public:
    struct Options {
        double p = 0.5;
        bool inplace = false;
    };
    explicit DropoutOf(Options options_) : options(options_) { }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        if (!training() || options.p == 0)
            return {inputs[0]};
        const auto drop = [this](const Tensor &x) {
            const Shape mask = maskShape(traits, x.shape());
            return traits.alpha ? alphaDropout(x, mask, options.p, random())
                                : featureDropout(x, mask, options.p, random());
        };
        return {options.inplace ? inPlace(inputs[0], drop) : drop(inputs[0])};
    }

    Options options;
};

constexpr const char *srivastava = "; Srivastava et al., JMLR 15, 2014";
constexpr const char *klambauer = "; Klambauer et al., NeurIPS 2017";
constexpr const char *channels
        = "Zeroes whole channels at random while training and scales up the rest.";
constexpr Traits element{
        "Dropout", false, 0, 0, "Zeroes random elements while training and scales up the rest.",
        srivastava};
constexpr Traits line{"Dropout1d", false, 2, 2, channels, srivastava};
// torch takes a 3-d input of Dropout2d for a batch of lines.
constexpr Traits plane{"Dropout2d", false, 2, 0, channels, srivastava};
constexpr Traits volume{"Dropout3d", false, 2, 4, channels, srivastava};
constexpr Traits alphaElement{
        "AlphaDropout",
        true,
        0,
        0,
        "Sets random elements to SELU's lowest value while training, so that mean and "
        "variance stay.",
        klambauer};
constexpr Traits alphaFeature{
        "FeatureAlphaDropout",
        true,
        2,
        0,
        "Sets whole channels to SELU's lowest value at random while training.",
        klambauer};

template <const Traits &traits> ModuleSpec dropoutSpec()
{
    using M = DropoutOf<traits>;
    using O = typename M::Options;
    const Shape shape = traits.leading == 0 ? Shape{4, 3} : Shape{2, 3, 2, 2, 2};
    return declare<M>(
            {.name = traits.name,
             .group = Group::Dropout,
             .summary = traits.summary,
             .formula = traits.alpha
                     ? R"(y = a (x b + \alpha' (1 - b)) + c,\ b \sim Bernoulli(1-p))"
                     : R"(y = x \cdot b / (1-p),\ b \sim Bernoulli(1-p))",
             .source = std::string("torch.nn.") + traits.name + traits.source,
             .args = {arg("p", &O::p, "Probability of a unit to be dropped.", between(0, 1)),
                      arg("inplace", &O::inplace, "Whether to write into the input's memory.")},
             .inputs = {{.name = "input", .pattern = "*"}},
             .outputs = {{.name = "output", .pattern = "*"}},
             .samples = {{.args = {{"p", 0.0}}, .inputs = {shape}},
                         {.args = {{"p", 0.3}}, .inputs = {shape}}},
             .badSamples = {{.args = {{"p", 1.5}}, .inputs = {shape}, .kind = "wrong_argument"}}});
}

} // namespace

std::vector<ModuleSpec> dropoutModules()
{
    return {dropoutSpec<element>(), dropoutSpec<line>(),         dropoutSpec<plane>(),
            dropoutSpec<volume>(),  dropoutSpec<alphaElement>(), dropoutSpec<alphaFeature>()};
}

} // namespace mrg
