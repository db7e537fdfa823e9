// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace mrg {

/// Brings the JSON of an experiment from `version` to experimentFileVersion, one pure step a
/// version: step n turns version n into n + 1.
void migrateExperiment(nlohmann::ordered_json &json, int version);

} // namespace mrg
