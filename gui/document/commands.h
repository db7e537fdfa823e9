// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gui/document/ExperimentDocument.h"

#include <QUndoCommand>

#include <utility>

namespace mrg {

/// An undoable edit of an experiment: made of ids and values, acting only in redo() and undo().
class ExperimentCommand : public QUndoCommand {
protected:
    ExperimentCommand(ExperimentDocument &document, const QString &text)
        : QUndoCommand(text),
          m_document(document)
    {
    }
    const Experiment &experiment() const { return m_document.experiment(); }
    void apply(Experiment next, const Change &change) { m_document.apply(std::move(next), change); }

private:
    ExperimentDocument &m_document;
};

/// Ids by which QUndoStack finds commands that may merge.
enum class MergeId { Arg = 1, Title, Positions, Training, Description };

/// Sets one property of an experiment. Successive edits of the same property merge into one step,
/// and vanish if they lead back to where they began. `Property` is a small value that says which:
///
///     struct Property {
///         using Type = ...;
///         static constexpr MergeId id;
///         bool operator==(const Property &) const;   // same property?
///         Type get(const Experiment &) const;
///         void set(Experiment &, const Type &) const;
///         Change change() const;
///     };
template <typename Property> class SetCommand : public ExperimentCommand {
public:
    using Type = typename Property::Type;

    SetCommand(ExperimentDocument &document, Property property, Type value, const QString &text)
        : ExperimentCommand(document, text),
          m_property(std::move(property)),
          m_before(m_property.get(document.experiment())),
          m_after(std::move(value))
    {
    }
    bool changesNothing() const { return m_before == m_after; }

    void redo() override { put(m_after); }
    void undo() override { put(m_before); }
    int id() const override { return static_cast<int>(Property::id); }
    bool mergeWith(const QUndoCommand *other) override
    {
        const auto *next = static_cast<const SetCommand *>(other);
        if (!(next->m_property == m_property) || next->text() != text())
            return false;
        m_after = next->m_after;
        setObsolete(m_before == m_after);
        return true;
    }

private:
    void put(const Type &value)
    {
        Experiment next = experiment();
        m_property.set(next, value);
        apply(std::move(next), m_property.change());
    }

    Property m_property;
    Type m_before;
    Type m_after;
};

/// An argument of a node; nothing: its default.
struct ArgProperty {
    using Type = std::optional<Value>;
    static constexpr MergeId id = MergeId::Arg;
    NodeId node = 0;
    std::string name;
    friend bool operator==(const ArgProperty &, const ArgProperty &) = default;
    Type get(const Experiment &experiment) const;
    void set(Experiment &experiment, const Type &value) const;
    Change change() const { return NodesChanged{{node}}; }
};

struct TitleProperty {
    using Type = std::string;
    static constexpr MergeId id = MergeId::Title;
    NodeId node = 0;
    friend bool operator==(const TitleProperty &, const TitleProperty &) = default;
    Type get(const Experiment &experiment) const;
    void set(Experiment &experiment, const Type &value) const;
    Change change() const { return NodesChanged{{node}}; }
};

/// The positions of some nodes.
struct PositionsProperty {
    using Type = std::map<NodeId, std::pair<double, double>>;
    static constexpr MergeId id = MergeId::Positions;
    std::set<NodeId> nodes;
    friend bool operator==(const PositionsProperty &, const PositionsProperty &) = default;
    Type get(const Experiment &experiment) const;
    void set(Experiment &experiment, const Type &value) const;
    Change change() const { return NodesMoved{nodes}; }
};

struct TrainingProperty {
    using Type = TrainingSettings;
    static constexpr MergeId id = MergeId::Training;
    friend bool operator==(const TrainingProperty &, const TrainingProperty &) = default;
    Type get(const Experiment &experiment) const { return experiment.training; }
    void set(Experiment &experiment, const Type &value) const { experiment.training = value; }
    Change change() const { return TrainingChanged{}; }
};

/// Title and notes.
struct DescriptionProperty {
    using Type = std::pair<std::string, std::string>;
    static constexpr MergeId id = MergeId::Description;
    friend bool operator==(const DescriptionProperty &, const DescriptionProperty &) = default;
    Type get(const Experiment &experiment) const { return {experiment.title, experiment.notes}; }
    void set(Experiment &experiment, const Type &value) const
    {
        experiment.title = value.first;
        experiment.notes = value.second;
    }
    Change change() const { return DescriptionChanged{}; }
};

/// What makes one network out of another: items removed, altered and added, with their places.
struct NetworkPatch {
    template <typename T> using Placed = std::vector<std::pair<size_t, T>>; ///< index and item

    Placed<NetworkNode> removedNodes; ///< indices before
    Placed<NetworkNode> addedNodes; ///< indices after
    std::vector<std::pair<NetworkNode, NetworkNode>> alteredNodes;
    Placed<Wire> removedWires;
    Placed<Wire> addedWires;
    NodeId nextIdBefore = 0;
    NodeId nextIdAfter = 0;

    /// What items both have in common must be in the same order.
    static NetworkPatch between(const Network &before, const Network &after);
    NetworkPatch reversed() const;
    bool empty() const;
    std::set<NodeId> nodes() const;
    bool touchesWires() const { return !removedWires.empty() || !addedWires.empty(); }
    void applyTo(Network &network) const;
};

/// Inserts, removes or alters nodes and wires.
class PatchCommand : public ExperimentCommand {
public:
    PatchCommand(ExperimentDocument &document, NetworkPatch patch, const QString &text)
        : ExperimentCommand(document, text),
          m_patch(std::move(patch))
    {
    }
    void redo() override { put(m_patch); }
    void undo() override { put(m_patch.reversed()); }

private:
    void put(const NetworkPatch &patch);

    NetworkPatch m_patch;
};

} // namespace mrg
