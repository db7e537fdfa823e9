// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/plots/SeriesGraph.h"

#include <qcustomplot.h>

#include <cmath>

namespace mrg {

void SeriesGraph::clear()
{
    m_graph->data()->clear();
    m_shown = 0;
    m_generation = 0;
    m_mean = m_weight = m_step = 0;
}

qsizetype SeriesGraph::begin(const Series &series)
{
    if (series.generation() != m_generation || series.size() < m_shown) {
        clear();
        m_generation = series.generation();
    }
    return m_shown;
}

void SeriesGraph::follow(const Series &series)
{
    const qsizetype from = begin(series);
    if (from < series.size())
        m_graph->addData(series.epochs().mid(from), series.values().mid(from), true);
    m_shown = series.size();
}

void SeriesGraph::followSmoothed(const Series &series, double keep)
{
    QVector<double> smooth;
    const qsizetype from = begin(series);
    for (qsizetype i = from; i < series.size(); ++i) {
        const double mean = series.means()[i];
        if (std::isfinite(mean)) {
            const double kept = std::pow(keep, std::max(1.0, series.steps()[i] - m_step));
            m_mean = kept * m_mean + (1 - kept) * mean;
            m_weight = kept * m_weight + (1 - kept);
            m_step = series.steps()[i];
        }
        smooth.append(m_weight > 0 ? m_mean / m_weight : mean);
    }
    if (from < series.size())
        m_graph->addData(series.epochs().mid(from), smooth, true);
    m_shown = series.size();
}

} // namespace mrg
