// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/check.h"
#include "engine/network/experiment_file.h"

#include <QObject>
#include <QPointF>
#include <QString>
#include <QUndoStack>

#include <filesystem>
#include <memory>
#include <set>
#include <variant>

namespace mrg {

class DataLoader;

/// What an edit changed. Views listen to ExperimentDocument::changed() and update what it names.
struct NodesChanged { ///< added, removed, or their arguments or titles edited
    std::set<NodeId> nodes;
};
struct NodesMoved {
    std::set<NodeId> nodes;
};
struct WiresChanged { };
struct TrainingChanged { }; ///< TrainingSettings
struct DescriptionChanged { }; ///< title or notes
struct Replaced { }; ///< another experiment altogether: rebuild everything
struct Checked { }; ///< check results (shapes, issues) are new
using Change = std::variant<NodesChanged, NodesMoved, WiresChanged, TrainingChanged,
                            DescriptionChanged, Replaced, Checked>;

/// An Experiment being edited: the only writer of its Network. Every edit is an undo command that
/// holds ids and values; every change is announced once by changed() (an edit of nodes that also
/// touches wires: NodesChanged, then WiresChanged), and what bears on shapes is followed by a fresh
/// check() (announced as Checked).
class ExperimentDocument : public QObject {
    Q_OBJECT
public:
    /// `vocabulary` must outlive the document.
    explicit ExperimentDocument(const Vocabulary &vocabulary, QObject *parent = nullptr);
    ~ExperimentDocument() override;

    const Vocabulary &vocabulary() const { return m_vocabulary; }
    const Experiment &experiment() const { return m_experiment; }
    const Network &network() const { return m_experiment.network; }
    /// Shapes and issues of the network as it stands.
    const CheckedNetwork &checked() const { return m_checked; }
    QUndoStack &undoStack() { return m_undoStack; }

    /// The data of the network's data source, once loaded (loading happens in the background and
    /// ends in dataChanged()); null before, and after an error.
    std::shared_ptr<const DataSplit> data() const { return m_data; }
    /// Why the data could not be loaded, in words; empty if it could.
    QString dataError() const { return m_dataError; }
    bool dataLoading() const { return m_dataLoading; }
    /// Where relative paths in arguments start.
    std::filesystem::path baseFolder() const;
    /// A file's path as an argument: relative where the file lies in the experiment's folder, so
    /// that both can be moved together.
    QString argumentPath(const QString &file) const;

    // Edits: each is one undoable step. Moves and successive edits of the same argument merge.
    NodeId addNode(const QString &type, const Arguments &args, QPointF position);
    /// Adds nodes and wires from another network; ids are made new. Returns the new ids. `what` is
    /// the undo text; empty: that of pasting.
    std::vector<NodeId> addNetwork(const Network &network, QPointF offset,
                                   const QString &what = {});
    void removeItems(const std::set<NodeId> &nodes, const std::vector<Wire> &wires);
    void moveNodes(const std::map<NodeId, QPointF> &positions);
    void setArg(NodeId node, const QString &name, const Value &value);
    void setTitle(NodeId node, const QString &title);
    /// Adds the wire, replacing one that ends at the same input.
    void addWire(const Wire &wire);
    void removeWire(const Wire &wire);
    /// Puts another type in a node's place (another loss), keeping wires and arguments that fit.
    void replaceType(NodeId node, const QString &type);
    void applyFix(const Fix &fix);
    void setTraining(const TrainingSettings &settings, const QString &what);
    void setDescription(const QString &title, const QString &notes);

    // Files.
    /// Empty for an experiment that has never been saved.
    QString filePath() const { return m_filePath; }
    bool isModified() const { return !m_undoStack.isClean(); }
    /// Title or file name, for window titles.
    QString displayName() const;
    void replace(const Experiment &experiment, const QString &filePath);
    Result<void> open(const QString &path);
    Result<void> save(const QString &path);

signals:
    void changed(const mrg::Change &change);
    /// Loading has begun, succeeded or failed.
    void dataChanged();
    void filePathChanged();

private:
    friend class ExperimentCommand;
    /// The only place where the experiment changes; called by commands in redo() and undo().
    void apply(Experiment next, const Change &change);
    /// Pushes what turns the network into `next`, if anything does.
    void pushNetwork(Network next, const QString &text);
    void recheck();
    /// Tells whether the state of the network's data differs from what was last announced.
    bool noteDataState();

    const Vocabulary &m_vocabulary;
    Experiment m_experiment;
    CheckedNetwork m_checked;
    QUndoStack m_undoStack;
    QString m_filePath;
    std::unique_ptr<DataLoader> m_loader;
    /// What dataChanged() last announced.
    std::shared_ptr<const DataSplit> m_data;
    QString m_dataError;
    bool m_dataLoading = false;
};

} // namespace mrg
