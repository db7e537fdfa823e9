// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/metrics/margin_views.h"

#include "engine/kernels/margin_losses.h"

#include <algorithm>

namespace mrg {

namespace {
double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : std::numeric_limits<double>::quiet_NaN();
}
} // namespace

std::vector<ClassMargins> classMargins(const MarginStatistics &statistics)
{
    const int64_t classes = statistics.classes;
    std::vector<ClassMargins> out(static_cast<size_t>(classes));
    const double scale = static_cast<double>(std::max<int64_t>(statistics.samples * classes, 1));
    for (int64_t c = 0; c < classes; ++c) {
        double missed = 0, labelPairs = 0, labelHinge = 0, intruded = 0, rivalPairs = 0, rivalHinge = 0;
        for (int64_t other = 0; other < classes; ++other) {
            const auto row = static_cast<size_t>(c * classes + other);
            const auto column = static_cast<size_t>(other * classes + c);
            missed += static_cast<double>(statistics.violations[row]);
            labelPairs += static_cast<double>(statistics.pairs[row]);
            labelHinge += statistics.hinges[row];
            intruded += static_cast<double>(statistics.violations[column]);
            rivalPairs += static_cast<double>(statistics.pairs[column]);
            rivalHinge += statistics.hinges[column];
        }
        out[static_cast<size_t>(c)] = {ratio(missed, labelPairs), ratio(intruded, rivalPairs),
                                       ratio(missed + intruded, labelPairs + rivalPairs),
                                       labelHinge / scale, rivalHinge / scale};
    }
    return out;
}

double pairRate(const MarginStatistics &statistics, int64_t label, int64_t rival)
{
    const auto cell = static_cast<size_t>(label * statistics.classes + rival);
    return ratio(static_cast<double>(statistics.violations[cell]), static_cast<double>(statistics.pairs[cell]));
}

MarginStatistics marginsOf(const float *scores, const Dataset &data, double margin)
{
    MarginStatistics out;
    const int64_t classes = data.classCount();
    if (data.task == Task::SingleLabel) {
        kernels::addMarginStatistics<float>(data.size(), classes, scores, data.classes.data(), 1, margin, out);
    } else if (data.task == Task::MultiLabel) {
        const Tensor lists = data.target(TargetForm::LabelIndices).value();
        kernels::addMarginStatistics<float>(data.size(), classes, scores, lists.data<int64_t>(), classes, margin, out);
    }
    return out;
}

std::vector<float> sampleMargins(const float *scores, const Dataset &data)
{
    std::vector<float> out;
    const int64_t classes = data.classCount();
    for (int64_t n = 0; n < data.size(); ++n) {
        const float *s = scores + n * classes;
        const std::vector<int64_t> labels = data.labelsOf(n);
        if (labels.empty() || static_cast<int64_t>(labels.size()) == classes)
            continue;
        float lowest = std::numeric_limits<float>::infinity();
        float highest = -std::numeric_limits<float>::infinity();
        for (int64_t k = 0; k < classes; ++k) {
            if (std::binary_search(labels.begin(), labels.end(), k))
                lowest = std::min(lowest, s[k]);
            else
                highest = std::max(highest, s[k]);
        }
        out.push_back(lowest - highest);
    }
    return out;
}

} // namespace mrg
