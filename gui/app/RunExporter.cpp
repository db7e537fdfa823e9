// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/app/RunExporter.h"

#include "engine/store/RunStore.h"
#include "engine/store/metrics_csv.h"
#include "gui/app/run_report.h"

#include <QThread>

namespace mrg {

namespace {

Result<void> writeRun(const QString &storePath, qint64 run,
                      const std::optional<Evaluation> &validation, const NetworkProfile *profile,
                      const Vocabulary &vocabulary, const QString &baseFolder, const QString &path)
{
    const Result<std::unique_ptr<RunStore>> store = RunStore::open(storePath.toStdString());
    if (!store)
        return store.error();
    if (path.endsWith(".csv", Qt::CaseInsensitive))
        return writeMetricsCsv(path.toStdString(), **store, run);
    const Result<Report> report
            = reportOfRun(**store, run, vocabulary, baseFolder.toStdString(), validation, profile);
    return report ? writeReport(*report, path) : Result<void>(report.error());
}

/// A thread's function must not throw.
QString problemOf(const std::function<Result<void>()> &write)
{
    try {
        const Result<void> written = write();
        return written ? QString() : QString::fromStdString(written.error().text());
    } catch (const Error &error) {
        return QString::fromStdString(error.text());
    } catch (const std::exception &error) {
        return QString::fromUtf8(error.what());
    }
}

} // namespace

RunExporter::RunExporter(const QString &storePath, const Vocabulary &vocabulary, QObject *parent)
    : QObject(parent),
      m_storePath(storePath),
      m_vocabulary(vocabulary)
{
}

RunExporter::~RunExporter()
{
    if (m_thread)
        m_thread->wait();
}

void RunExporter::start(const Snapshot &snapshot,
                        const std::shared_ptr<const NetworkProfile> &profile,
                        const QString &baseFolder, const QString &path)
{
    m_jobs.push_back({snapshot.runId, snapshot.validation, profile, baseFolder, path});
    next();
}

void RunExporter::next()
{
    if (m_thread || m_jobs.empty())
        return;
    const Job job = m_jobs.front();
    m_jobs.pop_front();
    auto problem = std::make_shared<QString>();
    m_thread.reset(QThread::create([this, job, problem] {
        *problem = problemOf([&] {
            return writeRun(m_storePath, job.run, job.validation, job.profile.get(), m_vocabulary,
                            job.baseFolder, job.path);
        });
    }));
    connect(m_thread.get(), &QThread::finished, this, [this, job, problem] {
        m_thread.release()->deleteLater();
        emit finished(job.path, *problem);
        next();
    });
    m_thread->start();
}

} // namespace mrg

#include "moc_RunExporter.cpp"
