// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/nn/Module.h"

#include <optional>

namespace mrg {

/// A running average of a module's weights (torch.optim.swa_utils.AveragedModel), to evaluate with:
///
///     AveragedModel average(network, {.decay = 0.999});
///     // after every step:
///     average.update(network);
///     average.copyTo(evaluated); // another module of the same make
///
/// Buffers are copied as they are, or averaged as well. Launched, so that captured steps average
/// too.
class AveragedModel {
public:
    struct Options {
        /// Exponential average: decay * average + (1 - decay) * weights. None: the mean of all.
        std::optional<double> decay;
        bool use_buffers = false; ///< average the floating buffers, too
    };
    /// Takes the shapes of `source`; until the first update the average is a copy of it.
    AveragedModel(const Module &source, Options options);
    /// The same of anything that has a state; those among it that `parameters` name are weights.
    AveragedModel(const NamedTensors &state, const NamedTensors &parameters, Options options);
    AveragedModel(const AveragedModel &) = delete;
    AveragedModel &operator=(const AveragedModel &) = delete;

    /// Adds the weights as they are now; the first ones are taken over.
    void update(const Module &source) { update(source.stateDict()); }
    /// The same with the whole state, in the order of construction.
    void update(const NamedTensors &now);
    /// From the next update on, captured ones included.
    void setDecay(double decay) { m_options.decay = decay; }
    /// Exchanges the averaged weights with those of `state` in place, to evaluate with the average;
    /// a second call puts both back.
    void exchange(const NamedTensors &state);
    /// How many were averaged.
    int64_t updates() const { return *m_updates.data<int64_t>(); }
    /// The average by the module's names; the tensors share memory with this.
    const NamedTensors &stateDict() const { return m_state; }
    /// Puts back an average of so many updates. **Errors** (state): `state_dict_keys_differ`,
    /// `state_dict_shapes_differ`; nothing changes then.
    Result<void> loadStateDict(const NamedTensors &state, int64_t updates);
    /// Loads the average into a module.
    void copyTo(Module &target) const { target.loadStateDict(m_state); }

private:
    Options m_options;
    NamedTensors m_state;
    std::vector<bool> m_averaged; ///< by entry: averaged, or copied
    Tensor m_updates;
};

} // namespace mrg
