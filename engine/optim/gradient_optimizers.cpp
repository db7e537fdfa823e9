// SPDX-License-Identifier: GPL-3.0-or-later
// Optimizers that follow the gradient itself or its sign.
#include "engine/optim/ElementwiseOptimizer.h"
#include "engine/optim/families.h"

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {

struct SGDRule {
    struct Options {
        double lr = 0.01;
        double momentum = 0;
        double dampening = 0;
        double weight_decay = 0;
        bool nesterov = false;
        bool maximize = false;
    };
    static constexpr std::array slots{"momentum_buffer"};
    static constexpr std::array<const char *, 0> numbers{};
    static bool needs(const Options &o, size_t) { return o.momentum != 0; }
    static double initial(const Options &, size_t) { return 0; }

    template <typename T> struct Update {
        Update(const Options &o, UpdateContext context)
            : lr(static_cast<T>(o.lr)),
              decay(static_cast<T>(o.weight_decay)),
              momentum(static_cast<T>(o.momentum)),
              // The first buffer is the gradient itself, undamped.
              share(context.fresh ? T(1) : static_cast<T>(1 - o.dampening)),
              sign(o.maximize ? T(-1) : T(1)),
              nesterov(o.nesterov)
        {
        }
        void operator()(int64_t begin, int64_t end, T *__restrict p, const T *__restrict g,
                        SlotPointers<T> slots) const
        {
            T *__restrict buffer = slots[0];
            if (!buffer) {
                for (int64_t i = begin; i < end; ++i)
                    p[i] -= lr * (sign * g[i] + decay * p[i]);
                return;
            }
            for (int64_t i = begin; i < end; ++i) {
                const T d = sign * g[i] + decay * p[i];
                const T moved = momentum * buffer[i] + share * d;
                buffer[i] = moved;
                p[i] -= lr * (nesterov ? d + momentum * moved : moved);
            }
        }
        T lr, decay, momentum, share, sign;
        bool nesterov;
    };
};

struct ASGDRule {
    struct Options {
        double lr = 0.01;
        double lambd = 1e-4;
        double alpha = 0.75;
        double t0 = 1e6;
        double weight_decay = 0;
        bool maximize = false;
    };
    static constexpr std::array slots{"ax"};
    static constexpr std::array numbers{"eta", "mu"};
    static bool needs(const Options &, size_t) { return true; }
    static double initial(const Options &, size_t) { return 0; }

    template <typename T> struct Update {
        Update(const Options &o, UpdateContext context)
            : decay(static_cast<T>(o.weight_decay)),
              sign(o.maximize ? T(-1) : T(1))
        {
            double &rate = context.numbers[0];
            double &weight = context.numbers[1];
            // PyTorch keeps both as float32, whatever the parameters are.
            if (context.step == 1) {
                rate = static_cast<float>(o.lr);
                weight = 1;
            }
            eta = static_cast<T>(rate);
            mu = static_cast<T>(weight);
            shrink = static_cast<T>(1 - o.lambd * rate);
            const double step = static_cast<double>(context.step);
            rate = static_cast<float>(o.lr / std::pow(1 + o.lambd * o.lr * step, o.alpha));
            weight = static_cast<float>(1 / std::max(1.0, step - o.t0));
        }
        void operator()(int64_t begin, int64_t end, T *__restrict p, const T *__restrict g,
                        SlotPointers<T> slots) const
        {
            T *__restrict average = slots[0];
            for (int64_t i = begin; i < end; ++i) {
                const T d = sign * g[i] + decay * p[i];
                p[i] = p[i] * shrink - eta * d;
                average[i] = mu == 1 ? p[i] : average[i] + (p[i] - average[i]) * mu;
            }
        }
        T decay, sign, eta, mu, shrink;
    };
};

struct RpropRule {
    struct Options {
        double lr = 0.01;
        std::vector<double> etas{0.5, 1.2};
        std::vector<double> step_sizes{1e-6, 50};
        bool maximize = false;
    };
    static constexpr std::array slots{"prev", "step_size"};
    static constexpr std::array<const char *, 0> numbers{};
    static bool needs(const Options &, size_t) { return true; }
    static double initial(const Options &o, size_t slot) { return slot == 1 ? o.lr : 0; }

    template <typename T> struct Update {
        Update(const Options &o, UpdateContext)
            : less(static_cast<T>(o.etas[0])),
              more(static_cast<T>(o.etas[1])),
              smallest(static_cast<T>(o.step_sizes[0])),
              largest(static_cast<T>(o.step_sizes[1])),
              direction(o.maximize ? T(-1) : T(1))
        {
        }
        void operator()(int64_t begin, int64_t end, T *__restrict p, const T *__restrict g,
                        SlotPointers<T> slots) const
        {
            T *__restrict previous = slots[0];
            T *__restrict size = slots[1];
            for (int64_t i = begin; i < end; ++i) {
                T d = direction * g[i];
                const T agreement = d * previous[i];
                const T factor = agreement > 0 ? more : agreement < 0 ? less : T(1);
                const T grown = size[i] * factor;
                const T clamped = grown < smallest ? smallest : grown > largest ? largest : grown;
                // After a change of sign the step is taken back: nothing moves and nothing is kept.
                d = agreement < 0 ? T(0) : d;
                size[i] = clamped;
                previous[i] = d;
                p[i] -= (d > 0 ? clamped : d < 0 ? -clamped : T(0));
            }
        }
        T less, more, smallest, largest, direction;
    };
};

Error wrong(const char *kind, const std::string &got, const std::string &wanted)
{
    return Error(ErrorCategory::Value, kind, "optimizer", got, wanted);
}

} // namespace

