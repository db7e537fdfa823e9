// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/app/Recovery.h"

#include "engine/network/experiment_file.h"

#include <QDir>
#include <QSaveFile>
#include <QUuid>

namespace mrg {

namespace {
QString lockOf(const QString &file) { return file + ".lock"; }
/// Beside it stands where the experiment was saved before.
QString originOf(const QString &file) { return file + ".origin"; }

void removeFiles(const QString &file)
{
    QFile::remove(file);
    QFile::remove(originOf(file));
}

/// Held by a living process or not: the age of a lock says nothing.
std::unique_ptr<QLockFile> lockFor(const QString &file)
{
    auto lock = std::make_unique<QLockFile>(lockOf(file));
    lock->setStaleLockTime(0);
    return lock;
}
} // namespace

Recovery::Recovery(const QString &folder)
    : m_folder(folder),
      m_file(QDir(folder).filePath(QUuid::createUuid().toString(QUuid::WithoutBraces) + ".mrg"))
{
    QDir().mkpath(folder);
}

Recovery::~Recovery() = default;

Result<void> Recovery::write(const Experiment &experiment, const QString &filePath)
{
    if (!m_lock) {
        m_lock = lockFor(m_file);
        m_lock->tryLock();
    }
    QSaveFile origin(originOf(m_file));
    if (!origin.open(QIODevice::WriteOnly) || origin.write(filePath.toUtf8()) < 0
        || !origin.commit()) {
        return Error(ErrorCategory::File, "cannot_write", origin.fileName().toStdString(),
                     origin.errorString().toStdString(), "a writable folder");
    }
    return saveExperiment(m_file.toStdString(), experiment);
}

void Recovery::discard()
{
    removeFiles(m_file);
    m_lock.reset();
}

std::optional<Recovery::Lost> Recovery::lost() const
{
    for (const QFileInfo &info : QDir(m_folder).entryInfoList({"*.mrg"}, QDir::Files, QDir::Time)) {
        const QString file = info.absoluteFilePath();
        if (info.fileName() == QFileInfo(m_file).fileName() || !lockFor(file)->tryLock())
            continue;
        const Result<Experiment> experiment = loadExperiment(file.toStdString());
        if (!experiment)
            continue;
        QFile origin(originOf(file));
        const QString filePath = origin.open(QIODevice::ReadOnly)
                ? QString::fromUtf8(origin.readAll())
                : QString();
        return Lost{file, *experiment, filePath, info.lastModified()};
    }
    return std::nullopt;
}

void Recovery::forget(const Lost &lost) { removeFiles(lost.file); }

} // namespace mrg
