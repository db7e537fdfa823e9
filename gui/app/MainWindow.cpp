// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/app/MainWindow.h"

#include "engine/data/ResourcePaths.h"
#include "engine/network/experiment_file.h"
#include "engine/store/RunStore.h"
#include "engine/store/metrics_csv.h"
#include "gui/app/ResultsView.h"
#include "gui/app/run_report.h"
#include "gui/canvas/CanvasView.h"
#include "gui/inspector/NodeInspector.h"
#include "gui/inspector/TrainingPanel.h"
#include "gui/palette/Palette.h"
#include "gui/widgets/Icons.h"

#include <QApplication>
#include <QCloseEvent>
#include <QDir>
#include <QDockWidget>
#include <QFileDialog>
#include <QLabel>
#include <QMenuBar>
#include <QMessageBox>
#include <QProgressBar>
#include <QSettings>
#include <QStatusBar>
#include <QToolBar>
#include <QToolButton>

namespace mrg {

namespace {
constexpr int autosaveDelayMs = 500;
constexpr int rememberedFiles = 8;
constexpr int layoutVersion = 1;
QString recoveryFile(const QString &folder) { return folder + "/recovery.mrg"; }
} // namespace

MainWindow::MainWindow(const Vocabulary &vocabulary, ThemeManager &themes, const QString &dataFolder)
    : m_themes(themes), m_dataFolder(dataFolder), m_document(vocabulary), m_controller(m_document, dataFolder + "/runs.sqlite"),
      m_canvas(new CanvasView(m_document, themes.theme())), m_palette(new Palette(vocabulary, themes.theme())),
      m_inspector(new NodeInspector(m_document)), m_training(new TrainingPanel(m_document)),
      m_results(new ResultsView(m_controller, vocabulary, themes.theme())), m_status(new QLabel), m_progress(new QProgressBar)
{
    QDir().mkpath(dataFolder);
    setCentralWidget(m_canvas);
    addDocks();
    addActions();
    m_progress->setFixedWidth(160);
    m_progress->hide();
    statusBar()->addWidget(m_status, 1);
    statusBar()->addPermanentWidget(m_progress);
    resize(1440, 900);
    QSettings settings;
    restoreGeometry(settings.value("window/geometry").toByteArray());
    restoreState(settings.value("window/state").toByteArray(), layoutVersion);

    connect(m_palette, &Palette::insertRequested, this, [this](const QString &type) { m_canvas->insertNode(type); });
    connect(m_canvas, &CanvasView::currentNodeChanged, m_inspector, &NodeInspector::setNode);
    connect(m_canvas, &CanvasView::nodeActivated, m_inspector, [this](NodeId node) {
        m_inspector->setNode(node);
        m_inspector->focusOptions();
    });
    connect(&themes, &ThemeManager::changed, this, [this](const Theme &theme) {
        m_canvas->setTheme(theme);
        m_palette->setTheme(theme);
        m_results->setTheme(theme);
        for (const auto &[which, icon] : m_icons)
            which->setIcon(themedIcon(icon, theme));
    });
    connect(&m_controller, &TrainingController::snapshotChanged, this, &MainWindow::updateState);
    connect(&m_controller, &TrainingController::failed, this, &MainWindow::complain);
    connect(&m_document, &ExperimentDocument::dataChanged, this, &MainWindow::updateState);
    connect(&m_document, &ExperimentDocument::filePathChanged, this, &MainWindow::updateState);
    connect(&m_document.undoStack(), &QUndoStack::cleanChanged, this, &MainWindow::updateState);
    m_autosave.setSingleShot(true);
    m_autosave.setInterval(autosaveDelayMs);
    connect(&m_document, &ExperimentDocument::changed, this, [this](const Change &change) {
        if (std::holds_alternative<Checked>(change) || std::holds_alternative<Replaced>(change))
            updateState();
        else
            m_autosave.start();
    });
    connect(&m_autosave, &QTimer::timeout, this, [this] {
        if (const Result<void> saved = saveExperiment(recoveryFile(m_dataFolder).toStdString(), m_document.experiment()); !saved)
            m_status->setText(QString::fromStdString(saved.error().text()));
    });
    updateState();
}

MainWindow::~MainWindow() { m_document.undoStack().disconnect(this); }

void MainWindow::addDocks()
{
    const auto dock = [this](const QString &title, const char *name, QWidget *content, Qt::DockWidgetArea area) {
        auto *out = new QDockWidget(title);
        out->setObjectName(name);
        out->setWidget(content);
        addDockWidget(area, out);
        return out;
    };
    setDockOptions(AnimatedDocks | AllowNestedDocks | AllowTabbedDocks);
    QDockWidget *palette = dock(tr("Modules"), "paletteDock", m_palette, Qt::LeftDockWidgetArea);
    QDockWidget *inspector = dock(tr("Options"), "inspectorDock", m_inspector, Qt::RightDockWidgetArea);
    QDockWidget *training = dock(tr("Training"), "trainingDock", m_training, Qt::RightDockWidgetArea);
    QDockWidget *results = dock(tr("Results"), "resultsDock", m_results, Qt::BottomDockWidgetArea);
    setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
    setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
    resizeDocks({palette, inspector, training}, {230, 300, 300}, Qt::Horizontal);
    resizeDocks({results}, {390}, Qt::Vertical);
    resizeDocks({inspector, training}, {380, 420}, Qt::Vertical);
}

QAction *MainWindow::action(QMenu *menu, const QString &text, const QString &icon, const QKeySequence &keys, const std::function<void()> &run)
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
    QMenu *file = menuBar()->addMenu(tr("&File"));
    action(file, tr("&New"), "new", QKeySequence::New, [this] {
        if (mayDiscard())
            m_document.replace({}, {});
    });
    QAction *open = action(file, tr("&Open…"), "open", QKeySequence::Open, [this] {
        const QString path = QFileDialog::getOpenFileName(this, tr("Open an Experiment"), {}, tr("Experiments (*.mrg)"));
        if (!path.isEmpty())
            openFile(path);
    });
    addRecentMenu(*file->addMenu(tr("Open &Recent")));
    QMenu *examples = file->addMenu(tr("Ready &Experiments"));
    for (const auto &entry : std::filesystem::directory_iterator(resourcesFolder() / "examples")) {
        const Result<Experiment> experiment = loadExperiment(entry.path());
        if (experiment) {
            const QString path = QString::fromStdString(entry.path().string());
            QAction *one = action(examples, QString::fromStdString(experiment->title), {}, {}, [this, path] { openExample(path); });
            one->setToolTip(QString::fromStdString(experiment->notes));
        }
    }
    examples->setToolTipsVisible(true);
    QAction *saveAction = action(file, tr("&Save"), "save", QKeySequence::Save, [this] { save(); });
    action(file, tr("Save &As…"), {}, QKeySequence::SaveAs, [this] { saveAs(); });
    file->addSeparator();
    QAction *report = action(file, tr("Export &Report…"), "report", QKeySequence("Ctrl+E"), [this] {
        const QString path = QFileDialog::getSaveFileName(this, tr("Export the Run"), m_document.displayName() + ".html",
                                                          tr("Report (*.html *.pdf);;Numbers (*.csv)"));
        if (!path.isEmpty())
            exportRun(path);
    });
    file->addSeparator();
    action(file, tr("&Quit"), {}, QKeySequence::Quit, [this] { close(); });

