// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/Vocabulary.h"
#include "engine/training/Snapshot.h"

#include <QObject>
#include <QString>

#include <deque>
#include <memory>

class QThread;

namespace mrg {

/// Writes what is to be kept of a stored run, on a thread of its own: reading the run and its data,
/// drawing and writing take their time, and the window must not wait for it.
class RunExporter : public QObject {
    Q_OBJECT
public:
    /// `vocabulary` must outlive the exporter.
    RunExporter(const QString &storePath, const Vocabulary &vocabulary, QObject *parent = nullptr);
    /// Waits for what is being written.
    ~RunExporter() override;

    bool isBusy() const { return m_thread != nullptr; }
    /// Begins to write; of the run as it stands; what `path` ends in says what: .csv for the
    /// numbers, else see writeReport(). `baseFolder`: where relative paths in the experiment start.
    /// What is asked for while busy comes after.
    /// `profile`: what the run's network costs; may be null.
    void start(const Snapshot &snapshot, const std::shared_ptr<const NetworkProfile> &profile,
               const QString &baseFolder, const QString &path);

signals:
    /// `problem` empty: it is written.
    void finished(const QString &path, const QString &problem);

private:
    struct Job {
        qint64 run;
        std::optional<Evaluation> validation;
        std::shared_ptr<const NetworkProfile> profile;
        QString baseFolder;
        QString path;
    };
    void next();

    QString m_storePath;
    const Vocabulary &m_vocabulary;
    std::deque<Job> m_jobs;
    std::unique_ptr<QThread> m_thread;
};

} // namespace mrg
