// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/app/MainWindow.h"

#include "engine/network/experiment_file.h"
#include "gui/app/ResultsView.h"
#include "gui/app/RunExporter.h"
#include "gui/app/WelcomePage.h"
#include "gui/app/examples.h"
#include "gui/canvas/CanvasScene.h"
#include "gui/canvas/CanvasView.h"
#include "gui/datasets/DataImporter.h"
#include "gui/datasets/DataPage.h"
#include "gui/document/network_edits.h"
#include "gui/inspector/NodeInspector.h"
#include "gui/inspector/TrainingPanel.h"
#include "gui/palette/Palette.h"
#include "gui/profile/ProfileView.h"
#include "gui/widgets/Icons.h"

#include <QApplication>
#include <QCloseEvent>
#include <QDir>
#include <QDockWidget>
#include <QFileDialog>
#include <QLabel>
#include <QMessageBox>
#include <QProgressBar>
#include <QSettings>
#include <QStackedWidget>
#include <QStatusBar>

namespace mrg {

namespace {
constexpr int autosaveDelayMs = 500;
constexpr int rememberedFiles = 8;
constexpr int layoutVersion = 4;
} // namespace

MainWindow::MainWindow(const Vocabulary &vocabulary, ThemeManager &themes,
                       const QString &dataFolder)
    : m_themes(themes),
      m_dataFolder(dataFolder),
      m_recovery(dataFolder + "/recovery"),
      m_document(vocabulary),
      m_controller(m_document, dataFolder + "/runs.sqlite"),
      m_profiler(m_document, m_controller),
      m_canvas(new CanvasView(m_document, themes.theme())),
      m_palette(new Palette(vocabulary, themes.theme())),
      m_inspector(new NodeInspector(m_document)),
      m_training(new TrainingPanel(m_document)),
      m_results(new ResultsView(m_controller, vocabulary, themes.theme())),
      m_data(new DataPage(m_document, themes.theme())),
      m_profile(new ProfileView(m_profiler, m_document, themes.theme())),
      m_importer(new DataImporter(m_document, this)),
      m_exporter(new RunExporter(dataFolder + "/runs.sqlite", vocabulary, this)),
      m_workbench(new QMainWindow),
      m_pages(new QStackedWidget),
      m_status(new QLabel),
      m_progress(new QProgressBar)
{
    // A window within the window is a plain widget that can hold docks.
    m_workbench->setWindowFlags(Qt::Widget);
    m_workbench->setCentralWidget(m_canvas);
    m_pages->addWidget(m_workbench);
    setCentralWidget(m_pages);
    addDocks();
    addActions();
    addWelcome();
    m_progress->setFixedWidth(160);
    m_progress->hide();
    m_status->setObjectName("status");
    statusBar()->addWidget(m_status, 1);
    statusBar()->addPermanentWidget(m_progress);
    resize(1440, 900);
    const QSettings settings;
    restoreGeometry(settings.value("window/geometry").toByteArray());
    m_workbench->restoreState(settings.value("window/state").toByteArray(), layoutVersion);
    connectParts();
    updateState();
}

MainWindow::~MainWindow() { m_document.undoStack().disconnect(this); }

void MainWindow::connectParts()
{
    connect(m_palette, &Palette::insertRequested, this,
            [this](const QString &type) { m_canvas->insertNode(type); });
    connect(m_canvas, &CanvasView::currentNodeChanged, m_inspector, &NodeInspector::setNode);
    connect(m_canvas, &CanvasView::nodeActivated, m_inspector, [this](NodeId node) {
        m_inspector->setNode(node);
        m_inspector->focusOptions();
    });
    connect(&m_themes, &ThemeManager::changed, this, [this](const Theme &theme) {
        m_canvas->setTheme(theme);
        m_palette->setTheme(theme);
        m_results->setTheme(theme);
        m_data->setTheme(theme);
        m_profile->setTheme(theme);
        m_importer->setTheme(theme);
        m_welcome->setTheme(theme);
        for (const auto &[which, icon] : m_icons)
            which->setIcon(themedIcon(icon, theme));
        m_actions.train->setIcon(filledIcon("play", theme));
    });
    connectData();
    connectProfile();
    connect(&m_controller, &TrainingController::snapshotChanged, this, &MainWindow::updateState);
    connect(&m_controller, &TrainingController::runCleared, this, &MainWindow::updateState);
    connect(&m_controller, &TrainingController::stateChanged, this, [this](RunState state) {
        if (state == RunState::Running)
            keepRecovery();
    });
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
    connect(&m_autosave, &QTimer::timeout, this, &MainWindow::keepRecovery);
    connect(m_exporter, &RunExporter::finished, this,
            [this](const QString &path, const QString &problem) {
                if (problem.isEmpty())
                    m_status->setText(tr("Written to %1").arg(path));
                else
                    complain(problem);
                updateActions();
                emit exported(path, problem);
            });
}

void MainWindow::connectProfile()
{
    connect(m_canvas, &CanvasView::currentNodeChanged, m_profile, &ProfileView::setCurrentNode);
    connect(m_profile, &ProfileView::nodeChosen, m_canvas, [this](NodeId node) {
        if (const NodeItem *item = m_canvas->canvas()->itemFor(node)) {
            m_canvas->canvas()->selectNodes({node});
            m_canvas->ensureVisible(item);
        }
    });
    connect(&m_profiler, &Profiler::changed, this, &MainWindow::updateActions);
}

void MainWindow::addDocks()
{
    const auto dock = [this](const QString &title, const char *name, QWidget *content,
                             Qt::DockWidgetArea area) {
        auto *out = new QDockWidget(title);
        out->setObjectName(name);
        out->setWidget(content);
        content->setAttribute(Qt::WA_StyledBackground);
        m_workbench->addDockWidget(area, out);
        return out;
    };
    m_workbench->setDockOptions(AnimatedDocks | AllowNestedDocks | AllowTabbedDocks);
    QDockWidget *palette = dock(tr("Modules"), "paletteDock", m_palette, Qt::LeftDockWidgetArea);
    QDockWidget *inspector
            = dock(tr("Options"), "inspectorDock", m_inspector, Qt::RightDockWidgetArea);
    QDockWidget *training
            = dock(tr("Training"), "trainingDock", m_training, Qt::RightDockWidgetArea);
    QDockWidget *results = dock(tr("Results"), "resultsDock", m_results, Qt::BottomDockWidgetArea);
    m_workbench->tabifyDockWidget(results,
                                  dock(tr("Data"), "dataDock", m_data, Qt::BottomDockWidgetArea));
    m_profileDock = dock(tr("Profile"), "profileDock", m_profile, Qt::BottomDockWidgetArea);
    m_workbench->tabifyDockWidget(results, m_profileDock);
    results->raise();
    m_workbench->setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
    m_workbench->setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
    m_workbench->resizeDocks({palette, inspector, training}, {230, 300, 300}, Qt::Horizontal);
    m_workbench->resizeDocks({results}, {390}, Qt::Vertical);
    m_workbench->resizeDocks({inspector, training}, {380, 420}, Qt::Vertical);
}

void MainWindow::addWelcome()
{
    m_welcome = new WelcomePage(readyExperiments(), m_document.vocabulary(), m_themes.theme());
    m_pages->addWidget(m_welcome);
    connect(m_welcome, &WelcomePage::newRequested, this, [this] { m_actions.create->trigger(); });
    connect(m_welcome, &WelcomePage::openRequested, this, [this] { m_actions.open->trigger(); });
    connect(m_welcome, &WelcomePage::fileRequested, this, &MainWindow::openFile);
    connect(m_welcome, &WelcomePage::exampleRequested, this, &MainWindow::openExample);
    connect(m_welcome, &WelcomePage::restoreRequested, this, &MainWindow::restoreLost);
    connect(m_welcome, &WelcomePage::forgetRequested, this, [this] {
        if (m_lost)
            m_recovery.forget(*m_lost);
        offerLost();
    });
    offerLost();
}

void MainWindow::begin(const QString &file)
{
    QSettings settings;
    const bool first = !settings.value("window/begun").toBool();
    settings.setValue("window/begun", true);
    if (!file.isEmpty() && openFile(file))
        return;
    if (!m_lost && first)
        openExample(firstExperiment());
    else
        showWelcome();
}

void MainWindow::showWelcome()
{
    m_welcome->setRecentFiles(QSettings().value("files/recent").toStringList());
    m_pages->setCurrentWidget(m_welcome);
    updateState();
}

void MainWindow::showWorkbench()
{
    if (m_pages->currentWidget() != m_workbench) {
        m_pages->setCurrentWidget(m_workbench);
        m_canvas->setFocus();
        updateState();
    }
    m_canvas->zoomToFit();
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
    m_recovery.discard();
    remember(path);
    showWorkbench();
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
    m_recovery.discard();
    showWorkbench();
    return true;
}

bool MainWindow::save()
{
    return m_document.filePath().isEmpty() ? saveAs() : saveFile(m_document.filePath());
}

bool MainWindow::saveAs()
{
    const QString path = QFileDialog::getSaveFileName(this, tr("Save the Experiment"),
                                                      m_document.displayName() + ".mrg",
                                                      tr("Experiments (*.mrg)"));
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
    m_autosave.stop();
    m_recovery.discard();
    remember(path);
    return true;
}

bool MainWindow::mayDiscard()
{
    if (!m_document.isModified())
        return true;
    const auto answer = QMessageBox::question(
            this, tr("Save Changes?"),
            tr("%1 has changes that are not saved.").arg(m_document.displayName()),
            QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel);
    return answer == QMessageBox::Discard || (answer == QMessageBox::Save && save());
}

void MainWindow::exportRun(const QString &path)
{
    if (m_controller.snapshot().runId == 0) {
        const QString problem = tr("There is no run to report on yet. Press Train first.");
        complain(problem);
        emit exported(path, problem);
        return;
    }
    m_status->setText(tr("Writing %1 …").arg(path));
    const bool profiled
            = sameComputation(m_profiler.measured().network, m_controller.runExperiment().network);
    m_exporter->start(m_controller.snapshot(), profiled ? m_profiler.profile() : nullptr,
                      QFileInfo(m_document.filePath()).absolutePath(), path);
    updateActions();
}

void MainWindow::keepRecovery()
{
    if (const Result<void> kept = m_recovery.write(m_document.experiment(), m_document.filePath());
        !kept)
        m_status->setText(QString::fromStdString(kept.error().text()));
}

void MainWindow::offerLost()
{
    m_lost = m_recovery.lost();
    if (!m_lost)
        return m_welcome->setLost({});
    const QString title = QString::fromStdString(m_lost->experiment.title);
    const QString name = !title.isEmpty() ? title
            : m_lost->filePath.isEmpty()  ? tr("An untitled experiment")
                                          : QFileInfo(m_lost->filePath).completeBaseName();
    m_welcome->setLost(
            tr("Marginalia did not end properly. <b>%1</b> can be brought back as last edited, %2.")
                    .arg(name.toHtmlEscaped(),
                         QLocale().toString(m_lost->edited, QLocale::ShortFormat)));
}

void MainWindow::restoreLost()
{
    if (!m_lost || !mayDiscard())
        return;
    m_document.replace(m_lost->experiment, m_lost->filePath);
    m_document.undoStack().resetClean();
    m_controller.takeUpInterrupted();
    keepRecovery();
    m_recovery.forget(*m_lost);
    offerLost();
    showWorkbench();
}

void MainWindow::closeEvent(QCloseEvent *event)
{
    if (!mayDiscard()) {
        event->ignore();
        return;
    }
    QSettings settings;
    settings.setValue("window/geometry", saveGeometry());
    settings.setValue("window/state", m_workbench->saveState(layoutVersion));
    m_autosave.stop();
    m_recovery.discard();
    event->accept();
}

void MainWindow::updateState()
{
    const bool workbench = m_pages->currentWidget() == m_workbench;
    setWindowTitle(workbench ? m_document.displayName()
                                   + (m_document.isModified() ? "* – Marginalia" : " – Marginalia")
                             : tr("Marginalia"));
    statusBar()->setVisible(workbench);
    updateActions();
    const Snapshot &now = m_controller.snapshot();
    const auto total = static_cast<int>(now.epochs * now.stepsPerEpoch);
    m_progress->setVisible(now.state == RunState::Running);
    m_progress->setRange(0, std::max(total, 1));
    m_progress->setValue(static_cast<int>(now.step));
    if (const QString obstacle = m_controller.obstacle(); !obstacle.isEmpty())
        m_status->setText(obstacle);
    else if (m_controller.hasSession())
        m_status->setText(tr("%1 · epoch %2 of %3 · step %4 · %5 steps/s · loss %6")
                                  .arg(runStateName(now.state))
                                  .arg(now.epoch)
                                  .arg(now.epochs)
                                  .arg(now.step)
                                  .arg(now.stepsPerSecond, 0, 'f', 0)
                                  .arg(now.loss, 0, 'g', 4));
    else
        m_status->setText(tr("Ready. Press Train (F5)."));
}

void MainWindow::complain(const QString &text)
{
    m_status->setText(text);
    auto *box
            = new QMessageBox(QMessageBox::Warning, tr("Marginalia"), text, QMessageBox::Ok, this);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->open();
}

} // namespace mrg

#include "moc_MainWindow.cpp"
