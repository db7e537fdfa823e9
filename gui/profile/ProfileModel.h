// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/Vocabulary.h"
#include "engine/training/profile.h"
#include "gui/widgets/Theme.h"

#include <QAbstractTableModel>
#include <QIcon>

#include <memory>

namespace mrg {

/// What the nodes cost, a row each, in the order in which they compute.
class ProfileModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Name, Calls, Forward, Backward, Share, Allocated, Peak, Parameters, ColumnCount };
    enum Role {
        SortRole = Qt::UserRole + 1, ///< a number to sort by; the order of computing for names
        PartsRole, ///< of shares: QPointF(forward, backward), each of the largest share
    };
    ProfileModel(const Vocabulary &vocabulary, const Theme &theme, QObject *parent = nullptr);
    /// `network` says what the nodes are and are called. `profile` may be null.
    void setProfile(std::shared_ptr<const NetworkProfile> profile, const Network &network);
    void setTheme(const Theme &theme);
    NodeId nodeAt(int row) const { return m_profile->nodes.at(static_cast<size_t>(row)).node; }
    /// -1: that node is none that was measured.
    int rowOf(NodeId node) const;
    /// All numbers in milliseconds and bytes, a line a node, then the optimizer and the whole step.
    QString csv(const QString &optimizer) const;

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    struct Face {
        QString name;
        QString type;
        QIcon icon;
    };
    void look();

    const Vocabulary &m_vocabulary;
    Theme m_theme;
    std::shared_ptr<const NetworkProfile> m_profile;
    Network m_network;
    std::vector<Face> m_faces; ///< by row
    double m_largestMs = 0; ///< of a node, forward and backward
};

} // namespace mrg
