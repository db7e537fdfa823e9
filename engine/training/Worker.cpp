// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/Worker.h"

#include "engine/network/check.h"
#include "engine/store/RunStore.h"
#include "engine/training/evaluation.h"
#include "engine/training/profile.h"

namespace mrg {

namespace {
constexpr const char *classSeries[] = {"train/miss_rate/", "train/intrusion_rate/", "train/hinge/"};

/// Commands that break off what is being evaluated.
bool isHalt(Command::Kind kind)
{
    return kind == Command::Kind::Pause || kind == Command::Kind::Stop
            || kind == Command::Kind::Reset;
}
} // namespace

Session::Worker::Worker(Experiment experiment, DataSplit data, const Vocabulary &vocabulary,
                        SessionOptions options, BuiltNetwork network, Batcher batcher)
    : m_experiment(std::move(experiment)),
      m_data(std::move(data)),
      m_vocabulary(vocabulary),
      m_options(std::move(options)),
      m_network(std::move(network)),
      m_batcher(std::move(batcher))
{
    seriesNames = {"train/loss", "train/epoch_loss", "validation/loss", "lr"};
    for (const MetricSpec &metric : m_vocabulary.metrics) {
        if (metric.task == m_data.train->task) {
            m_seriesIndex[metric.name] = static_cast<uint32_t>(seriesNames.size());
            seriesNames.push_back("validation/" + metric.name);
        }
    }
    m_firstClassSeries = static_cast<uint32_t>(seriesNames.size());
    if (m_data.train->task != Task::Regression) {
        for (int64_t c = 0; c < m_data.train->classCount(); ++c) {
            for (const char *name : classSeries)
                seriesNames.push_back(name + std::to_string(c));
        }
    }
    for (const NetworkNode &node : m_experiment.network.nodes) {
        const Spec *spec = m_vocabulary.spec(node.type);
        if (spec && spec->isLoss()) {
            m_lossArgs = node.args;
            m_lossType = spec->name;
            m_lossNode = node.id;
        }
    }
    m_network.train(true);
    makeOptimizer();
    if (m_options.resume)
        resume(m_options.resume);
    fill(m_lastSnapshot);
    m_thread = std::jthread([this](const std::stop_token &stop) { run(stop); });
}

Session::Worker::~Worker() = default;

void Session::Worker::makeOptimizer()
{
    const TrainingSettings &settings = m_experiment.training;
    // The session has checked the settings.
    const OptimizerSpec *spec = m_vocabulary.optimizer(settings.optimizer);
    m_optimizer = spec->make({{m_network.parameters(), {}}}, settings.optimizerArgs);
    m_trainingStep.reset();
    m_stepArgs = settings.options;
    m_extras = std::make_unique<StepExtras>(m_network, makeStepOptions(m_stepArgs).value());
    m_trainingStep.emplace(
            [this](const Tensor &input, const Tensor &target) {
                const Tensor scores = m_network.scores(input);
                return TrainingStep::Outcome{scalarLoss(m_network, scores, target), scores};
            },
            *m_optimizer, m_extras.get());
    m_scheduler.reset();
    m_schedulerSpec = nullptr;
    if (!settings.scheduler.empty()) {
        m_schedulerSpec = m_vocabulary.scheduler(settings.scheduler);
        m_scheduler = m_schedulerSpec->make(*m_optimizer, settings.schedulerArgs);
    }
}

void Session::Worker::post(Command command)
{
    {
        const std::lock_guard lock(m_mutex);
        m_haltsWaiting.fetch_add(isHalt(command.kind), std::memory_order_relaxed);
        m_commands.push_back(std::move(command));
        m_atRest = false;
        m_commandsWaiting.store(true, std::memory_order_relaxed);
    }
    m_wake.notify_one();
}

std::vector<JournalEntry> Session::Worker::journal() const
{
    const std::lock_guard lock(m_mutex);
    return m_journal;
}

Snapshot Session::Worker::join()
{
    std::unique_lock lock(m_mutex);
    m_rested.wait(lock, [this] { return m_atRest; });
    return m_lastSnapshot;
}

Result<Evaluation> Session::Worker::evaluateNow(const Dataset &dataset)
{
    try {
        requireRest("evaluate");
    } catch (const Error &error) {
        return error;
    }
    const WithAverage average(m_network, *m_extras);
    Result<ScoreTable> table = scoreDataset(m_network, dataset);
    if (!table)
        return table.error();
    // Test figures use the cut that was tuned on validation data.
    Evaluation out
            = evaluateScores(*table, dataset, m_vocabulary.metrics,
                             m_validation ? &m_validation->threshold : nullptr, marginOfLoss());
    out.step = m_step;
    out.epoch = epochNow();
    return out;
}

NamedTensors Session::Worker::copyState()
{
    requireRest("state_dict");
    const WithAverage average(m_network, *m_extras);
    NamedTensors out;
    for (const auto &[name, tensor] : m_network.stateDict())
        out.emplace_back(name, tensor.detach().copy());
    return out;
}

void Session::Worker::requireRest(const char *what) const
{
    const std::lock_guard lock(m_mutex);
    if (!m_atRest) {
        throw Error(ErrorCategory::State, "session_is_running", what, "a run under way",
                    "a run at rest", "pause or stop it, then join()");
    }
}

void Session::Worker::run(const std::stop_token &stop)
{
    m_stop = stop;
    m_rateSince = m_lastCheckpoint = Clock::now();
    publish(true);
    while (waitForWork(stop)) {
        guarded([this] { work(); });
        publish(m_state != RunState::Running);
    }
    // The session is taken down: what is stored must not say that the run goes on.
    if (m_state == RunState::Running || m_state == RunState::Paused) {
        m_state = RunState::Stopped;
        saveCheckpoint();
    }
}

/// Whatever goes wrong ends the run, not the program.
template <typename Action> void Session::Worker::guarded(Action action)
{
    try {
        action();
    } catch (const Error &error) {
        fail(error);
    } catch (const std::bad_alloc &) {
        fail(Error(ErrorCategory::State, "out_of_memory", "step " + std::to_string(m_step), "", "",
                   "use a smaller batch or network"));
    } catch (const std::exception &error) {
        fail(Error(ErrorCategory::State, "unexpected", "step " + std::to_string(m_step),
                   error.what(), "", "please report this"));
    }
}

/// Obeys what waits; true when a step is to be done, false when the session ends.
bool Session::Worker::waitForWork(const std::stop_token &stop)
{
    for (;;) {
        if (stop.stop_requested())
            return false;
        if (m_state == RunState::Running && !interrupted())
            return true;
        std::optional<Command> command;
        {
            std::unique_lock lock(m_mutex);
            if (m_commands.empty() && m_state != RunState::Running) {
                m_atRest = true;
                m_rested.notify_all();
                if (!m_wake.wait(lock, stop, [this] { return !m_commands.empty(); }))
                    return false;
            }
            if (!m_commands.empty()) {
                command = std::move(m_commands.front());
                m_commands.pop_front();
                m_haltsWaiting.fetch_sub(isHalt(command->kind), std::memory_order_relaxed);
            }
            m_commandsWaiting.store(!m_commands.empty(), std::memory_order_relaxed);
        }
        if (command) {
            guarded([this, &command] { obey(*command); });
            publish(true);
        }
    }
}

void Session::Worker::obey(const Command &command)
{
    JournalEntry entry{m_step, epochNow(), command, {}};
    const Result<void> done = perform(command);
    if (!done) {
        entry.refused = done.error().text();
        addEvent("refused: " + entry.refused);
    }
    const std::lock_guard lock(m_mutex);
    m_journal.push_back(std::move(entry));
}

Result<void> Session::Worker::perform(const Command &command)
{
    switch (command.kind) {
    case Command::Kind::Run:
    case Command::Kind::Step:
    case Command::Kind::StepEpoch: return startRunning(command);
    case Command::Kind::Pause:
        if (m_state == RunState::Running)
            m_state = RunState::Paused;
        break;
    case Command::Kind::Stop:
        if (m_state == RunState::Running || m_state == RunState::Paused)
            finish(RunState::Stopped);
        break;
    case Command::Kind::Reset: return reset();
    case Command::Kind::SetOptimizerOption: return setOptimizerOption(command);
    case Command::Kind::SetStepOption: return setStepOption(command);
    case Command::Kind::SetLossOption: return setLossOption(command);
    case Command::Kind::SetEpochs: return setEpochs(command);
    case Command::Kind::WatchDecision:
        m_watchDecision = command.value == Value(true) && m_data.train->sampleShape() == Shape{2};
        m_lastDecision = {};
        if (!m_watchDecision)
            m_decision.reset();
        break;
    case Command::Kind::Profile: return profile(command);
    }
    return {};
}

Result<void> Session::Worker::startRunning(const Command &command)
{
    if (m_state == RunState::Failed) {
        return Error(ErrorCategory::State, "run_failed", commandName(command.kind), m_failure->kind,
                     "", "Reset begins anew");
    }
    if (m_epoch >= m_experiment.training.epochs && !m_epochEnding) {
        return Error(ErrorCategory::State, "run_finished", commandName(command.kind),
                     std::to_string(m_epoch) + " epochs done", "more epochs to do",
                     "ask for more epochs, or Reset");
    }
    m_pauseAfterStep = command.kind == Command::Kind::Step;
    m_pauseAfterEpoch = command.kind == Command::Kind::StepEpoch;
    m_state = RunState::Running;
    m_rateSince = Clock::now();
    m_rateSteps = 0;
    beginStoredRun();
    if (m_options.store && m_runId)
        noteStored(m_options.store->setState(m_runId, runStateName(m_state), m_step));
    return {};
}

Result<void> Session::Worker::setOptimizerOption(const Command &command)
{
    if (Result<void> set = m_optimizer->setOption(command.name, command.value); !set)
        return set;
    m_trainingStep->forget();
    addEvent(command.name + " = " + command.value.toString());
    if (command.name == "lr")
        emitPoint(LearningRate, m_optimizer->lr());
    return {};
}

Result<void> Session::Worker::setStepOption(const Command &command)
{
    Arguments args = m_stepArgs;
    args[command.name] = command.value;
    const Result<StepOptions> options = makeStepOptions(args);
    if (!options)
        return options.error();
    m_extras->setOptions(*options);
    m_trainingStep->forget();
    m_stepArgs = std::move(args);
    addEvent(command.name + " = " + command.value.toString());
    return {};
}

Result<void> Session::Worker::setLossOption(const Command &command)
{
    if (!m_network.lossModule().parameters().empty()) {
        return Error(ErrorCategory::State, "loss_learns", m_lossType, "another " + command.name,
                     "the options that its parameters were made with",
                     "set it in the inspector and Reset");
    }
    // Checked with the shapes of this network: a weight must have one number a class.
    Network changed = m_experiment.network;
    Arguments args = m_lossArgs;
    args[command.name] = command.value;
    changed.find(m_lossNode)->args = args;
    const CheckedNetwork checked = checkNetwork(changed);
    for (const Issue &issue : checked.issues) {
        if (issue.severity == Severity::Error)
            return Error(ErrorCategory::Value, issue.kind, m_lossType, issue.text);
    }
    m_network.setLoss(m_vocabulary.registry.module(m_lossType)->make(args));
    m_trainingStep->forget();
    m_lossArgs = std::move(args);
    addEvent(command.name + " = " + command.value.toString());
    return {};
}

Result<void> Session::Worker::setEpochs(const Command &command)
{
    const Result<int64_t> epochs = ValueTraits<int64_t>::from(command.value);
    if (!epochs || *epochs < 1) {
        return Error(ErrorCategory::Value, "wrong_argument", "epochs", command.value.toString(),
                     "a whole number of 1 or more");
    }
    m_experiment.training.epochs = *epochs;
    addEvent("epochs = " + command.value.toString());
    return {};
}

CheckedNetwork Session::Worker::checkNetwork(const Network &network) const
{
    return check(
            network, m_vocabulary,
            [this](const NetworkNode &) {
                return Result<DataDescription>(describe(*m_data.train));
            },
            m_experiment.training.batchSize);
}

Result<void> Session::Worker::reset()
{
    Result<BuiltNetwork> fresh = build(m_experiment.network, checkNetwork(m_experiment.network),
                                       m_vocabulary, m_experiment.training.seed);
    if (!fresh)
        return fresh.error();
    m_network = std::move(*fresh);
    m_network.train(true);
    m_lossArgs = m_experiment.network.find(m_lossNode)->args;
    makeOptimizer();
    m_step = m_epoch = m_batch = 0;
    m_epochEnding = false;
    m_lastLoss = m_epochLoss = 0;
    m_epochSamples = 0;
    m_epochMargins = m_shownMargins = {};
    m_validation.reset();
    m_decision.reset();
    m_failure.reset();
    m_storeFailure.reset();
    m_state = RunState::Ready;
    if (m_options.store && m_runId) {
        if (Result<void> cleared = m_options.store->clearRun(m_runId); !cleared)
            return cleared;
        return m_options.store->setState(m_runId, runStateName(m_state), 0);
    }
    return {};
}

} // namespace mrg
