// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/TrainingStep.h"

#include "engine/autograd/backward.h"
#include "engine/core/Denormals.h"
#include "engine/training/StepExtras.h"

namespace mrg {

namespace {
/// Steps before the capture: by then momenta and other state exist.
constexpr int64_t settledAfter = 1;
} // namespace

TrainingStep::TrainingStep(Forward forward, Optimizer &optimizer, StepExtras *extras)
    : m_forward(std::move(forward)),
      m_optimizer(optimizer),
      m_extras(extras)
{
}

void TrainingStep::beforeUpdate()
{
    if (m_extras)
        m_extras->beforeUpdate();
}

void TrainingStep::afterUpdate()
{
    if (m_extras)
        m_extras->afterUpdate();
}

double TrainingStep::forward(const Tensor &input, const Tensor &target)
{
    const FlushDenormals flushing;
    Place &place = m_places[{input.rawData(), target.rawData()}];
    m_current = &place;
    if (place.plan) {
        restoreGradients(place);
        place.plan->run(0);
        return place.outcome.loss.item();
    }
    m_optimizer.zeroGrad();
    m_gradientsOf = nullptr;
    const auto run = [this, &place, input, target] { place.outcome = m_forward(input, target); };
    place.builder.reset();
    if (m_optimizer.needsClosure()) {
        place.repeat = run;
        run();
    } else if (place.steps++ >= settledAfter && m_refusal.empty())
        place.builder.emplace().record(run);
    else
        run();
    return place.outcome.loss.item();
}

void TrainingStep::update()
{
    const FlushDenormals flushing;
    Place &place = *m_current;
    if (place.plan) {
        place.plan->run(1);
        return;
    }
    const auto run = [&] {
        backward(place.outcome.loss);
        beforeUpdate();
        m_optimizer.step();
        afterUpdate();
    };
    if (m_optimizer.needsClosure()) {
        // The first evaluation's forward is done already.
        bool evaluated = true;
        m_optimizer.step([&] {
            if (!evaluated) {
                m_optimizer.zeroGrad();
                place.repeat();
            }
            evaluated = false;
            backward(place.outcome.loss);
            beforeUpdate();
            return place.outcome.loss.item();
        });
        afterUpdate();
        place.outcome.scores = place.outcome.scores.detach();
        place.outcome.loss = place.outcome.loss.detach();
        return;
    }
    if (!place.builder) {
        run();
        place.outcome.scores = place.outcome.scores.detach();
        place.outcome.loss = place.outcome.loss.detach();
        return;
    }
    place.builder->record([&] {
        run();
        // What is shown of a step is kept; the tape goes, so that its memory is shared.
        place.outcome.scores = place.outcome.scores.detach();
        place.outcome.loss = place.outcome.loss.detach();
    });
    Result<Plan> plan = place.builder->finish();
    place.builder.reset();
    if (!plan) {
        m_refusal = plan.error().text();
        return;
    }
    place.plan = std::move(*plan);
    place.gradients.clear();
    for (const ParameterGroup &group : m_optimizer.groups()) {
        for (const Tensor &parameter : group.parameters)
            place.gradients.push_back(parameter.grad());
    }
    m_gradientsOf = &place;
}

void TrainingStep::restoreGradients(const Place &place)
{
    if (m_gradientsOf == &place)
        return;
    size_t number = 0;
    for (const ParameterGroup &group : m_optimizer.groups()) {
        for (const Tensor &parameter : group.parameters)
            parameter.setGrad(place.gradients[number++]);
    }
    m_gradientsOf = &place;
}

void TrainingStep::forget()
{
    m_places.clear();
    m_current = nullptr;
    m_gradientsOf = nullptr;
}

} // namespace mrg
