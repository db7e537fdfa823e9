// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/metrics/multi_label.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

namespace mrg {

namespace {
/// Whether score a comes before score b; scores that are no numbers come last.
bool higher(float a, float b) { return a > b || (std::isnan(b) && !std::isnan(a)); }
} // namespace

std::string ThresholdRule::text() const
{
    char buffer[160];
    switch (kind) {
    case Kind::Global:
        std::snprintf(buffer, sizeof buffer,
                      "scores of %.4g or more (the cut with the best micro F1 on validation data)",
                      value);
        break;
    case Kind::Fixed: std::snprintf(buffer, sizeof buffer, "scores of %.4g or more", value); break;
    case Kind::TopK:
        std::snprintf(buffer, sizeof buffer, "the %.0f best labels of every sample", value);
        break;
    }
    return buffer;
}

std::vector<bool> predicted(const float *scores, int64_t classes, const ThresholdRule &rule)
{
    std::vector<bool> out(static_cast<size_t>(classes), false);
    if (rule.kind != ThresholdRule::Kind::TopK) {
        for (int64_t k = 0; k < classes; ++k)
            out[static_cast<size_t>(k)] = scores[k] >= rule.value;
        return out;
    }
    std::vector<int64_t> order(static_cast<size_t>(classes));
    std::iota(order.begin(), order.end(), int64_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](int64_t a, int64_t b) { return higher(scores[a], scores[b]); });
    for (size_t k = 0; k < order.size() && static_cast<double>(k) < rule.value; ++k)
        out[static_cast<size_t>(order[k])] = true;
    return out;
}

double bestGlobalThreshold(const float *scores, const Dataset &data)
{
    const int64_t classes = data.classCount();
    std::vector<std::pair<float, bool>> cells;
    int64_t positives = 0;
    for (int64_t n = 0; n < data.size(); ++n) {
        std::vector<bool> holds(static_cast<size_t>(classes), false);
        for (int64_t label : data.labelsOf(n))
            holds[static_cast<size_t>(label)] = true;
        for (int64_t k = 0; k < classes; ++k) {
            cells.emplace_back(scores[n * classes + k], holds[static_cast<size_t>(k)]);
            positives += holds[static_cast<size_t>(k)];
        }
    }
    std::sort(cells.begin(), cells.end(),
              [](const auto &a, const auto &b) { return higher(a.first, b.first); });
    double best = -1;
    double threshold = 0;
    int64_t hits = 0;
    for (size_t i = 0; i < cells.size() && !std::isnan(cells[i].first); ++i) {
        hits += cells[i].second;
        if (i + 1 < cells.size() && cells[i + 1].first == cells[i].first)
            continue;
        const double f1 = 2.0 * static_cast<double>(hits)
                / static_cast<double>(static_cast<int64_t>(i) + 1 + positives);
        if (f1 >= best) {
            best = f1;
            threshold = cells[i].first;
        }
    }
    return threshold;
}

