// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/datasets/starter_network.h"

namespace mrg {

namespace {
constexpr int64_t hiddenUnits = 64;
constexpr double columnWidth = 230;
constexpr double upperRow = 60;
constexpr double lowerRow = 140;

const char *lossFor(Task task)
{
    switch (task) {
    case Task::MultiLabel: return "nn.MultiLabelMarginLoss";
    case Task::SingleLabel: return "nn.CrossEntropyLoss";
    case Task::Regression: return "nn.MSELoss";
    }
    return "";
}
} // namespace

Network starterNetwork(const std::string &type, const Arguments &args, const DataDescription &data)
{
    Network out;
    const auto add = [&](const std::string &nodeType, const Arguments &nodeArgs, double y) {
        const NodeId id = out.nextId++;
        out.nodes.push_back(
                {id, nodeType, nodeArgs, {}, columnWidth * static_cast<double>(id - 1), y, {}});
        return id;
    };
    const NodeId source = add(type, args, lowerRow);
    PortRef end{source, "input", 0};
    const auto chain = [&](const std::string &nodeType, const Arguments &nodeArgs) {
        const NodeId id = add(nodeType, nodeArgs, upperRow);
        out.wires.push_back({end, {id, "input", 0}});
        end = {id, "output", 0};
    };
    const int64_t features = numel(data.sampleShape);
    if (data.sampleShape.size() > 1)
        chain("nn.Flatten", {});
    chain("nn.Linear", {{"in_features", features}, {"out_features", hiddenUnits}});
    chain("nn.ReLU", {});
    chain("nn.Linear", {{"in_features", hiddenUnits}, {"out_features", data.classes}});
    const NodeId loss = add(lossFor(data.task), {}, lowerRow);
    out.wires.push_back({end, {loss, "input", 0}});
    out.wires.push_back({{source, "target", 0}, {loss, "target", 0}});
    return out;
}

} // namespace mrg
