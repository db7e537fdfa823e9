// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/optim/Optimizer.h"

#include <cmath>

namespace mrg {

namespace {

/// An optimizer whose options are a struct, unpacked once per change instead of at every step.
template <typename O> class TypedOptimizer : public Optimizer {
public:
    using Options = O;

protected:
    TypedOptimizer(std::vector<Arg> args, std::vector<ParameterGroup> groups)
        : Optimizer(std::move(args), std::move(groups))
    {
        unpack();
    }
    void optionsChanged() override { unpack(); }
    const O &options(size_t group) const { return m_options[group]; }

private:
    void unpack()
    {
        m_options.clear();
        for (const ParameterGroup &group : m_groups)
            m_options.push_back(makeOptions<O>(m_args, group.options, "optimizer").value());
    }
    std::vector<O> m_options;
};

struct SGDOptions {
    double lr = 0.01;
    double momentum = 0;
    double dampening = 0;
    double weight_decay = 0;
    bool nesterov = false;
    bool maximize = false;
};

class SGD : public TypedOptimizer<SGDOptions> {
public:
    using TypedOptimizer::TypedOptimizer;
    SGD(std::vector<Arg> args, std::vector<ParameterGroup> groups)
        : TypedOptimizer(std::move(args), std::move(groups))
    {
    }

protected:
    void update(size_t group, const Tensor &parameter, const Tensor &gradient, State &state,
                int64_t steps) override
    {
        const SGDOptions &o = options(group);
        dispatchFloating(parameter.dtype(), "SGD", [&](auto tag) {
            using T = typename decltype(tag)::type;
            T *p = parameter.data<T>();
            const T *g = gradient.data<T>();
            T *buffer = o.momentum != 0 ? slot(state, "momentum_buffer", parameter).data<T>() : nullptr;
            const T lr = static_cast<T>(o.lr);
            const T decay = static_cast<T>(o.weight_decay);
            const T momentum = static_cast<T>(o.momentum);
            // The first buffer is the gradient itself, undamped.
            const T fresh = steps == 1 ? T(1) : static_cast<T>(1 - o.dampening);
            const T sign = o.maximize ? T(-1) : T(1);
            for (int64_t i = 0; i < parameter.numel(); ++i) {
                T d = sign * g[i] + decay * p[i];
                if (buffer) {
                    buffer[i] = momentum * buffer[i] + fresh * d;
                    d = o.nesterov ? d + momentum * buffer[i] : buffer[i];
                }
                p[i] -= lr * d;
            }
        });
    }
};

struct AdamOptions {
    double lr = 0.001;
    std::vector<double> betas{0.9, 0.999};
    double eps = 1e-8;
    double weight_decay = 0;
    bool amsgrad = false;
    bool maximize = false;
};
struct AdamWOptions : AdamOptions {
    AdamWOptions() { weight_decay = 0.01; }
};

/// Adam and AdamW differ in where weight decay goes: into the gradient, or straight off the weight.
template <typename O, bool decoupled> class AdamFamily : public TypedOptimizer<O> {
public:
    AdamFamily(std::vector<Arg> args, std::vector<ParameterGroup> groups)
        : TypedOptimizer<O>(std::move(args), std::move(groups))
    {
    }

protected:
    void update(size_t group, const Tensor &parameter, const Tensor &gradient,
                Optimizer::State &state, int64_t steps) override
    {
        const O &o = this->options(group);
        dispatchFloating(parameter.dtype(), "Adam", [&](auto tag) {
            using T = typename decltype(tag)::type;
            T *p = parameter.data<T>();
            const T *g = gradient.data<T>();
            T *mean = Optimizer::slot(state, "exp_avg", parameter).template data<T>();
            T *square = Optimizer::slot(state, "exp_avg_sq", parameter).template data<T>();
            T *largest = o.amsgrad
                    ? Optimizer::slot(state, "max_exp_avg_sq", parameter).template data<T>()
                    : nullptr;
            const double n = static_cast<double>(steps);
            const T stepSize = static_cast<T>(o.lr / (1 - std::pow(o.betas[0], n)));
            const T rootCorrection = static_cast<T>(std::sqrt(1 - std::pow(o.betas[1], n)));
            const T beta1 = static_cast<T>(o.betas[0]);
            const T beta2 = static_cast<T>(o.betas[1]);
            const T rest1 = static_cast<T>(1 - o.betas[0]);
            const T rest2 = static_cast<T>(1 - o.betas[1]);
            const T eps = static_cast<T>(o.eps);
            const T decay = decoupled ? T(0) : static_cast<T>(o.weight_decay);
            const T shrink = decoupled ? static_cast<T>(1 - o.lr * o.weight_decay) : T(1);
            const T sign = o.maximize ? T(-1) : T(1);
            for (int64_t i = 0; i < parameter.numel(); ++i) {
                const T weight = p[i] * shrink;
                const T d = sign * g[i] + decay * weight;
                mean[i] = beta1 * mean[i] + rest1 * d;
                square[i] = beta2 * square[i] + rest2 * d * d;
                T second = square[i];
                if (largest)
                    second = largest[i] = std::max(largest[i], second);
                p[i] = weight - stepSize * mean[i] / (std::sqrt(second) / rootCorrection + eps);
            }
        });
    }
};
using Adam = AdamFamily<AdamOptions, false>;
using AdamW = AdamFamily<AdamWOptions, true>;

struct RMSpropOptions {
    double lr = 0.01;
    double alpha = 0.99;
    double eps = 1e-8;
    double weight_decay = 0;
    double momentum = 0;
    bool centered = false;
    bool maximize = false;
};

class RMSprop : public TypedOptimizer<RMSpropOptions> {
public:
    RMSprop(std::vector<Arg> args, std::vector<ParameterGroup> groups)
        : TypedOptimizer(std::move(args), std::move(groups))
    {
    }

protected:
    void update(size_t group, const Tensor &parameter, const Tensor &gradient, State &state,
                int64_t) override
    {
        const RMSpropOptions &o = options(group);
        dispatchFloating(parameter.dtype(), "RMSprop", [&](auto tag) {
            using T = typename decltype(tag)::type;
            T *p = parameter.data<T>();
            const T *g = gradient.data<T>();
            T *square = slot(state, "square_avg", parameter).data<T>();
            T *mean = o.centered ? slot(state, "grad_avg", parameter).data<T>() : nullptr;
            T *buffer = o.momentum > 0 ? slot(state, "momentum_buffer", parameter).data<T>() : nullptr;
            const T alpha = static_cast<T>(o.alpha);
            const T rest = static_cast<T>(1 - o.alpha);
            const T sign = o.maximize ? T(-1) : T(1);
            for (int64_t i = 0; i < parameter.numel(); ++i) {
                const T d = sign * g[i] + static_cast<T>(o.weight_decay) * p[i];
                square[i] = alpha * square[i] + rest * d * d;
                T variance = square[i];
                if (mean) {
                    mean[i] = alpha * mean[i] + rest * d;
                    variance -= mean[i] * mean[i];
                }
                const T scaled = d / (std::sqrt(variance) + static_cast<T>(o.eps));
                if (buffer) {
                    buffer[i] = static_cast<T>(o.momentum) * buffer[i] + scaled;
                    p[i] -= static_cast<T>(o.lr) * buffer[i];
                } else {
                    p[i] -= static_cast<T>(o.lr) * scaled;
                }
            }
        });
    }
};

template <typename M>
OptimizerSpec optimizer(const char *name, const char *summary, const char *formula, const char *source,
                        std::vector<Arg> args,
                        std::function<Result<void>(const typename M::Options &)> validate = {})
{
    OptimizerSpec spec{name, summary, formula, source, args, {}};
    // Options that are allowed one by one and together.
    const auto check = [name, args, validate](const Arguments &options) -> Result<void> {
        const Result<typename M::Options> made = makeOptions<typename M::Options>(args, options, name);
        if (!made)
            return made.error();
        return validate ? validate(*made) : Result<void>();
    };
    spec.make = [args, check](std::vector<ParameterGroup> groups, const Arguments &defaults) {
        for (ParameterGroup &group : groups) {
            for (const auto &[option, value] : defaults)
                group.options.try_emplace(option, value);
            check(group.options).value();
            for (const Arg &arg : args)
                group.options.try_emplace(arg.name, arg.defaultValue);
        }
        auto out = std::make_unique<M>(args, std::move(groups));
        out->setValidation(check);
        return out;
    };
    return spec;
}

Error wrong(const char *kind, const std::string &got, const std::string &wanted)
{
    return Error(ErrorCategory::Value, kind, "optimizer", got, wanted);
}

template <typename O> std::vector<Arg> adamArgs()
{
    return {arg("lr", static_cast<double O::*>(&O::lr), "Learning rate.", atLeast(0)),
            arg("betas", static_cast<std::vector<double> O::*>(&O::betas),
                "Memory of the mean and of the squares, each from 0 to below 1.",
                {.minimum = 0, .maximum = 1, .exclusiveMaximum = true}),
            arg("eps", static_cast<double O::*>(&O::eps), "Added to the root.", atLeast(0)),
            arg("weight_decay", static_cast<double O::*>(&O::weight_decay), "Pull towards zero.", atLeast(0)),
            arg("amsgrad", static_cast<bool O::*>(&O::amsgrad), "Use the largest square so far."),
            arg("maximize", static_cast<bool O::*>(&O::maximize), "Climb instead of descending.")};
}

Result<void> twoBetas(const AdamOptions &o)
{
    if (o.betas.size() == 2)
        return {};
    return wrong("wrong_argument", std::to_string(o.betas.size()) + " betas", "two");
}

} // namespace

std::vector<OptimizerSpec> optimizerSpecs()
{
    using S = SGDOptions;
    using R = RMSpropOptions;
    const auto nesterovNeedsMomentum = [](const S &o) -> Result<void> {
        if (o.nesterov && (o.momentum <= 0 || o.dampening != 0))
            return wrong("nesterov_needs_momentum", "nesterov", "a momentum above 0 and no dampening");
        return {};
    };
    return {optimizer<SGD>("SGD", "Steps against the gradient, with momentum if wanted.",
                           R"(v = \mu v + g;\ \theta = \theta - \eta v)", "torch.optim.SGD",
                           {arg("lr", &S::lr, "Learning rate.", atLeast(0)),
                            arg("momentum", &S::momentum, "Share of the last step that is kept.", atLeast(0)),
                            arg("dampening", &S::dampening, "Damping of the gradient in the momentum."),
                            arg("weight_decay", &S::weight_decay, "Pull towards zero.", atLeast(0)),
                            arg("nesterov", &S::nesterov, "Look ahead along the momentum."),
                            arg("maximize", &S::maximize, "Climb instead of descending.")},
                           nesterovNeedsMomentum),
            optimizer<Adam>("Adam", "Steps scaled by running means of gradients and their squares.",
                            R"(\theta = \theta - \eta \hat m / (\sqrt{\hat v} + \epsilon))",
                            "torch.optim.Adam; Kingma and Ba, ICLR 2015", adamArgs<AdamOptions>(), twoBetas),
            optimizer<AdamW>("AdamW", "Adam whose weight decay does not pass through the gradient.",
                             R"(\theta = (1 - \eta\lambda)\theta - \eta \hat m / (\sqrt{\hat v} + \epsilon))",
                             "torch.optim.AdamW; Loshchilov and Hutter, ICLR 2019",
                             adamArgs<AdamWOptions>(), twoBetas),
            optimizer<RMSprop>("RMSprop", "Steps scaled by a running mean of the squared gradients.",
                               R"(\theta = \theta - \eta g / (\sqrt{v} + \epsilon))", "torch.optim.RMSprop",
                               {arg("lr", &R::lr, "Learning rate.", atLeast(0)),
                                arg("alpha", &R::alpha, "Memory of the squares.", atLeast(0)),
                                arg("eps", &R::eps, "Added to the root.", atLeast(0)),
                                arg("weight_decay", &R::weight_decay, "Pull towards zero.", atLeast(0)),
                                arg("momentum", &R::momentum, "Share of the last step that is kept.", atLeast(0)),
                                arg("centered", &R::centered, "Subtract the squared mean of the gradients."),
                                arg("maximize", &R::maximize, "Climb instead of descending.")})};
}

} // namespace mrg
