// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/margin_losses.h"
#include "engine/kernels/simd.h"

#include <vector>

namespace mrg::kernels {

/// The hinges of one sample: each label's lead (margin - its score) against the scores of the
/// classes that are no labels. Holds the memory for any number of samples one after the other:
///
///     HingeRow<float> row(classes);
///     row.begin(x, labels, count, margin);
///     row.measure(method, statistics != nullptr);
///     row.sum; row.rivalCounts[i]; row.labelCounts[k]; ...
///
/// **Threads**: one each.
template <typename T> class HingeRow {
public:
    using Count = simd::MaskElement<T>;

    explicit HingeRow(int64_t classes);

    /// Takes a sample's scores and its labels, repeated ones included.
    void begin(const T *x, const int64_t *labels, int64_t count, T margin);
    /// Fills in the results; those marked so only if `watched`.
    void measure(HingeMethod method, bool watched);
    /// Adds the sample to statistics of the right number of classes.
    void addTo(MarginStatistics &statistics, HingeMethod method);

    const T *rivals() const { return m_rivals.data(); }
    int64_t padded() const { return m_padded; }

    T sum = 0; ///< all hinges
    std::vector<Count> rivalCounts; ///< labels that a class violates as rival
    std::vector<T> rivalHinges; ///< watched: their hinges
    std::vector<Count> labelCounts; ///< rivals that violate label number k of the list
    std::vector<T> labelHinges; ///< watched: their hinges

private:
    template <bool watched> void scan();
    template <int labels, bool watched> void scanSome(size_t first);
    bool rank(bool watched);
    void watchPairs(MarginStatistics &statistics) const;

    int64_t m_classes;
    int64_t m_padded; ///< classes rounded up to whole vectors
    const T *m_x = nullptr;
    T m_margin = 1;
    bool m_repeated = false;
    std::vector<int64_t> m_labels;
    std::vector<T> m_leads;
    std::vector<T> m_rivals; ///< scores, -infinity for labels and in the padding
    std::vector<uint8_t> m_holds;
    // rank():
    struct Threshold {
        T score; ///< a rival above it violates the label
        int32_t label;
    };
    std::vector<Threshold> m_order;
    std::vector<T> m_table; ///< thresholds in order, +infinity up to a power of two
    std::vector<T> m_before; ///< sum of the thresholds before, less the lowest
    std::vector<Count> m_found; ///< rivals by number of labels they violate
    std::vector<double> m_foundAbove;
};

/// Length of a label list: up to the first -1. Throws Error (index) unless all entries lie in
/// [lowest, classes).
int64_t checkedLabels(const char *where, const int64_t *labels, int64_t limit, int64_t lowest,
                      int64_t classes, int64_t sample);

} // namespace mrg::kernels
