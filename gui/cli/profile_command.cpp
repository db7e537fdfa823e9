// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/Parallel.h"
#include "engine/network/experiment_file.h"
#include "engine/training/Session.h"
#include "engine/training/profile.h"
#include "gui/cli/commands.h"
#include "gui/cli/experiment_data.h"
#include "gui/document/network_edits.h"
#include "gui/widgets/quantity_text.h"

#include <QStringList>
#include <nlohmann/json.hpp>

#include <cstdio>

namespace mrg {

using Json = nlohmann::ordered_json;

namespace {

Json toJson(const NetworkProfile &profile, const Network &network, const std::string &file)
{
    Json nodes = Json::array();
    for (const NodeProfile &node : profile.nodes) {
        const NetworkNode &drawn = *network.find(node.node);
        nodes.push_back({{"id", node.node},
                         {"name", nodeName(drawn).toStdString()},
                         {"type", drawn.type},
                         {"calls", node.calls},
                         {"forward_ms", node.forwardMs},
                         {"backward_ms", node.backwardMs},
                         {"share", node.share},
                         {"allocated_bytes", node.allocatedBytes},
                         {"peak_bytes", node.peakBytes},
                         {"parameters", node.parameters}});
    }
    return {{"experiment", file},
            {"steps", profile.steps},
            {"batch_size", profile.batchSize},
            {"threads", profile.threads},
            {"step",
             {{"data_ms", profile.dataMs},
              {"forward_ms", profile.forwardMs},
              {"backward_ms", profile.backwardMs},
              {"optimizer_ms", profile.optimizerMs},
              {"total_ms", profile.totalMs()},
              {"peak_bytes", profile.peakBytes},
              {"parameters", profile.parameters()}}},
            {"nodes", nodes}};
}

void printTable(const NetworkProfile &profile, const Network &network)
{
    // Columns are counted in letters, which printf does not: µ takes two bytes.
    const auto line = [](const QStringList &cells) {
        static constexpr int widths[] = {-4, -24, 6, 10, 10, 8, 10, 10, 12};
        QString out;
        for (qsizetype i = 0; i < cells.size(); ++i)
            out += (i ? "  " : "")
                    + (widths[i] < 0 ? cells[i].leftJustified(-widths[i])
                                     : cells[i].rightJustified(widths[i]));
        std::printf("%s\n", out.toUtf8().constData());
    };
    line({"id", "node", "calls", "forward", "backward", "share", "allocated", "peak",
          "parameters"});
    for (const NodeProfile &node : profile.nodes) {
        line({QString::number(node.node), nodeName(*network.find(node.node)),
              QString::number(node.calls), durationText(node.forwardMs),
              node.backwardMs > 0 ? durationText(node.backwardMs) : "-", percentText(node.share),
              bytesText(node.allocatedBytes), bytesText(node.peakBytes),
              countText(node.parameters)});
    }
    const QString step
            = QString("step %1: data %2, forward %3, backward %4, optimizer %5; peak %6; %7 "
                      "parameters\nmedian of %8 steps of %9 samples, %10 %11; one operation after "
                      "the other, not replayed from a plan")
                      .arg(durationText(profile.totalMs()), durationText(profile.dataMs),
                           durationText(profile.forwardMs), durationText(profile.backwardMs),
                           durationText(profile.optimizerMs), bytesText(profile.peakBytes),
                           countText(profile.parameters()), countText(profile.steps),
                           countText(profile.batchSize))
                      .arg(profile.threads)
                      .arg(profile.threads == 1 ? "thread" : "threads");
    std::printf("%s\n", step.toUtf8().constData());
}

} // namespace

int profileCommand(const Vocabulary &vocabulary, const ProfileRequest &request)
{
    setNumThreads(request.threads);
    const Result<Experiment> experiment = loadExperiment(request.file);
    if (!experiment)
        return complain(experiment.error());
    const Result<DataSplit> data = loadData(vocabulary, *experiment, request.file);
    if (!data)
        return complain(data.error());
    const Result<std::unique_ptr<Session>> session
            = Session::create(*experiment, *data, vocabulary, {});
    if (!session)
        return complain(session.error());
    (*session)->post({Command::Kind::Profile, {}, request.steps ? Value(*request.steps) : Value()});
    const ProfileAnswers answers = (*session)->join().profiles;
    if (answers.failure)
        return complain(*answers.failure);
    if (request.json)
        std::printf("%s\n",
                    toJson(*answers.newest, experiment->network, request.file).dump(2).c_str());
    else
        printTable(*answers.newest, experiment->network);
    return 0;
}

} // namespace mrg
