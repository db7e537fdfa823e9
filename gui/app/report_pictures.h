// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/check.h"
#include "engine/store/RunStore.h"
#include "engine/training/Snapshot.h"
#include "gui/reports/Report.h"

#include <QStringList>

namespace mrg {

// The pictures of a report, as vectors. **Threads**: any; they know neither scene nor widget.

/// The network as the canvas shows it.
ReportSection networkPicture(const Network &network, const CheckedNetwork &checked,
                             const Vocabulary &vocabulary);
/// Loss per step, per epoch and on validation data, with the changes made by hand.
/// **Errors**: what the store can't give; likewise below.
Result<ReportSection> lossPicture(const RunStore &store, int64_t run);
/// A curve a class: how often it was missed while training. Without curves an empty section.
Result<ReportSection> ratesPicture(const RunStore &store, int64_t run, const QStringList &labels);
/// Misses and intrusions per class.
ReportSection barsPicture(const MarginStatistics &margins, const QStringList &labels);
ReportSection pairsPicture(const MarginStatistics &margins, const QStringList &labels);
/// Empty section for a task without classes that exclude one another.
ReportSection confusionPicture(const Evaluation &evaluation, const QStringList &labels);
/// Share of the samples that carry each label.
ReportSection frequencyPicture(const std::vector<double> &shares, const QStringList &labels);

} // namespace mrg
