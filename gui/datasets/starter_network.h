// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/check.h"

namespace mrg {

/// A small network that fits a data set, ready to be trained and changed: the source, a hidden
/// layer with ReLU, and the loss of its task (MultiLabelMarginLoss, CrossEntropyLoss, MSELoss).
Network starterNetwork(const std::string &type, const Arguments &args, const DataDescription &data);

} // namespace mrg
