// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/document/ExperimentDocument.h"

#include "gui/document/DataLoader.h"
#include "gui/document/commands.h"
#include "gui/document/network_edits.h"

#include <QDir>
#include <QFileInfo>

namespace mrg {

namespace {

QString text(const std::string &value) { return QString::fromStdString(value); }

/// The name of an edit of so many nodes; a translation has its own words for one and for several.
QString nodesText(const QString &one, const QString &several, size_t count)
{
    return count == 1 ? one : several.arg(count);
}

template <typename Property> void push(QUndoStack &stack, SetCommand<Property> *command)
{
    if (command->changesNothing())
        delete command;
    else
        stack.push(command);
}

/// Whether a change can bear on shapes or issues.
bool needsCheck(const Change &change)
{
    return !std::holds_alternative<NodesMoved>(change)
            && !std::holds_alternative<DescriptionChanged>(change)
            && !std::holds_alternative<Checked>(change);
}

} // namespace

ExperimentDocument::ExperimentDocument(const Vocabulary &vocabulary, QObject *parent)
    : QObject(parent),
      m_vocabulary(vocabulary),
      m_loader(std::make_unique<DataLoader>(vocabulary))
{
    connect(m_loader.get(), &DataLoader::loaded, this, &ExperimentDocument::recheck);
    recheck();
}

ExperimentDocument::~ExperimentDocument() { m_undoStack.disconnect(this); }

void ExperimentDocument::apply(Experiment next, const Change &change)
{
    const bool wires = next.network.wires != m_experiment.network.wires;
    m_experiment = std::move(next);
    emit changed(change);
    if (wires && std::holds_alternative<NodesChanged>(change))
        emit changed(WiresChanged{});
    if (needsCheck(change))
        recheck();
}

void ExperimentDocument::recheck()
{
    m_checked = check(
            network(), m_vocabulary,
            [this](const NetworkNode &node) { return m_loader->describeData(node); },
            m_experiment.training.batchSize);
    const bool dataChange = noteDataState();
    emit changed(Checked{});
    if (dataChange)
        emit dataChanged();
}

bool ExperimentDocument::noteDataState()
{
    std::shared_ptr<const DataSplit> split;
    QString error;
    bool loading = false;
    if (const NetworkNode *node = m_checked.data ? network().find(*m_checked.data) : nullptr) {
        const DataLoader::Entry &entry = m_loader->find(*node);
        split = entry.split;
        loading = entry.state == DataLoader::State::Loading;
        if (entry.error)
            error = text(entry.error->text());
    }
    if (split == m_data && error == m_dataError && loading == m_dataLoading)
        return false;
    m_data = split;
    m_dataError = error;
    m_dataLoading = loading;
    return true;
}

std::filesystem::path ExperimentDocument::baseFolder() const { return m_loader->baseFolder(); }

QString ExperimentDocument::argumentPath(const QString &file) const
{
    if (m_filePath.isEmpty())
        return file;
    const QString relative = QFileInfo(m_filePath).absoluteDir().relativeFilePath(file);
    return relative.startsWith("..") ? file : relative;
}

void ExperimentDocument::pushNetwork(Network next, const QString &what)
{
    numberVariadicWires(next);
    const NetworkPatch patch = NetworkPatch::between(network(), next);
    if (!patch.empty())
        m_undoStack.push(new PatchCommand(*this, patch, what));
}

NodeId ExperimentDocument::addNode(const QString &type, const Arguments &args, QPointF position)
{
    Network next = network();
    NetworkNode node;
    node.id = next.nextId++;
    node.type = type.toStdString();
    node.args = tidyArguments(m_vocabulary, node.type, args);
    node.x = position.x();
    node.y = position.y();
    next.nodes.push_back(node);
    pushNetwork(std::move(next), tr("Add %1").arg(shortTypeName(type)));
    return node.id;
}

std::vector<NodeId> ExperimentDocument::addNetwork(const Network &added, QPointF offset,
                                                   const QString &what)
{
    Network next = network();
    const std::vector<NodeId> ids = appendNetwork(next, added, offset.x(), offset.y());
    pushNetwork(std::move(next),
                what.isEmpty() ? nodesText(tr("Paste one node"), tr("Paste %1 nodes"), ids.size())
                               : what);
    return ids;
}

void ExperimentDocument::removeItems(const std::set<NodeId> &nodes, const std::vector<Wire> &wires)
{
    Network next = network();
    std::erase_if(next.nodes, [&](const NetworkNode &node) { return nodes.contains(node.id); });
    std::erase_if(next.wires, [&](const Wire &wire) {
        return nodes.contains(wire.from.node) || nodes.contains(wire.to.node)
                || std::find(wires.begin(), wires.end(), wire) != wires.end();
    });
    const NetworkNode *only = nodes.size() == 1 ? network().find(*nodes.begin()) : nullptr;
    const QString what = only ? tr("Remove %1").arg(nodeName(*only))
            : nodes.empty()   ? tr("Remove wire")
                            : nodesText(tr("Remove one node"), tr("Remove %1 nodes"), nodes.size());
    pushNetwork(std::move(next), what);
}

void ExperimentDocument::moveNodes(const std::map<NodeId, QPointF> &positions)
{
    PositionsProperty property;
    PositionsProperty::Type values;
    for (const auto &[id, position] : positions) {
        if (!network().find(id))
            continue;
        property.nodes.insert(id);
        values[id] = {position.x(), position.y()};
    }
    const QString what = nodesText(tr("Move one node"), tr("Move %1 nodes"), values.size());
    push(m_undoStack, new SetCommand(*this, property, values, what));
}

void ExperimentDocument::setArg(NodeId id, const QString &name, const Value &value)
{
    const NetworkNode *node = network().find(id);
    if (!node)
        return;
    const std::string key = name.toStdString();
    const Arguments tidy = tidyArguments(m_vocabulary, node->type, {{key, value}});
    const std::optional<Value> kept = tidy.contains(key) ? std::optional(value) : std::nullopt;
    push(m_undoStack,
         new SetCommand(*this, ArgProperty{id, key}, kept,
                        tr("Set %1 of %2").arg(name, nodeName(*node))));
}

void ExperimentDocument::setTitle(NodeId id, const QString &title)
{
    const NetworkNode *node = network().find(id);
    if (!node)
        return;
    push(m_undoStack,
         new SetCommand(*this, TitleProperty{id}, title.trimmed().toStdString(),
                        tr("Rename %1").arg(shortTypeName(text(node->type)))));
}

void ExperimentDocument::addWire(const Wire &wire)
{
    Network next = network();
    std::erase_if(next.wires, [&](const Wire &other) { return other.to == wire.to; });
    next.wires.push_back(wire);
    pushNetwork(std::move(next), tr("Add wire"));
}

void ExperimentDocument::removeWire(const Wire &wire) { removeItems({}, {wire}); }

void ExperimentDocument::replaceType(NodeId id, const QString &type)
{
    Network next = network();
    const NetworkNode *node = next.find(id);
    if (!node || text(node->type) == type)
        return;
    const QString what = tr("Replace %1 by %2").arg(nodeName(*node), shortTypeName(type));
    replaceNodeType(next, m_vocabulary, id, type.toStdString());
    pushNetwork(std::move(next), what);
}

void ExperimentDocument::applyFix(const Fix &fix)
{
    Network next = mrg::applyFix(network(), fix);
    for (NetworkNode &node : next.nodes)
        node.args = tidyArguments(m_vocabulary, node.type, node.args);
    pushNetwork(std::move(next), text(fix.text));
}

void ExperimentDocument::setTraining(const TrainingSettings &settings, const QString &what)
{
    push(m_undoStack, new SetCommand(*this, TrainingProperty{}, settings, what));
}

void ExperimentDocument::setDescription(const QString &title, const QString &notes)
{
    push(m_undoStack,
         new SetCommand(*this, DescriptionProperty{},
                        std::pair(title.toStdString(), notes.toStdString()),
                        tr("Edit the description")));
}

QString ExperimentDocument::displayName() const
{
    if (!m_experiment.title.empty())
        return text(m_experiment.title);
    return m_filePath.isEmpty() ? tr("Untitled") : QFileInfo(m_filePath).completeBaseName();
}

void ExperimentDocument::replace(const Experiment &experiment, const QString &filePath)
{
    m_undoStack.clear();
    m_filePath = filePath;
    m_loader->setBaseFolder(QFileInfo(filePath).absolutePath().toStdString());
    m_loader->forgetFailures();
    apply(experiment, Replaced{});
    emit filePathChanged();
}

Result<void> ExperimentDocument::open(const QString &path)
{
    Result<Experiment> experiment = loadExperiment(path.toStdString());
    if (!experiment)
        return experiment.error();
    replace(*experiment, path);
    return {};
}

Result<void> ExperimentDocument::save(const QString &path)
{
    if (Result<void> saved = saveExperiment(path.toStdString(), m_experiment); !saved)
        return saved;
    m_undoStack.setClean();
    if (path != m_filePath) {
        m_filePath = path;
        m_loader->setBaseFolder(QFileInfo(path).absolutePath().toStdString());
        recheck();
    }
    emit filePathChanged();
    return {};
}

} // namespace mrg

#include "moc_ExperimentDocument.cpp"
