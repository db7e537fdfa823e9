// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QVector>

namespace mrg {

/// A curve as it comes in, in bounded memory however long the run: up to `capacity` points stand as
/// they are; beyond that, stretches of steps stand for themselves by their least and their greatest
/// value, so that nothing that stands out is lost. The run store has every point.
class Series {
public:
    static constexpr qsizetype capacity = 8192;

    void append(double step, double epoch, double value);

    qsizetype size() const { return m_values.size(); }
    bool isEmpty() const { return m_values.isEmpty(); }
    const QVector<double> &steps() const { return m_steps; }
    const QVector<double> &epochs() const { return m_epochs; }
    const QVector<double> &values() const { return m_values; }
    /// Mean of the stretch that a point stands for; for smoothing.
    const QVector<double> &means() const { return m_means; }
    /// Grows whenever points that were there have changed; else they are only appended to.
    int generation() const { return m_generation; }
    /// Values that a point or, beyond the first thinning, a pair of points stands for.
    qsizetype stride() const { return m_stride; }

private:
    struct Point {
        double step;
        double epoch;
        double value;
        double mean;
    };
    /// Values gathered until they make a stretch.
    struct Stretch {
        qsizetype count = 0;
        Point least{};
        Point greatest{};
        double sum = 0;
        qsizetype finite = 0;
        void add(const Point &point);
    };
    Point at(qsizetype i) const { return {m_steps[i], m_epochs[i], m_values[i], m_means[i]}; }
    void push(const Point &point);
    void push(const Stretch &stretch);
    void thin();

    QVector<double> m_steps;
    QVector<double> m_epochs;
    QVector<double> m_values;
    QVector<double> m_means;
    Stretch m_open;
    qsizetype m_stride = 1;
    int m_generation = 0;
};

} // namespace mrg
