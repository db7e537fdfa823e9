// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/plots/PairList.h"

#include "gui/widgets/Icons.h"

#include <QHeaderView>

#include <algorithm>
#include <numeric>

namespace mrg {

namespace {
constexpr int shownPairs = 12;
constexpr int refreshMs = 250;
constexpr int heightOfRow = 26;
constexpr int narrowest = 240;

QPixmap dot(const QColor &color)
{
    constexpr int size = 10;
    constexpr qreal scale = 2;
    QPixmap out(QSize(size, size) * scale);
    out.fill(Qt::transparent);
    QPainter painter(&out);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    painter.drawEllipse(QRectF(QPointF(0, 0), out.size()).adjusted(1, 1, -1, -1));
    painter.end();
    out.setDevicePixelRatio(scale);
    return out;
}

/// The cells of a matrix by what they weigh, heaviest first; those that weigh nothing are left out.
std::vector<size_t> heaviest(const std::vector<double> &weights)
{
    std::vector<size_t> cells(weights.size());
    std::iota(cells.begin(), cells.end(), size_t{0});
    std::erase_if(cells, [&](size_t cell) { return !(weights[cell] > 0); });
    const auto count = std::min<size_t>(cells.size(), shownPairs);
    std::partial_sort(cells.begin(), cells.begin() + static_cast<std::ptrdiff_t>(count),
                      cells.end(), [&](size_t a, size_t b) {
                          return weights[a] != weights[b] ? weights[a] > weights[b] : a < b;
                      });
    cells.resize(count);
    return cells;
}

QString percent(double share) { return QString::number(100 * share, 'f', 1) + " %"; }
} // namespace

PairList::PairList(const Theme &theme, QWidget *parent) : QTableWidget(0, 4, parent), m_theme(theme)
{
    setObjectName("pairList");
    verticalHeader()->hide();
    verticalHeader()->setDefaultSectionSize(heightOfRow);
    setEditTriggers(NoEditTriggers);
    setSelectionMode(NoSelection);
    setFocusPolicy(Qt::NoFocus);
    setShowGrid(false);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setTextElideMode(Qt::ElideMiddle);
    setIconSize({10, 10});
    setMinimumWidth(narrowest);
    for (int column = 0; column < columnCount(); ++column)
        horizontalHeader()->setSectionResizeMode(
                column, column < 2 ? QHeaderView::Stretch : QHeaderView::ResizeToContents);
}

void PairList::setTheme(const Theme &theme)
{
    m_theme = theme;
    m_since.invalidate();
}

bool PairList::tooSoon()
{
    if (m_since.isValid() && m_since.elapsed() < refreshMs)
        return true;
    m_since.start();
    return false;
}

void PairList::setMargins(const MarginStatistics &margins, const QStringList &labels)
{
    if (tooSoon() || margins.classes != labels.size())
        return;
    const double total = std::accumulate(margins.hinges.begin(), margins.hinges.end(), 0.0);
    QVector<Line> lines;
    for (size_t cell : heaviest(margins.hinges)) {
        const auto at = static_cast<int64_t>(cell);
        lines.append({static_cast<int>(at / margins.classes),
                      static_cast<int>(at % margins.classes),
                      percent(static_cast<double>(margins.violations[cell])
                              / static_cast<double>(margins.pairs[cell])),
                      percent(margins.hinges[cell] / total)});
    }
    show({tr("Label"), tr("Rival"), tr("Violated"), tr("Of the loss")},
         {tr("A label that holds"), tr("A rival that does not"),
          tr("Share of such pairs in which the label does not lead by the margin"),
          tr("Share of the sum of all hinges: what this pair adds to the loss")},
         lines, labels);
}

void PairList::setConfusion(const Evaluation &evaluation, const QStringList &labels)
{
    const auto count = static_cast<size_t>(labels.size());
    if (tooSoon() || evaluation.confusion.size() != count * count)
        return;
    std::vector<double> wrong(evaluation.confusion.begin(), evaluation.confusion.end());
    std::vector<double> ofClass(count);
    for (size_t row = 0; row < count; ++row) {
        for (size_t column = 0; column < count; ++column)
            ofClass[row] += wrong[row * count + column];
        wrong[row * count + row] = 0;
    }
    QVector<Line> lines;
    for (size_t cell : heaviest(wrong)) {
        lines.append({static_cast<int>(cell / count), static_cast<int>(cell % count),
                      percent(wrong[cell] / ofClass[cell / count]),
                      QString::number(evaluation.confusion[cell])});
    }
    show({tr("Truth"), tr("Taken for"), tr("Of the class"), tr("Samples")},
         {tr("The true class"), tr("The class with the highest score"),
          tr("Share of the true class's samples"), tr("How many samples")},
         lines, labels);
}

void PairList::show(const QStringList &titles, const QStringList &definitions,
                    const QVector<Line> &lines, const QStringList &labels)
{
    setHorizontalHeaderLabels(titles);
    for (int column = 0; column < columnCount(); ++column) {
        horizontalHeaderItem(column)->setTextAlignment((column > 1 ? Qt::AlignRight : Qt::AlignLeft)
                                                       | Qt::AlignVCenter);
        horizontalHeaderItem(column)->setToolTip(definitions[column]);
    }
    setRowCount(static_cast<int>(lines.size()));
    for (int row = 0; row < lines.size(); ++row) {
        const Line &line = lines[row];
        const QStringList texts{labels.value(line.first), labels.value(line.second), line.share,
                                line.weight};
        for (int column = 0; column < texts.size(); ++column) {
            auto *cell = new QTableWidgetItem(texts[column]);
            cell->setTextAlignment((column > 1 ? Qt::AlignRight : Qt::AlignLeft)
                                   | Qt::AlignVCenter);
            cell->setToolTip(column < 2 ? texts[column] : definitions[column]);
            if (column < 2)
                cell->setIcon(dot(labelColor(column == 0 ? line.first : line.second, m_theme)));
            setItem(row, column, cell);
        }
    }
}

} // namespace mrg

#include "moc_PairList.cpp"
