// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/app/examples.h"

#include "engine/data/ResourcePaths.h"
#include "engine/network/experiment_file.h"

#include <algorithm>
#include <filesystem>

namespace mrg {

std::vector<ReadyExperiment> readyExperiments()
{
    std::vector<ReadyExperiment> out;
    std::error_code error;
    for (const auto &entry :
         std::filesystem::directory_iterator(resourcesFolder() / "examples", error)) {
        if (entry.path().extension() != ".mrg")
            continue;
        if (const Result<Experiment> experiment = loadExperiment(entry.path()))
            out.push_back({QString::fromStdString(entry.path().string()), *experiment});
    }
    std::sort(out.begin(), out.end(), [](const ReadyExperiment &a, const ReadyExperiment &b) {
        return a.title() < b.title();
    });
    return out;
}

QString firstExperiment()
{
    return QString::fromStdString((resourcesFolder() / "examples" / "debtags.mrg").string());
}

} // namespace mrg
