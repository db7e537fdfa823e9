// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/widgets/PlotStyle.h"

#include "gui/widgets/Theme.h"

#include <qcustomplot.h>

namespace mrg {

void stylePlot(QCustomPlot &plot, const Theme &theme)
{
    plot.setBackground(theme.surface);
    // Lines of more than a hair's width are slow without it.
    plot.setPlottingHint(QCP::phFastPolylines);
    QFont font = plot.font();
    font.setPixelSize(11);
    for (QCPAxisRect *rect : plot.axisRects()) {
        for (QCPAxis *axis : rect->axes()) {
            axis->setBasePen(QPen(theme.border));
            axis->setTickPen(QPen(theme.border));
            axis->setSubTickPen(Qt::NoPen);
            axis->setTickLabelColor(theme.mutedText);
            axis->setLabelColor(theme.mutedText);
            axis->setTickLabelFont(font);
            axis->setLabelFont(font);
            axis->setTickLengthIn(0);
            axis->setTickLengthOut(4);
            axis->grid()->setPen(QPen(theme.gridLine));
            axis->grid()->setZeroLinePen(QPen(theme.border));
        }
    }
    QColor ground = theme.surface;
    ground.setAlpha(215);
    plot.legend->setBrush(ground);
    plot.legend->setBorderPen(Qt::NoPen);
    plot.legend->setTextColor(theme.text);
    plot.legend->setFont(font);
    plot.legend->setIconSize(18, 10);
    plot.legend->setRowSpacing(1);
}

} // namespace mrg
