// SPDX-License-Identifier: GPL-3.0-or-later
// What a run tells the consumer and the store.
#include "engine/training/Worker.h"

#include "engine/network/experiment_file.h"
#include "engine/store/RunStore.h"
#include "engine/store/version.h"
#include "engine/training/evaluation.h"
#include "engine/training/evaluation_json.h"

#include <nlohmann/json.hpp>

#include <ctime>

namespace mrg {

namespace {
constexpr auto decisionInterval = std::chrono::milliseconds(100);
constexpr int decisionColumns = 80;
constexpr int decisionRows = 80;

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

void Session::Worker::fail(const Error &error)
{
    m_failure = error;
    m_state = RunState::Failed;
    addEvent("failed: " + error.text());
    if (m_options.store && m_runId)
        noteStored(m_options.store->setState(m_runId, runStateName(m_state), m_step));
}

void Session::Worker::noteStored(const Result<void> &stored)
{
    if (!stored && !m_storeFailure)
        m_storeFailure = stored.error();
}

void Session::Worker::finish(RunState state)
{
    m_state = state;
    if (m_epochMargins.samples > 0 && m_shownMargins.samples == 0)
        m_shownMargins = m_epochMargins;
    // Told before the parameters are written, which may take its time.
    publish(true);
    saveCheckpoint();
    if (m_options.store && m_runId && m_validation)
        noteStored(m_options.store->putDocument(m_runId, "evaluation/validation",
                                                toJson(*m_validation, true).dump()));
}

void Session::Worker::emitPoint(uint32_t series, double value)
{
    points.push({series, m_step, epochNow(), value});
    if (m_options.store && m_runId && (series != TrainLoss || isStoredStep(m_step))) {
        noteStored(m_options.store->addPoint(m_runId, seriesNames[series],
                                             {m_step, epochNow(), value}));
    }
}

void Session::Worker::addEvent(const std::string &text)
{
    if (m_options.store && m_runId)
        noteStored(m_options.store->addEvent(m_runId, {m_step, epochNow(), text}));
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
    else
        noteStored(id.error());
}

void Session::Worker::updateDecision(Clock::time_point now)
{
    if (!m_watchDecision
        || (now - m_lastDecision <= decisionInterval && m_state == RunState::Running))
        return;
    m_lastDecision = now;
    try {
        const WithAverage average(m_network, *m_extras);
        m_decision = decisionGrid(m_network, *m_data.train, decisionColumns, decisionRows);
    } catch (const Error &error) {
        // A network that can't take so many points at once has no such view.
        m_watchDecision = false;
        m_decision.reset();
        addEvent("no decision view: " + error.text());
    }
}

void Session::Worker::publish(bool always)
{
    const Clock::time_point now = Clock::now();
    if (!always && now - m_lastPublished < std::chrono::milliseconds(m_options.publishIntervalMs))
        return;
    m_lastPublished = now;
    const double seconds = std::chrono::duration<double>(now - m_rateSince).count();
    // A run that ends sooner has a speed as well.
    const bool endedSoon = m_state != RunState::Running && m_rateSteps > 0 && m_stepsPerSecond == 0
            && seconds > 0;
    if ((m_state == RunState::Running && seconds > 0.25) || endedSoon) {
        m_stepsPerSecond = static_cast<double>(m_rateSteps) / seconds;
        m_rateSince = now;
        m_rateSteps = 0;
    }
    updateDecision(now);
    if (m_options.store && m_runId && (always || m_state != RunState::Running))
        noteStored(m_options.store->flush());
    Snapshot &draft = snapshots.draft();
    fill(draft);
    if (m_state != RunState::Running) {
        const std::lock_guard lock(m_mutex);
        m_lastSnapshot = draft;
    }
    snapshots.publish();
    if (m_options.published)
        m_options.published();
}

void Session::Worker::fill(Snapshot &draft) const
{
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
    draft.profiles = m_profiles;
    draft.failure = m_failure;
    draft.storeFailure = m_storeFailure;
    draft.runId = m_runId;
}

} // namespace mrg
