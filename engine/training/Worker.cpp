// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/Worker.h"

#include "engine/autograd/backward.h"
#include "engine/interop/safetensors.h"
#include "engine/kernels/margin_losses.h"
#include "engine/metrics/margin_views.h"
#include "engine/network/experiment_file.h"
#include "engine/ops/reductions.h"
#include "engine/store/RunStore.h"
#include "engine/store/version.h"
#include "engine/training/evaluation.h"
#include "engine/training/evaluation_json.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <ctime>

namespace mrg {

namespace {
constexpr auto decisionInterval = std::chrono::milliseconds(100);
constexpr auto checkpointInterval = std::chrono::seconds(5);
constexpr int decisionColumns = 80;
constexpr int decisionRows = 80;
/// Series whose numbers are known in advance; the others follow.
enum FixedSeries : uint32_t { TrainLoss, EpochLoss, ValidationLoss, LearningRate, FixedSeriesCount };
constexpr const char *classSeries[] = {"train/miss_rate/", "train/intrusion_rate/", "train/hinge/"};

std::string nowUtc()
{
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    char buffer[32];
    std::strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return buffer;
}
} // namespace

Session::Worker::Worker(Experiment experiment, DataSplit data, const Vocabulary &vocabulary,
                        SessionOptions options, BuiltNetwork network, Batcher batcher)
    : m_experiment(std::move(experiment)), m_data(std::move(data)), m_vocabulary(vocabulary),
      m_options(std::move(options)), m_network(std::move(network)), m_batcher(std::move(batcher))
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
        }
    }
    m_network.train(true);
    makeOptimizer();
    m_thread = std::jthread([this](const std::stop_token &stop) { run(stop); });
}

Session::Worker::~Worker() = default;

void Session::Worker::makeOptimizer()
{
    const TrainingSettings &settings = m_experiment.training;
    const OptimizerSpec *spec = m_vocabulary.optimizer(settings.optimizer);
    if (!spec)
        throw Error(ErrorCategory::Value, "unknown_optimizer", "training", settings.optimizer, "one of the registry");
    m_optimizer = spec->make({{m_network.parameters(), {}}}, settings.optimizerArgs);
    m_scheduler.reset();
    m_schedulerSpec = nullptr;
    if (!settings.scheduler.empty()) {
        m_schedulerSpec = m_vocabulary.scheduler(settings.scheduler);
        if (!m_schedulerSpec)
            throw Error(ErrorCategory::Value, "unknown_scheduler", "training", settings.scheduler, "one of the registry");
        m_scheduler = m_schedulerSpec->make(*m_optimizer, settings.schedulerArgs);
    }
}

void Session::Worker::post(Command command)
{
    {
        const std::lock_guard lock(m_mutex);
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
    Result<ScoreTable> table = scoreDataset(m_network, dataset);
    if (!table)
        return table.error();
    // Test figures use the cut that was tuned on validation data.
    Evaluation out = evaluateScores(*table, dataset, m_vocabulary.metrics,
                              m_validation ? &m_validation->threshold : nullptr, marginOfLoss());
    out.step = m_step;
    out.epoch = epochNow();
    return out;
}

NamedTensors Session::Worker::copyState() const
{
    NamedTensors out;
    for (const auto &[name, tensor] : m_network.stateDict())
        out.emplace_back(name, tensor.detach().copy());
    return out;
}

void Session::Worker::run(const std::stop_token &stop)
{
    m_rateSince = m_lastCheckpoint = Clock::now();
    publish(true);
    while (waitForWork(stop)) {
        try {
            oneStep();
        } catch (const Error &error) {
            fail(error);
        } catch (const std::bad_alloc &) {
            fail(Error(ErrorCategory::State, "out_of_memory", "step " + std::to_string(m_step), "", "",
                       "use a smaller batch or network"));
        }
        publish(m_state != RunState::Running);
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
            }
            m_commandsWaiting.store(!m_commands.empty(), std::memory_order_relaxed);
        }
        if (command) {
            obey(*command);
            publish(true);
        }
    }
}

