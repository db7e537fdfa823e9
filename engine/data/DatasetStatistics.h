// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/Dataset.h"

namespace mrg {

/// How the numbers of one column are spread.
struct ColumnStatistics {
    double minimum = 0;
    double maximum = 0;
    double mean = 0;
    double deviation = 0; ///< of the population (divided by N)
};

/// A data set in figures, as the data page and the report show it.
///
/// "Labels" are the classes of single-label data (one per sample) or the labels of multi-label
/// data. For regression all that concerns labels is empty or 0, and `values` has the targets.
///
/// Sources: cardinality and density, Tsoumakas and Katakis 2007; IRLbl, MeanIR and SCUMBLE,
/// Charte et al., "Addressing imbalance in multilabel classification", Neurocomputing 163, 2015.
struct DatasetStatistics {
    static constexpr int64_t mostPairedClasses = 2000;

    int64_t samples = 0;
    int64_t features = 0; ///< numbers per sample
    int64_t classes = 0;

    std::vector<int64_t> labelCounts; ///< samples with the label, per label
    double cardinality = 0; ///< mean number of labels of a sample
    double density = 0; ///< cardinality / number of labels
    int64_t fewestLabels = 0;
    int64_t mostLabels = 0;
    int64_t withoutLabels = 0; ///< samples that have none
    int64_t labelSets = 0; ///< different combinations of labels

    /// Per label: count of the most frequent label / own count; infinite if it never occurs.
    std::vector<double> imbalance;
    double meanImbalance = 0; ///< over the labels that occur
    /// 0 .. 1: how much rare and frequent labels occur in the same samples.
    double scumble = 0;
    /// classes x classes, row-major: samples that carry both; the diagonal holds labelCounts. Empty
    /// beyond mostPairedClasses.
    std::vector<int64_t> cooccurrence;

    std::vector<ColumnStatistics> inputs; ///< per number of a sample
    std::vector<ColumnStatistics> values; ///< regression: per target column
    double zeroShare = 0; ///< share of inputs that are exactly 0

    /// Share of the samples with the label.
    double frequency(int64_t label) const;
    /// Samples that carry both labels; 0 where cooccurrence is empty.
    int64_t together(int64_t label, int64_t other) const;
};

DatasetStatistics computeStatistics(const Dataset &dataset);

} // namespace mrg
