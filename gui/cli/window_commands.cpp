// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/ResourcePaths.h"
#include "engine/store/RunStore.h"
#include "gui/app/ExampleCard.h"
#include "gui/app/MainWindow.h"
#include "gui/app/ResultsView.h"
#include "gui/app/WelcomePage.h"
#include "gui/app/run_report.h"
#include "gui/canvas/CanvasScene.h"
#include "gui/canvas/CanvasView.h"
#include "gui/cli/commands.h"
#include "gui/cli/data_shots.h"
#include "gui/cli/profile_shots.h"
#include "gui/inspector/value_text.h"

#include <QApplication>
#include <QDir>
#include <QElapsedTimer>
#include <QRegularExpression>
#include <QStandardPaths>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTimer>

#include <cstdio>

namespace mrg {

namespace {

constexpr int patienceMs = 120000;
constexpr QSize shotSize(1440, 900);
constexpr QSize largeShotSize(1920, 1200);

QString example(const char *name)
{
    return QString::fromStdString((resourcesFolder() / "examples" / name).string());
}

/// Lets the event loop run until something holds; false after two minutes.
template <typename Condition> bool waitUntil(Condition condition)
{
    QElapsedTimer timer;
    timer.start();
    QTimer wakeUp; // else an idle loop would wait for ever
    wakeUp.start(10);
    while (!condition()) {
        if (timer.elapsed() > patienceMs)
            return false;
        QApplication::processEvents(QEventLoop::AllEvents | QEventLoop::WaitForMoreEvents, 20);
    }
    return true;
}

void nameApplication()
{
    QApplication::setOrganizationName("Marginalia");
    QApplication::setApplicationName("Marginalia");
}

void withoutDisplay()
{
    if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    QStandardPaths::setTestModeEnabled(true);
}

/// Opens an example in the window and trains it to the end.
bool trainExample(MainWindow &window, const char *name)
{
    if (!window.openExample(example(name)) || !waitUntil([&] {
            return window.document().data() || !window.document().dataError().isEmpty();
        }))
        return false;
    window.canvas()->zoomToFit();
    window.controller().start();
    return waitUntil([&] {
               const RunState state = window.controller().state();
               return state == RunState::Finished || state == RunState::Failed;
           })
            && window.controller().state() == RunState::Finished;
}

bool picture(QWidget &window, const QString &path, qreal scale)
{
    waitUntil([ready = 0]() mutable { return ++ready > 5; });
    QImage image(window.size() * scale, QImage::Format_RGB32);
    image.setDevicePixelRatio(scale);
    window.render(&image);
    return image.save(path);
}

/// Exports the run and waits for it.
bool exportNow(MainWindow &window, const QString &path)
{
    std::optional<QString> problem;
    const QMetaObject::Connection told
            = QObject::connect(&window, &MainWindow::exported, &window,
                               [&](const QString &, const QString &text) { problem = text; });
    window.exportRun(path);
    waitUntil([&] { return problem.has_value(); });
    QObject::disconnect(told);
    return problem && problem->isEmpty();
}

int complain(const QString &text)
{
    std::fprintf(stderr, "%s\n", qPrintable(text));
    return 1;
}

/// Makes the edit that "NODE.OPTION=VALUE" asks for; what is wrong with it, or nothing.
QString setOption(ExperimentDocument &document, const QString &assignment)
{
    static const QRegularExpression form(R"(^(\d+)\.(\w+)=(.*)$)");
    const QRegularExpressionMatch match = form.match(assignment);
    const NodeId id = match.captured(1).toLongLong();
    const NetworkNode *node = match.hasMatch() ? document.network().find(id) : nullptr;
    const Spec *spec = node ? document.vocabulary().spec(node->type) : nullptr;
    const Arg *arg = spec ? spec->findArg(match.captured(2).toStdString()) : nullptr;
    if (!arg)
        return QString("--set %1: wanted NODE.OPTION=VALUE with a node's number and one of its "
                       "options")
                .arg(assignment);
    document.setArg(id, match.captured(2), valueOfText(match.captured(3), *arg));
    return {};
}

/// Ends the program once a widget has been painted.
class QuitOncePainted : public QObject {
public:
    explicit QuitOncePainted(QWidget &widget) : QObject(&widget)
    {
        widget.installEventFilter(this);
    }
    bool eventFilter(QObject *watched, QEvent *event) override
    {
        // Not before what is painted in the same go, its children, is there as well.
        if (event->type() == QEvent::Paint)
            QTimer::singleShot(0, qApp, &QApplication::quit);
        return QObject::eventFilter(watched, event);
    }
};

void trainOnceReady(MainWindow &window)
{
    if (window.controller().obstacle().isEmpty())
        return window.controller().start();
    QObject::connect(&window.document(), &ExperimentDocument::dataChanged, &window, [&window] {
        if (!window.document().dataLoading() && !window.controller().hasSession())
            window.controller().start();
    });
}

} // namespace

int windowCommand(const Vocabulary &vocabulary, int argc, char **argv, const WindowRequest &request)
{
    QApplication application(argc, argv);
    nameApplication();
    ThemeManager themes(application);
    MainWindow window(vocabulary, themes,
                      QStandardPaths::writableLocation(QStandardPaths::AppDataLocation));
    window.show();
    window.begin(QString::fromStdString(request.file));
    for (const std::string &assignment : request.sets) {
        if (const QString problem
            = setOption(window.document(), QString::fromStdString(assignment));
            !problem.isEmpty())
            return complain(problem);
    }
    if (request.train)
        trainOnceReady(window);
    if (request.untilPainted)
        new QuitOncePainted(window); // the window owns it
    return QApplication::exec();
}

int demoCommand(const Vocabulary &vocabulary, int argc, char **argv, const std::string &folder)
{
    withoutDisplay();
    QApplication application(argc, argv);
    nameApplication();
    const QDir out(QString::fromStdString(folder));
    if (!QDir().mkpath(out.path()))
        return complain("Can't make the folder " + out.path());
    ThemeManager themes(application);
    MainWindow window(vocabulary, themes, out.absolutePath());
    window.show();
    if (!trainExample(window, "debtags.mrg"))
        return complain("The ready experiment could not be trained: "
                        + window.controller().obstacle());
    for (const auto &[name, value] : window.controller().snapshot().validation->metrics)
        std::printf("%-18s %.4f\n", name.c_str(), value);
    if (!picture(window, out.filePath("window.png"), 1))
        return complain("Can't write " + out.filePath("window.png"));
    for (const char *name : {"report.html", "report.pdf", "metrics.csv"}) {
        if (!exportNow(window, out.filePath(name)))
            return 1;
        std::printf("%s\n", qPrintable(out.absoluteFilePath(name)));
    }
    std::printf("%s\n", qPrintable(out.absoluteFilePath("window.png")));
    return 0;
}

int shotsCommand(const Vocabulary &vocabulary, int argc, char **argv, const std::string &folder,
                 const std::string &only)
{
    withoutDisplay();
    QApplication application(argc, argv);
    nameApplication();
    const QDir out(QString::fromStdString(folder));
    if (!QDir().mkpath(out.path()))
        return complain("Can't make the folder " + out.path());
    const QTemporaryDir dataFolder;
    ThemeManager themes(application);
    MainWindow window(vocabulary, themes, dataFolder.path());
    window.show();
    const auto shootWidget = [&](QWidget &widget, const QString &name) {
        for (const auto &[mode, suffix] :
             {std::pair(ThemeMode::Light, "light"), std::pair(ThemeMode::Dark, "dark")}) {
            themes.setMode(mode);
            for (const int scale : {1, 2}) {
                const QString path
                        = out.filePath(QString("%1-%2-%3x.png").arg(name, suffix).arg(scale));
                if (!picture(widget, path, scale))
                    return false;
                std::printf("%s\n", qPrintable(path));
            }
        }
        return true;
    };
    const auto shoot = [&](const QString &name) { return shootWidget(window, name); };
    if (!only.empty()) {
        window.resize(shotSize);
        const auto shootPage = only == "data" ? shootData : shootProfile;
        return shootPage(window, shootWidget, waitUntil<std::function<bool()>>)
                ? 0
                : complain("Not all pictures could be made.");
    }
    window.showWelcome();
    window.resize(shotSize);
    // The cards read their data one after the other.
    const auto pictured = [&] {
        const QVector<ExampleCard *> &cards = window.welcome()->cards();
        return std::all_of(cards.begin(), cards.end(),
                           [](const ExampleCard *card) { return !card->glyph().isEmpty(); });
    };
    bool good = waitUntil(pictured) && shoot("welcome");
    window.showWorkbench();
    good = good && shoot("empty") && trainExample(window, "debtags.mrg");
    auto *results = window.findChild<QTabWidget *>("results");
    for (int tab = 0; good && tab < results->count(); ++tab) {
        if (results->isTabVisible(tab)) {
            results->setCurrentIndex(tab);
            good = shoot(QString("debtags-%1").arg(tab));
        }
    }
    if (good) {
        for (const NetworkNode &node : window.document().network().nodes) {
            if (node.type == "nn.Linear") {
                window.canvas()->canvas()->selectNodes({node.id});
                window.document().setArg(node.id, "in_features", Value(7));
                break;
            }
        }
        results->setCurrentIndex(0);
        good = shoot("wrong-shape");
        window.document().undoStack().undo();
        window.document().undoStack().setClean();
    }
    if (good && trainExample(window, "spirals.mrg")) {
        results->setCurrentIndex(results->count() - 1);
        waitUntil([&] { return window.controller().snapshot().decision.has_value(); });
        good = shoot("spirals");
        window.findChild<ResultsView *>()->setTogether(true);
        window.resize(largeShotSize);
        good = good && shoot("together");
        window.resize(shotSize);
        window.findChild<ResultsView *>()->setTogether(false);
        for (const auto shootPage : {shootData, shootProfile})
            good = good && shootPage(window, shootWidget, waitUntil<std::function<bool()>>);
    }
    return good ? 0 : complain("Not all pictures could be made.");
}

int reportCommand(const Vocabulary &vocabulary, int argc, char **argv, const std::string &run,
                  const std::string &out)
{
    withoutDisplay();
    QApplication application(argc, argv);
    useOwnFont(application);
    const std::filesystem::path path = std::filesystem::is_directory(run)
            ? std::filesystem::path(run) / "runs.sqlite"
            : std::filesystem::path(run);
    if (!std::filesystem::exists(path))
        return complain(QString::fromStdString("There is no run store " + path.string()));
    const Result<std::unique_ptr<RunStore>> store = RunStore::open(path);
    if (!store)
        return complain(QString::fromStdString(store.error().text()));
    const Result<std::vector<RunSummary>> runs = (*store)->runs();
    if (!runs)
        return complain(QString::fromStdString(runs.error().text()));
    int64_t newest = 0;
    for (const RunSummary &summary : *runs)
        newest = std::max(newest, summary.id);
    const Result<Report> report = reportOfRun(**store, newest, vocabulary);
    const Result<void> written = report ? writeReport(*report, QString::fromStdString(out))
                                        : Result<void>(report.error());
    return written ? 0 : complain(QString::fromStdString(written.error().text()));
}

} // namespace mrg
