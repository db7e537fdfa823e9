// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/canvas/clipboard.h"

#include "engine/network/experiment_file.h"

#include <QMimeData>

namespace mrg {

QMimeData *toMimeData(const Network &network)
{
    Experiment experiment;
    experiment.network = network;
    auto *data = new QMimeData;
    data->setText(QString::fromStdString(writeExperiment(experiment)));
    return data;
}

std::optional<Network> networkFromMimeData(const QMimeData &data)
{
    if (!data.hasText())
        return std::nullopt;
    Result<Experiment> experiment = readExperiment(data.text().toStdString());
    if (!experiment || experiment->network.nodes.empty())
        return std::nullopt;
    return experiment->network;
}

} // namespace mrg
