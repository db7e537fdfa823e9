// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/Dataset.h"
#include "gui/widgets/Theme.h"

#include <QImage>
#include <QPainter>
#include <QVector>

namespace mrg {

/// A small picture that tells what a dataset is: the points of a plane, some of its images, its two
/// columns that tell the classes best apart, or how often each label occurs. Made once from the
/// data, drawn at any size in any theme.
///
/// **Threads**: a plain value, to be made on any thread.
class DataGlyph {
public:
    DataGlyph() = default;
    explicit DataGlyph(const Dataset &dataset);
    bool isEmpty() const { return m_dots.isEmpty() && m_images.isEmpty() && m_shares.isEmpty(); }
    void draw(QPainter &painter, const QRectF &rect, const Theme &theme) const;

private:
    struct Dot {
        QPointF at; ///< in the unit square
        int label = 0;
    };
    void takeDots(const Dataset &dataset, int64_t columnX, int64_t columnY);
    void takeTellingColumns(const Dataset &dataset);
    void takeImages(const Dataset &dataset);
    void takeShares(const Dataset &dataset);
    void drawDots(QPainter &painter, const QRectF &rect, const Theme &theme) const;
    void drawImages(QPainter &painter, const QRectF &rect, const Theme &theme) const;
    void drawShares(QPainter &painter, const QRectF &rect, const Theme &theme) const;

    QVector<Dot> m_dots;
    QVector<QImage> m_images; ///< 8-bit grey, ink is bright
    QVector<QPair<int, double>>
            m_shares; ///< label and its share of the samples, most frequent first
};

} // namespace mrg