void Session::Worker::obey(const Command &command)
{
    {
        const std::lock_guard lock(m_mutex);
        m_journal.push_back({m_step, epochNow(), command});
    }
    const bool ended = m_state == RunState::Failed;
    switch (command.kind) {
    case Command::Kind::Run:
    case Command::Kind::Step:
    case Command::Kind::StepEpoch:
        if (ended || (m_epoch >= m_experiment.training.epochs && command.kind == Command::Kind::Run))
            return;
        m_pauseAfterStep = command.kind == Command::Kind::Step;
        m_pauseAfterEpoch = command.kind == Command::Kind::StepEpoch;
        m_state = RunState::Running;
        m_rateSince = Clock::now();
        m_rateSteps = 0;
        beginStoredRun();
        break;
    case Command::Kind::Pause:
        if (m_state == RunState::Running)
            m_state = RunState::Paused;
        break;
    case Command::Kind::Stop:
        if (m_state == RunState::Running || m_state == RunState::Paused)
            finish(RunState::Stopped);
        break;
    case Command::Kind::Reset: reset(); break;
    case Command::Kind::SetOptimizerOption: setOptimizerOption(command); break;
    case Command::Kind::SetLossOption: setLossOption(command); break;
    case Command::Kind::SetEpochs:
        if (const Result<int64_t> epochs = ValueTraits<int64_t>::from(command.value); epochs && *epochs > 0)
            m_experiment.training.epochs = *epochs;
        break;
    case Command::Kind::WatchDecision:
        m_watchDecision = command.value == Value(true) && m_data.train->sampleShape() == Shape{2};
        m_lastDecision = {};
        if (!m_watchDecision)
            m_decision.reset();
        break;
    }
}

void Session::Worker::setOptimizerOption(const Command &command)
{
    const Result<void> set = m_optimizer->setOption(command.name, command.value);
    addEvent(set ? command.name + " = " + command.value.toString() : "refused: " + set.error().text());
    if (set && command.name == "lr")
        emitPoint(LearningRate, m_optimizer->lr());
}

void Session::Worker::setLossOption(const Command &command)
{
    Arguments args = m_lossArgs;
    args[command.name] = command.value;
    try {
        const std::shared_ptr<Module> loss = m_vocabulary.registry.module(m_lossType)->make(args);
        m_network.setLoss(loss);
        m_lossArgs = args;
        addEvent(command.name + " = " + command.value.toString());
    } catch (const Error &error) {
        addEvent("refused: " + error.text());
    }
}

void Session::Worker::reset()
{
    const CheckedNetwork checked = check(
            m_experiment.network, m_vocabulary,
            [this](const NetworkNode &) { return Result<DataDescription>(describe(*m_data.train)); },
            m_experiment.training.batchSize);
    Result<BuiltNetwork> fresh = build(m_experiment.network, checked, m_vocabulary, m_experiment.training.seed);
    if (!fresh)
        return fail(fresh.error());
    m_network = std::move(*fresh);
    m_network.train(true);
    makeOptimizer();
    m_step = m_epoch = m_batch = 0;
    m_lastLoss = m_epochLoss = 0;
    m_epochSamples = 0;
    m_epochMargins = m_shownMargins = {};
    m_validation.reset();
    m_decision.reset();
    m_failure.reset();
    m_state = RunState::Ready;
    if (m_options.store && m_runId)
        (void)m_options.store->clearRun(m_runId);
}

double Session::Worker::epochNow() const
{
    return static_cast<double>(m_epoch)
            + static_cast<double>(m_batch) / static_cast<double>(m_batcher.batchesPerEpoch());
}

double Session::Worker::marginOfLoss() const
{
    const auto margin = m_lossArgs.find("margin");
    return margin == m_lossArgs.end() ? 1 : margin->second.number().value_or(1);
}

