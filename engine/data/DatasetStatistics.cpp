// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/DatasetStatistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace mrg {

namespace {

/// Column statistics of a float32 tensor seen as (N, the rest).
std::vector<ColumnStatistics> columnStatistics(const Tensor &tensor)
{
    const int64_t rows = tensor.defined() ? tensor.shape()[0] : 0;
    if (rows == 0)
        return {};
    const int64_t width = tensor.numel() / rows;
    const Tensor compact = tensor.compact();
    const float *data = compact.data<float>();
    constexpr double infinity = std::numeric_limits<double>::infinity();
    std::vector<ColumnStatistics> out(static_cast<size_t>(width), {infinity, -infinity, 0, 0});
    const auto each = [&](auto action) {
        for (int64_t row = 0; row < rows; ++row) {
            for (int64_t k = 0; k < width; ++k)
                action(out[static_cast<size_t>(k)], static_cast<double>(data[row * width + k]));
        }
    };
    each([&](ColumnStatistics &column, double value) {
        column.minimum = std::min(column.minimum, value);
        column.maximum = std::max(column.maximum, value);
        column.mean += value;
    });
    const auto count = static_cast<double>(rows);
    for (ColumnStatistics &column : out)
        column.mean /= count;
    each([&](ColumnStatistics &column, double value) {
        column.deviation += (value - column.mean) * (value - column.mean);
    });
    for (ColumnStatistics &column : out)
        column.deviation = std::sqrt(column.deviation / count);
    return out;
}

/// SCUMBLE of one sample: 1 - geometric / arithmetic mean of its labels' imbalance.
double scumbleOf(const std::vector<int64_t> &labels, const std::vector<double> &imbalance)
{
    double sum = 0;
    double logarithms = 0;
    for (int64_t label : labels) {
        sum += imbalance[static_cast<size_t>(label)];
        logarithms += std::log(imbalance[static_cast<size_t>(label)]);
    }
    const auto count = static_cast<double>(labels.size());
    return count > 0 ? 1 - std::exp(logarithms / count) / (sum / count) : 0;
}

void countLabels(const Dataset &dataset, DatasetStatistics &out)
{
    const int64_t width = out.classes;
    out.labelCounts.assign(static_cast<size_t>(width), 0);
    const bool paired = width <= DatasetStatistics::mostPairedClasses;
    out.cooccurrence.assign(paired ? static_cast<size_t>(width * width) : 0, 0);
    out.fewestLabels = width;
    std::set<std::vector<int64_t>> sets;
    int64_t total = 0;
    for (int64_t n = 0; n < out.samples; ++n) {
        const std::vector<int64_t> labels = dataset.labelsOf(n);
        const auto count = static_cast<int64_t>(labels.size());
        total += count;
        out.fewestLabels = std::min(out.fewestLabels, count);
        out.mostLabels = std::max(out.mostLabels, count);
        out.withoutLabels += count == 0;
        for (int64_t label : labels) {
            ++out.labelCounts[static_cast<size_t>(label)];
            for (size_t k = 0; paired && k < labels.size(); ++k)
                ++out.cooccurrence[static_cast<size_t>(label * width + labels[k])];
        }
        sets.insert(labels);
    }
    out.labelSets = static_cast<int64_t>(sets.size());
    out.cardinality = static_cast<double>(total) / static_cast<double>(out.samples);
    out.density = out.cardinality / static_cast<double>(width);
}

void judgeImbalance(const Dataset &dataset, DatasetStatistics &out)
{
    const int64_t most = *std::max_element(out.labelCounts.begin(), out.labelCounts.end());
    int64_t occurring = 0;
    for (int64_t count : out.labelCounts) {
        out.imbalance.push_back(count ? static_cast<double>(most) / static_cast<double>(count)
                                      : std::numeric_limits<double>::infinity());
        if (count) {
            out.meanImbalance += out.imbalance.back();
            ++occurring;
        }
    }
    out.meanImbalance /= static_cast<double>(std::max<int64_t>(occurring, 1));
    for (int64_t n = 0; n < out.samples; ++n)
        out.scumble += scumbleOf(dataset.labelsOf(n), out.imbalance);
    out.scumble /= static_cast<double>(out.samples);
}

} // namespace

double DatasetStatistics::frequency(int64_t label) const
{
    return static_cast<double>(labelCounts.at(static_cast<size_t>(label)))
            / static_cast<double>(samples);
}

int64_t DatasetStatistics::together(int64_t label, int64_t other) const
{
    return cooccurrence.empty() ? 0 : cooccurrence.at(static_cast<size_t>(label * classes + other));
}

DatasetStatistics computeStatistics(const Dataset &dataset)
{
    DatasetStatistics out;
    out.samples = dataset.size();
    out.features = numel(dataset.sampleShape());
    out.inputs = columnStatistics(dataset.inputs);
    out.values = columnStatistics(dataset.values);
    if (out.samples == 0)
        return out;
    const Tensor compact = dataset.inputs.compact();
    const float *data = compact.data<float>();
    const auto zeros = std::count(data, data + compact.numel(), 0.0F);
    out.zeroShare = static_cast<double>(zeros)
            / static_cast<double>(std::max<int64_t>(compact.numel(), 1));
    if (dataset.task == Task::Regression || dataset.classCount() == 0)
        return out;
    out.classes = dataset.classCount();
    countLabels(dataset, out);
    judgeImbalance(dataset, out);
    return out;
}

} // namespace mrg
