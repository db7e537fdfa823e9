// SPDX-License-Identifier: GPL-3.0-or-later
// Optimizers that scale each weight's step by its past squared gradients.
#include "engine/optim/ElementwiseOptimizer.h"
#include "engine/optim/families.h"

#include <cmath>

namespace mrg {

namespace {

struct RMSpropRule {
    struct Options {
        double lr = 0.01;
        double alpha = 0.99;
        double eps = 1e-8;
        double weight_decay = 0;
        double momentum = 0;
        bool centered = false;
        bool maximize = false;
    };
    static constexpr std::array slots{"square_avg", "momentum_buffer", "grad_avg"};
    static constexpr std::array<const char *, 0> numbers{};
    static bool needs(const Options &o, size_t slot)
    {
        return slot == 0 || (slot == 1 ? o.momentum > 0 : o.centered);
    }
    static double initial(const Options &, size_t) { return 0; }

    template <typename T> struct Update {
        Update(const Options &o, UpdateContext)
            : lr(static_cast<T>(o.lr)),
              alpha(static_cast<T>(o.alpha)),
              rest(static_cast<T>(1 - o.alpha)),
              eps(static_cast<T>(o.eps)),
              decay(static_cast<T>(o.weight_decay)),
              momentum(static_cast<T>(o.momentum)),
              sign(o.maximize ? T(-1) : T(1))
        {
        }
        void operator()(int64_t begin, int64_t end, T *__restrict p, const T *__restrict g,
                        SlotPointers<T> slots) const
        {
            T *__restrict square = slots[0];
            T *__restrict buffer = slots[1];
            T *__restrict mean = slots[2];
            for (int64_t i = begin; i < end; ++i) {
                const T d = sign * g[i] + decay * p[i];
                square[i] = alpha * square[i] + rest * d * d;
                T variance = square[i];
                if (mean) {
                    mean[i] = alpha * mean[i] + rest * d;
                    variance -= mean[i] * mean[i];
                }
                T scaled = d / (std::sqrt(variance) + eps);
                if (buffer)
                    scaled = buffer[i] = momentum * buffer[i] + scaled;
                p[i] -= lr * scaled;
            }
        }
        T lr, alpha, rest, eps, decay, momentum, sign;
    };
};

struct AdagradRule {
    struct Options {
        double lr = 0.01;
        double lr_decay = 0;
        double weight_decay = 0;
        double initial_accumulator_value = 0;
        double eps = 1e-10;
        bool maximize = false;
    };
    static constexpr std::array slots{"sum"};
    static constexpr std::array<const char *, 0> numbers{};
    static bool needs(const Options &, size_t) { return true; }
    static double initial(const Options &o, size_t) { return o.initial_accumulator_value; }

    template <typename T> struct Update {
        Update(const Options &o, UpdateContext context)
            : rate(static_cast<T>(o.lr / (1 + static_cast<double>(context.step - 1) * o.lr_decay))),
              decay(static_cast<T>(o.weight_decay)),
              eps(static_cast<T>(o.eps)),
              sign(o.maximize ? T(-1) : T(1))
        {
        }
        void operator()(int64_t begin, int64_t end, T *__restrict p, const T *__restrict g,
                        SlotPointers<T> slots) const
        {
            T *__restrict sum = slots[0];
            for (int64_t i = begin; i < end; ++i) {
                const T d = sign * g[i] + decay * p[i];
                sum[i] += d * d;
                p[i] -= rate * (d / (std::sqrt(sum[i]) + eps));
            }
        }
        T rate, decay, eps, sign;
    };
};

struct AdadeltaRule {
    struct Options {
        double lr = 1.0;
        double rho = 0.9;
        double eps = 1e-6;
        double weight_decay = 0;
        bool maximize = false;
    };
    static constexpr std::array slots{"square_avg", "acc_delta"};
    static constexpr std::array<const char *, 0> numbers{};
    static bool needs(const Options &, size_t) { return true; }
    static double initial(const Options &, size_t) { return 0; }

