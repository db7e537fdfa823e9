// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/store/RunStore.h"

namespace mrg {

/// Every point of every series of a run as rows "series,step,epoch,value".
/// **Errors** (file): `cannot_write`, and what the store can't give.
Result<void> writeMetricsCsv(const std::filesystem::path &path, const RunStore &store, int64_t run);

} // namespace mrg
