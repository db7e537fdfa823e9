// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/Vocabulary.h"
#include "engine/store/RunStore.h"
#include "gui/reports/Report.h"

namespace mrg {

/// The report on a stored run: network, data, settings, seed, curves, margins, final metrics,
/// per-class table, changes made by hand, versions. Needs a QApplication (offscreen will do).
/// **Errors**: what the store can't give.
Result<Report> reportOfRun(const RunStore &store, int64_t run, const Vocabulary &vocabulary);

/// Writes it as the path's ending says: .html or .pdf; anything else is an Error (value).
Result<void> writeReport(const Report &report, const QString &path);

} // namespace mrg
