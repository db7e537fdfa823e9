// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/metrics/multi_label.h"

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {

int64_t best(const float *scores, int64_t columns)
{
    return std::max_element(scores, scores + columns) - scores;
}

double accuracy(const Predictions &p)
{
    int64_t right = 0;
    for (int64_t n = 0; n < p.data->size(); ++n)
        right += best(p.scores + n * p.columns, p.columns)
                == p.data->classes[static_cast<size_t>(n)];
    return p.data->size() ? static_cast<double>(right) / static_cast<double>(p.data->size()) : 0;
}

double macroF1OfClasses(const Predictions &p)
{
    const auto classes = static_cast<size_t>(p.columns);
    std::vector<double> hits(classes, 0);
    std::vector<double> wrong(classes, 0);
    for (int64_t n = 0; n < p.data->size(); ++n) {
        const auto guess = static_cast<size_t>(best(p.scores + n * p.columns, p.columns));
        const auto truth = static_cast<size_t>(p.data->classes[static_cast<size_t>(n)]);
        if (guess == truth) {
            ++hits[guess];
        } else {
            ++wrong[guess];
            ++wrong[truth];
        }
    }
    double sum = 0;
    for (size_t k = 0; k < classes; ++k)
        sum += hits[k] > 0 ? 2 * hits[k] / (2 * hits[k] + wrong[k]) : 0;
    return classes ? sum / static_cast<double>(classes) : 0;
}

double meanMargin(const Predictions &p)
{
    if (p.columns < 2)
        return 0; // no rivals
    double sum = 0;
    for (int64_t n = 0; n < p.data->size(); ++n) {
        const float *s = p.scores + n * p.columns;
        const int64_t truth = p.data->classes[static_cast<size_t>(n)];
        float rival = -INFINITY;
        for (int64_t k = 0; k < p.columns; ++k) {
            if (k != truth)
                rival = std::max(rival, s[k]);
        }
        sum += s[truth] - rival;
    }
    return p.data->size() ? sum / static_cast<double>(p.data->size()) : 0;
}

/// Sum over all cells of f(prediction, truth).
template <typename F> double sumCells(const Predictions &p, F f)
{
    double sum = 0;
    const float *truth = p.data->values.data<float>();
    for (int64_t i = 0; i < p.data->size() * p.columns; ++i)
        sum += f(static_cast<double>(p.scores[i]), static_cast<double>(truth[i]));
    return sum;
}

double meanOf(const Predictions &p, double sum)
{
    const int64_t cells = p.data->size() * p.columns;
    return cells ? sum / static_cast<double>(cells) : 0;
}

double rootMeanSquare(const Predictions &p)
{
    return std::sqrt(meanOf(p, sumCells(p, [](double a, double b) { return (a - b) * (a - b); })));
}
double meanAbsolute(const Predictions &p)
{
    return meanOf(p, sumCells(p, [](double a, double b) { return std::abs(a - b); }));
}
double determination(const Predictions &p)
{
    const double mean = meanOf(p, sumCells(p, [](double, double b) { return b; }));
    const double spread = sumCells(p, [mean](double, double b) { return (b - mean) * (b - mean); });
    const double rest = sumCells(p, [](double a, double b) { return (a - b) * (a - b); });
    return spread > 0 ? 1 - rest / spread : 0;
}

} // namespace

std::vector<MetricSpec> singleLabelMetrics()
{
    return {{"accuracy", "Accuracy", "Share of samples whose best class is the right one.",
             Task::SingleLabel, true, false, accuracy},
            {"macro_f1", "Macro F1", "The F1 of each class, averaged over classes.",
             Task::SingleLabel, true, false, macroF1OfClasses},
            {"mean_margin", "Mean margin",
             "Score of the right class minus that of its best rival, averaged: positive when "
             "right.",
             Task::SingleLabel, true, false, meanMargin}};
}

std::vector<MetricSpec> regressionMetrics()
{
    return {{"rmse", "RMSE", "Root of the mean squared difference.", Task::Regression, false, false,
             rootMeanSquare},
            {"mae", "MAE", "Mean absolute difference.", Task::Regression, false, false,
             meanAbsolute},
            {"r2", "R²", "Share of the variance that is explained: 1 is perfect, 0 is the mean.",
             Task::Regression, true, false, determination}};
}

std::vector<MetricSpec> metricSpecs()
{
    std::vector<MetricSpec> out;
    for (auto family : {multiLabelMetrics, singleLabelMetrics, regressionMetrics}) {
        for (MetricSpec &spec : family())
            out.push_back(std::move(spec));
    }
    return out;
}

std::vector<std::pair<std::string, double>> evaluateMetrics(const std::vector<MetricSpec> &specs,
                                                            const Predictions &predictions)
{
    std::vector<std::pair<std::string, double>> out;
    for (const MetricSpec &spec : specs) {
        if (spec.task == predictions.data->task)
            out.emplace_back(spec.name, spec.compute(predictions));
    }
    return out;
}

} // namespace mrg
