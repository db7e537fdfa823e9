// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/Tensor.h"

#include <nlohmann/json_fwd.hpp>

#include <functional>

namespace mrg {

/// Holds what `draw` gives against the case's "statistical" rule for a tensor that is drawn:
/// moments, bounds, values, frequencies, permutation, shape, and that the same seed repeats it.
/// Throws CaseFailed.
void checkStatistics(const nlohmann::ordered_json &json, const std::function<Tensor()> &draw);

} // namespace mrg
