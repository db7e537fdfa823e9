// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/Vocabulary.h"

#include <cstdint>
#include <optional>
#include <string>

namespace mrg {

/// What `marginalia train` was asked for.
struct TrainRequest {
    std::string file;
    std::optional<int64_t> epochs;
    std::optional<uint64_t> seed;
    int threads = 1;
    std::string out;    ///< folder for run store, weights and metrics; empty: none
    std::string report; ///< .html or .pdf; empty: none
    bool json = false;
    bool quiet = false;
};

// Each does its job, prints, and gives the exit code: 0, or 1 with the reason on stderr.
int trainCommand(const Vocabulary &vocabulary, const TrainRequest &request);
int checkCommand(const Vocabulary &vocabulary, const std::string &file);
int modulesCommand(const Vocabulary &vocabulary, bool json);
int functionsCommand(const Vocabulary &vocabulary, bool json);
int conformanceCommand(const Vocabulary &vocabulary, const std::string &folder, const std::string &only,
                       bool declaredOnly);

} // namespace mrg
