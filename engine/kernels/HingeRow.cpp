// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/HingeRow.h"

#include "engine/core/Error.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mrg::kernels {

namespace {
constexpr int64_t block = 64; ///< rivals that are looked up together
}

int64_t checkedLabels(const char *where, const int64_t *labels, int64_t limit, int64_t lowest,
                      int64_t classes, int64_t sample)
{
    // A difference below 0 has the sign bit set: no comparison, so that this keeps up with memory.
    const auto bottom = static_cast<uint64_t>(lowest);
    const auto top = static_cast<uint64_t>(classes - 1);
    const auto outside = [=](int64_t label) {
        return (static_cast<uint64_t>(label) - bottom) | (top - static_cast<uint64_t>(label));
    };
    uint64_t found = 0;
    for (int64_t i = 0; i < limit; ++i)
        found |= outside(labels[i]);
    const bool wrong = (found >> 63) != 0;
    if (wrong) {
        const int64_t label = *std::find_if(labels, labels + limit,
                                            [&](int64_t one) { return (outside(one) >> 63) != 0; });
        throw Error(ErrorCategory::Index, "label_out_of_range", where,
                    "label " + std::to_string(label) + " in sample " + std::to_string(sample),
                    std::to_string(lowest) + " to " + std::to_string(classes - 1),
                    "check the number of classes and the targets");
    }
    return std::find(labels, labels + limit, -1) - labels;
}

template <typename T>
HingeRow<T>::HingeRow(int64_t classes)
    : m_classes(classes),
      m_padded((classes + block - 1) / block * block),
      m_holds(static_cast<size_t>(classes), 0)
{
    const auto size = static_cast<size_t>(m_padded);
    m_rivals.assign(size, -std::numeric_limits<T>::infinity());
    rivalCounts.resize(size);
    rivalHinges.resize(size);
}

template <typename T>
void HingeRow<T>::begin(const T *x, const int64_t *labels, int64_t count, T margin)
{
    for (int64_t label : m_labels)
        m_holds[static_cast<size_t>(label)] = 0;
    m_x = x;
    m_margin = margin;
    m_repeated = false;
    m_labels.assign(labels, labels + count);
    m_leads.clear();
    std::copy_n(x, m_classes, m_rivals.data());
    for (int64_t label : m_labels) {
        const auto at = static_cast<size_t>(label);
        m_repeated = m_repeated || m_holds[at];
        m_holds[at] = 1;
        m_leads.push_back(margin - x[label]);
        m_rivals[at] = -std::numeric_limits<T>::infinity();
    }
}

template <typename T> void HingeRow<T>::measure(HingeMethod method, bool watched)
{
    labelCounts.assign(m_labels.size(), 0);
    labelHinges.assign(m_labels.size(), 0);
    sum = 0;
    const bool ranked = method == HingeMethod::Rank
            || (method == HingeMethod::Fastest
                && rankingPays(static_cast<int64_t>(m_labels.size()), m_classes));
    if (ranked && rank(watched))
        return;
    if (watched)
        scan<true>();
    else
        scan<false>();
}

template <typename T> template <bool watched> void HingeRow<T>::scan()
{
    std::fill(rivalCounts.begin(), rivalCounts.end(), 0);
    if (watched)
        std::fill(rivalHinges.begin(), rivalHinges.end(), T(0));
    size_t first = 0;
    for (; first + 4 <= m_leads.size(); first += 4)
        scanSome<4, watched>(first);
    for (; first < m_leads.size(); ++first)
        scanSome<1, watched>(first);
}

/// Some labels against all rivals: each rival's score is read once for all of them.
template <typename T> template <int labels, bool watched> void HingeRow<T>::scanSome(size_t first)
{
    using simd::Mask;
    using simd::Vector;
    Vector<T> lead[labels];
    Mask<T> violated[labels] = {};
    Vector<T> hinges[labels] = {};
    for (int k = 0; k < labels; ++k)
        lead[k] = simd::all(m_leads[first + static_cast<size_t>(k)]);
    for (int64_t i = 0; i < m_padded; i += simd::lanes<T>) {
        const Vector<T> rival = simd::load(&m_rivals[static_cast<size_t>(i)]);
        Mask<T> count = simd::load(&rivalCounts[static_cast<size_t>(i)]);
        Vector<T> own{};
        for (int k = 0; k < labels; ++k) {
            const Vector<T> z = lead[k] + rival;
            const Mask<T> positive = z > 0;
            const Vector<T> hinge = positive ? z : Vector<T>{};
            hinges[k] += hinge;
            violated[k] -= positive;
            count -= positive;
            if (watched)
                own += hinge;
        }
        simd::store(&rivalCounts[static_cast<size_t>(i)], count);
        if (watched) {
            own += simd::load(&rivalHinges[static_cast<size_t>(i)]);
            simd::store(&rivalHinges[static_cast<size_t>(i)], own);
        }
    }
    for (int k = 0; k < labels; ++k) {
        const size_t at = first + static_cast<size_t>(k);
        labelCounts[at] = simd::sum<Count>(violated[k]);
        labelHinges[at] = simd::sum<T>(hinges[k]);
        sum += labelHinges[at];
    }
}

