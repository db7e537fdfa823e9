// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/cli/commands.h"

#include "engine/store/version.h"

#include <CLI/CLI.hpp>

int main(int argc, char **argv)
{
    using namespace mrg;
    CLI::App app{"Marginalia: a workbench for teaching and exploring how networks learn"};
    app.set_version_flag("--version", engineVersion());
    app.require_subcommand(0, 1);

    TrainRequest train;
    CLI::App *trainApp = app.add_subcommand("train", "Train an experiment and print its metrics");
    trainApp->add_option("file", train.file, "The experiment, *.mrg")->required();
    trainApp->add_option("--epochs", train.epochs, "Epochs instead of those in the file")
            ->check(CLI::PositiveNumber);
    trainApp->add_option("--seed", train.seed, "Seed instead of that in the file");
    trainApp->add_option("--threads", train.threads, "Threads that kernels may use")
            ->check(CLI::Range(1, 256));
    CLI::Option *trainOut = trainApp->add_option("--out", train.out,
                                                 "Folder for the run, weights and metrics.csv");
    trainApp->add_flag("--resume", train.resume,
                       "Go on with the newest run in that folder, from its last checkpoint")
            ->needs(trainOut);
    trainApp->add_option("--report", train.report, "Report to write, .html or .pdf");
    trainApp->add_flag("--json", train.json, "Print the result as JSON");
    trainApp->add_flag("--quiet", train.quiet, "No line per epoch");

    ProfileRequest profile;
    CLI::App *profileApp = app.add_subcommand("profile", "Measure what each node costs in a step");
    profileApp->add_option("file", profile.file, "The experiment, *.mrg")->required();
    profileApp->add_option("--steps", profile.steps, "Steps to measure")
            ->check(CLI::PositiveNumber);
    profileApp->add_option("--threads", profile.threads, "Threads that kernels may use")
            ->check(CLI::Range(1, 256));
    profileApp->add_flag("--json", profile.json, "Print the result as JSON");

    std::string file;
    CLI::App *checkApp = app.add_subcommand("check", "Print every node's shapes, or what is wrong");
    checkApp->add_option("file", file, "The experiment, *.mrg")->required();

    bool json = false;
    CLI::App *modulesApp = app.add_subcommand("modules", "List the modules");
    modulesApp->add_flag("--json", json, "The whole registry as JSON");
    CLI::App *functionsApp = app.add_subcommand("functions", "List the functions");
    functionsApp->add_flag("--json", json, "The whole registry as JSON");

    std::string folder;
    std::string only;
    bool declaredOnly = false;
    CLI::App *conformanceApp
            = app.add_subcommand("conformance", "Run golden cases computed with PyTorch");
    conformanceApp->add_option("folder", folder, "The folder of golden files")->required();
    conformanceApp->add_option("--only", only, "Only files whose name contains this");
    conformanceApp->add_flag("--declared", declaredOnly, "Leave out names that are not declared");

    BenchRequest bench;
    CLI::App *benchApp = app.add_subcommand("bench", "Time training workloads and kernels");
    benchApp->add_option("--only", bench.only,
                         "Ids of workloads, separated by commas; peak: the machine's");
    benchApp->add_option("--threads", bench.threads, "Threads that kernels may use")
            ->check(CLI::Range(1, 256));
    benchApp->add_option("--window", bench.window, "Seconds a timed window")
            ->check(CLI::PositiveNumber);
    benchApp->add_flag("--json", bench.json, "A JSON object a line");
    benchApp->add_flag("--growth", bench.growth,
                       "How the time of a step grows with batch, depth, classes, targets");

    benchApp->add_flag("--list", bench.list, "The workloads there are");
    benchApp->add_option("--draw", bench.draw, "Draw pictures of the lines in this file instead");
    benchApp->add_option("--out", bench.out, "Folder for the pictures");

    std::string out;
    CLI::App *reportApp = app.add_subcommand("report", "Write a report on a run");
    reportApp->add_option("run", file, "A run store, or the folder that train --out wrote")
            ->required();
    reportApp->add_option("--out", out, "The report, .html or .pdf")->required();
    CLI::App *demoApp = app.add_subcommand(
            "demo", "Train the ready experiment without a display; keep report and picture");
    demoApp->add_option("--out", folder, "The folder to write to")->required();
    CLI::App *shotsApp = app.add_subcommand("shots", "Pictures of the window in telling states");
    shotsApp->add_option("folder", folder, "The folder to write to")->required();
    shotsApp->add_option("--only", only, "Only those of one page")
            ->check(CLI::IsMember({"data", "profile"}));
    WindowRequest window;
    app.add_option("--open", window.file, "An experiment to open in the window");
    app.add_option("--set", window.sets,
                   "Set an option there, as NODE.OPTION=VALUE: --set 2.out_features=32");
    app.add_flag("--train", window.train, "Begin to train there at once");
    app.add_flag("--until-painted", window.untilPainted, "End as soon as the window is painted")
            ->group(""); // not listed: for tests/bench/start.py

    CLI11_PARSE(app, argc, argv);
    const Vocabulary vocabulary = standardVocabulary();
    if (*trainApp)
        return trainCommand(vocabulary, argc, argv, train);
    if (*profileApp)
        return profileCommand(vocabulary, profile);
    if (*checkApp)
        return checkCommand(vocabulary, file);
    if (*modulesApp)
        return modulesCommand(vocabulary, json);
    if (*functionsApp)
        return functionsCommand(vocabulary, json);
    if (*conformanceApp)
        return conformanceCommand(vocabulary, folder, only, declaredOnly);
    if (*benchApp)
        return bench.draw.empty() ? benchCommand(vocabulary, bench)
                                  : benchPicturesCommand(argc, argv, bench);
    if (*reportApp)
        return reportCommand(vocabulary, argc, argv, file, out);
    if (*demoApp)
        return demoCommand(vocabulary, argc, argv, folder);
    if (*shotsApp)
        return shotsCommand(vocabulary, argc, argv, folder, only);
    return windowCommand(vocabulary, argc, argv, window);
}
