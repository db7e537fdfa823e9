// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gui/session/Series.h"

class QCPGraph;

namespace mrg {

/// Keeps a graph up to date with a series that grows.
class SeriesGraph {
public:
    explicit SeriesGraph(QCPGraph *graph = nullptr) : m_graph(graph) { }
    QCPGraph *graph() const { return m_graph; }
    void clear();
    /// Takes over what is new.
    void follow(const Series &series);
    /// The same smoothed: a debiased exponential mean that forgets a share 1 - `keep` at each step,
    /// however many steps lie between two points.
    void followSmoothed(const Series &series, double keep);

private:
    /// Index from which points are new; begins anew if earlier ones have changed.
    qsizetype begin(const Series &series);

    QCPGraph *m_graph;
    qsizetype m_shown = 0;
    int m_generation = 0;
    double m_mean = 0;
    double m_weight = 0;
    double m_step = 0;
};

} // namespace mrg