void Session::Worker::oneStep()
{
    if (m_batch == 0 && m_step == 0)
        emitPoint(LearningRate, m_optimizer->lr());
    const Batch &batch = m_batcher.batch(m_epoch, m_batch);
    m_network.seekRandom(static_cast<uint64_t>(m_step));
    m_network.lossModule().watchMargins(&m_epochMargins);
    m_optimizer->zeroGrad();
    const int64_t seenBefore = m_epochMargins.samples;
    const Tensor scores = m_network.scores(batch.input);
    Tensor loss = m_network.loss(scores, batch.target);
    if (loss.numel() != 1)
        loss = mean(loss);
    const double value = loss.item();
    if (!std::isfinite(value)) {
        throw Error(ErrorCategory::Value, "loss_not_finite", "step " + std::to_string(m_step),
                    Value(value).toString(), "a finite loss",
                    "lower the learning rate, or look for extreme values in the data; Reset starts anew");
    }
    watchMargins(batch, scores, seenBefore);
    backward(loss);
    m_optimizer->step();

    const auto count = static_cast<int64_t>(batch.rows.size());
    m_lastLoss = value;
    m_epochLoss += value * static_cast<double>(count);
    m_epochSamples += count;
    ++m_step;
    ++m_batch;
    ++m_rateSteps;
    emitPoint(TrainLoss, value);
    if (m_batch >= m_batcher.batchesPerEpoch())
        endEpoch();
    if (m_pauseAfterStep && m_state == RunState::Running)
        m_state = RunState::Paused;
}

/// For losses that look at no margins themselves.
void Session::Worker::watchMargins(const Batch &batch, const Tensor &scores, int64_t before)
{
    const Dataset &data = *m_data.train;
    const int64_t classes = data.classCount();
    if (data.task == Task::Regression || m_epochMargins.samples != before
        || scores.numel() != static_cast<int64_t>(batch.rows.size()) * classes)
        return;
    const int64_t width = data.task == Task::MultiLabel ? classes : 1;
    std::vector<int64_t> labels(batch.rows.size() * static_cast<size_t>(width), -1);
    for (size_t i = 0; i < batch.rows.size(); ++i) {
        const std::vector<int64_t> own = data.labelsOf(batch.rows[i]);
        std::copy(own.begin(), own.end(), labels.begin() + static_cast<std::ptrdiff_t>(i) * width);
    }
    const Tensor plain = scores.detach().compact().toType(DType::Float32);
    kernels::addMarginStatistics<float>(static_cast<int64_t>(batch.rows.size()), classes,
                                        plain.data<float>(), labels.data(), width, marginOfLoss(),
                                        m_epochMargins);
}

void Session::Worker::endEpoch()
{
    m_batch = 0;
    ++m_epoch;
    emitPoint(EpochLoss, m_epochLoss / static_cast<double>(std::max<int64_t>(m_epochSamples, 1)));
    m_epochLoss = 0;
    m_epochSamples = 0;
    recordClassRates(m_epochMargins);
    m_shownMargins = std::move(m_epochMargins);
    m_epochMargins = {};
    const bool last = m_epoch >= m_experiment.training.epochs;
    if (last || m_epoch % m_experiment.training.validateEvery == 0)
        validate();
    if (m_scheduler) {
        m_scheduler->step(m_validation ? m_validation->loss : m_lastLoss);
        emitPoint(LearningRate, m_optimizer->lr());
    }
    if (Clock::now() - m_lastCheckpoint > checkpointInterval)
        saveCheckpoint();
    if (last)
        finish(RunState::Finished);
    else if (m_pauseAfterEpoch)
        m_state = RunState::Paused;
}

void Session::Worker::recordClassRates(const MarginStatistics &statistics)
{
    const std::vector<ClassMargins> classes = classMargins(statistics);
    uint32_t series = m_firstClassSeries;
    for (const ClassMargins &one : classes) {
        for (double value : {one.missRate, one.intrusionRate, one.missHinge}) {
            if (std::isfinite(value))
                emitPoint(series, value);
            ++series;
        }
    }
}

void Session::Worker::validate()
{
    if (!m_data.validation || m_data.validation->size() == 0)
        return;
    const Result<ScoreTable> table = scoreDataset(m_network, *m_data.validation, [this] { return interrupted(); });
    if (!table)
        throw table.error();
    if (!table->complete)
        return;
    Evaluation evaluation = evaluateScores(*table, *m_data.validation, m_vocabulary.metrics, nullptr, marginOfLoss());
    evaluation.step = m_step;
    evaluation.epoch = epochNow();
    emitPoint(ValidationLoss, evaluation.loss);
    for (const auto &[name, value] : evaluation.metrics)
        emitPoint(m_seriesIndex.at(name), value);
    m_validation = std::move(evaluation);
}

