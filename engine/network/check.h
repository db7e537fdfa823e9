// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/Dataset.h"
#include "engine/network/Network.h"
#include "engine/network/Vocabulary.h"

#include <functional>
#include <map>
#include <memory>
#include <variant>

namespace mrg {

/// What check() must know of a data source: the shapes of one sample, not the numbers.
struct DataDescription {
    Shape sampleShape;
    DType inputDType = DType::Float32;
    Task task = Task::MultiLabel;
    /// Labels or classes; columns of the values for regression.
    int64_t classes = 0;
    std::vector<std::string> labelNames;
};
DataDescription describe(const Dataset &dataset);

/// Describes the data source of a node; an Error (loading, malformed) becomes an issue at the node.
using DescribeData = std::function<Result<DataDescription>(const NetworkNode &)>;

/// A shape with the batch dimension kept apart: text() is "N × 1000", "2N × 8", "N".
struct SymbolicShape {
    struct Dim {
        int64_t size = 0; ///< for the batch size asked for
        int64_t perSample = 0; ///< multiple of the batch size; 0: does not depend on it
        friend bool operator==(const Dim &, const Dim &) = default;
    };
    std::vector<Dim> dims;
    DType dtype = DType::Float32;
    std::string text() const;
    Shape shape() const;
    friend bool operator==(const SymbolicShape &, const SymbolicShape &) = default;
};

/// An edit that mends an issue; see applyFix().
struct SetArgsFix {
    NodeId node = 0;
    Arguments args;
};
/// Puts a new node into a wire: its first input and output take the wire's ends.
struct InsertNodeFix {
    Wire wire;
    std::string type;
    Arguments args;
};
struct AddWireFix {
    Wire wire;
};
struct RemoveWireFix {
    Wire wire;
};
struct RemoveNodeFix {
    NodeId node = 0;
};
/// Puts another module in the place of a node, keeping the wires to ports of the same name.
struct ReplaceNodeFix {
    NodeId node = 0;
    std::string type;
    Arguments args;
};
struct Fix {
    std::string text; ///< "Set in_features to 1000"
    std::variant<SetArgsFix, InsertNodeFix, AddWireFix, RemoveWireFix, RemoveNodeFix,
                 ReplaceNodeFix>
            edit;
};
/// The network after the fix. New nodes take ids from network.nextId.
Network applyFix(Network network, const Fix &fix);

enum class Severity { Error, Warning };

/// One thing wrong with a network, where, and how to mend it.
struct Issue {
    Severity severity = Severity::Error;
    std::string kind; ///< "size_mismatch", "cycle", "unknown_type", "not_connected", ...
    NodeId node = 0; ///< 0: the network as a whole
    std::string port; ///< empty: the node as a whole
    std::optional<Wire> wire; ///< the wire to mark
    std::string text; ///< a sentence in plain words: what came, what was needed
    std::string got;
    std::string wanted;
    std::vector<Fix> fixes;
};

/// What check() found out.
struct CheckedNetwork {
    std::map<PortRef, SymbolicShape> shapes; ///< by output port
    std::map<NodeId, int64_t> parameters; ///< trainable numbers per module
    std::vector<NodeId> order; ///< execution order of what is sound
    std::vector<Issue> issues;
    /// The loss node, if there is exactly one; the data node that feeds it; the node port that
    /// gives the scores (what is wired into the loss's input).
    std::optional<NodeId> loss;
    std::optional<NodeId> data;
    std::optional<PortRef> scores;

    /// No errors (warnings are allowed): it can be built and trained.
    bool ok() const;
    /// Issues at a node or its ports.
    std::vector<Issue> issuesOf(NodeId node) const;
};

/// Infers every shape from the data source on and collects all that is wrong. Never throws, runs
/// nothing, touches no data: fast enough to be called at every edit.
CheckedNetwork check(const Network &network, const Vocabulary &vocabulary,
                     const DescribeData &describeData, int64_t batchSize);

} // namespace mrg
