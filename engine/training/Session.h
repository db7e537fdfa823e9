// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/build.h"
#include "engine/training/Mailbox.h"
#include "engine/training/PointRing.h"
#include "engine/training/Snapshot.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mrg {

class RunStore;

/// A change or request to a run, read by the engine thread between two steps and journalled with
/// the step at which it took effect.
struct Command {
    enum class Kind {
        Run, ///< start or go on until the epochs are done
        Pause,
        Step, ///< one optimizer step, then pause
        StepEpoch, ///< to the end of the epoch, then pause
        Stop, ///< end here: checkpoint, state Stopped; Run would go on all the same
        Reset, ///< initial parameters, options and streams; step 0; curves begin anew
        SetOptimizerOption, ///< `name` to `value`, e.g. "lr" (all groups)
        SetStepOption, ///< `name` to `value` among the options of training, see StepOptions
        SetLossOption, ///< `name` to `value` in the loss module
        SetEpochs, ///< value: the number of epochs asked for
        WatchDecision, ///< value: whether to compute the decision grid
        Profile, ///< measure what a step costs, see Snapshot::profiles; value: how many steps, or
                 ///< null
    };
    Kind kind = Kind::Run;
    std::string name;
    Value value;
};
const char *commandName(Command::Kind kind);

/// A command as it happened.
struct JournalEntry {
    int64_t step = 0;
    double epoch = 0;
    Command command;
    /// Why it was not obeyed; empty: it was.
    std::string refused;
};

/// How a session is set up beyond the experiment.
struct SessionOptions {
    /// Where points, events and checkpoints go; may be null. Used by the engine thread only while
    /// the session lives.
    RunStore *store = nullptr;
    /// A run of the store to go on with from its last checkpoint, bit for bit as if it had not been
    /// interrupted; it must be of the same experiment, epochs apart. 0: begin anew.
    int64_t resume = 0;
    /// Called from the engine thread when a snapshot or points are there to fetch. Must not wait.
    std::function<void()> published;
    /// Longest time between two snapshots while running, in milliseconds.
    int publishIntervalMs = 30;
};

/// Trains one experiment on a thread of its own. Everything here may be called from one other
/// thread (the consumer's); nothing here waits for the engine but the destructor and join().
///
/// Stop, Pause and Step answer between two steps: within 100 ms for any network whose step and
/// evaluation batch take less. A validation that Pause, Stop or Reset breaks off is made up for
/// when the run goes on; other commands wait for it. So a run replays bit for bit from experiment
/// and journal.
class Session {
public:
    /// Checks and builds the experiment; the thread starts idle in state Ready.
    /// **Errors**: whatever check() or build() refuse; of a run to be resumed, what the store
    /// can't give, and a checkpoint that does not fit.
    static Result<std::unique_ptr<Session>> create(const Experiment &experiment,
                                                   const DataSplit &data,
                                                   const Vocabulary &vocabulary,
                                                   SessionOptions options);
    ~Session();

    /// Puts a command into the queue and returns at once. What is not allowed (an option's name or
    /// value, Run after the last epoch) ends up as a journalled refusal, not as a failure.
    void post(Command command);

    /// New values of curves; consumer's thread only.
    PointRing &points();
    /// Newest snapshot; consumer's thread only.
    Mailbox<Snapshot> &snapshots();
    /// What MetricPoint::series means: "train/loss", "train/epoch_loss", "validation/loss", "lr",
    /// "validation/<metric>", "train/miss_rate/<class>", "train/intrusion_rate/<class>",
    /// "train/hinge/<class>". Fixed for the session's life.
    const std::vector<std::string> &seriesNames() const;
    /// Commands as they happened so far (a copy; takes a short lock).
    std::vector<JournalEntry> journal() const;

    /// Waits until all commands are obeyed and the run is not running (Finished, Stopped, Failed,
    /// but also Paused or Ready), and gives the last snapshot. For use without a window.
    Snapshot join();
    /// Scores and metrics on a dataset with the current parameters, or their average. For final
    /// test figures.
    /// **Errors**: state `session_is_running` unless at rest, as after join().
    Result<Evaluation> evaluate(const Dataset &dataset);
    /// Current parameters and buffers by name (a copy); parameters that are averaged are given as
    /// the average, which is what is evaluated. Throws Error (state, `session_is_running`) unless
    /// at rest.
    NamedTensors stateDict() const;

private:
    class Worker;
    explicit Session(std::unique_ptr<Worker> worker);
    std::unique_ptr<Worker> m_worker;
};

} // namespace mrg
