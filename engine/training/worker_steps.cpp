// SPDX-License-Identifier: GPL-3.0-or-later
// What running is made of: steps, ends of epochs, validation.
#include "engine/training/Worker.h"

#include "engine/kernels/margin_losses.h"
#include "engine/metrics/margin_views.h"
#include "engine/training/evaluation.h"

#include <cmath>

namespace mrg {

namespace {
constexpr auto checkpointInterval = std::chrono::seconds(5);
} // namespace

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

void Session::Worker::work()
{
    // The end of an epoch that was broken off is no step: what was asked for is still to come.
    const bool step = !m_epochEnding;
    if (step)
        oneStep();
    if (m_epochEnding)
        finishEpoch();
    if (m_pauseAfterStep && step && m_state == RunState::Running && !m_epochEnding)
        m_state = RunState::Paused;
}

void Session::Worker::oneStep()
{
    if (m_batch == 0 && m_step == 0)
        emitPoint(LearningRate, m_optimizer->lr());
    const Batch &batch = m_batcher.batch(m_epoch, m_batch);
    m_network.seekRandom(static_cast<uint64_t>(m_step));
    m_network.lossModule().watchMargins(&m_epochMargins);
    const int64_t seenBefore = m_epochMargins.samples;
    const double value = m_trainingStep->forward(batch.input, batch.target);
    if (!std::isfinite(value)) {
        throw Error(ErrorCategory::Value, "loss_not_finite", "step " + std::to_string(m_step),
                    Value(value).toString(), "a finite loss",
                    "lower the learning rate, or look for extreme values in the data; Reset starts "
                    "anew");
    }
    watchMargins(batch, m_trainingStep->scores(), seenBefore);
    // More or fewer scores than classes: its pairs are none of the data's labels.
    if (m_epochMargins.classes != m_data.train->classCount())
        m_epochMargins = {};
    m_trainingStep->update();

    const auto count = static_cast<int64_t>(batch.rows.size());
    m_lastLoss = value;
    m_epochLoss += value * static_cast<double>(count);
    m_epochSamples += count;
    ++m_step;
    ++m_batch;
    ++m_rateSteps;
    emitPoint(TrainLoss, value);
    m_epochEnding = m_batch >= m_batcher.batchesPerEpoch();
    if (!m_epochEnding)
        return;
    m_batch = 0;
    ++m_epoch;
    m_lastEpochLoss = m_epochLoss / static_cast<double>(std::max<int64_t>(m_epochSamples, 1));
    emitPoint(EpochLoss, m_lastEpochLoss);
    m_epochLoss = 0;
    m_epochSamples = 0;
    recordClassRates(m_epochMargins);
    m_shownMargins = std::move(m_epochMargins);
    m_epochMargins = {};
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

/// What is due after the last batch of an epoch. Broken off by Pause and the like, it is done when
/// the run goes on.
void Session::Worker::finishEpoch()
{
    const bool last = m_epoch >= m_experiment.training.epochs;
    const bool due = last || m_epoch % m_experiment.training.validateEvery == 0;
    if (due && !validate())
        return;
    m_epochEnding = false;
    stepScheduler();
    if (last)
        return finish(RunState::Finished);
    if (Clock::now() - m_lastCheckpoint > checkpointInterval)
        saveCheckpoint();
    if (m_pauseAfterEpoch)
        m_state = RunState::Paused;
}

void Session::Worker::stepScheduler()
{
    if (!m_scheduler)
        return;
    // What it watches must be new: an old figure would pass for one that did not improve.
    const bool fresh = m_validation && m_validation->step == m_step;
    if (m_schedulerSpec->needsMetric && hasValidation() && !fresh)
        return;
    m_scheduler->step(fresh ? m_validation->loss : m_lastEpochLoss);
    emitPoint(LearningRate, m_optimizer->lr());
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

/// False if it was broken off.
bool Session::Worker::validate()
{
    if (!hasValidation())
        return true;
    const WithAverage average(m_network, *m_extras);
    const Result<ScoreTable> table
            = scoreDataset(m_network, *m_data.validation, [this] { return haltWanted(); });
    if (!table)
        throw table.error();
    if (!table->complete)
        return false;
    Evaluation evaluation = evaluateScores(*table, *m_data.validation, m_vocabulary.metrics,
                                           nullptr, marginOfLoss());
    evaluation.step = m_step;
    evaluation.epoch = epochNow();
    emitPoint(ValidationLoss, evaluation.loss);
    for (const auto &[name, value] : evaluation.metrics)
        emitPoint(m_seriesIndex.at(name), value);
    m_validation = std::move(evaluation);
    return true;
}

} // namespace mrg
