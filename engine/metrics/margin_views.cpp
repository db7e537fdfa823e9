// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/metrics/margin_views.h"

#include "engine/kernels/margin_losses.h"

#include <algorithm>

namespace mrg {

namespace {
double ratio(int64_t part, int64_t whole)
{
    return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole)
                     : std::numeric_limits<double>::quiet_NaN();
}
} // namespace

std::vector<ClassMargins> classMargins(const MarginStatistics &statistics)
{
    const int64_t classes = statistics.classes;
    std::vector<ClassMargins> out(static_cast<size_t>(classes));
    const double scale = static_cast<double>(std::max<int64_t>(statistics.samples * classes, 1));
    for (size_t c = 0; c < out.size(); ++c) {
        const ClassPairs &label = statistics.missed[c];
        const ClassPairs &rival = statistics.intruded[c];
        out[c] = {ratio(label.violations, label.pairs), ratio(rival.violations, rival.pairs),
                  ratio(label.violations + rival.violations, label.pairs + rival.pairs),
                  label.hinges / scale, rival.hinges / scale};
    }
    return out;
}

double pairRate(const MarginStatistics &statistics, int64_t label, int64_t rival)
{
    if (!statistics.hasPairs())
        return std::numeric_limits<double>::quiet_NaN();
    const auto cell = static_cast<size_t>(label * statistics.classes + rival);
    return ratio(statistics.violations[cell], statistics.pairs[cell]);
}

MarginStatistics marginsOf(const float *scores, const Dataset &data, double margin)
{
    MarginStatistics out;
    const int64_t classes = data.classCount();
    if (data.task == Task::SingleLabel) {
        kernels::addMarginStatistics<float>(data.size(), classes, scores, data.classes.data(), 1,
                                            margin, out);
    } else if (data.task == Task::MultiLabel) {
        const Tensor lists = data.target(TargetForm::LabelIndices).value();
        kernels::addMarginStatistics<float>(data.size(), classes, scores, lists.data<int64_t>(),
                                            classes, margin, out);
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
