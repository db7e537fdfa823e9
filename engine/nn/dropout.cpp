// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "engine/ops/dropout.h"

namespace mrg {

namespace {

/// torch.nn.Dropout (Srivastava et al., 2014).
class Dropout : public Module {
public:
    struct Options {
        double p = 0.5;
        bool inplace = false;
    };
    explicit Dropout(Options options_) : options(options_) { }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        return {dropout(inputs[0], options.p, training(), random())};
    }

    Options options;
};

} // namespace

std::vector<ModuleSpec> dropoutModules()
{
    using O = Dropout::Options;
    return {declare<Dropout>(
            {.name = "Dropout",
             .group = Group::Dropout,
             .summary = "Zeroes random elements while training and scales up the rest.",
             .formula = R"(y = x \cdot b / (1-p),\ b \sim Bernoulli(1-p))",
             .source = "torch.nn.Dropout; Srivastava et al., JMLR 15, 2014",
             .args = {arg("p", &O::p, "Probability of an element to be zeroed.", between(0, 1)),
                      arg("inplace", &O::inplace,
                          "Kept for torch's sake: the input's memory is not reused.")},
             .inputs = {{.name = "input", .pattern = "*"}},
             .outputs = {{.name = "output", .pattern = "*"}},
             .samples = {{.args = {{"p", 0.0}}, .inputs = {{4, 3}}}},
             .badSamples
             = {{.args = {{"p", 1.5}}, .inputs = {{4, 3}}, .kind = "wrong_argument"}}})};
}

} // namespace mrg
