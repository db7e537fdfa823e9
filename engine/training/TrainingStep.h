// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/optim/Optimizer.h"
#include "engine/plan/Plan.h"

#include <functional>
#include <map>
#include <optional>

namespace mrg {

class StepExtras;

/// One step of training: forward and loss, then backward and update. It is captured as a plan once
/// it has settled, and replayed from then on, as long as batches lie in the same memory.
///
///     TrainingStep step([&](const Tensor &input, const Tensor &target) { ... }, optimizer);
///     if (std::isfinite(step.forward(batch.input, batch.target)))
///         step.update();
///
/// Every memory in which batches come (the full ones, a shorter last one) has a plan of its own.
/// What the network or the optimizer is made of must stay; after a change of options call forget().
/// Numbers too small to be normal count as zero (see Denormals.h).
class TrainingStep {
public:
    /// What forward gives: the loss as a scalar, and the scores it was made of (for those who
    /// watch).
    struct Outcome {
        Tensor loss;
        Tensor scores;
    };
    using Forward = std::function<Outcome(const Tensor &input, const Tensor &target)>;
    /// `extras` may be null; it must outlive the step.
    TrainingStep(Forward forward, Optimizer &optimizer, StepExtras *extras = nullptr);

    /// Scores and loss of a batch; returns the loss. Throws what the network throws.
    double forward(const Tensor &input, const Tensor &target);
    /// Backward and update for the batch of the last forward().
    void update();
    /// The last forward's scores, detached; valid until the next forward().
    const Tensor &scores() const { return m_current->outcome.scores; }

    /// Drops all plans: options have changed.
    void forget();
    /// Whether the last step was replayed from a plan.
    bool isReplaying() const { return m_current && m_current->plan; }
    /// Why steps run eagerly for good; empty if they don't.
    const std::string &refusal() const { return m_refusal; }

private:
    /// What is known of the batches that lie in one place.
    struct Place {
        int64_t steps = 0;
        Outcome outcome;
        std::function<void()>
                repeat; ///< the forward again, for optimizers that evaluate several times
        std::optional<PlanBuilder> builder;
        std::optional<Plan> plan;
        std::vector<Tensor> gradients; ///< in the plan's memory, by parameter
    };
    void restoreGradients(const Place &place);
    void beforeUpdate();
    void afterUpdate();

    Forward m_forward;
    Optimizer &m_optimizer;
    StepExtras *m_extras;
    std::map<std::pair<const void *, const void *>, Place> m_places;
    Place *m_current = nullptr;
    const Place *m_gradientsOf = nullptr; ///< whose gradients the parameters hold
    std::string m_refusal;
};

} // namespace mrg
