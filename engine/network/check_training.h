// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/Network.h"
#include "engine/network/Vocabulary.h"

namespace mrg {

/// Whether the settings can be trained with: optimizer, scheduler and options exist and take these
/// values. **Errors** (value): `unknown_optimizer`, `unknown_scheduler`, `unknown_argument`,
/// `wrong_argument`, and what they complain about together.
Result<void> checkTraining(const TrainingSettings &settings, const Vocabulary &vocabulary);

} // namespace mrg
