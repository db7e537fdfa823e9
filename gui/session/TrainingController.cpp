// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/session/TrainingController.h"

#include "engine/network/experiment_file.h"
#include "engine/store/RunStore.h"
#include "gui/document/ExperimentDocument.h"
#include "gui/document/network_edits.h"

#include <QTimer>

#include <array>
#include <atomic>

namespace mrg {

namespace {
/// Snapshots and points are taken over at most this often, in milliseconds.
constexpr int drainIntervalMs = 16;
constexpr size_t drainAtOnce = 1 << 15;

/// What a store has of a run's curves.
struct StoredCurves {
    std::vector<std::pair<QString, std::vector<StoredPoint>>> points;
    std::vector<StoredEvent> events;
};
StoredCurves curvesOf(const RunStore &store, int64_t run)
{
    StoredCurves out;
    const Result<std::vector<std::string>> names = store.series(run);
    for (const std::string &name : names ? *names : std::vector<std::string>()) {
        if (Result<std::vector<StoredPoint>> points = store.points(run, name))
            out.points.emplace_back(QString::fromStdString(name), std::move(*points));
    }
    if (Result<std::vector<StoredEvent>> events = store.events(run))
        out.events = std::move(*events);
    return out;
}

} // namespace

TrainingController::TrainingController(ExperimentDocument &document, const QString &storePath,
                                       QObject *parent)
    : QObject(parent),
      m_document(document),
      m_storePath(storePath),
      m_pending(std::make_shared<std::atomic<bool>>(false))
{
    connect(&document, &ExperimentDocument::changed, this, [this](const Change &change) {
        if (std::holds_alternative<TrainingChanged>(change)
            || std::holds_alternative<NodesChanged>(change))
            followDocument();
        else if (std::holds_alternative<Replaced>(change) && m_session && !runFitsDocument())
            forgetRun();
    });
    connect(&document, &ExperimentDocument::dataChanged, this,
            &TrainingController::takeUpWhenReady);
}

// The session goes first: its thread may still want to post.
TrainingController::~TrainingController() { m_session.reset(); }

RunState TrainingController::state() const { return m_snapshot.state; }
const Snapshot &TrainingController::snapshot() const { return m_snapshot; }

const Series &TrainingController::series(const QString &name) const
{
    static const Series none;
    const auto found = m_series.find(name);
    return found == m_series.end() ? none : found->second;
}

QStringList TrainingController::seriesNames() const
{
    QStringList out;
    for (const auto &[name, series] : m_series) {
        if (!series.isEmpty())
            out << name;
    }
    return out;
}

QStringList TrainingController::labelNames() const
{
    QStringList out;
    const std::shared_ptr<const DataSplit> data = m_runData ? m_runData : m_document.data();
    if (data) {
        for (const std::string &name : data->train->labelNames)
            out << QString::fromStdString(name);
    }
    return out;
}

Task TrainingController::task() const
{
    const std::shared_ptr<const DataSplit> data = m_runData ? m_runData : m_document.data();
    return data ? data->train->task : Task::MultiLabel;
}

QString TrainingController::obstacle() const
{
    if (m_document.dataLoading())
        return tr("The data are still being read.");
    if (!m_document.dataError().isEmpty())
        return m_document.dataError();
    for (const Issue &issue : m_document.checked().issues) {
        if (issue.severity == Severity::Error)
            return QString::fromStdString(issue.text);
    }
    return m_document.data() ? QString() : tr("There is no data source yet.");
}

void TrainingController::clearRun()
{
    m_session.reset();
    m_series.clear();
    m_seriesByIndex.clear();
    m_events.clear();
    m_snapshot = {};
}

void TrainingController::forgetRun()
{
    clearRun();
    m_runExperiment = {};
    m_runData = nullptr;
    emit runCleared();
    emit snapshotChanged();
    emit stateChanged(m_snapshot.state);
}

bool TrainingController::openStore()
{
    if (!m_store && !m_storePath.isEmpty()) {
        Result<std::unique_ptr<RunStore>> store = RunStore::open(m_storePath.toStdString());
        if (store)
            m_store = std::move(*store);
        else
            emit failed(QString::fromStdString(store.error().text()));
    }
    return m_store != nullptr;
}

void TrainingController::createSession(int64_t resume)
{
    clearRun();
    m_runExperiment = m_document.experiment();
    m_runData = m_document.data();
    emit runCleared();
    openStore();
    // The store belongs to the engine's thread as soon as there is one.
    const StoredCurves before = resume ? curvesOf(*m_store, resume) : StoredCurves();
    SessionOptions options;
    options.store = m_store.get();
    options.resume = resume;
    // At most one call waits in the event loop, however fast the engine is.
    options.published = [this, pending = m_pending] {
        if (!pending->exchange(true)) {
            QMetaObject::invokeMethod(
                    this,
                    [this] { QTimer::singleShot(drainIntervalMs, this, [this] { drain(); }); },
                    Qt::QueuedConnection);
        }
    };
    Result<std::unique_ptr<Session>> session = Session::create(
            m_runExperiment, *m_runData, m_document.vocabulary(), std::move(options));
    if (!session) {
        emit failed(QString::fromStdString(session.error().text()));
        return;
    }
    m_session = std::move(*session);
    for (const std::string &name : m_session->seriesNames())
        m_seriesByIndex.push_back(&m_series[QString::fromStdString(name)]);
    if (resume) {
        // At rest: what it tells is there already.
        m_snapshot = m_session->join();
        const auto isKept = [this](int64_t step) { return step <= m_snapshot.step; };
        for (const auto &[name, points] : before.points) {
            for (const StoredPoint &point : points) {
                if (isKept(point.step))
                    m_series[name].append(static_cast<double>(point.step), point.epoch,
                                          point.value);
            }
        }
        for (const StoredEvent &event : before.events) {
            if (isKept(event.step))
                m_events.append({static_cast<double>(event.step), event.epoch,
                                 QString::fromStdString(event.text)});
        }
        emit pointsAdded();
        emit eventAdded();
        emit snapshotChanged();
        emit stateChanged(m_snapshot.state);
    }
    if (m_watchesDecision)
        post(Command::Kind::WatchDecision, {}, Value(true));
}

void TrainingController::drain()
{
    m_pending->store(false);
    if (!m_session)
        return;
    std::array<MetricPoint, 1024> buffer;
    size_t taken = 0;
    bool any = false;
    for (size_t count = 0; taken < drainAtOnce && (count = m_session->points().pop(buffer)) > 0;
         taken += count) {
        any = true;
        for (size_t i = 0; i < count; ++i) {
            const MetricPoint &point = buffer[i];
            m_seriesByIndex[point.series]->append(static_cast<double>(point.step), point.epoch,
                                                  point.value);
        }
    }
    if (any)
        emit pointsAdded();
    if (m_session->snapshots().fetch()) {
        const RunState before = m_snapshot.state;
        const bool wasUnstored = m_snapshot.storeFailure.has_value();
        m_snapshot = m_session->snapshots().current();
        emit snapshotChanged();
        if (m_snapshot.state != before)
            emit stateChanged(m_snapshot.state);
        if (m_snapshot.failure && before != RunState::Failed)
            emit failed(QString::fromStdString(m_snapshot.failure->text()));
        if (m_snapshot.storeFailure && !wasUnstored)
            emit failed(tr("The run goes on, but can't be kept whole: %1")
                                .arg(QString::fromStdString(m_snapshot.storeFailure->text())));
    }
    if (taken >= drainAtOnce)
        QTimer::singleShot(0, this, [this] { drain(); });
}

void TrainingController::takeUpInterrupted()
{
    m_takesUp = true;
    takeUpWhenReady();
}

void TrainingController::takeUpWhenReady()
{
    if (!m_takesUp || m_document.dataLoading())
        return;
    m_takesUp = false;
    if (m_session || !obstacle().isEmpty() || !openStore())
        return;
    if (const int64_t run = interruptedRun())
        createSession(run);
}

int64_t TrainingController::interruptedRun() const
{
    const Result<std::vector<RunSummary>> runs = m_store->runs();
    if (!runs || runs->empty() || runs->front().state != "interrupted")
        return 0;
    const int64_t newest = runs->front().id;
    const Result<std::string> text = m_store->experiment(newest);
    Result<Experiment> experiment = text ? readExperiment(*text) : text.error();
    // Without a checkpoint there is nothing to take up.
    if (!experiment || !m_store->latestCheckpoint(newest))
        return 0;
    experiment->training.epochs = m_document.experiment().training.epochs;
    return experiment->training == m_document.experiment().training
                    && sameComputation(experiment->network, m_document.network())
            ? newest
            : 0;
}

bool TrainingController::runFitsDocument() const
{
    return sameComputation(m_runExperiment.network, m_document.network())
            && m_runExperiment.training == m_document.experiment().training;
}

bool TrainingController::prepare()
{
    if (m_session && runFitsDocument() && m_snapshot.state != RunState::Failed)
        return true;
    if (const QString reason = obstacle(); !reason.isEmpty()) {
        emit failed(reason);
        return false;
    }
    createSession();
    return m_session != nullptr;
}

void TrainingController::post(Command::Kind kind, const QString &name, const Value &value)
{
    if (m_session)
        m_session->post({kind, name.toStdString(), value});
}

void TrainingController::start()
{
    // A run that is done starts over.
    if (m_session && m_snapshot.state == RunState::Finished)
        m_session.reset();
    if (prepare())
        post(Command::Kind::Run);
}

void TrainingController::pause() { post(Command::Kind::Pause); }
void TrainingController::step()
{
    if (prepare())
        post(Command::Kind::Step);
}
void TrainingController::stepEpoch()
{
    if (prepare())
        post(Command::Kind::StepEpoch);
}
void TrainingController::stop() { post(Command::Kind::Stop); }

void TrainingController::reset()
{
    if (!m_session)
        return;
    createSession();
    emit snapshotChanged();
    emit stateChanged(m_snapshot.state);
}

void TrainingController::addEvent(const QString &text)
{
    m_events.append({static_cast<double>(m_snapshot.step),
                     m_snapshot.stepsPerEpoch ? static_cast<double>(m_snapshot.step)
                                     / static_cast<double>(m_snapshot.stepsPerEpoch)
                                              : 0,
                     text});
    emit eventAdded();
}

void TrainingController::setOptimizerOption(const QString &name, const Value &value)
{
    if (!m_session)
        return;
    post(Command::Kind::SetOptimizerOption, name, value);
    // What was changed live belongs to this run; it is no reason to begin a new one.
    m_runExperiment.training.optimizerArgs[name.toStdString()] = value;
    addEvent(QString("%1 = %2").arg(name, QString::fromStdString(value.toString())));
}

void TrainingController::setStepOption(const QString &name, const Value &value)
{
    if (!m_session)
        return;
    post(Command::Kind::SetStepOption, name, value);
    Arguments &options = m_runExperiment.training.options;
    options[name.toStdString()] = value;
    options = withoutDefaults(m_document.vocabulary().stepOptions, options);
    addEvent(QString("%1 = %2").arg(name, QString::fromStdString(value.toString())));
}

void TrainingController::setLossOption(const QString &name, const Value &value)
{
    if (!m_session)
        return;
    post(Command::Kind::SetLossOption, name, value);
    for (NetworkNode &node : m_runExperiment.network.nodes) {
        const Spec *spec = m_document.vocabulary().spec(node.type);
        if (spec && spec->isLoss()) {
            node.args[name.toStdString()] = value;
            node.args = withoutDefaults(spec->args, node.args);
        }
    }
    addEvent(QString("%1 = %2").arg(name, QString::fromStdString(value.toString())));
}

void TrainingController::followDocument()
{
    if (!m_session
        || (m_snapshot.state != RunState::Running && m_snapshot.state != RunState::Paused))
        return;
    const Vocabulary &vocabulary = m_document.vocabulary();
    const TrainingSettings &wanted = m_document.experiment().training;
    const auto follow = [](const std::vector<Arg> &args, const Arguments &now,
                           const Arguments &then, auto change) {
        for (const Arg &arg : args) {
            const auto valueIn = [&arg](const Arguments &values) {
                const auto found = values.find(arg.name);
                return found == values.end() ? arg.defaultValue : found->second;
            };
            if (!(valueIn(now) == valueIn(then)))
                change(QString::fromStdString(arg.name), valueIn(now));
        }
    };
    const OptimizerSpec *optimizer = vocabulary.optimizer(wanted.optimizer);
    if (optimizer && wanted.optimizer == m_runExperiment.training.optimizer) {
        const Arguments before = m_runExperiment.training.optimizerArgs;
        follow(optimizer->args, wanted.optimizerArgs, before,
               [this](const QString &name, const Value &value) {
                   setOptimizerOption(name, value);
               });
        m_runExperiment.training.optimizerArgs = wanted.optimizerArgs;
    }
    const Arguments optionsBefore = m_runExperiment.training.options;
    follow(vocabulary.stepOptions, wanted.options, optionsBefore,
           [this](const QString &name, const Value &value) { setStepOption(name, value); });
    if (wanted.epochs != m_runExperiment.training.epochs)
        setEpochs(wanted.epochs);
    for (const NetworkNode &node : m_document.network().nodes) {
        const Spec *spec = vocabulary.spec(node.type);
        const NetworkNode *before = m_runExperiment.network.find(node.id);
        if (!spec || !spec->isLoss() || !before || before->type != node.type)
            continue;
        const Arguments then = before->args;
        follow(spec->args, node.args, then,
               [this](const QString &name, const Value &value) { setLossOption(name, value); });
    }
}

void TrainingController::setEpochs(qint64 epochs)
{
    post(Command::Kind::SetEpochs, {}, Value(static_cast<int64_t>(epochs)));
    m_runExperiment.training.epochs = epochs;
}

bool TrainingController::measureProfile()
{
    if (!m_session || !runFitsDocument())
        return false;
    post(Command::Kind::Profile);
    return true;
}

void TrainingController::watchDecision(bool on)
{
    if (on == m_watchesDecision)
        return;
    m_watchesDecision = on;
    post(Command::Kind::WatchDecision, {}, Value(on));
}

} // namespace mrg

#include "moc_TrainingController.cpp"