std::vector<OptimizerSpec> gradientOptimizers()
{
    using S = SGDRule::Options;
    using A = ASGDRule::Options;
    using R = RpropRule::Options;
    const char *climb = "Climb instead of descending.";
    const auto nesterovNeedsMomentum = [](const S &o) -> Result<void> {
        if (o.nesterov && (o.momentum <= 0 || o.dampening != 0))
            return wrong("nesterov_needs_momentum", "nesterov",
                         "a momentum above 0 and no dampening");
        return {};
    };
    const auto pairs = [](const R &o) -> Result<void> {
        if (o.etas.size() != 2 || o.step_sizes.size() != 2)
            return wrong("wrong_argument", "etas and step_sizes of other lengths",
                         "two numbers each");
        if (!(o.etas[0] > 0 && o.etas[0] < 1 && o.etas[1] > 1)) {
            return wrong("wrong_argument",
                         "etas " + ValueTraits<std::vector<double>>::to(o.etas).toString(),
                         "0 < first < 1 < second");
        }
        return {};
    };
    return {declareOptimizer<ElementwiseOptimizer<SGDRule>>(
                    {.name = "SGD",
                     .summary = "Steps against the gradient, with momentum if wanted.",
                     .formula = R"(v = \mu v + g;\ \theta = \theta - \eta v)",
                     .source = "torch.optim.SGD",
                     .args
                     = {arg("lr", &S::lr, "Learning rate.", atLeast(0)),
                        arg("momentum", &S::momentum, "Share of the last step that is kept.",
                            atLeast(0)),
                        arg("dampening", &S::dampening, "Damping of the gradient in the momentum."),
                        arg("weight_decay", &S::weight_decay, "Pull towards zero.", atLeast(0)),
                        arg("nesterov", &S::nesterov, "Look ahead along the momentum."),
                        arg("maximize", &S::maximize, climb)}},
                    nesterovNeedsMomentum),
            declareOptimizer<ElementwiseOptimizer<ASGDRule>>(
                    {.name = "ASGD",
                     .summary
                     = "Steps against the gradient at a falling rate and averages the weights.",
                     .formula
                     = R"(\theta = (1 - \lambda\eta_t)\theta - \eta_t g;\ \eta_t = \eta / (1 + \lambda\eta t)^\alpha)",
                     .source = "torch.optim.ASGD; Polyak and Juditsky, 1992",
                     .args
                     = {arg("lr", &A::lr, "Learning rate.", atLeast(0)),
                        arg("lambd", &A::lambd, "Decay of weights and rate."),
                        arg("alpha", &A::alpha, "Power of the rate's fall."),
                        arg("t0", &A::t0, "Step at which averaging starts."),
                        arg("weight_decay", &A::weight_decay, "Pull towards zero.", atLeast(0)),
                        arg("maximize", &A::maximize, climb)}}),
            declareOptimizer<ElementwiseOptimizer<RpropRule>>(
                    {.name = "Rprop",
                     .summary
                     = "Steps by the sign of the gradient; each weight's step grows while the "
                       "sign stays.",
                     .formula = R"(\theta = \theta - \Delta\,sign(g))",
                     .source = "torch.optim.Rprop; Riedmiller and Braun, 1993",
                     .args
                     = {arg("lr", &R::lr, "First step.", atLeast(0)),
                        arg("etas", &R::etas, "Factors when the sign changes and when it stays."),
                        arg("step_sizes", &R::step_sizes, "Smallest and largest step."),
                        arg("maximize", &R::maximize, climb)}},
                    pairs)};
}

} // namespace mrg
