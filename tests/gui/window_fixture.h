// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gui/app/MainWindow.h"

#include <QApplication>
#include <QSettings>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

#include <memory>

namespace mrg::test {

/// What every test of the window begins with: nothing is read from or left in the user's own
/// folders.
class WindowFixture {
public:
    WindowFixture()
    {
        QStandardPaths::setTestModeEnabled(true);
        QApplication::setOrganizationName("Marginalia");
        QApplication::setApplicationName("MarginaliaTest");
        QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope,
                           m_folder.filePath("settings"));
        m_themes = std::make_unique<ThemeManager>(*qApp);
    }
    const Vocabulary &vocabulary() const { return m_vocabulary; }
    ThemeManager &themes() { return *m_themes; }
    QString path(const QString &name) const { return m_folder.filePath(name); }
    /// A window that keeps its runs and recoveries in a folder of this name.
    std::unique_ptr<MainWindow> window(const QString &dataFolder)
    {
        return std::make_unique<MainWindow>(m_vocabulary, *m_themes, path(dataFolder));
    }

private:
    QTemporaryDir m_folder;
    Vocabulary m_vocabulary = standardVocabulary();
    std::unique_ptr<ThemeManager> m_themes;
};

/// Exports the run and waits; what went wrong, or nothing.
inline QString exportNow(MainWindow &window, const QString &path)
{
    QSignalSpy told(&window, &MainWindow::exported);
    window.exportRun(path);
    if (told.isEmpty() && !told.wait(60000))
        return "no answer";
    return told.front().at(1).toString();
}

} // namespace mrg::test
