// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/optim/AveragedModel.h"

#include "engine/core/Launch.h"

#include <algorithm>

namespace mrg {

AveragedModel::AveragedModel(const Module &source, Options options)
    : AveragedModel(source.stateDict(), source.namedParameters(), options)
{
}

AveragedModel::AveragedModel(const NamedTensors &state, const NamedTensors &parameters,
                             Options options)
    : m_options(options),
      m_updates(Tensor::zeros({}, DType::Int64))
{
    for (const auto &[name, tensor] : state) {
        const bool weight = std::any_of(parameters.begin(), parameters.end(),
                                        [&](const auto &entry) { return entry.first == name; });
        m_state.emplace_back(name, tensor.detach().copy());
        m_averaged.push_back(weight || (m_options.use_buffers && tensor.isFloatingPoint()));
    }
}

Result<void> AveragedModel::loadStateDict(const NamedTensors &state, int64_t updates)
{
    const auto find = [&state](const std::string &name) {
        return std::find_if(state.begin(), state.end(),
                            [&name](const auto &entry) { return entry.first == name; });
    };
    for (const auto &[name, mine] : m_state) {
        const auto theirs = find(name);
        if (theirs == state.end() || state.size() != m_state.size()) {
            return Error(ErrorCategory::State, "state_dict_keys_differ", "average",
                         std::to_string(state.size()) + " entries",
                         std::to_string(m_state.size()) + " entries, " + name + " among them");
        }
        if (theirs->second.shape() != mine.shape()) {
            return Error(ErrorCategory::State, "state_dict_shapes_differ", "average",
                         name + " of shape " + toString(theirs->second.shape()),
                         toString(mine.shape()));
        }
    }
    for (const auto &[name, mine] : m_state)
        mine.detach().copyFrom(find(name)->second);
    *m_updates.data<int64_t>() = updates;
    return {};
}

void AveragedModel::exchange(const NamedTensors &state)
{
    for (size_t i = 0; i < m_state.size(); ++i) {
        if (!m_averaged[i])
            continue;
        Tensor own = state.at(i).second.detach();
        Tensor average = m_state[i].second.detach();
        const Tensor kept = own.copy();
        own.copyFrom(average);
        average.copyFrom(kept);
    }
}

void AveragedModel::update(const NamedTensors &now)
{
    for (size_t i = 0; i < m_state.size(); ++i) {
        const Tensor &average = m_state[i].second;
        const Tensor own = now.at(i).second.detach();
        if (!m_averaged[i]) {
            average.detach().copyFrom(own);
            continue;
        }
        const Tensor compact = own.compact();
        dispatchFloating(average.dtype(), "AveragedModel", [&](auto tag) {
            using T = typename decltype(tag)::type;
            launch([to = average.data<T>(), from = compact.data<T>(), n = average.numel(),
                    updates = m_updates.data<int64_t>(), options = &m_options] {
                const auto before = static_cast<double>(*updates);
                const T share = static_cast<T>(before == 0              ? 1
                                                       : options->decay ? 1 - *options->decay
                                                                        : 1 / (before + 1));
                parallelFor(n, elementGrain, [=](int64_t begin, int64_t end) {
                    for (int64_t k = begin; k < end; ++k)
                        to[k] = share == 1 ? from[k] : to[k] + (from[k] - to[k]) * share;
                });
            });
        });
        average.bumpVersion();
    }
    launch([updates = m_updates.data<int64_t>()] { ++*updates; });
}

} // namespace mrg
