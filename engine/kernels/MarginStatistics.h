// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mrg {

/// What a margin loss saw: for every ordered pair of classes (label j that holds, rival i that does
/// not) how often the pair occurred, how often the margin between them was violated, and the sum of
/// the hinges. Everything the violation views show is a sum over this matrix.
///
/// Pair gap z = margin - score_j + score_i; violated iff z > 0 (strictly). Repeated labels of one
/// sample count once here, though MultiLabelMarginLoss itself counts them again.
///
/// A plain value: add up batches with merge(). Matrices are row-major classes x classes, row =
/// label j, column = rival i; diagonals stay 0. A pair that never occurred has rate "none", not 0.
struct MarginStatistics {
    int64_t classes = 0;
    int64_t samples = 0;
    std::vector<int64_t> pairs;
    std::vector<int64_t> violations;
    std::vector<double> hinges;

    /// Forgets everything and takes this number of classes.
    void reset(int64_t classCount)
    {
        classes = classCount;
        samples = 0;
        const auto cells = static_cast<std::size_t>(classCount * classCount);
        pairs.assign(cells, 0);
        violations.assign(cells, 0);
        hinges.assign(cells, 0.0);
    }

    /// Adds what another one saw; takes its number of classes if it has none yet.
    void merge(const MarginStatistics &other)
    {
        if (other.classes == 0)
            return;
        if (classes != other.classes)
            reset(other.classes);
        samples += other.samples;
        for (std::size_t cell = 0; cell < pairs.size(); ++cell) {
            pairs[cell] += other.pairs[cell];
            violations[cell] += other.violations[cell];
            hinges[cell] += other.hinges[cell];
        }
    }
};

} // namespace mrg
