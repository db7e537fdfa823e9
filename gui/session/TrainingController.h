// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/Session.h"
#include "gui/session/Series.h"

#include <QObject>
#include <QPointF>
#include <QString>
#include <QStringList>
#include <QVector>

#include <atomic>
#include <map>
#include <memory>

namespace mrg {

class ExperimentDocument;
class RunStore;

/// A change made by hand during a run, to be marked on the curves.
struct RunEvent {
    double step = 0;
    double epoch = 0;
    QString text;
};

/// The bridge between the window and the engine thread: makes a Session from the document, posts
/// commands, and turns what the session publishes into signals of the UI thread, at most every
/// 16 ms. Nothing here waits for the engine.
class TrainingController : public QObject {
    Q_OBJECT
public:
    /// `storePath` empty: runs are not kept.
    TrainingController(ExperimentDocument &document, const QString &storePath,
                       QObject *parent = nullptr);
    ~TrainingController() override;

    RunState state() const;
    bool hasSession() const { return m_session != nullptr; }
    /// The newest snapshot of the run; a default one before.
    const Snapshot &snapshot() const;
    /// A series so far; empty if there are no points.
    const Series &series(const QString &name) const;
    QStringList seriesNames() const;
    const QVector<RunEvent> &events() const { return m_events; }
    /// The experiment the current run was started with, and its label names.
    const Experiment &runExperiment() const { return m_runExperiment; }
    QStringList labelNames() const;
    Task task() const;
    std::shared_ptr<const DataSplit> runData() const { return m_runData; }
    /// Why training can't be started now, in words; empty if it can.
    QString obstacle() const;
    /// Has the session measure what a step costs, in whatever state the run is; the answer comes in
    /// Snapshot::profiles. False where there is no run of what the document holds now.
    bool measureProfile();

    /// Takes up the newest run if its process was killed and it is of just what the document holds
    /// (epochs apart): curves and state come back, and start() goes on with it. Waits for the data.
    void takeUpInterrupted();

public slots:
    /// Starts or resumes. A run whose network was edited meanwhile begins anew.
    void start();
    void pause();
    void step();
    void stepEpoch();
    void stop();
    void reset();
    /// Live change of an optimizer option, marked on the curves.
    void setOptimizerOption(const QString &name, const mrg::Value &value);
    /// The same of an option of training, see StepOptions.
    void setStepOption(const QString &name, const mrg::Value &value);
    void setLossOption(const QString &name, const mrg::Value &value);
    void setEpochs(qint64 epochs);
    /// Whether the decision grid is wanted, in this run and later ones.
    void watchDecision(bool on);

signals:
    /// New points have been appended to series().
    void pointsAdded();
    /// snapshot() is new.
    void snapshotChanged();
    void stateChanged(mrg::RunState state);
    /// An event was added to events().
    void eventAdded();
    /// Series and events were cleared: a new run, Reset, or another experiment.
    void runCleared();
    /// A run could not be started or failed, in words.
    void failed(const QString &message);

private:
    /// Makes a session if there is none that fits the document; false where it can't be.
    bool prepare();
    /// Whether the run is of what the document holds now, live changes included.
    bool runFitsDocument() const;
    /// `resume`: a run of the store to take up; 0: a new one.
    void createSession(int64_t resume = 0);
    bool openStore();
    void takeUpWhenReady();
    /// The newest run, if its process was killed and it is of the document's experiment; else 0.
    int64_t interruptedRun() const;
    void clearRun();
    /// Another experiment was opened: the run of the former one is nothing to show beside it.
    void forgetRun();
    /// Hands on to a run under way what was edited and can be changed live: options of optimizer,
    /// step and loss, epochs. Undo of such an edit comes the same way.
    void followDocument();
    void drain();
    void post(Command::Kind kind, const QString &name = {}, const Value &value = {});
    void addEvent(const QString &text);

    ExperimentDocument &m_document;
    QString m_storePath;
    std::unique_ptr<RunStore> m_store;
    std::unique_ptr<Session> m_session;
    Snapshot m_snapshot;
    std::map<QString, Series> m_series;
    std::vector<Series *> m_seriesByIndex;
    QVector<RunEvent> m_events;
    Experiment m_runExperiment;
    std::shared_ptr<const DataSplit> m_runData;
    std::shared_ptr<std::atomic<bool>> m_pending;
    bool m_watchesDecision = false;
    bool m_takesUp = false; ///< once the data are there
};

} // namespace mrg
