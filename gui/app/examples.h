// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/Network.h"

#include <QString>

#include <vector>

namespace mrg {

/// A ready experiment of resources/examples. Title and description are the file's own.
struct ReadyExperiment {
    QString path;
    Experiment experiment;
    QString title() const { return QString::fromStdString(experiment.title); }
    QString description() const { return QString::fromStdString(experiment.notes); }
};

/// All that can be read, by title.
std::vector<ReadyExperiment> readyExperiments();

/// Path of the one that a first start opens.
QString firstExperiment();

} // namespace mrg
