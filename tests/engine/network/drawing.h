// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/check.h"

namespace mrg::test {

/// "3.output" as a port; "3.tensors.1" for a wire into a variadic one.
inline PortRef port(const std::string &text)
{
    const size_t first = text.find('.');
    const size_t second = text.find('.', first + 1);
    PortRef out{std::stoll(text.substr(0, first)), text.substr(first + 1, second - first - 1), 0};
    if (second != std::string::npos)
        out.index = std::stoi(text.substr(second + 1));
    return out;
}

/// Draws networks in few words: nodes are numbered from 1, wires lead from port to port.
///
///     Drawing drawing;
///     drawing.node("data.moons").node("nn.MultiMarginLoss").wire("1.input", "2.input");
struct Drawing {
    Network network;

    Drawing &node(std::string type, Arguments args = {})
    {
        NetworkNode made;
        made.id = network.nextId++;
        made.type = std::move(type);
        made.args = std::move(args);
        network.nodes.push_back(std::move(made));
        return *this;
    }
    Drawing &wire(const std::string &from, const std::string &to)
    {
        network.wires.push_back({port(from), port(to)});
        return *this;
    }
};

/// Data of one class per sample, or several labels, or values.
inline DataDescription description(Shape sample, int64_t classes, Task task = Task::SingleLabel)
{
    return {std::move(sample), DType::Float32, task, classes, {}};
}

/// moons, a hidden layer, a margin loss: nothing is wrong with it.
inline Drawing soundDrawing()
{
    Drawing out;
    out.node("data.moons")
            .node("nn.Linear", {{"in_features", 2}, {"out_features", 8}})
            .node("nn.ReLU")
            .node("nn.Linear", {{"in_features", 8}, {"out_features", 3}})
            .node("nn.MultiMarginLoss")
            .wire("1.input", "2.input")
            .wire("2.output", "3.input")
            .wire("3.output", "4.input")
            .wire("4.output", "5.input")
            .wire("1.target", "5.target");
    return out;
}

} // namespace mrg::test
