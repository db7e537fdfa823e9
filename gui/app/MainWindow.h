// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gui/document/ExperimentDocument.h"
#include "gui/session/TrainingController.h"
#include "gui/widgets/Theme.h"

#include <QMainWindow>
#include <QTimer>

class QLabel;
class QMenu;
class QProgressBar;

namespace mrg {

class CanvasView;
class NodeInspector;
class Palette;
class ResultsView;
class TrainingPanel;

/// The workbench: canvas in the middle, palette, inspector, training settings and results around
/// it. Puts the features together; what each does is its own.
///
/// The experiment as last edited is written to `dataFolder`/recovery.mrg and removed at a proper
/// end; what is found there at the start is offered back.
class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    MainWindow(const Vocabulary &vocabulary, ThemeManager &themes, const QString &dataFolder);
    ~MainWindow() override;

    ExperimentDocument &document() { return m_document; }
    TrainingController &controller() { return m_controller; }
    CanvasView *canvas() const { return m_canvas; }
    /// Opens a file after asking about unsaved changes; says what is wrong with it.
    bool openFile(const QString &path);
    /// Opens a ready experiment of resources/examples, as a new, unsaved one.
    bool openExample(const QString &path);
    /// Saves to a file, which then is the document's; says what is wrong if it can't be.
    bool saveFile(const QString &path);
    /// Writes a report on the current run; .html, .pdf, or .csv for the numbers.
    bool exportRun(const QString &path);
    /// Whether an experiment that was not saved before a crash waits; restoreRecovery() brings it.
    bool hasRecovery() const;
    void restoreRecovery();

protected:
    void closeEvent(QCloseEvent *event) override;

private:
    void addDocks();
    void addActions();
    void addRecentMenu(QMenu &menu);
    void remember(const QString &path);
    bool mayDiscard();
    bool save();
    bool saveAs();
    void updateState();
    void complain(const QString &text);
    QAction *action(QMenu *menu, const QString &text, const QString &icon, const QKeySequence &keys, const std::function<void()> &run);

    ThemeManager &m_themes;
    QString m_dataFolder;
    ExperimentDocument m_document;
    TrainingController m_controller;
    CanvasView *m_canvas;
    Palette *m_palette;
    NodeInspector *m_inspector;
    TrainingPanel *m_training;
    ResultsView *m_results;
    QAction *m_train = nullptr;
    QAction *m_pause = nullptr;
    QAction *m_stop = nullptr;
    QLabel *m_status;
    QProgressBar *m_progress;
    QTimer m_autosave;
    std::vector<std::pair<QAction *, QString>> m_icons;
};

} // namespace mrg
