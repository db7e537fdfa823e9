// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/Network.h"
#include "engine/training/profile.h"

#include <QObject>
#include <QString>

#include <memory>

namespace mrg {

class ExperimentDocument;
class Session;
class TrainingController;

/// Has the engine measure what the document's network costs: the run's session where there is one
/// of the network as it stands, so that its parameters count; else a passing session of its own.
/// Either way a run goes on as it would have. Nothing here waits for the engine.
class Profiler : public QObject {
    Q_OBJECT
public:
    Profiler(ExperimentDocument &document, TrainingController &controller,
             QObject *parent = nullptr);
    ~Profiler() override;

    /// The newest one of this experiment; null before.
    std::shared_ptr<const NetworkProfile> profile() const { return m_profile; }
    /// The experiment that was measured.
    const Experiment &measured() const { return m_measured; }
    /// What was measured is no longer what the document holds.
    bool isStale() const;
    bool isMeasuring() const { return m_awaits != Nothing; }
    /// Why the last one could not be made, in words; empty if it could.
    QString problem() const { return m_problem; }

public slots:
    void measure();

signals:
    /// A measurement has begun or ended, or what was measured has become stale or is again what
    /// the document holds.
    void changed();

private:
    enum Awaited { Nothing, Run, Passing };
    void begin(Awaited from);
    void take(const ProfileAnswers &answers);
    void endWith(const QString &problem);
    void followDocument();
    void forget();

    ExperimentDocument &m_document;
    TrainingController &m_controller;
    Awaited m_awaits = Nothing;
    int64_t m_answered = 0; ///< by the run before the answer that is awaited
    std::unique_ptr<Session> m_passing;
    Experiment m_awaited; ///< the experiment being measured
    Experiment m_measured;
    std::shared_ptr<const NetworkProfile> m_profile;
    QString m_problem;
    bool m_wasStale = false;
};

} // namespace mrg
