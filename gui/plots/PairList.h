// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/Snapshot.h"
#include "gui/widgets/Theme.h"

#include <QElapsedTimer>
#include <QTableWidget>

namespace mrg {

/// What stands out in the matrix beside it, in words: the pairs that cost most, or the classes most
/// often taken for one another.
class PairList : public QTableWidget {
    Q_OBJECT
public:
    PairList(const Theme &theme, QWidget *parent = nullptr);
    void setTheme(const Theme &theme);
    void setMargins(const MarginStatistics &margins, const QStringList &labels);
    void setConfusion(const Evaluation &evaluation, const QStringList &labels);

private:
    struct Line {
        int first = 0;
        int second = 0;
        QString share;
        QString weight;
    };
    void show(const QStringList &titles, const QStringList &definitions, const QVector<Line> &lines,
              const QStringList &labels);
    /// Rows that change faster can't be read.
    bool tooSoon();

    Theme m_theme;
    QElapsedTimer m_since;
};

} // namespace mrg
