// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/Snapshot.h"

#include <nlohmann/json_fwd.hpp>

namespace mrg {

/// An evaluation as the store and `marginalia train --json` have it: "loss", "samples", one key a
/// metric, "threshold_rule"; with `full` also margins, confusion and sample margins.
nlohmann::ordered_json toJson(const Evaluation &evaluation, bool full);
/// Reads what toJson(.., true) wrote. Throws nlohmann's exception for anything else.
Evaluation evaluationFromJson(const nlohmann::ordered_json &json);

} // namespace mrg