/// A rival violates a label exactly if its score is above minus the label's lead. With these
/// thresholds sorted, the labels that a rival violates are those before its place among them, found
/// by bisection; the prefix sums give its hinges, and counting the rivals at each place gives those
/// of the labels. False if infinite leads make differences meaningless.
template <typename T> bool HingeRow<T>::rank(bool watched)
{
    m_order.clear();
    for (size_t k = 0; k < m_leads.size(); ++k) {
        if (std::isinf(m_leads[k]))
            return false;
        if (!std::isnan(m_leads[k])) // nothing violates a NaN
            m_order.push_back({-m_leads[k], static_cast<int32_t>(k)});
    }
    std::sort(m_order.begin(), m_order.end(), [](const Threshold &a, const Threshold &b) {
        return a.score < b.score || (a.score == b.score && a.label < b.label);
    });
    const size_t count = m_order.size();
    size_t places = 1;
    while (places <= count)
        places *= 2;
    m_table.assign(places, std::numeric_limits<T>::infinity());
    m_before.assign(places, T(0));
    m_found.assign(places, 0);
    m_foundAbove.assign(watched ? places : 0, 0.0);
    const T lowest = count ? m_order[0].score : T(0);
    double before = 0;
    for (size_t k = 0; k < count; ++k) {
        m_table[k] = m_order[k].score;
        m_before[k] = static_cast<T>(before);
        before += static_cast<double>(m_order[k].score) - static_cast<double>(lowest);
    }
    m_before[count] = static_cast<T>(before);

    const T *table = m_table.data();
    const T *prefix = m_before.data();
    T sums[simd::lanes<T>] = {};
    for (int64_t begin = 0; begin < m_padded; begin += block) {
        const T *score = &m_rivals[static_cast<size_t>(begin)];
        Count *place = &rivalCounts[static_cast<size_t>(begin)];
        T *hinge = &rivalHinges[static_cast<size_t>(begin)];
        std::fill_n(place, block, Count(0));
        for (auto half = static_cast<Count>(places / 2); half > 0; half /= 2) {
            const T *probe = table + (half - 1);
            for (int64_t i = 0; i < block; ++i)
                place[i] += probe[place[i]] < score[i] ? half : 0;
        }
        for (int64_t i = 0; i < block; ++i) {
            const T own = static_cast<T>(place[i]) * (score[i] - lowest) - prefix[place[i]];
            hinge[i] = place[i] > 0 ? own : T(0);
        }
        for (int64_t i = 0; i < block; i += simd::lanes<T>) {
            for (int64_t lane = 0; lane < simd::lanes<T>; ++lane)
                sums[lane] += hinge[i + lane];
        }
        for (int64_t i = 0; i < block; ++i)
            ++m_found[static_cast<size_t>(place[i])];
        if (watched) {
            for (int64_t i = 0; i < block; ++i) {
                if (place[i] > 0)
                    m_foundAbove[static_cast<size_t>(place[i])]
                            += static_cast<double>(score[i]) - static_cast<double>(lowest);
            }
        }
    }
    for (T lane : sums)
        sum += lane;
    // From the highest threshold down: the rivals at later places violate it.
    Count violations = 0;
    double above = 0;
    for (size_t k = count; k-- > 0;) {
        const auto label = static_cast<size_t>(m_order[k].label);
        violations += m_found[k + 1];
        labelCounts[label] = violations;
        if (watched) {
            above += m_foundAbove[k + 1];
            const double height
                    = static_cast<double>(m_order[k].score) - static_cast<double>(lowest);
            labelHinges[label] = static_cast<T>(above - static_cast<double>(violations) * height);
        }
    }
    return true;
}

template <typename T> void HingeRow<T>::addTo(MarginStatistics &statistics, HingeMethod method)
{
    if (m_repeated) {
        // Once more without the repetitions.
        std::vector<int64_t> once = m_labels;
        std::sort(once.begin(), once.end());
        once.erase(std::unique(once.begin(), once.end()), once.end());
        begin(m_x, once.data(), static_cast<int64_t>(once.size()), m_margin);
        measure(method, true);
    }
    const auto labels = static_cast<int64_t>(m_labels.size());
    for (size_t k = 0; k < m_labels.size(); ++k) {
        statistics.missed[static_cast<size_t>(m_labels[k])].add(
                {m_classes - labels, static_cast<int64_t>(labelCounts[k]),
                 static_cast<double>(labelHinges[k])});
    }
    for (size_t i = 0; i < static_cast<size_t>(m_classes); ++i) {
        if (!m_holds[i]) {
            statistics.intruded[i].add({labels, static_cast<int64_t>(rivalCounts[i]),
                                        static_cast<double>(rivalHinges[i])});
        }
    }
    if (statistics.hasPairs())
        watchPairs(statistics);
}

template <typename T> void HingeRow<T>::watchPairs(MarginStatistics &statistics) const
{
    for (size_t k = 0; k < m_labels.size(); ++k) {
        const auto row = static_cast<size_t>(m_labels[k] * m_classes);
        for (size_t i = 0; i < static_cast<size_t>(m_classes); ++i) {
            if (m_holds[i])
                continue;
            const T z = m_leads[k] + m_x[i];
            ++statistics.pairs[row + i];
            if (z > 0) {
                ++statistics.violations[row + i];
                statistics.hinges[row + i] += static_cast<double>(z);
            }
        }
    }
}

template class HingeRow<float>;
template class HingeRow<double>;

} // namespace mrg::kernels
