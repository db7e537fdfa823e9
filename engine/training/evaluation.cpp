// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/evaluation.h"

#include "engine/autograd/Node.h"
#include "engine/data/Batcher.h"
#include "engine/metrics/margin_views.h"
#include "engine/ops/reductions.h"

#include <algorithm>

namespace mrg {

namespace {

constexpr int64_t evaluationBatch = 256;
/// How far the grid reaches beyond the data, as a share of its extent.
constexpr double gridBorder = 0.15;

/// Evaluation mode for a scope.
class EvaluationMode {
public:
    explicit EvaluationMode(BuiltNetwork &network) : m_network(network), m_noGrad(false)
    {
        network.train(false);
        network.lossModule().watchMargins(nullptr);
    }
    ~EvaluationMode() { m_network.train(true); }
    EvaluationMode(const EvaluationMode &) = delete;
    EvaluationMode &operator=(const EvaluationMode &) = delete;

private:
    BuiltNetwork &m_network;
    GradMode m_noGrad;
};

} // namespace

Tensor scalarLoss(BuiltNetwork &network, const Tensor &scores, const Tensor &target)
{
    const Tensor loss = network.loss(scores, target);
    return loss.numel() == 1 ? loss : mean(loss);
}

Result<ScoreTable> scoreDataset(BuiltNetwork &network, const Dataset &dataset,
                                const Cancelled &cancelled)
{
    // The caller keeps the dataset alive as long as the batcher.
    const std::shared_ptr<const Dataset> borrowed(std::shared_ptr<void>(), &dataset);
    Result<Batcher> batcher = Batcher::create(borrowed, network.targetForm(),
                                              {.batchSize = evaluationBatch, .shuffle = false});
    if (!batcher)
        return batcher.error();
    const EvaluationMode mode(network);
    ScoreTable out;
    try {
        for (int64_t b = 0; b < batcher->batchesPerEpoch(); ++b) {
            if (cancelled && cancelled()) {
                out.complete = false;
                return out;
            }
            const Batch &batch = batcher->batch(0, b);
            const Tensor scores = network.scores(batch.input).compact();
            const Tensor loss = scalarLoss(network, scores, batch.target);
            const auto count = static_cast<double>(batch.rows.size());
            out.loss += loss.item() * count / static_cast<double>(dataset.size());
            out.columns = batch.rows.empty()
                    ? 0
                    : scores.numel() / static_cast<int64_t>(batch.rows.size());
            const std::vector<float> values = scores.toVector<float>();
            out.scores.insert(out.scores.end(), values.begin(), values.end());
        }
    } catch (const Error &error) {
        return error;
    }
    return out;
}

Evaluation evaluateScores(const ScoreTable &table, const Dataset &dataset,
                          const std::vector<MetricSpec> &metrics, const double *threshold,
                          double margin)
{
    Evaluation out;
    out.loss = table.loss;
    out.samples = dataset.size();
    Predictions predictions{table.scores.data(), table.columns, &dataset, {}};
    if (table.columns != dataset.classCount())
        return out; // one item is no sample here: only the loss has a meaning
    if (dataset.task == Task::MultiLabel) {
        predictions.rule.value
                = threshold ? *threshold : bestGlobalThreshold(table.scores.data(), dataset);
        out.threshold = predictions.rule.value;
        out.thresholdRule = predictions.rule.text();
    }
    out.metrics = evaluateMetrics(metrics, predictions);
    if (dataset.task == Task::Regression)
        return out;
    out.margins = marginsOf(table.scores.data(), dataset, margin);
    out.sampleMargins = sampleMargins(table.scores.data(), dataset);
    if (dataset.task == Task::SingleLabel) {
        const int64_t classes = table.columns;
        out.confusion.assign(static_cast<size_t>(classes * classes), 0);
        for (int64_t n = 0; n < dataset.size(); ++n) {
            const float *s = table.scores.data() + n * classes;
            const int64_t guess = std::max_element(s, s + classes) - s;
            ++out.confusion[static_cast<size_t>(dataset.classes[static_cast<size_t>(n)] * classes
                                                + guess)];
        }
    }
    return out;
}

DecisionGrid decisionGrid(BuiltNetwork &network, const Dataset &dataset, int columns, int rows)
{
    DecisionGrid grid;
    const float *points = dataset.inputs.data<float>();
    grid.minX = grid.maxX = points[0];
    grid.minY = grid.maxY = points[1];
    for (int64_t i = 0; i < dataset.size(); ++i) {
        grid.minX = std::min<double>(grid.minX, points[2 * i]);
        grid.maxX = std::max<double>(grid.maxX, points[2 * i]);
        grid.minY = std::min<double>(grid.minY, points[2 * i + 1]);
        grid.maxY = std::max<double>(grid.maxY, points[2 * i + 1]);
    }
    const double borderX = gridBorder * (grid.maxX - grid.minX);
    const double borderY = gridBorder * (grid.maxY - grid.minY);
    grid.minX -= borderX;
    grid.maxX += borderX;
    grid.minY -= borderY;
    grid.maxY += borderY;
    grid.columns = columns;
    grid.rows = rows;
    const EvaluationMode mode(network);
    Tensor input = Tensor::empty({int64_t{columns} * rows, 2});
    float *to = input.data<float>();
    for (int row = 0; row < rows; ++row) {
        for (int column = 0; column < columns; ++column) {
            *to++ = static_cast<float>(grid.minX
                                       + (grid.maxX - grid.minX) * (column + 0.5) / columns);
            *to++ = static_cast<float>(grid.minY + (grid.maxY - grid.minY) * (row + 0.5) / rows);
        }
    }
    const Tensor scores = network.scores(input);
    grid.classes = static_cast<int>(scores.numel() / (int64_t{columns} * rows));
    grid.scores = scores.toVector<float>();
    return grid;
}

} // namespace mrg
