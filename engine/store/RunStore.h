// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Result.h"

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace mrg {

/// A run as the list of runs shows it.
struct RunSummary {
    int64_t id = 0;
    std::string title;
    std::string startedAt; ///< ISO 8601, UTC
    std::string state; ///< a RunState's name, or "interrupted": its process was killed
    std::string loss; ///< name of the loss module
    std::string dataset;
    std::string dataDigest;
    std::string engineVersion;
    uint64_t seed = 0;
    int64_t steps = 0;
    /// Latest value of every series, for lists and comparisons.
    std::vector<std::pair<std::string, double>> finalMetrics;
};

struct StoredPoint {
    int64_t step = 0;
    double epoch = 0;
    double value = 0;
};
struct StoredEvent {
    int64_t step = 0;
    double epoch = 0;
    std::string text; ///< "lr set to 0.01"
};

/// Whether a series with a point for every step stores that of this one: the first 16,384 all, then
/// every second up to twice as many, every fourth up to four times, and so on, so that a run of
/// millions of steps is neither slowed down by its store nor too large to read.
bool isStoredStep(int64_t step);

/// Runs, their points, events and checkpoints in one SQLite file (WAL; `user_version` and
/// migrations). One writer; readers open the same file with an object of their own.
///
/// **Threads**: an object belongs to one thread at a time.
class RunStore {
public:
    /// Opens or creates; migrates an older file. Runs that were under way in a process that is gone
    /// get the state "interrupted". **Errors** (file): can't be opened, is no run
    /// store, is newer than this build.
    static Result<std::unique_ptr<RunStore>> open(const std::filesystem::path &path);
    ~RunStore();

    /// A new run; `experiment` is the *.mrg text.
    Result<int64_t> beginRun(const std::string &experiment, const RunSummary &summary);
    /// Points are buffered and written in batches of a transaction; flush() writes what waits.
    /// Where writing fails they wait for the next batch.
    Result<void> addPoint(int64_t run, const std::string &series, const StoredPoint &point);
    Result<void> addEvent(int64_t run, const StoredEvent &event);
    /// Any named document of a run: "evaluation/validation", "evaluation/test", "journal".
    Result<void> putDocument(int64_t run, const std::string &name, const std::string &json);
    /// Parameters and optimizer state at a step, as safetensors bytes.
    Result<void> putCheckpoint(int64_t run, int64_t step, std::span<const std::byte> bytes);
    /// Also notes that this process is the one that writes the run.
    Result<void> setState(int64_t run, const std::string &state, int64_t steps);
    Result<void> flush();
    /// Forgets the points and events of a run (Reset).
    Result<void> clearRun(int64_t run);

    Result<std::vector<RunSummary>> runs() const;
    Result<RunSummary> run(int64_t id) const;
    Result<std::string> experiment(int64_t run) const;
    Result<std::vector<std::string>> series(int64_t run) const;
    Result<std::vector<StoredPoint>> points(int64_t run, const std::string &series) const;
    Result<std::vector<StoredEvent>> events(int64_t run) const;
    Result<std::string> document(int64_t run, const std::string &name) const;
    Result<std::vector<std::byte>> latestCheckpoint(int64_t run) const;
    Result<void> removeRun(int64_t run);
    Result<void> renameRun(int64_t run, const std::string &title);

private:
    class Private;
    explicit RunStore(std::unique_ptr<Private> d);
    std::unique_ptr<Private> m_d;
};

} // namespace mrg
