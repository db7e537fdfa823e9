// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/optim/ElementwiseOptimizer.h"

#include <algorithm>

namespace mrg {

namespace {

constexpr const char *stepName = "step";

/// A one-dimensional view of a slot is what kernels see; the state_dict shows the parameter's
/// shape.
Tensor shaped(const Tensor &slot, const Shape &shape)
{
    return slot.asStrided(shape, contiguousStrides(shape), 0);
}

} // namespace

StatefulOptimizer::StatefulOptimizer(std::vector<Arg> args, std::vector<ParameterGroup> groups,
                                     Names slots, Names numbers)
    : Optimizer(std::move(args), std::move(groups)),
      m_slotNames(slots),
      m_numberNames(numbers)
{
    size_t count = 0;
    for (const ParameterGroup &group : m_groups)
        count += group.parameters.size();
    m_states.resize(count);
    for (ParameterState &state : m_states) {
        state.steps = Tensor::zeros({}, DType::Int64);
        state.slots.resize(slots.size());
        for (size_t i = 0; i < numbers.size(); ++i)
            state.numbers.push_back(Tensor::zeros({}, DType::Float64));
    }
}

void StatefulOptimizer::step()
{
    const GradMode off(false);
    size_t number = 0;
    for (size_t g = 0; g < m_groups.size(); ++g) {
        for (const Tensor &parameter : m_groups[g].parameters) {
            ParameterState &state = m_states[number++];
            const Tensor &gradient = parameter.grad();
            if (!gradient.defined())
                continue;
            if (parameter.isContiguous()) {
                launchUpdate(g, parameter, gradient.compact(), state);
            } else {
                const Tensor compact = parameter.detach().copy();
                launchUpdate(g, compact, gradient.compact(), state);
                parameter.detach().copyFrom(compact);
            }
            parameter.bumpVersion();
        }
    }
}

void *StatefulOptimizer::slotMemory(Tensor &slot, int64_t count, DType dtype, double initial)
{
    if (!slot.defined()) {
        // Kept beyond the step: no memory of a recorder, and set once, not at every replay.
        const RecordLaunches suspended(nullptr);
        slot = Tensor::full({count}, initial, dtype);
    }
    return slot.rawData();
}

NamedTensors StatefulOptimizer::stateDict() const
{
    NamedTensors out;
    size_t number = 0;
    for (const ParameterGroup &group : m_groups) {
        for (const Tensor &parameter : group.parameters) {
            const ParameterState &state = m_states[number];
            const std::string prefix = std::to_string(number++) + ".";
            if (*state.steps.data<int64_t>() == 0)
                continue;
            out.emplace_back(prefix + stepName, state.steps);
            for (size_t i = 0; i < m_slotNames.size(); ++i) {
                if (state.slots[i].defined())
                    out.emplace_back(prefix + m_slotNames[i],
                                     shaped(state.slots[i], parameter.shape()));
            }
            for (size_t i = 0; i < m_numberNames.size(); ++i)
                out.emplace_back(prefix + m_numberNames[i], state.numbers[i]);
        }
    }
    return out;
}

Tensor *StatefulOptimizer::entry(ParameterState &state, const std::string &name) const
{
    if (name == stepName)
        return &state.steps;
    for (size_t i = 0; i < m_slotNames.size(); ++i) {
        if (name == m_slotNames[i])
            return &state.slots[i];
    }
    for (size_t i = 0; i < m_numberNames.size(); ++i) {
        if (name == m_numberNames[i])
            return &state.numbers[i];
    }
    return nullptr;
}

Result<void> StatefulOptimizer::loadStateDict(const NamedTensors &state)
{
    std::vector<const Tensor *> parameters;
    for (const ParameterGroup &group : m_groups) {
        for (const Tensor &parameter : group.parameters)
            parameters.push_back(&parameter);
    }
    std::vector<ParameterState> loaded(m_states.size());
    for (ParameterState &one : loaded) {
        one.slots.resize(m_slotNames.size());
        one.numbers.resize(m_numberNames.size());
    }
    for (const auto &[key, tensor] : state) {
        const size_t dot = key.find('.');
        const bool numbered = dot != std::string::npos && dot > 0 && dot < 10
                && key.find_first_not_of("0123456789") == dot;
        const size_t number = numbered ? std::stoul(key.substr(0, dot)) : loaded.size();
        Tensor *target
                = number < loaded.size() ? entry(loaded[number], key.substr(dot + 1)) : nullptr;
        if (!target) {
            return Error(ErrorCategory::State, "state_dict_keys_differ", "optimizer", "key " + key,
                         "parameter numbers below " + std::to_string(loaded.size())
                                 + " and the names of this optimizer's state");
        }
        const bool counter = target == &loaded[number].steps;
        const bool slot = target >= loaded[number].slots.data()
                && target < loaded[number].slots.data() + loaded[number].slots.size();
        const Shape wanted = slot ? parameters[number]->shape() : Shape{};
        if (tensor.shape() != wanted) {
            return Error(ErrorCategory::State, "state_dict_shapes_differ", "optimizer",
                         key + " of shape " + toString(tensor.shape()), toString(wanted));
        }
        const DType dtype = counter ? DType::Int64
                : slot              ? parameters[number]->dtype()
                                    : DType::Float64;
        *target = tensor.toType(dtype).copy();
    }
    // Into the memory that is there already: captured steps point to it.
    const auto adopt = [](Tensor &mine, const Tensor &theirs) {
        if (mine.defined() && theirs.defined())
            shaped(mine, theirs.shape()).copyFrom(theirs);
        else if (theirs.defined())
            mine = theirs.asStrided({theirs.numel()}, {1}, 0);
        else
            mine = {};
    };
    for (size_t number = 0; number < loaded.size(); ++number) {
        ParameterState &mine = m_states[number];
        const ParameterState &theirs = loaded[number];
        *mine.steps.data<int64_t>() = theirs.steps.defined() ? *theirs.steps.data<int64_t>() : 0;
        for (size_t i = 0; i < mine.slots.size(); ++i)
            adopt(mine.slots[i], theirs.slots[i]);
        for (size_t i = 0; i < mine.numbers.size(); ++i)
            *mine.numbers[i].data<double>()
                    = theirs.numbers[i].defined() ? *theirs.numbers[i].data<double>() : 0;
    }
    return {};
}

} // namespace mrg
