// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/Network.h"

#include <filesystem>
#include <string>

namespace mrg {

/// The version of *.mrg files that this build writes. Raise it with every change that an older
/// build would misread, and add a migration with its frozen before/after fixture.
inline constexpr int experimentFileVersion = 2;

/// The experiment as JSON text: {"format": "marginalia-experiment", "version": n, ...}, keys in
/// stable order, two spaces of indent, so that files compare well.
std::string writeExperiment(const Experiment &experiment);

/// Reads what writeExperiment wrote, of this version or an older one (migrated step by step).
/// Unknown node types and arguments are kept: check() reports them, saving writes them back.
///
/// **Errors** (file): `malformed_json` with line and column, `not_an_experiment`,
/// `newer_version` (with the version needed), `malformed_experiment` with the JSON pointer.
Result<Experiment> readExperiment(const std::string &text);

Result<Experiment> loadExperiment(const std::filesystem::path &path);
/// Written beside and renamed over, so that a full disk or a crash loses nothing.
Result<void> saveExperiment(const std::filesystem::path &path, const Experiment &experiment);

} // namespace mrg
