// SPDX-License-Identifier: GPL-3.0-or-later
// The menus and the tool bar; MainWindow.cpp has what they set going.
#include "engine/store/version.h"
#include "gui/app/MainWindow.h"
#include "gui/app/ResultsView.h"
#include "gui/app/RunExporter.h"
#include "gui/app/examples.h"
#include "gui/canvas/CanvasView.h"
#include "gui/widgets/Icons.h"

#include <QActionGroup>
#include <QDockWidget>
#include <QFileDialog>
#include <QMenuBar>
#include <QMessageBox>
#include <QSettings>
#include <QToolBar>
#include <QToolButton>

namespace mrg {

QAction *MainWindow::action(QMenu *menu, const QString &text, const QString &icon,
                            const QKeySequence &keys, const std::function<void()> &run)
{
    auto *out = new QAction(text, this);
    out->setShortcut(keys);
    if (!icon.isEmpty()) {
        out->setIcon(themedIcon(icon, m_themes.theme()));
        m_icons.emplace_back(out, icon);
    }
    connect(out, &QAction::triggered, this, [run] { run(); });
    if (menu)
        menu->addAction(out);
    return out;
}

void MainWindow::addActions()
{
    addFileMenu();
    addEditMenu();
    addViewMenu();
    addRunMenu();
    addHelpMenu();
    addToolBar();
}

void MainWindow::addFileMenu()
{
    QMenu *file = menuBar()->addMenu(tr("&File"));
    m_actions.create = action(file, tr("&New"), "new", QKeySequence::New, [this] {
        if (!mayDiscard())
            return;
        m_document.replace({}, {});
        m_recovery.discard();
        showWorkbench();
    });
    m_actions.open = action(file, tr("&Open…"), "open", QKeySequence::Open, [this] {
        const QString path = QFileDialog::getOpenFileName(this, tr("Open an Experiment"), {},
                                                          tr("Experiments (*.mrg)"));
        if (!path.isEmpty())
            openFile(path);
    });
    action(file, tr("Open &Data…"), "data", QKeySequence("Ctrl+Shift+O"), [this] { chooseData(); });
    addRecentMenu(*file->addMenu(tr("Open &Recent")));
    QMenu *examples = file->addMenu(tr("Ready &Experiments"));
    for (const ReadyExperiment &example : readyExperiments()) {
        QAction *one = action(examples, example.title(), {}, {},
                              [this, path = example.path] { openExample(path); });
        one->setToolTip(example.description());
    }
    examples->setToolTipsVisible(true);
    action(file, tr("&Welcome Page"), "home", QKeySequence("Ctrl+Shift+W"),
           [this] { showWelcome(); });
    file->addSeparator();
    m_actions.save = action(file, tr("&Save"), "save", QKeySequence::Save, [this] { save(); });
    action(file, tr("Save &As…"), {}, QKeySequence::SaveAs, [this] { saveAs(); });
    file->addSeparator();
    m_actions.report
            = action(file, tr("Export &Report…"), "report", QKeySequence("Ctrl+E"), [this] {
                  const QString path = QFileDialog::getSaveFileName(
                          this, tr("Export the Run"), m_document.displayName() + ".html",
                          tr("Report (*.html *.pdf);;Numbers (*.csv)"));
                  if (!path.isEmpty())
                      exportRun(path);
              });
    file->addSeparator();
    action(file, tr("&Quit"), {}, QKeySequence::Quit, [this] { close(); });
}

void MainWindow::addEditMenu()
{
    QMenu *edit = menuBar()->addMenu(tr("&Edit"));
    m_actions.undo = m_document.undoStack().createUndoAction(this, tr("&Undo"));
    m_actions.redo = m_document.undoStack().createRedoAction(this, tr("&Redo"));
    m_actions.undo->setShortcut(QKeySequence::Undo);
    m_actions.redo->setShortcut(QKeySequence::Redo);
    for (const auto &[which, icon] :
         {std::pair(m_actions.undo, "undo"), std::pair(m_actions.redo, "redo")}) {
        which->setIcon(themedIcon(icon, m_themes.theme()));
        m_icons.emplace_back(which, icon);
        edit->addAction(which);
    }
    edit->addSeparator();
    action(edit, tr("Cu&t"), {}, QKeySequence::Cut, [this] { m_canvas->cut(); });
    action(edit, tr("&Copy"), {}, QKeySequence::Copy, [this] { m_canvas->copy(); });
    action(edit, tr("&Paste"), {}, QKeySequence::Paste, [this] { m_canvas->paste(); });
    action(edit, tr("&Duplicate"), {}, QKeySequence("Ctrl+D"), [this] { m_canvas->duplicate(); });
    action(edit, tr("&Delete"), "trash", {}, [this] { m_canvas->removeSelection(); });
    action(edit, tr("Select &All"), {}, QKeySequence::SelectAll, [this] { m_canvas->selectAll(); });
    edit->addSeparator();
    action(edit, tr("&Insert Module…"), "plus", QKeySequence("Ctrl+I"),
           [this] { m_canvas->openQuickInsert(); });
}

void MainWindow::addViewMenu()
{
    QMenu *view = menuBar()->addMenu(tr("&View"));
    m_actions.fit = action(view, tr("Zoom to &Fit"), "fit", QKeySequence("Ctrl+0"),
                           [this] { m_canvas->zoomToFit(); });
    action(view, tr("Zoom &In"), "zoom-in", QKeySequence::ZoomIn, [this] { m_canvas->zoomIn(); });
    action(view, tr("Zoom &Out"), "zoom-out", QKeySequence::ZoomOut,
           [this] { m_canvas->zoomOut(); });
    m_actions.arrange = action(view, tr("&Arrange"), "arrange", QKeySequence("Ctrl+L"),
                               [this] { m_canvas->arrange(); });
    view->addSeparator();
    QAction *together
            = action(view, tr("All &Results at Once"), {}, QKeySequence("Ctrl+Shift+A"), {});
    together->setCheckable(true);
    connect(together, &QAction::toggled, this, [this](bool on) {
        m_results->setTogether(on);
        QSettings().setValue("window/together", on);
    });
    together->setChecked(QSettings().value("window/together").toBool());
    QMenu *look = view->addMenu(tr("&Theme"));
    auto *modes = new QActionGroup(this);
    for (const auto &[text, mode] :
         {std::pair(tr("Follow the System"), ThemeMode::System),
          std::pair(tr("Light"), ThemeMode::Light), std::pair(tr("Dark"), ThemeMode::Dark)}) {
        QAction *one = action(look, text, {}, {}, [this, mode = mode] { m_themes.setMode(mode); });
        one->setCheckable(true);
        one->setChecked(mode == m_themes.mode());
        modes->addAction(one);
    }
    QMenu *panels = view->addMenu(tr("&Panels"));
    for (QDockWidget *dock : m_workbench->findChildren<QDockWidget *>())
        panels->addAction(dock->toggleViewAction());
}

void MainWindow::addRunMenu()
{
    QMenu *run = menuBar()->addMenu(tr("&Run"));
    m_actions.train
            = action(run, tr("&Train"), {}, QKeySequence("F5"), [this] { m_controller.start(); });
    m_actions.train->setIcon(filledIcon("play", m_themes.theme()));
    m_actions.pause = action(run, tr("&Pause"), "pause", QKeySequence("F6"),
                             [this] { m_controller.pause(); });
    m_actions.step = action(run, tr("One &Step"), "step", QKeySequence("F7"),
                            [this] { m_controller.step(); });
    m_actions.epoch = action(run, tr("One &Epoch"), "epoch", QKeySequence("F8"),
                             [this] { m_controller.stepEpoch(); });
    m_actions.stop = action(run, tr("St&op"), "stop", QKeySequence("Shift+F5"),
                            [this] { m_controller.stop(); });
    m_actions.reset = action(run, tr("&Reset"), "reset", QKeySequence("Ctrl+Shift+R"),
                             [this] { m_controller.reset(); });
    run->addSeparator();
    m_actions.profile = action(run, tr("Measure Pro&file"), "profile", QKeySequence("F9"), [this] {
        m_profileDock->show();
        m_profileDock->raise();
        m_profiler.measure();
    });
}

void MainWindow::addHelpMenu()
{
    QMenu *help = menuBar()->addMenu(tr("&Help"));
    action(help, tr("&Welcome Page"), "home", QKeySequence::HelpContents,
           [this] { showWelcome(); });
    help->addSeparator();
    action(help, tr("&About Marginalia"), {}, {}, [this] {
        QMessageBox::about(this, tr("About Marginalia"),
                           tr("<h3>Marginalia %1</h3><p>A workbench for teaching and exploring how "
                              "networks learn, and above all "
                              "what a loss does to them.</p><p>Free software under the GNU General "
                              "Public License, version 3 or later.</p>")
                                   .arg(QString::fromStdString(engineVersion())));
    });
}

void MainWindow::addToolBar()
{
    QToolBar *bar = m_workbench->addToolBar(tr("Main"));
    bar->setObjectName("mainToolBar");
    bar->setIconSize({20, 20});
    bar->setMovable(false);
    bar->addActions({m_actions.open, m_actions.save});
    bar->addSeparator();
    bar->addActions({m_actions.undo, m_actions.redo});
    bar->addSeparator();
    bar->addActions({m_actions.fit, m_actions.arrange});
    bar->addSeparator();
    bar->addActions({m_actions.train, m_actions.pause, m_actions.step, m_actions.epoch,
                     m_actions.stop, m_actions.reset});
    bar->addSeparator();
    bar->addAction(m_actions.report);
    if (auto *button = qobject_cast<QToolButton *>(bar->widgetForAction(m_actions.train))) {
        button->setObjectName("trainButton");
        button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    }
}

void MainWindow::addRecentMenu(QMenu &menu)
{
    connect(&menu, &QMenu::aboutToShow, this, [this, &menu] {
        menu.clear();
        for (const QString &path : QSettings().value("files/recent").toStringList())
            menu.addAction(path, this, [this, path] { openFile(path); });
        if (menu.isEmpty())
            menu.addAction(tr("No files yet"))->setEnabled(false);
    });
}

void MainWindow::updateActions()
{
    const RunState state = m_controller.state();
    const bool running = state == RunState::Running;
    const bool finished = state == RunState::Finished && m_controller.hasSession();
    const QString obstacle = m_controller.obstacle();
    const bool ready = !running && obstacle.isEmpty();
    m_actions.train->setEnabled(ready);
    m_actions.train->setText(state == RunState::Paused ? tr("Resume") : tr("Train"));
    m_actions.train->setToolTip(
            obstacle.isEmpty() ? finished ? tr("Train again from the start (F5)") : tr("Train (F5)")
                               : obstacle);
    m_actions.pause->setEnabled(running);
    // A run that is done has no further step: more epochs, or Train from the start.
    for (QAction *one : {m_actions.step, m_actions.epoch})
        one->setEnabled(ready && !finished);
    m_actions.stop->setEnabled(running || state == RunState::Paused);
    m_actions.reset->setEnabled(m_controller.hasSession());
    m_actions.profile->setEnabled(obstacle.isEmpty() && !m_profiler.isMeasuring());
    m_actions.report->setEnabled(m_controller.snapshot().runId != 0 && !m_exporter->isBusy());
}

} // namespace mrg
