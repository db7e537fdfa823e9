// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Result.h"
#include "engine/network/Network.h"

#include <QDateTime>
#include <QLockFile>
#include <QString>

#include <memory>
#include <optional>

namespace mrg {

/// The experiment as last edited, kept on disk while a window lives, so that a crash loses nothing.
///
/// Each window has a file of its own, held by a lock as long as the process lives. A file that
/// nobody holds belongs to a window that did not end properly, and is offered by lost().
class Recovery {
public:
    /// `folder` is made if need be.
    explicit Recovery(const QString &folder);
    /// Leaves what was written: going without discard() is what a crash looks like.
    ~Recovery();

    /// `filePath`: the experiment's own file, empty if it has none.
    /// **Errors** (file): what can't be written.
    Result<void> write(const Experiment &experiment, const QString &filePath);
    /// Nothing is left to lose: saved, or given up on purpose.
    void discard();

    struct Lost {
        QString file; ///< which recovery it is
        Experiment experiment;
        QString filePath; ///< where it was last saved; may be empty
        QDateTime edited;
    };
    /// The newest experiment that a crash left behind and that can be read.
    std::optional<Lost> lost() const;
    /// It was brought back or is not wanted.
    void forget(const Lost &lost);

private:
    QString m_folder;
    QString m_file;
    std::unique_ptr<QLockFile> m_lock; ///< once something was written
};

} // namespace mrg
