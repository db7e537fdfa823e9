// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/dropout.h"

#include "engine/autograd/Node.h"
#include "engine/core/Launch.h"
#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "engine/ops/pointwise.h"

namespace mrg {

Tensor dropout(const Tensor &input, double p, bool training, RandomStream &random)
{
    if (!training || p == 0)
        return input;
    const Tensor x = input.compact();
    Tensor mask = Tensor::empty(x.shape(), x.dtype());
    Tensor y = Tensor::empty(x.shape(), x.dtype());
    dispatchFloating(x.dtype(), "dropout", [&](auto tag) {
        using T = typename decltype(tag)::type;
        const T scale = p < 1 ? static_cast<T>(1 / (1 - p)) : T(0);
        launch([=, stream = &random, limit = static_cast<uint64_t>(p * 0x1p32), in = x.data<T>(),
                factors = mask.data<T>(), out = y.data<T>(), count = x.numel()] {
            for (int64_t i = 0; i < count; ++i) {
                factors[i] = stream->nextUint32() >= limit ? scale : T(0);
                out[i] = p < 1 ? in[i] * factors[i] : T(0);
            }
        });
    });
    if (shouldRecord({&input})) {
        record("dropout", {input}, {y},
               [mask](const Gradients &g) { return Gradients{mul(g[0], mask)}; });
    }
    return y;
}

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
