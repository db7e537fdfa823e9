// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/Snapshot.h"
#include "gui/widgets/MatrixChart.h"

namespace mrg {

/// Share of each true class (row) that was predicted as each class (column). No values unless the
/// evaluation has a confusion of that many classes.
MatrixChart confusionChart(const Evaluation &evaluation, const QStringList &labels);
/// A cell in words.
QString confusionDetail(const Evaluation &evaluation, const QStringList &labels, int row,
                        int column);

/// Share of the pairs (label in a row, rival in a column) that violate the margin; blank where a
/// pair never occurred.
MatrixChart pairsChart(const MarginStatistics &margins, const QStringList &labels);
QString pairsDetail(const MarginStatistics &margins, const QStringList &labels, int row,
                    int column);

/// What the matrices mean, as rich text.
QString confusionDefinition();
QString pairsDefinition();

} // namespace mrg
