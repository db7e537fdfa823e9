// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gui/app/Recovery.h"
#include "gui/document/ExperimentDocument.h"
#include "gui/session/Profiler.h"
#include "gui/session/TrainingController.h"
#include "gui/widgets/Theme.h"

#include <QMainWindow>
#include <QTimer>

class QDockWidget;
class QLabel;
class QMenu;
class QProgressBar;
class QStackedWidget;

namespace mrg {

class CanvasView;
class DataImporter;
class DataPage;
class NodeInspector;
class Palette;
class ProfileView;
class ResultsView;
class RunExporter;
class TrainingPanel;
class WelcomePage;

/// The window: a welcome page, or the workbench with the canvas in the middle and palette,
/// inspector, training settings and results around it. Puts the features together; what each does
/// is its own.
///
/// Below `dataFolder` lie the runs and, for as long as they are not safe, the experiments as last
/// edited (see Recovery).
class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    MainWindow(const Vocabulary &vocabulary, ThemeManager &themes, const QString &dataFolder);
    ~MainWindow() override;

    ExperimentDocument &document() { return m_document; }
    TrainingController &controller() { return m_controller; }
    Profiler &profiler() { return m_profiler; }
    CanvasView *canvas() const { return m_canvas; }
    /// Opens a file after asking about unsaved changes; says what is wrong with it.
    bool openFile(const QString &path);
    /// Brings a file of data into the experiment; of a table it asks how to read it.
    void openData(const QString &path);
    /// Opens a ready experiment of resources/examples, as a new, unsaved one.
    bool openExample(const QString &path);
    /// Saves to a file, which then is the document's; says what is wrong if it can't be.
    bool saveFile(const QString &path);
    /// Begins to write a report on the current run in the background: .html, .pdf, or .csv for the
    /// numbers. exported() tells the end.
    void exportRun(const QString &path);
    /// Shows what a start shows: the file; else what a crash left behind, as an offer; else the
    /// first experiment at the very first start and the welcome page at later ones.
    void begin(const QString &file);
    void showWelcome();
    void showWorkbench();
    WelcomePage *welcome() const { return m_welcome; }
    /// Brings back what a crash left behind, if anything did.
    void restoreLost();

signals:
    /// A report or table was written, or `problem` says why it was not.
    void exported(const QString &path, const QString &problem);

protected:
    void closeEvent(QCloseEvent *event) override;
    /// A file dropped on the window is opened: an experiment, or data.
    void dragEnterEvent(QDragEnterEvent *event) override;
    void dropEvent(QDropEvent *event) override;

private:
    void addDocks();
    void connectParts();
    void connectProfile();
    // main_window_actions.cpp
    void addActions();
    void addFileMenu();
    void addEditMenu();
    void addViewMenu();
    void addRunMenu();
    void addHelpMenu();
    void addToolBar();
    void addRecentMenu(QMenu &menu);
    void updateActions();
    // main_window_data.cpp
    void connectData();
    void chooseData();

    void addWelcome();
    void offerLost();
    void keepRecovery();
    void remember(const QString &path);
    bool mayDiscard();
    bool save();
    bool saveAs();
    void updateState();
    void complain(const QString &text);
    QAction *action(QMenu *menu, const QString &text, const QString &icon, const QKeySequence &keys,
                    const std::function<void()> &run);

    ThemeManager &m_themes;
    QString m_dataFolder;
    Recovery m_recovery;
    std::optional<Recovery::Lost> m_lost;
    ExperimentDocument m_document;
    TrainingController m_controller;
    Profiler m_profiler;
    CanvasView *m_canvas;
    Palette *m_palette;
    NodeInspector *m_inspector;
    TrainingPanel *m_training;
    ResultsView *m_results;
    DataPage *m_data;
    ProfileView *m_profile;
    QDockWidget *m_profileDock = nullptr;
    DataImporter *m_importer;
    RunExporter *m_exporter;
    QMainWindow *m_workbench; ///< with docks and tool bar of its own
    WelcomePage *m_welcome = nullptr;
    QStackedWidget *m_pages;
    struct Actions {
        QAction *create, *open, *save, *report, *undo, *redo, *fit, *arrange, *train, *pause, *step,
                *epoch, *stop, *reset, *profile;
    } m_actions{};
    QLabel *m_status;
    QProgressBar *m_progress;
    QTimer m_autosave;
    std::vector<std::pair<QAction *, QString>> m_icons;
};

} // namespace mrg
