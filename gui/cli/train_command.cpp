// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/cli/commands.h"

#include "engine/core/Parallel.h"
#include "engine/core/write_file.h"
#include "engine/interop/safetensors.h"
#include "engine/network/experiment_file.h"
#include "engine/store/RunStore.h"
#include "engine/store/metrics_csv.h"
#include "engine/training/Session.h"
#include "engine/training/evaluation_json.h"
#include "gui/app/run_report.h"
#include "gui/cli/experiment_data.h"
#include "gui/widgets/Theme.h"

#include <QApplication>
#include <QTemporaryDir>
#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>

namespace mrg {

using Json = nlohmann::ordered_json;

namespace {

/// Lets this thread sleep until the session has something to tell.
class News {
public:
    void arrive()
    {
        m_arrived = true;
        m_arrived.notify_one();
    }
    void wait()
    {
        m_arrived.wait(false);
        m_arrived = false;
    }

private:
    std::atomic<bool> m_arrived = false;
};

Json numberOrNull(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

void printEvaluation(const char *what, const Evaluation &evaluation)
{
    std::printf("%s (%lld samples)\n  %-18s %.6g\n", what,
                static_cast<long long>(evaluation.samples), "loss", evaluation.loss);
    for (const auto &[name, value] : evaluation.metrics)
        std::printf("  %-18s %.6g\n", name.c_str(), value);
    if (!evaluation.thresholdRule.empty())
        std::printf("  yes means %s\n", evaluation.thresholdRule.c_str());
}

/// The newest run, which must be of this experiment; more epochs may be asked for.
Result<int64_t> runToResume(const RunStore &store, const Experiment &experiment)
{
    const Result<std::vector<RunSummary>> runs = store.runs();
    if (!runs)
        return runs.error();
    if (runs->empty()) {
        return Error(ErrorCategory::Value, "no_run_to_resume", "--resume", "a folder without runs",
                     "one that train --out wrote", "leave out --resume to begin a run");
    }
    const int64_t newest = runs->front().id;
    const Result<std::string> text = store.experiment(newest);
    if (!text)
        return text.error();
    Result<Experiment> former = readExperiment(*text);
    if (!former)
        return former.error();
    former->training.epochs = experiment.training.epochs;
    if (!(*former == experiment)) {
        return Error(ErrorCategory::Value, "another_experiment", "--resume",
                     "a run of another experiment, or with other settings",
                     "the experiment of the run, epochs apart",
                     "leave out --resume to begin a run");
    }
    return newest;
}

/// Prints a line whenever an epoch is over, until the run rests.
void follow(Session &session, News &news, bool quiet)
{
    int64_t shown = 0;
    for (;;) {
        if (!session.snapshots().fetch()) {
            news.wait();
            continue;
        }
        const Snapshot &now = session.snapshots().current();
        if (!quiet && now.epoch > shown && now.validation) {
            shown = now.epoch;
            std::printf("epoch %lld/%lld  loss %.5g  validation %.5g",
                        static_cast<long long>(now.epoch), static_cast<long long>(now.epochs),
                        now.loss, now.validation->loss);
            if (!now.validation->metrics.empty()) {
                const auto &[name, value] = now.validation->metrics.front();
                std::printf("  %s %.4g", name.c_str(), value);
            }
            std::printf("  %.0f steps/s\n", now.stepsPerSecond);
            std::fflush(stdout);
        }
        if (now.state == RunState::Finished || now.state == RunState::Failed
            || now.state == RunState::Stopped)
            return;
    }
}

} // namespace

int trainCommand(const Vocabulary &vocabulary, int argc, char **argv, const TrainRequest &request)
{
    std::unique_ptr<QApplication> application; // to draw the report with
    if (!request.report.empty()) {
        qputenv("QT_QPA_PLATFORM", "offscreen");
        application = std::make_unique<QApplication>(argc, argv);
        useOwnFont(*application);
    }
    setNumThreads(request.threads);
    Result<Experiment> experiment = loadExperiment(request.file);
    if (!experiment)
        return complain(experiment.error());
    if (request.epochs)
        experiment->training.epochs = *request.epochs;
    if (request.seed)
        experiment->training.seed = *request.seed;

    const Result<DataSplit> data = loadData(vocabulary, *experiment, request.file);
    if (!data)
        return complain(data.error());

    std::unique_ptr<RunStore> store;
    // A report is made from a stored run; one that nobody asked to keep goes with this command.
    const QTemporaryDir passing;
    const std::filesystem::path folder
            = request.out.empty() ? passing.path().toStdString() : request.out;
    if (!request.out.empty() || !request.report.empty()) {
        std::error_code failure;
        std::filesystem::create_directories(folder, failure);
        Result<std::unique_ptr<RunStore>> opened = RunStore::open(folder / "runs.sqlite");
        if (!opened)
            return complain(opened.error());
        store = std::move(*opened);
    }
    const auto begun = std::chrono::steady_clock::now();
    News news; // outlives the session, which tells it
    const Result<int64_t> resumed
            = request.resume ? runToResume(*store, *experiment) : Result<int64_t>(0);
    if (!resumed)
        return complain(resumed.error());
    Result<std::unique_ptr<Session>> created = Session::create(
            *experiment, *data, vocabulary,
            {.store = store.get(), .resume = *resumed, .published = [&news] { news.arrive(); }});
    if (!created)
        return complain(created.error());
    Session &session = **created;
    session.post({Command::Kind::Run, {}, {}});
    follow(session, news, request.quiet || request.json);
    const Snapshot last = session.join();
    if (last.failure)
        return complain(*last.failure);
    const double seconds
            = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    const Result<Evaluation> test = session.evaluate(*data->test);
    if (!test)
        return complain(test.error());

    Json json{{"experiment", request.file}, {"seed", experiment->training.seed},
              {"epochs", last.epoch},       {"steps", last.step},
              {"seconds", seconds},         {"train_loss", numberOrNull(last.loss)}};
    if (last.validation)
        json["validation"] = toJson(*last.validation, false);
    json["test"] = toJson(*test, false);
    // What was learnt is told even where it can't be kept, and each thing is kept that can be.
    std::optional<Error> unkept = last.storeFailure;
    const auto note = [&unkept](const Result<void> &written) {
        if (!written && !unkept)
            unkept = written.error();
    };
    if (store) {
        const std::filesystem::path &out = folder;
        const TensorFile weights{session.stateDict(), {{"format", "pt"}}};
        created->reset(); // the engine thread is done with the store
        note(saveExperiment(out / "experiment.mrg", *experiment));
        note(saveSafetensors(out / "weights.safetensors", weights));
        note(writeFile(out / "result.json", json.dump(2) + "\n"));
        if (!last.storeFailure) {
            note(store->putDocument(last.runId, "evaluation/test", toJson(*test, true).dump()));
            note(store->flush());
            note(writeMetricsCsv(out / "metrics.csv", *store, last.runId));
        }
        if (!request.report.empty() && !unkept) {
            const Result<Report> report = reportOfRun(
                    *store, last.runId, vocabulary,
                    std::filesystem::path(request.file).parent_path(), last.validation);
            note(report ? writeReport(*report, QString::fromStdString(request.report))
                        : Result<void>(report.error()));
        }
    }
    if (request.json) {
        std::printf("%s\n", json.dump(2).c_str());
    } else {
        if (last.validation)
            printEvaluation("validation", *last.validation);
        printEvaluation("test", *test);
        std::printf("%lld steps in %.2f s\n", static_cast<long long>(last.step), seconds);
    }
    return unkept ? complain(*unkept) : 0;
}

} // namespace mrg