    QMenu *edit = menuBar()->addMenu(tr("&Edit"));
    QAction *undo = m_document.undoStack().createUndoAction(this, tr("&Undo"));
    QAction *redo = m_document.undoStack().createRedoAction(this, tr("&Redo"));
    undo->setShortcut(QKeySequence::Undo);
    redo->setShortcut(QKeySequence::Redo);
    for (const auto &[which, icon] : {std::pair(undo, "undo"), std::pair(redo, "redo")}) {
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
    action(edit, tr("&Insert Module…"), "plus", QKeySequence("Ctrl+I"), [this] { m_canvas->openQuickInsert(); });

    QMenu *view = menuBar()->addMenu(tr("&View"));
    QAction *fit = action(view, tr("Zoom to &Fit"), "fit", QKeySequence("Ctrl+0"), [this] { m_canvas->zoomToFit(); });
    action(view, tr("Zoom &In"), "zoom-in", QKeySequence::ZoomIn, [this] { m_canvas->zoomIn(); });
    action(view, tr("Zoom &Out"), "zoom-out", QKeySequence::ZoomOut, [this] { m_canvas->zoomOut(); });
    QAction *arrange = action(view, tr("&Arrange"), "arrange", QKeySequence("Ctrl+L"), [this] { m_canvas->arrange(); });
    view->addSeparator();
    QMenu *look = view->addMenu(tr("&Theme"));
    action(look, tr("Follow the System"), {}, {}, [this] { m_themes.setMode(ThemeMode::System); });
    action(look, tr("Light"), {}, {}, [this] { m_themes.setMode(ThemeMode::Light); });
    action(look, tr("Dark"), {}, {}, [this] { m_themes.setMode(ThemeMode::Dark); });
    QMenu *panels = view->addMenu(tr("&Panels"));
    for (QDockWidget *dock : findChildren<QDockWidget *>())
        panels->addAction(dock->toggleViewAction());

    QMenu *run = menuBar()->addMenu(tr("&Run"));
    m_train = action(run, tr("&Train"), "play", QKeySequence("F5"), [this] { m_controller.start(); });
    m_pause = action(run, tr("&Pause"), "pause", QKeySequence("F6"), [this] { m_controller.pause(); });
    QAction *step = action(run, tr("One &Step"), "step", QKeySequence("F7"), [this] { m_controller.step(); });
    QAction *epoch = action(run, tr("One &Epoch"), "epoch", QKeySequence("F8"), [this] { m_controller.stepEpoch(); });
    m_stop = action(run, tr("St&op"), "stop", QKeySequence("Shift+F5"), [this] { m_controller.stop(); });
    QAction *reset = action(run, tr("&Reset"), "reset", QKeySequence("Ctrl+Shift+R"), [this] { m_controller.reset(); });

    QToolBar *bar = addToolBar(tr("Main"));
    bar->setObjectName("mainToolBar");
    bar->setIconSize({20, 20});
    bar->setMovable(false);
    bar->addActions({open, saveAction, undo, redo, fit, arrange});
    bar->addSeparator();
    bar->addActions({m_train, m_pause, step, epoch, m_stop, reset});
    bar->addSeparator();
    bar->addAction(report);
    if (auto *button = qobject_cast<QToolButton *>(bar->widgetForAction(m_train))) {
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

void MainWindow::remember(const QString &path)
{
    QSettings settings;
    QStringList recent = settings.value("files/recent").toStringList();
    recent.removeAll(path);
    recent.prepend(path);
    settings.setValue("files/recent", recent.mid(0, rememberedFiles));
}

bool MainWindow::openFile(const QString &path)
{
    if (!mayDiscard())
        return false;
    if (const Result<void> opened = m_document.open(path); !opened) {
        complain(QString::fromStdString(opened.error().text()));
        return false;
    }
    remember(path);
    m_canvas->zoomToFit();
    return true;
}

bool MainWindow::openExample(const QString &path)
{
    if (!mayDiscard())
        return false;
    const Result<Experiment> experiment = loadExperiment(path.toStdString());
    if (!experiment) {
        complain(QString::fromStdString(experiment.error().text()));
        return false;
    }
    m_document.replace(*experiment, {});
    m_canvas->zoomToFit();
    return true;
}

bool MainWindow::save() { return m_document.filePath().isEmpty() ? saveAs() : saveFile(m_document.filePath()); }

bool MainWindow::saveAs()
{
    const QString path = QFileDialog::getSaveFileName(this, tr("Save the Experiment"), m_document.displayName() + ".mrg", tr("Experiments (*.mrg)"));
    if (path.isEmpty())
        return false;
    return saveFile(path.endsWith(".mrg") ? path : path + ".mrg");
}

bool MainWindow::saveFile(const QString &path)
{
    if (const Result<void> saved = m_document.save(path); !saved) {
        complain(QString::fromStdString(saved.error().text()));
        return false;
    }
    remember(path);
    return true;
}

bool MainWindow::mayDiscard()
{
    if (!m_document.isModified())
        return true;
    const auto answer = QMessageBox::question(this, tr("Save Changes?"), tr("%1 has changes that are not saved.").arg(m_document.displayName()),
                                              QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel);
    return answer == QMessageBox::Discard || (answer == QMessageBox::Save && save());
}

bool MainWindow::exportRun(const QString &path)
{
    const int64_t run = m_controller.snapshot().runId;
    if (run == 0) {
        complain(tr("There is no run to report on yet. Press Train first."));
        return false;
    }
    const Result<std::unique_ptr<RunStore>> store = RunStore::open((m_dataFolder + "/runs.sqlite").toStdString());
    Result<void> written = store ? Result<void>() : Result<void>(store.error());
    if (store && path.endsWith(".csv", Qt::CaseInsensitive)) {
        written = writeMetricsCsv(path.toStdString(), **store, run);
    } else if (store) {
        const Result<Report> report = reportOfRun(**store, run, m_document.vocabulary());
        written = report ? writeReport(*report, path) : Result<void>(report.error());
    }
    if (!written)
        complain(QString::fromStdString(written.error().text()));
    else
        m_status->setText(tr("Written to %1").arg(path));
    return static_cast<bool>(written);
}

bool MainWindow::hasRecovery() const { return QFile::exists(recoveryFile(m_dataFolder)); }

void MainWindow::restoreRecovery()
{
    const Result<Experiment> experiment = loadExperiment(recoveryFile(m_dataFolder).toStdString());
    if (!experiment) {
        complain(QString::fromStdString(experiment.error().text()));
        return;
    }
    m_document.replace(*experiment, {});
    m_document.undoStack().resetClean();
    m_canvas->zoomToFit();
}

void MainWindow::closeEvent(QCloseEvent *event)
{
    if (!mayDiscard()) {
        event->ignore();
        return;
    }
    QSettings settings;
    settings.setValue("window/geometry", saveGeometry());
    settings.setValue("window/state", saveState(layoutVersion));
    m_autosave.stop();
    QFile::remove(recoveryFile(m_dataFolder));
    event->accept();
}

void MainWindow::updateState()
{
    setWindowTitle(m_document.displayName() + (m_document.isModified() ? "* – Marginalia" : " – Marginalia"));
    const Snapshot &now = m_controller.snapshot();
    const bool running = now.state == RunState::Running;
    const QString obstacle = m_controller.obstacle();
    m_train->setEnabled(!running && obstacle.isEmpty());
    m_train->setText(now.state == RunState::Paused ? tr("Resume") : tr("Train"));
    m_train->setToolTip(obstacle.isEmpty() ? tr("Train (F5)") : obstacle);
    m_pause->setEnabled(running);
    m_stop->setEnabled(running || now.state == RunState::Paused);
    const auto total = static_cast<int>(now.epochs * now.stepsPerEpoch);
    m_progress->setVisible(running);
    m_progress->setRange(0, std::max(total, 1));
    m_progress->setValue(static_cast<int>(now.step));
    if (!obstacle.isEmpty())
        m_status->setText(obstacle);
    else if (m_controller.hasSession())
        m_status->setText(tr("%1 · epoch %2 of %3 · step %4 · %5 steps/s · loss %6")
                                  .arg(runStateName(now.state)).arg(now.epoch).arg(now.epochs).arg(now.step)
                                  .arg(now.stepsPerSecond, 0, 'f', 0).arg(now.loss, 0, 'g', 4));
    else
        m_status->setText(tr("Ready. Press Train (F5)."));
}

void MainWindow::complain(const QString &text)
{
    m_status->setText(text);
    auto *box = new QMessageBox(QMessageBox::Warning, tr("Marginalia"), text, QMessageBox::Ok, this);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->open();
}

} // namespace mrg
