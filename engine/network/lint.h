// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/check.h"

namespace mrg {

/// Adds warnings about networks that run but can't learn what they look like: Softmax before
/// CrossEntropyLoss, a squashing activation before a margin loss, and so on.
void lint(const Network &network, const Vocabulary &vocabulary, CheckedNetwork &checked);

} // namespace mrg