namespace {

/// Calls visit(scores, holds, labels) for every sample.
template <typename Visit> void forEachSample(const Predictions &p, Visit visit)
{
    std::vector<bool> holds(static_cast<size_t>(p.columns));
    for (int64_t n = 0; n < p.data->size(); ++n) {
        const std::vector<int64_t> labels = p.data->labelsOf(n);
        std::fill(holds.begin(), holds.end(), false);
        for (int64_t label : labels)
            holds[static_cast<size_t>(label)] = true;
        visit(p.scores + n * p.columns, holds, labels);
    }
}

double perSample(const Predictions &p, double sum)
{
    return p.data->size() ? sum / static_cast<double>(p.data->size()) : 0;
}

double rankingLoss(const Predictions &p)
{
    double sum = 0;
    forEachSample(p,
                  [&](const float *s, const std::vector<bool> &holds,
                      const std::vector<int64_t> &labels) {
                      const int64_t rivals = p.columns - static_cast<int64_t>(labels.size());
                      if (labels.empty() || rivals == 0)
                          return;
                      int64_t wrong = 0;
                      for (int64_t k : labels) {
                          for (int64_t l = 0; l < p.columns; ++l)
                              wrong += !holds[static_cast<size_t>(l)] && !higher(s[k], s[l]);
                      }
                      sum += static_cast<double>(wrong)
                              / static_cast<double>(static_cast<int64_t>(labels.size()) * rivals);
                  });
    return perSample(p, sum);
}

/// Labels that don't come after label j.
int64_t rank(const float *s, int64_t classes, int64_t j)
{
    return std::count_if(s, s + classes, [&](float score) { return !higher(s[j], score); });
}

double coverageError(const Predictions &p)
{
    double sum = 0;
    forEachSample(
            p, [&](const float *s, const std::vector<bool> &, const std::vector<int64_t> &labels) {
                int64_t deepest = 0;
                for (int64_t j : labels)
                    deepest = std::max(deepest, rank(s, p.columns, j));
                sum += static_cast<double>(deepest);
            });
    return perSample(p, sum);
}

double averagePrecision(const Predictions &p)
{
    double sum = 0;
    forEachSample(
            p, [&](const float *s, const std::vector<bool> &, const std::vector<int64_t> &labels) {
                if (labels.empty() || static_cast<int64_t>(labels.size()) == p.columns) {
                    sum += 1;
                    return;
                }
                double own = 0;
                for (int64_t j : labels) {
                    const auto above = std::count_if(labels.begin(), labels.end(), [&](int64_t k) {
                        return !higher(s[j], s[k]);
                    });
                    own += static_cast<double>(above) / static_cast<double>(rank(s, p.columns, j));
                }
                sum += own / static_cast<double>(labels.size());
            });
    return perSample(p, sum);
}

double oneError(const Predictions &p)
{
    double sum = 0;
    forEachSample(
            p, [&](const float *s, const std::vector<bool> &holds, const std::vector<int64_t> &) {
                const auto best = static_cast<size_t>(std::max_element(s, s + p.columns) - s);
                sum += !holds[best];
            });
    return perSample(p, sum);
}

struct Counts {
    int64_t hits = 0;
    int64_t falseAlarms = 0;
    int64_t misses = 0;
    double f1() const
    {
        const int64_t all = 2 * hits + falseAlarms + misses;
        return all ? 2.0 * static_cast<double>(hits) / static_cast<double>(all) : 0;
    }
};

std::vector<Counts> countsOf(const Predictions &p)
{
    std::vector<Counts> out(static_cast<size_t>(p.columns));
    forEachSample(
            p, [&](const float *s, const std::vector<bool> &holds, const std::vector<int64_t> &) {
                const std::vector<bool> yes = predicted(s, p.columns, p.rule);
                for (size_t k = 0; k < out.size(); ++k) {
                    out[k].hits += yes[k] && holds[k];
                    out[k].falseAlarms += yes[k] && !holds[k];
                    out[k].misses += !yes[k] && holds[k];
                }
            });
    return out;
}

double microF1(const Predictions &p)
{
    Counts all;
    for (const Counts &one : countsOf(p)) {
        all.hits += one.hits;
        all.falseAlarms += one.falseAlarms;
        all.misses += one.misses;
    }
    return all.f1();
}

double macroF1(const Predictions &p)
{
    double sum = 0;
    for (const Counts &one : countsOf(p))
        sum += one.f1();
    return p.columns ? sum / static_cast<double>(p.columns) : 0;
}

double hammingLoss(const Predictions &p)
{
    int64_t wrong = 0;
    for (const Counts &one : countsOf(p))
        wrong += one.falseAlarms + one.misses;
    return p.columns ? perSample(p, static_cast<double>(wrong)) / static_cast<double>(p.columns)
                     : 0;
}

double subsetAccuracy(const Predictions &p)
{
    double sum = 0;
    forEachSample(
            p, [&](const float *s, const std::vector<bool> &holds, const std::vector<int64_t> &) {
                sum += predicted(s, p.columns, p.rule) == holds;
            });
    return perSample(p, sum);
}

} // namespace

std::vector<MetricSpec> multiLabelMetrics()
{
    return {{"ranking_loss", "Ranking loss",
             "Share of (label, rival) pairs of a sample in the wrong order, ties included, "
             "averaged over "
             "samples. Samples without labels or without rivals count 0. 0 is perfect.",
             Task::MultiLabel, false, false, rankingLoss},
            {"lrap", "Label ranking average precision",
             "For each label of a sample, the share of labels among all classes ranked at least as "
             "high; "
             "averaged over labels, then samples. A sample with no or all labels counts 1. 1 is "
             "perfect.",
             Task::MultiLabel, true, false, averagePrecision},
            {"coverage_error", "Coverage error",
             "How far down the ranking one must go to meet all labels of a sample, counted from 1, "
             "averaged. At best the mean number of labels.",
             Task::MultiLabel, false, false, coverageError},
            {"one_error", "One-error",
             "Share of samples whose best class is none of their labels. A sample without labels "
             "counts "
             "as an error.",
             Task::MultiLabel, false, false, oneError},
            {"micro_f1", "Micro F1",
             "2 TP / (2 TP + FP + FN), with the counts summed over all classes.", Task::MultiLabel,
             true, true, microF1},
            {"macro_f1", "Macro F1 (by label)",
             "The F1 of each class, averaged over classes. A class never predicted and never true "
             "counts 0.",
             Task::MultiLabel, true, true, macroF1},
            {"hamming_loss", "Hamming loss", "Share of (sample, class) cells that are wrong.",
             Task::MultiLabel, false, true, hammingLoss},
            {"subset_accuracy", "Subset accuracy",
             "Share of samples whose whole set of labels is predicted exactly.", Task::MultiLabel,
             true, true, subsetAccuracy}};
}

} // namespace mrg
