// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/profile/ProfileModel.h"

#include "gui/document/network_edits.h"
#include "gui/document/node_look.h"
#include "gui/widgets/Icons.h"
#include "gui/widgets/quantity_text.h"

#include <QPointF>

#include <algorithm>

namespace mrg {

namespace {

constexpr int iconSize = 16;

/// A text as a field of CSV (RFC 4180).
QString field(QString text)
{
    if (!text.contains(',') && !text.contains('"') && !text.contains('\n'))
        return text;
    return '"' + text.replace('"', "\"\"") + '"';
}

QString number(double value) { return QString::number(value, 'g', 6); }

} // namespace

ProfileModel::ProfileModel(const Vocabulary &vocabulary, const Theme &theme, QObject *parent)
    : QAbstractTableModel(parent),
      m_vocabulary(vocabulary),
      m_theme(theme)
{
}

void ProfileModel::setProfile(std::shared_ptr<const NetworkProfile> profile, const Network &network)
{
    m_network = network;
    if (profile == m_profile) {
        look();
        return;
    }
    beginResetModel();
    m_profile = std::move(profile);
    m_largestMs = 0;
    m_faces.clear();
    if (m_profile) {
        for (const NodeProfile &node : m_profile->nodes)
            m_largestMs = std::max(m_largestMs, node.forwardMs + node.backwardMs);
        m_faces.resize(m_profile->nodes.size());
    }
    endResetModel();
    look();
}

void ProfileModel::setTheme(const Theme &theme)
{
    m_theme = theme;
    look();
}

/// Names and icons anew.
void ProfileModel::look()
{
    if (m_faces.empty())
        return;
    for (size_t row = 0; row < m_faces.size(); ++row) {
        const NetworkNode *node = m_network.find(m_profile->nodes[row].node);
        if (!node)
            continue; // it was removed since: what it was stays
        const NodeLook look = nodeLook(node->type, m_vocabulary.spec(node->type), m_theme);
        QIcon icon(iconPixmap(look.icon, look.color, iconSize));
        icon.addPixmap(iconPixmap(look.icon, m_theme.accentText, iconSize), QIcon::Selected);
        m_faces[row] = {nodeName(*node), shortTypeName(QString::fromStdString(node->type)), icon};
    }
    emit dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
}

int ProfileModel::rowOf(NodeId node) const
{
    for (int row = 0; row < rowCount(); ++row) {
        if (nodeAt(row) == node)
            return row;
    }
    return -1;
}

int ProfileModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_faces.size());
}

int ProfileModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant ProfileModel::data(const QModelIndex &index, int role) const
{
    const NodeProfile &node = m_profile->nodes[static_cast<size_t>(index.row())];
    const Face &face = m_faces[static_cast<size_t>(index.row())];
    if (role == Qt::DecorationRole && index.column() == Name)
        return face.icon;
    if (role == Qt::TextAlignmentRole)
        return static_cast<int>(Qt::AlignVCenter
                                | (index.column() == Name || index.column() == Share
                                           ? Qt::AlignLeft
                                           : Qt::AlignRight));
    if (role == Qt::ToolTipRole && index.column() == Name)
        return face.name == face.type ? face.type : face.name + " · " + face.type;
    if (role == PartsRole && index.column() == Share && m_largestMs > 0)
        return QPointF(node.forwardMs / m_largestMs, node.backwardMs / m_largestMs);
    if (role != Qt::DisplayRole && role != SortRole)
        return {};
    const bool shown = role == Qt::DisplayRole;
    const auto time = [&](double ms) { return shown ? QVariant(durationText(ms)) : QVariant(ms); };
    const auto bytes = [&](qint64 n) { return shown ? QVariant(bytesText(n)) : QVariant(n); };
    const auto count = [&](qint64 n) { return shown ? QVariant(countText(n)) : QVariant(n); };
    switch (index.column()) {
    case Name: return shown ? QVariant(face.name) : QVariant(index.row());
    case Calls: return count(node.calls);
    case Forward: return time(node.forwardMs);
    // What has no gradient takes no time for it.
    case Backward: return shown && node.backwardMs == 0 ? QVariant("–") : time(node.backwardMs);
    case Share: return shown ? QVariant(percentText(node.share)) : QVariant(node.share);
    case Allocated: return bytes(node.allocatedBytes);
    case Peak: return bytes(node.peakBytes);
    case Parameters: return shown && node.parameters == 0 ? QVariant("–") : count(node.parameters);
    default: return {};
    }
}

QVariant ProfileModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    const auto choose = [role](const QString &title, const QString &definition) {
        return role == Qt::DisplayRole    ? QVariant(title)
                : role == Qt::ToolTipRole ? QVariant("<p>" + definition + "</p>")
                                          : QVariant();
    };
    if (role == Qt::TextAlignmentRole)
        return static_cast<int>(
                Qt::AlignVCenter
                | (section == Name || section == Share ? Qt::AlignLeft : Qt::AlignRight));
    switch (section) {
    case Name: return choose(tr("Node"), tr("Sorted by this column: in the order of computing."));
    case Calls:
        return choose(tr("Calls"),
                      tr("How often a step calls the node. Optimizers that evaluate "
                         "several times a step call more than once."));
    case Forward:
        return choose(
                tr("Forward"),
                tr("Time to compute what the node gives: the median over the steps. For data: "
                   "dealing out the batch."));
    case Backward:
        return choose(tr("Backward"),
                      tr("Time to compute the node's gradients: the median over "
                         "the steps."));
    case Share:
        return choose(tr("Share"),
                      tr("The node's part of forward and backward of all nodes. The "
                         "bar shows both, forward first; the longest is the dearest "
                         "node's."));
    case Allocated:
        return choose(tr("Allocated"),
                      tr("Memory that the forward leaves held: what the node "
                         "gives, and what its backward needs."));
    case Peak:
        return choose(tr("Peak"),
                      tr("The most memory that the forward holds at once, beyond what "
                         "was held before it."));
    case Parameters: return choose(tr("Parameters"), tr("Numbers that are trained."));
    default: return {};
    }
}

QString ProfileModel::csv(const QString &optimizer) const
{
    QStringList lines{
            "node,name,type,calls,forward_ms,backward_ms,share,allocated_bytes,peak_bytes,"
            "parameters"};
    if (!m_profile)
        return lines.front() + "\n";
    const NetworkProfile &all = *m_profile;
    for (size_t row = 0; row < all.nodes.size(); ++row) {
        const NodeProfile &node = all.nodes[row];
        lines << QStringList{QString::number(node.node),
                             field(m_faces[row].name),
                             field(m_faces[row].type),
                             QString::number(node.calls),
                             number(node.forwardMs),
                             number(node.backwardMs),
                             number(node.share),
                             QString::number(node.allocatedBytes),
                             QString::number(node.peakBytes),
                             QString::number(node.parameters)}
                         .join(',');
    }
    lines << QString(",optimizer,%1,1,%2,,,,,").arg(field(optimizer), number(all.optimizerMs));
    lines << QString(",whole step,,1,%1,%2,,,%3,%4")
                     .arg(number(all.totalMs() - all.backwardMs), number(all.backwardMs))
                     .arg(all.peakBytes)
                     .arg(all.parameters());
    return lines.join('\n') + "\n";
}

} // namespace mrg

#include "moc_ProfileModel.cpp"
