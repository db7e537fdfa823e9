// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/check.h"
#include "engine/network/outline.h"

#include <set>

namespace mrg {

/// The work of one check(): the drawing in check.cpp, shapes and target forms in check_shapes.cpp.
class Checker {
public:
    Checker(const Network &network, const Vocabulary &vocabulary, const DescribeData &describeData,
            int64_t batchSize);
    CheckedNetwork run();

private:
    /// Shapes are inferred for two batch sizes; a size that differs between them depends on the
    /// batch.
    struct Probe {
        int64_t batch;
        int64_t other;
    };
    static SymbolicShape symbolic(const Shape &shape, const Shape &other, DType dtype, Probe probe);
    /// The same shape for the other batch size.
    static Shape otherShape(const SymbolicShape &shape, Probe probe);

    const Spec *specOf(NodeId id) const
    {
        const auto found = m_specs.find(id);
        return found == m_specs.end() ? nullptr : found->second;
    }
    static bool isData(const std::string &type) { return type.rfind("data.", 0) == 0; }
    std::string nameOf(NodeId id) const;
    Issue &add(std::string kind, NodeId node, std::string text, std::string port = {});
    void findSpecs();
    static bool hasPort(const std::vector<Port> &ports, const PortRef &ref);
    void checkWires();
    /// Targets go from the data source to the loss, and nothing else does.
    void checkTargetWire(const Wire &wire);
    void findOrder();
    void findRoles();
    void inferNode(NodeId id);
    void inferData(const NetworkNode &node);
    SymbolicShape targetShape(const DataDescription &data, TargetForm form, bool oneSign) const;
    void checkForm(const DataDescription &data, const Port &port, const Wire &wire);
    const Port *inputPort(const PortRef &ref) const;
    /// The wires into a node in port order; nothing if a required one is missing or its shape is
    /// unknown (said elsewhere).
    std::optional<std::vector<Wire>> incoming(const NetworkNode &node, const Spec &spec);
    void reportNotGiven(const Wire &wire);
    void reportUnconnected(const NetworkNode &node, const Port &port);
    void inferModule(const NetworkNode &node, const Spec &spec);
    /// The type of an output by what its port says and what comes along the wires.
    DType declaredType(const Port &port, const std::vector<Wire> &wires) const;
    bool dtypesFit(const NetworkNode &node, const std::vector<Wire> &wires);
    /// Makes the module of a node without memory for its parameters; null: there is none, or none
    /// with these arguments.
    std::shared_ptr<Module> makeModule(const NetworkNode &node) const;
    void countParameters(const NetworkNode &node, const std::shared_ptr<Module> &module);
    /// What the node gives for what comes along the wires, found by calling it without its kernels.
    Result<TensorOutlines> outline(const NetworkNode &node, const Spec &spec,
                                   const std::vector<Wire> &wires,
                                   const std::shared_ptr<Module> &module) const;
    /// The shapes that come along the wires, and leftOut for ports left out before others.
    static Shapes byPort(const Spec &spec, const std::vector<Wire> &wires, const Shapes &shapes);
    void reportShapes(const NetworkNode &node, const Spec &spec, const std::vector<Wire> &wires,
                      const Shapes &shapes, const Error &error);
    std::vector<Fix> shapeFixes(const NetworkNode &node, const Spec &spec,
                                const std::vector<Wire> &wires, const Shapes &shapes, size_t at,
                                const Error &error);
    /// The node and argument that decide the last dimension of what comes out of a port.
    std::pair<const NetworkNode *, std::string> lastSizeOf(PortRef ref) const;
    void findUnused();

    const Network &m_network;
    const Vocabulary &m_vocabulary;
    const DescribeData &m_describe;
    Probe m_probe;
    CheckedNetwork m_result;
    std::map<NodeId, const Spec *> m_specs;
    std::set<NodeId> m_broken;
    std::set<Wire> m_refused;
    std::set<NodeId> m_given; ///< modules whose outputs are known
    std::optional<DataDescription> m_data;
};

} // namespace mrg