    template <typename T> struct Update {
        Update(const Options &o, UpdateContext)
            : lr(static_cast<T>(o.lr)),
              rho(static_cast<T>(o.rho)),
              rest(static_cast<T>(1 - o.rho)),
              eps(static_cast<T>(o.eps)),
              decay(static_cast<T>(o.weight_decay)),
              sign(o.maximize ? T(-1) : T(1))
        {
        }
        void operator()(int64_t begin, int64_t end, T *__restrict p, const T *__restrict g,
                        SlotPointers<T> slots) const
        {
            T *__restrict square = slots[0];
            T *__restrict moved = slots[1];
            for (int64_t i = begin; i < end; ++i) {
                const T d = sign * g[i] + decay * p[i];
                square[i] = rho * square[i] + rest * d * d;
                const T delta = std::sqrt(moved[i] + eps) / std::sqrt(square[i] + eps) * d;
                p[i] -= lr * delta;
                moved[i] = rho * moved[i] + rest * delta * delta;
            }
        }
        T lr, rho, rest, eps, decay, sign;
    };
};

} // namespace

std::vector<OptimizerSpec> adaptiveOptimizers()
{
    using R = RMSpropRule::Options;
    using G = AdagradRule::Options;
    using D = AdadeltaRule::Options;
    const char *rate = "Learning rate.";
    const char *pull = "Pull towards zero.";
    const char *root = "Added to the root.";
    const char *climb = "Climb instead of descending.";
    return {declareOptimizer<ElementwiseOptimizer<RMSpropRule>>(
                    {.name = "RMSprop",
                     .summary = "Steps scaled by a running mean of the squared gradients.",
                     .formula = R"(\theta = \theta - \eta g / (\sqrt{v} + \epsilon))",
                     .source = "torch.optim.RMSprop; Hinton's lecture 6e, 2012",
                     .args = {arg("lr", &R::lr, rate, atLeast(0)),
                              arg("alpha", &R::alpha, "Memory of the squares.", atLeast(0)),
                              arg("eps", &R::eps, root, atLeast(0)),
                              arg("weight_decay", &R::weight_decay, pull, atLeast(0)),
                              arg("momentum", &R::momentum, "Share of the last step that is kept.",
                                  atLeast(0)),
                              arg("centered", &R::centered,
                                  "Subtract the squared mean of the gradients."),
                              arg("maximize", &R::maximize, climb)}}),
            declareOptimizer<ElementwiseOptimizer<AdagradRule>>(
                    {.name = "Adagrad",
                     .summary = "Steps scaled by the sum of all squared gradients so far.",
                     .formula = R"(\theta = \theta - \eta g / (\sqrt{\sum g^2} + \epsilon))",
                     .source = "torch.optim.Adagrad; Duchi, Hazan and Singer, 2011",
                     .args = {arg("lr", &G::lr, rate, atLeast(0)),
                              arg("lr_decay", &G::lr_decay, "Fall of the rate with the steps.",
                                  atLeast(0)),
                              arg("weight_decay", &G::weight_decay, pull, atLeast(0)),
                              arg("initial_accumulator_value", &G::initial_accumulator_value,
                                  "Where the sum starts.", atLeast(0)),
                              arg("eps", &G::eps, root, atLeast(0)),
                              arg("maximize", &G::maximize, climb)}}),
            declareOptimizer<ElementwiseOptimizer<AdadeltaRule>>(
                    {.name = "Adadelta",
                     .summary = "Steps in the weights' own units: past steps over past gradients.",
                     .formula
                     = R"(\Delta = \sqrt{u + \epsilon} / \sqrt{v + \epsilon}\, g;\ \theta = \theta - \eta\Delta)",
                     .source = "torch.optim.Adadelta; Zeiler, 2012",
                     .args = {arg("lr", &D::lr, "Factor of the step.", atLeast(0)),
                              arg("rho", &D::rho, "Memory of the squares.", between(0, 1)),
                              arg("eps", &D::eps, "Added under the roots.", atLeast(0)),
                              arg("weight_decay", &D::weight_decay, pull, atLeast(0)),
                              arg("maximize", &D::maximize, climb)}})};
}

} // namespace mrg
