// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/Session.h"

#include "engine/network/check_training.h"
#include "engine/training/Worker.h"

namespace mrg {

const char *runStateName(RunState state)
{
    switch (state) {
    case RunState::Ready: return "ready";
    case RunState::Running: return "running";
    case RunState::Paused: return "paused";
    case RunState::Stopped: return "stopped";
    case RunState::Finished: return "finished";
    case RunState::Failed: return "failed";
    }
    return "";
}

const char *commandName(Command::Kind kind)
{
    switch (kind) {
    case Command::Kind::Run: return "run";
    case Command::Kind::Pause: return "pause";
    case Command::Kind::Step: return "step";
    case Command::Kind::StepEpoch: return "step epoch";
    case Command::Kind::Stop: return "stop";
    case Command::Kind::Reset: return "reset";
    case Command::Kind::SetOptimizerOption: return "set optimizer option";
    case Command::Kind::SetStepOption: return "set step option";
    case Command::Kind::SetLossOption: return "set loss option";
    case Command::Kind::SetEpochs: return "set epochs";
    case Command::Kind::WatchDecision: return "watch decision";
    case Command::Kind::Profile: return "profile";
    }
    return "";
}

Result<std::unique_ptr<Session>> Session::create(const Experiment &experiment,
                                                 const DataSplit &data,
                                                 const Vocabulary &vocabulary,
                                                 SessionOptions options)
{
    const CheckedNetwork checked = check(
            experiment.network, vocabulary,
            [&data](const NetworkNode &) { return Result<DataDescription>(describe(*data.train)); },
            experiment.training.batchSize);
    Result<BuiltNetwork> network
            = build(experiment.network, checked, vocabulary, experiment.training.seed);
    if (!network)
        return network.error();
    const TrainingSettings &settings = experiment.training;
    if (const Result<void> sound = checkTraining(settings, vocabulary); !sound)
        return sound.error();
    Result<Batcher> batcher = Batcher::create(data.train, network->targetForm(),
                                              {.batchSize = settings.batchSize,
                                               .seed = settings.seed,
                                               .shuffle = settings.shuffle,
                                               .dropLast = settings.dropLast});
    if (!batcher)
        return batcher.error();
    try {
        return std::unique_ptr<Session>(new Session(
                std::make_unique<Worker>(experiment, data, vocabulary, std::move(options),
                                         std::move(*network), std::move(*batcher))));
    } catch (const Error &error) {
        return error;
    }
}

Session::Session(std::unique_ptr<Worker> worker) : m_worker(std::move(worker)) { }
Session::~Session() = default;

void Session::post(Command command) { m_worker->post(std::move(command)); }
PointRing &Session::points() { return m_worker->points; }
Mailbox<Snapshot> &Session::snapshots() { return m_worker->snapshots; }
const std::vector<std::string> &Session::seriesNames() const { return m_worker->seriesNames; }
std::vector<JournalEntry> Session::journal() const { return m_worker->journal(); }
Snapshot Session::join() { return m_worker->join(); }
Result<Evaluation> Session::evaluate(const Dataset &dataset)
{
    return m_worker->evaluateNow(dataset);
}
NamedTensors Session::stateDict() const { return m_worker->copyState(); }

} // namespace mrg
