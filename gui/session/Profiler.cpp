// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/session/Profiler.h"

#include "engine/training/Session.h"
#include "gui/document/ExperimentDocument.h"
#include "gui/document/network_edits.h"
#include "gui/session/TrainingController.h"

namespace mrg {

namespace {
/// Whether a step of both costs the same.
bool sameStep(const Experiment &a, const Experiment &b)
{
    return sameComputation(a.network, b.network) && a.training.optimizer == b.training.optimizer
            && a.training.optimizerArgs == b.training.optimizerArgs
            && a.training.options == b.training.options
            && a.training.batchSize == b.training.batchSize;
}
} // namespace

Profiler::Profiler(ExperimentDocument &document, TrainingController &controller, QObject *parent)
    : QObject(parent),
      m_document(document),
      m_controller(controller)
{
    connect(&controller, &TrainingController::snapshotChanged, this, [this] {
        if (m_awaits == Run && m_controller.snapshot().profiles.answered > m_answered)
            take(m_controller.snapshot().profiles);
    });
    connect(&controller, &TrainingController::runCleared, this, [this] {
        if (m_awaits == Run)
            endWith(tr("The run ended before the measurement did."));
    });
    connect(&document, &ExperimentDocument::changed, this, [this](const Change &change) {
        // Another experiment's nodes may have the numbers of those that were measured.
        if (std::holds_alternative<Replaced>(change)
            && !sameStep(m_measured, m_document.experiment()))
            forget();
        else if (!std::holds_alternative<NodesMoved>(change))
            followDocument();
    });
}

// The session goes first: its thread may still want to post.
Profiler::~Profiler() { m_passing.reset(); }

bool Profiler::isStale() const
{
    return m_profile && !sameStep(m_measured, m_document.experiment());
}

void Profiler::followDocument()
{
    const bool stale = isStale();
    if (stale != m_wasStale) {
        m_wasStale = stale;
        emit changed();
    }
}

void Profiler::forget()
{
    m_profile.reset();
    m_measured = {};
    m_wasStale = false;
    endWith({});
}

void Profiler::begin(Awaited from)
{
    m_awaits = from;
    m_awaited = m_document.experiment();
    m_problem.clear();
    emit changed();
}

void Profiler::measure()
{
    if (isMeasuring())
        return;
    if (m_controller.measureProfile()) {
        m_answered = m_controller.snapshot().profiles.answered;
        return begin(Run);
    }
    if (const QString reason = m_controller.obstacle(); !reason.isEmpty())
        return endWith(reason);
    SessionOptions options;
    options.published = [this] {
        QMetaObject::invokeMethod(
                this,
                [this] {
                    if (m_passing && m_passing->snapshots().fetch()
                        && m_passing->snapshots().current().profiles.answered > 0)
                        take(ProfileAnswers(m_passing->snapshots().current().profiles));
                },
                Qt::QueuedConnection);
    };
    Result<std::unique_ptr<Session>> session
            = Session::create(m_document.experiment(), *m_document.data(), m_document.vocabulary(),
                              std::move(options));
    if (!session)
        return endWith(QString::fromStdString(session.error().text()));
    m_passing = std::move(*session);
    m_passing->post({Command::Kind::Profile, {}, {}});
    begin(Passing);
}

void Profiler::take(const ProfileAnswers &answers)
{
    if (answers.failure)
        return endWith(QString::fromStdString(answers.failure->text()));
    m_profile = answers.newest;
    m_measured = m_awaited;
    m_wasStale = isStale();
    endWith({});
}

void Profiler::endWith(const QString &problem)
{
    m_awaits = Nothing;
    m_passing.reset();
    m_problem = problem;
    emit changed();
}

} // namespace mrg

#include "moc_Profiler.cpp"