void Session::Worker::fail(const Error &error)
{
    m_failure = error;
    m_state = RunState::Failed;
    addEvent("failed: " + error.text());
    if (m_options.store && m_runId)
        (void)m_options.store->setState(m_runId, runStateName(m_state), m_step);
}

void Session::Worker::finish(RunState state)
{
    m_state = state;
    if (m_epochMargins.samples > 0 && m_shownMargins.samples == 0)
        m_shownMargins = m_epochMargins;
    saveCheckpoint();
    if (m_options.store && m_runId) {
        (void)m_options.store->setState(m_runId, runStateName(state), m_step);
        if (m_validation)
            (void)m_options.store->putDocument(m_runId, "evaluation/validation", toJson(*m_validation, true).dump());
    }
}

void Session::Worker::emitPoint(uint32_t series, double value)
{
    points.push({series, m_step, epochNow(), value});
    if (m_options.store && m_runId)
        m_options.store->addPoint(m_runId, seriesNames[series], {m_step, epochNow(), value});
}

void Session::Worker::addEvent(const std::string &text)
{
    if (m_options.store && m_runId)
        m_options.store->addEvent(m_runId, {m_step, epochNow(), text});
}

void Session::Worker::beginStoredRun()
{
    if (!m_options.store || m_runId)
        return;
    RunSummary summary;
    summary.title = m_experiment.title;
    summary.startedAt = nowUtc();
    summary.state = runStateName(RunState::Running);
    summary.loss = m_lossType;
    summary.dataset = m_data.train->name;
    summary.dataDigest = m_data.train->digest();
    summary.engineVersion = engineVersion();
    summary.seed = m_experiment.training.seed;
    const Result<int64_t> id = m_options.store->beginRun(writeExperiment(m_experiment), summary);
    if (id)
        m_runId = *id;
}

void Session::Worker::saveCheckpoint()
{
    m_lastCheckpoint = Clock::now();
    if (!m_options.store || !m_runId)
        return;
    TensorFile file;
    for (const auto &[name, tensor] : m_network.stateDict())
        file.tensors.emplace_back("model." + name, tensor);
    for (const auto &[name, tensor] : m_optimizer->stateDict())
        file.tensors.emplace_back("optimizer." + name, tensor);
    file.metadata = {{"step", std::to_string(m_step)}, {"epoch", std::to_string(m_epoch)}};
    (void)m_options.store->putCheckpoint(m_runId, m_step, writeSafetensors(file));
    (void)m_options.store->setState(m_runId, runStateName(m_state), m_step);
}

void Session::Worker::publish(bool always)
{
    const Clock::time_point now = Clock::now();
    if (!always && now - m_lastPublished < std::chrono::milliseconds(m_options.publishIntervalMs))
        return;
    m_lastPublished = now;
    const double seconds = std::chrono::duration<double>(now - m_rateSince).count();
    if (m_state == RunState::Running && seconds > 0.25) {
        m_stepsPerSecond = static_cast<double>(m_rateSteps) / seconds;
        m_rateSince = now;
        m_rateSteps = 0;
    }
    if (m_watchDecision && (now - m_lastDecision > decisionInterval || m_state != RunState::Running)) {
        m_lastDecision = now;
        m_decision = decisionGrid(m_network, *m_data.train, decisionColumns, decisionRows);
    }
    if (m_options.store && m_runId && (always || m_state != RunState::Running))
        (void)m_options.store->flush();
    Snapshot &draft = snapshots.draft();
    draft.state = m_state;
    draft.step = m_step;
    draft.epoch = m_epoch;
    draft.stepsPerEpoch = m_batcher.batchesPerEpoch();
    draft.epochs = m_experiment.training.epochs;
    draft.learningRate = m_optimizer->lr();
    draft.stepsPerSecond = m_stepsPerSecond;
    draft.loss = m_lastLoss;
    draft.trainMargins = m_shownMargins.samples ? m_shownMargins : m_epochMargins;
    draft.validation = m_validation;
    draft.decision = m_decision;
    draft.failure = m_failure;
    draft.runId = m_runId;
    if (m_state != RunState::Running) {
        const std::lock_guard lock(m_mutex);
        m_lastSnapshot = draft;
    }
    snapshots.publish();
    if (m_options.published)
        m_options.published();
}

} // namespace mrg
