// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/DatasetStatistics.h"
#include "gui/datasets/BarList.h"

#include <QStringList>

namespace mrg {

/// One line of what is known about a data set.
struct Fact {
    QString name;
    QString definition; ///< for a tooltip
    QStringList values; ///< one per part
};

/// A data split in figures, part by part: training, validation, test.
struct SplitStatistics {
    std::vector<DatasetStatistics> parts;
};
SplitStatistics computeStatistics(const DataSplit &split);
/// The parts of a split in the order of SplitStatistics, and their names.
std::vector<std::shared_ptr<const Dataset>> partsOf(const DataSplit &split);
QStringList partNames();

/// A data set in a few words: "1000 features · 30 labels", "28 × 28 pixels · 10 classes".
QString outlineOf(const Dataset &dataset);

/// Counts, cardinality, density and the like, one value per part; what does not apply to the task
/// is left out.
QVector<Fact> factsOf(const SplitStatistics &statistics, Task task);

/// How often each label occurs in a part, in the order of `order`.
QVector<Bar> labelBars(const SplitStatistics &statistics, size_t part, const Dataset &dataset,
                       const QVector<int> &order, const Theme &theme);
/// Label numbers, the most frequent first.
QVector<int> labelsByFrequency(const DatasetStatistics &statistics);
/// A histogram of one target column of regression data.
QVector<Bar> valueBars(const Dataset &dataset, int column, const Theme &theme);

/// For a co-occurrence matrix over some labels: the share of the row's samples that carry the
/// column's label, too. The diagonal is blank.
struct Cooccurrence {
    QStringList labels;
    QVector<double> shares;
    QStringList details;
};
Cooccurrence cooccurrenceOf(const DatasetStatistics &statistics, const Dataset &dataset,
                            const QVector<int> &labels);

} // namespace mrg
