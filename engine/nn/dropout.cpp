// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/Node.h"
#include "engine/nn/Module.h"
#include "engine/nn/families.h"

namespace mrg {

namespace {

/// torch.nn.Dropout (Srivastava et al., 2014): keeps an element with probability 1 - p and scales
/// it by 1 / (1 - p). In evaluation it passes everything.
class Dropout : public Module {
public:
    struct Options {
        double p = 0.5;
        bool inplace = false;
    };
    explicit Dropout(Options options_) : options(options_) {}

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        if (!training() || options.p == 0)
            return {inputs[0]};
        const Tensor x = inputs[0].compact();
        Tensor mask = Tensor::empty(x.shape(), x.dtype());
        Tensor y = Tensor::empty(x.shape(), x.dtype());
        dispatchFloating(x.dtype(), "Dropout", [&](auto tag) {
            using T = typename decltype(tag)::type;
            const T scale = options.p < 1 ? static_cast<T>(1 / (1 - options.p)) : T(0);
            const auto limit = static_cast<uint64_t>(options.p * 0x1p32);
            T *factors = mask.data<T>();
            const T *in = x.data<T>();
            T *out = y.data<T>();
            for (int64_t i = 0; i < x.numel(); ++i) {
                factors[i] = random().nextUint32() >= limit ? scale : T(0);
                out[i] = options.p < 1 ? in[i] * factors[i] : T(0);
            }
        });
        if (shouldRecord({&inputs[0]})) {
            record("dropout", {inputs[0]}, {y}, [mask](const Gradients &g) {
                const Tensor gradient = g[0].compact();
                Tensor back = Tensor::empty(mask.shape(), mask.dtype());
                dispatchFloating(mask.dtype(), "Dropout", [&](auto tag) {
                    using T = typename decltype(tag)::type;
                    const T *factors = mask.data<T>();
                    const T *from = gradient.data<T>();
                    T *to = back.data<T>();
                    for (int64_t i = 0; i < back.numel(); ++i)
                        to[i] = from[i] * factors[i];
                });
                return Gradients{back};
            });
        }
        return {y};
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
             .badSamples = {{.args = {{"p", 1.5}}, .inputs = {{4, 3}}, .kind = "wrong_argument"}}})};
}

} // namespace mrg
