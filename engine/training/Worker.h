// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/Batcher.h"
#include "engine/training/Session.h"
#include "engine/training/StepExtras.h"
#include "engine/training/TrainingStep.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace mrg {

/// What the engine thread of a session runs: owns the network and everything that changes with it.
/// Only what is marked so may be touched from other threads.
class Session::Worker {
public:
    Worker(Experiment experiment, DataSplit data, const Vocabulary &vocabulary,
           SessionOptions options, BuiltNetwork network, Batcher batcher);
    ~Worker();

    // From the consumer's thread.
    void post(Command command);
    std::vector<JournalEntry> journal() const;
    Snapshot join();
    Result<Evaluation> evaluateNow(const Dataset &dataset);
    NamedTensors copyState();

    PointRing points;
    Mailbox<Snapshot> snapshots;
    std::vector<std::string> seriesNames;

private:
    using Clock = std::chrono::steady_clock;
    /// Series whose numbers are known in advance; the others follow.
    enum FixedSeries : uint32_t { TrainLoss, EpochLoss, ValidationLoss, LearningRate };

    void requireRest(const char *what) const;
    void run(const std::stop_token &stop);
    bool waitForWork(const std::stop_token &stop);
    // Worker.cpp: commands.
    void obey(const Command &command);
    Result<void> perform(const Command &command);
    Result<void> startRunning(const Command &command);
    Result<void> setOptimizerOption(const Command &command);
    Result<void> setStepOption(const Command &command);
    Result<void> setLossOption(const Command &command);
    Result<void> setEpochs(const Command &command);
    Result<void> reset();
    CheckedNetwork checkNetwork(const Network &network) const;
    // worker_checkpoint.cpp
    void saveCheckpoint();
    void resume(int64_t run);
    // worker_profile.cpp
    Result<void> profile(const Command &command);
    Result<NetworkProfile> measure(const Command &command);
    template <typename Action> void guarded(Action action);
    // worker_steps.cpp: what running is made of.
    void work();
    void oneStep();
    void finishEpoch();
    bool validate();
    void stepScheduler();
    void recordClassRates(const MarginStatistics &statistics);
    void watchMargins(const Batch &batch, const Tensor &scores, int64_t before);
    // worker_records.cpp: what is told to the consumer and the store.
    void fail(const Error &error);
    void finish(RunState state);
    void publish(bool always);
    void fill(Snapshot &draft) const;
    void updateDecision(Clock::time_point now);
    void emitPoint(uint32_t series, double value);
    /// Keeps the first thing that the store refused, to be told.
    void noteStored(const Result<void> &stored);
    void addEvent(const std::string &text);
    void beginStoredRun();
    void makeOptimizer();
    double epochNow() const;
    bool hasValidation() const { return m_data.validation && m_data.validation->size() > 0; }
    double marginOfLoss() const;
    bool interrupted() const { return m_commandsWaiting.load(std::memory_order_relaxed); }
    /// Whether evaluation is to be broken off. Other commands wait until it is done, so that what
    /// is evaluated when does not depend on when they came.
    bool haltWanted() const
    {
        return m_haltsWaiting.load(std::memory_order_relaxed) > 0 || m_stop.stop_requested();
    }

    Experiment m_experiment;
    DataSplit m_data;
    const Vocabulary &m_vocabulary;
    SessionOptions m_options;
    BuiltNetwork m_network;
    Batcher m_batcher;
    std::unique_ptr<Optimizer> m_optimizer;
    Arguments m_stepArgs; ///< of m_extras
    std::unique_ptr<StepExtras> m_extras; ///< over m_network
    std::optional<TrainingStep> m_trainingStep; ///< over m_network, m_optimizer and m_extras
    std::unique_ptr<Scheduler> m_scheduler;
    const SchedulerSpec *m_schedulerSpec = nullptr;
    Arguments m_lossArgs;
    std::string m_lossType;
    NodeId m_lossNode = 0;

    std::stop_token m_stop; ///< set first thing in the thread
    RunState m_state = RunState::Ready;
    bool m_pauseAfterStep = false;
    bool m_pauseAfterEpoch = false;
    bool m_epochEnding = false; ///< all batches done; validation and schedule are still to come
    int64_t m_step = 0;
    int64_t m_epoch = 0;
    int64_t m_batch = 0; ///< within the epoch
    double m_lastLoss = 0;
    double m_epochLoss = 0; ///< summed over the epoch's samples so far
    double m_lastEpochLoss = 0;
    int64_t m_epochSamples = 0;
    MarginStatistics m_epochMargins;
    MarginStatistics m_shownMargins;
    bool m_watchDecision = false;
    std::optional<Evaluation> m_validation;
    std::optional<DecisionGrid> m_decision;
    ProfileAnswers m_profiles;
    std::optional<Error> m_failure;
    std::optional<Error> m_storeFailure;
    std::map<std::string, uint32_t> m_seriesIndex;
    uint32_t m_firstClassSeries = 0;
    int64_t m_runId = 0;

    Clock::time_point m_lastPublished;
    Clock::time_point m_lastDecision;
    Clock::time_point m_lastCheckpoint;
    Clock::time_point m_rateSince;
    int64_t m_rateSteps = 0;
    double m_stepsPerSecond = 0;

    mutable std::mutex m_mutex; ///< guards what follows
    std::condition_variable_any m_wake;
    std::condition_variable m_rested;
    std::deque<Command> m_commands;
    std::vector<JournalEntry> m_journal;
    bool m_atRest = true; ///< no command waits and the thread is not running steps
    Snapshot m_lastSnapshot; ///< newest one that does not say Running
    std::atomic<bool> m_commandsWaiting = false;
    std::atomic<int> m_haltsWaiting = 0; ///< Pause, Stop and Reset among them

    std::jthread m_thread; ///< last: it uses all of the above
};

} // namespace mrg
