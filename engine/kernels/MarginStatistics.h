// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mrg {

/// The (label, rival) pairs that one class took part in.
struct ClassPairs {
    int64_t pairs = 0;
    int64_t violations = 0;
    double hinges = 0;

    void add(const ClassPairs &other)
    {
        pairs += other.pairs;
        violations += other.violations;
        hinges += other.hinges;
    }
    friend bool operator==(const ClassPairs &, const ClassPairs &) = default;
};

/// What a margin loss saw: for every ordered pair of classes (label j that holds, rival i that does
/// not) how often the pair occurred, how often the margin between them was violated, and the sum of
/// the hinges; summed for every class as label and as rival, and pair by pair if that is watched.
///
/// Pair gap z = margin - score_j + score_i; violated iff z > 0 (strictly). Repeated labels of one
/// sample count once here, though MultiLabelMarginLoss itself counts them again.
///
/// A plain value: add up batches with merge(). Matrices are row-major classes x classes, row =
/// label j, column = rival i; diagonals stay 0. A pair that never occurred has rate "none", not 0.
struct MarginStatistics {
    /// Up to how many classes the matrices are kept by themselves: they grow with the square, and
    /// looking at every pair is slower than the loss.
    static constexpr int64_t pairClasses = 128;
    enum class Watch { ClassesAndPairs, Classes, PairsIfFew };

    int64_t classes = 0;
    int64_t samples = 0;
    std::vector<ClassPairs> missed; ///< by class as label: pairs that it should have led
    std::vector<ClassPairs> intruded; ///< by class as rival: pairs that it should have lost
    Watch watch = Watch::PairsIfFew;
    std::vector<int64_t> pairs; ///< empty unless pairs are watched, as the next two
    std::vector<int64_t> violations;
    std::vector<double> hinges;

    bool hasPairs() const { return !pairs.empty(); }

    /// Forgets everything and takes this number of classes.
    void reset(int64_t classCount)
    {
        classes = classCount;
        samples = 0;
        missed.assign(static_cast<std::size_t>(classCount), {});
        intruded.assign(static_cast<std::size_t>(classCount), {});
        const bool watched = watch == Watch::ClassesAndPairs
                || (watch == Watch::PairsIfFew && classCount <= pairClasses);
        const auto cells = watched ? static_cast<std::size_t>(classCount * classCount) : 0;
        pairs.assign(cells, 0);
        violations.assign(cells, 0);
        hinges.assign(cells, 0.0);
    }

    /// Adds what another one saw; takes its number of classes if it has none yet. Pairs that only
    /// one of them watched are not known of both: they go.
    void merge(const MarginStatistics &other)
    {
        if (other.classes == 0)
            return;
        if (classes != other.classes)
            reset(other.classes);
        samples += other.samples;
        for (std::size_t c = 0; c < missed.size(); ++c) {
            missed[c].add(other.missed[c]);
            intruded[c].add(other.intruded[c]);
        }
        if (!other.hasPairs()) {
            pairs.clear();
            violations.clear();
            hinges.clear();
        }
        for (std::size_t cell = 0; cell < pairs.size(); ++cell) {
            pairs[cell] += other.pairs[cell];
            violations[cell] += other.violations[cell];
            hinges[cell] += other.hinges[cell];
        }
    }

    /// Works the sums by class out of the matrices.
    void sumPairs()
    {
        missed.assign(static_cast<std::size_t>(classes), {});
        intruded.assign(static_cast<std::size_t>(classes), {});
        for (std::size_t cell = 0; cell < pairs.size(); ++cell) {
            const ClassPairs one{pairs[cell], violations[cell], hinges[cell]};
            missed[cell / missed.size()].add(one);
            intruded[cell % intruded.size()].add(one);
        }
    }
};

} // namespace mrg
