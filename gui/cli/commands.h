// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/Vocabulary.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mrg {

/// What `marginalia train` was asked for.
struct TrainRequest {
    std::string file;
    std::optional<int64_t> epochs;
    std::optional<uint64_t> seed;
    int threads = 1;
    std::string out; ///< folder for run store, weights and metrics; empty: none
    std::string report; ///< .html or .pdf; empty: none
    bool resume = false; ///< go on with the newest run in `out`
    bool json = false;
    bool quiet = false;
};

/// What `marginalia profile` was asked for.
struct ProfileRequest {
    std::string file;
    std::optional<int64_t> steps; ///< none: what two seconds have room for
    int threads = 1;
    bool json = false;
};

/// What `marginalia bench` was asked for.
struct BenchRequest {
    std::string only; ///< ids, separated by commas; empty: all
    int threads = 1;
    double window = 1; ///< seconds that a timed window lasts at least
    bool json = false; ///< a JSON object a line
    bool growth = false; ///< how the cost of a step grows instead
    bool list = false; ///< the workloads there are
    std::string draw; ///< lines printed before, to make pictures of
    std::string out; ///< the folder for the pictures
};

// Each does its job, prints, and gives the exit code: 0, or 1 with the reason on stderr.
int trainCommand(const Vocabulary &vocabulary, int argc, char **argv, const TrainRequest &request);
int profileCommand(const Vocabulary &vocabulary, const ProfileRequest &request);
int checkCommand(const Vocabulary &vocabulary, const std::string &file);
int modulesCommand(const Vocabulary &vocabulary, bool json);
int functionsCommand(const Vocabulary &vocabulary, bool json);
int conformanceCommand(const Vocabulary &vocabulary, const std::string &folder,
                       const std::string &only, bool declaredOnly);

/// What the window was asked for.
struct WindowRequest {
    std::string file; ///< to open; empty: what a start shows
    std::vector<std::string> sets; ///< "NODE.OPTION=VALUE", made as edits that can be undone
    bool train = false; ///< start training as soon as the data are there
    bool untilPainted = false; ///< end as soon as it is painted, to time a start
};
int windowCommand(const Vocabulary &vocabulary, int argc, char **argv,
                  const WindowRequest &request);
/// Times the training workloads and kernels that peers are timed on too (tests/bench).
int benchCommand(const Vocabulary &vocabulary, const BenchRequest &request);
/// Pictures of what benches printed: ratios to the peer, and growth on log axes.
int benchPicturesCommand(int argc, char **argv, const BenchRequest &request);

/// Trains the ready experiment in the real window without a display; leaves report and picture in a
/// folder.
int demoCommand(const Vocabulary &vocabulary, int argc, char **argv, const std::string &folder);
/// Pictures of the window in telling states, light and dark, at 1x and 2x.
int shotsCommand(const Vocabulary &vocabulary, int argc, char **argv, const std::string &folder,
                 const std::string &only);
/// A report on the newest run of a run store, or of the folder it lies in.
int reportCommand(const Vocabulary &vocabulary, int argc, char **argv, const std::string &run,
                  const std::string &out);

} // namespace mrg
