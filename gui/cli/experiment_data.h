// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/Dataset.h"
#include "engine/network/Network.h"
#include "engine/network/Vocabulary.h"

#include <filesystem>

namespace mrg {

/// Loads what the experiment's data source names; relative paths start beside `file`, which the
/// experiment came from. **Errors**: value `no_data`, or what loading complains about.
Result<DataSplit> loadData(const Vocabulary &vocabulary, const Experiment &experiment,
                           const std::filesystem::path &file);

/// Prints an error; gives the exit code of a command that ends with it.
int complain(const Error &error);

} // namespace mrg
