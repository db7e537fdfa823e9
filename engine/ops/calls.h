// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Spec.h"

namespace mrg {

/// Sorts the arguments of a call in which a leading argument has a default though one without
/// follows: arange(5) gives `end`, arange(1, 5) gives `start` and `end`. `names` are ports
/// (`inputs` of them, first) and arguments in order.
std::function<Result<Call>(std::span<const Value>, const Arguments &)>
bindWithLeadingDefault(const char *function, std::vector<std::string> names,
                       std::string withDefault, std::string required, size_t inputs = 0);

} // namespace mrg
