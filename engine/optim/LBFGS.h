// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/optim/Optimizer.h"
#include "engine/optim/strong_wolfe.h"

#include <deque>
#include <optional>

namespace mrg {

/// How LBFGS chooses the length of a step.
enum class LineSearch { StrongWolfe };
template <> struct EnumTexts<LineSearch> {
    static constexpr std::array texts{std::pair{LineSearch::StrongWolfe, "strong_wolfe"}};
};

/// torch.optim.LBFGS: a quasi-Newton method that remembers the last changes of weights and
/// gradients instead of a matrix. One step evaluates the loss several times, so it is given a
/// closure:
///
///     lbfgs.step([&] { lbfgs.zeroGrad(); Tensor loss = ...; backward(loss); return loss.item();
///     });
///
/// Its course depends on the losses: such a step can't be captured. Computes in float64 whatever
/// the parameters' type.
///
/// **Source**: Nocedal and Wright, Numerical Optimization, algorithms 7.4 and 7.5.
class LBFGS final : public Optimizer {
public:
    struct Options {
        double lr = 1;
        int64_t max_iter = 20;
        std::optional<int64_t> max_eval; ///< none: a quarter more than max_iter
        double tolerance_grad = 1e-7;
        double tolerance_change = 1e-9;
        int64_t history_size = 100;
        std::optional<LineSearch> line_search_fn;
    };
    /// Throws Error (value) unless there is exactly one group.
    LBFGS(std::vector<Arg> args, std::vector<ParameterGroup> groups);

    void step() override;
    double step(const Closure &evaluate) override;
    bool needsClosure() const override { return true; }
    NamedTensors stateDict() const override;
    Result<void> loadStateDict(const NamedTensors &state) override;

protected:
    void optionsChanged() override;

private:
    using Vector = std::vector<double>;
    /// How the gradient changed along a step that was made.
    struct Change {
        Vector gradient;
        Vector step;
        double curvature; ///< 1 / (gradient . step)
    };
    /// What is kept between steps.
    struct Memory {
        int64_t iterations = 0;
        int64_t evaluations = 0;
        Vector direction;
        Vector gradient;
        std::deque<Change> changes;
        double length = 0;
        double scale = 1; ///< of the first guess of the inverse Hessian
        double loss = 0;
    };

    Vector gatherGradient() const;
    Vector gatherParameters() const;
    void setParameters(const Vector &values);
    void updateDirection(const Vector &gradient);

    Options m_options;
    size_t m_count = 0; ///< weights in all
    Memory m_memory;
};

} // namespace mrg
