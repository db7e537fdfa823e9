// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/Vocabulary.h"
#include "engine/store/RunStore.h"
#include "engine/training/Snapshot.h"
#include "engine/training/profile.h"
#include "gui/reports/Report.h"

#include <filesystem>
#include <optional>

namespace mrg {

/// The report on a stored run: network, data, settings, seed, curves, margins, final metrics,
/// per-class table, changes made by hand, versions.
///
/// `baseFolder`: where relative paths in the experiment start. `validation`: the newest evaluation,
/// where the store may not have it yet; else the store's is taken. `profile`: what the run's
/// network costs, if that was measured.
///
/// **Threads**: any, with a store of its own; reads the data once more, which may take its time.
/// **Errors**: what the store can't give.
Result<Report> reportOfRun(const RunStore &store, int64_t run, const Vocabulary &vocabulary,
                           const std::filesystem::path &baseFolder = {},
                           std::optional<Evaluation> validation = std::nullopt,
                           const NetworkProfile *profile = nullptr);

/// Writes it as the path's ending says: .html or .pdf; anything else is an Error (value).
Result<void> writeReport(const Report &report, const QString &path);

} // namespace mrg
