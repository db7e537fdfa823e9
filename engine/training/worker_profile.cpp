// SPDX-License-Identifier: GPL-3.0-or-later
// Measures what the network costs, beside the run: on a copy of all that a step changes.
#include "engine/training/Worker.h"

#include "engine/training/profile.h"

namespace mrg {

Result<void> Session::Worker::profile(const Command &command)
{
    const Clock::time_point begin = Clock::now();
    Result<NetworkProfile> measured = measure(command);
    ++m_profiles.answered;
    m_profiles.failure.reset();
    // The run's own steps take no longer than before.
    m_rateSince += Clock::now() - begin;
    if (!measured) {
        m_profiles.failure = measured.error();
        return measured.error();
    }
    m_profiles.newest = std::make_shared<const NetworkProfile>(std::move(*measured));
    return {};
}

Result<NetworkProfile> Session::Worker::measure(const Command &command)
{
    ProfileOptions options;
    if (!command.value.isNull()) {
        const Result<int64_t> steps = ValueTraits<int64_t>::from(command.value);
        if (!steps || *steps < 1) {
            return Error(ErrorCategory::Value, "wrong_argument", "steps", command.value.toString(),
                         "a whole number of 1 or more");
        }
        options.steps = *steps;
    }
    try {
        Network drawn = m_experiment.network;
        drawn.find(m_lossNode)->args = m_lossArgs;
        const CheckedNetwork checked = checkNetwork(drawn);
        Result<BuiltNetwork> network
                = build(drawn, checked, m_vocabulary, m_experiment.training.seed);
        if (!network)
            return network.error();
        network->loadStateDict(m_network.stateDict());
        const auto optimizer
                = m_vocabulary.optimizer(m_experiment.training.optimizer)
                          ->make({{network->parameters(), m_optimizer->groups().front().options}},
                                 {});
        StepExtras extras(*network, makeStepOptions(m_stepArgs).value());
        options.extras = &extras;
        options.data = checked.data.value_or(0);
        // Shares the memory of the run's batches, which every step of the run fills anew.
        Batcher batcher = m_batcher;
        return profileSteps(*network, *optimizer, batcher, options,
                            [this] { return haltWanted(); });
    } catch (const Error &error) {
        return error;
    } catch (const std::bad_alloc &) {
        return Error(ErrorCategory::State, "out_of_memory", "profile", "", "",
                     "use a smaller batch or network");
    }
}

} // namespace mrg
