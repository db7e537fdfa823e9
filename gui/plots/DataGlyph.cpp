// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/plots/DataGlyph.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mrg {

namespace {
constexpr int64_t shownDots = 220;
constexpr int imageColumns = 4;
constexpr int imageRows = 3;

int firstLabel(const Dataset &dataset, int64_t sample)
{
    const std::vector<int64_t> labels = dataset.labelsOf(sample);
    return labels.empty() ? 0 : static_cast<int>(labels.front());
}

/// How well a column tells the classes apart: variance of the class means over variance within.
double separation(const Dataset &dataset, int64_t column, int64_t columns)
{
    const auto classes = static_cast<size_t>(std::max<int64_t>(dataset.classCount(), 1));
    std::vector<double> sum(classes), squares(classes), count(classes);
    const float *values = dataset.inputs.data<float>();
    for (int64_t i = 0; i < dataset.size(); ++i) {
        const auto c = static_cast<size_t>(firstLabel(dataset, i));
        const double value = values[i * columns + column];
        sum[c] += value;
        squares[c] += value * value;
        count[c] += 1;
    }
    double total = 0, between = 0, within = 0;
    for (double one : sum)
        total += one;
    const double mean = total / static_cast<double>(dataset.size());
    for (size_t c = 0; c < classes; ++c) {
        if (count[c] == 0)
            continue;
        const double own = sum[c] / count[c];
        between += count[c] * (own - mean) * (own - mean);
        within += squares[c] - count[c] * own * own;
    }
    return within > 0 ? between / within : 0;
}
} // namespace

DataGlyph::DataGlyph(const Dataset &dataset)
{
    if (dataset.size() == 0 || dataset.inputs.dtype() != DType::Float32)
        return;
    const Shape shape = dataset.sampleShape();
    if (shape.size() >= 2)
        takeImages(dataset);
    else if (shape == Shape{2})
        takeDots(dataset, 0, 1);
    else if (shape.size() == 1 && dataset.task == Task::MultiLabel)
        takeShares(dataset);
    else if (shape.size() == 1 && dataset.task == Task::SingleLabel)
        takeTellingColumns(dataset);
}

void DataGlyph::takeTellingColumns(const Dataset &dataset)
{
    const int64_t count = dataset.sampleShape()[0];
    std::vector<std::pair<double, int64_t>> columns;
    for (int64_t column = 0; column < count; ++column)
        columns.emplace_back(-separation(dataset, column, count), column);
    std::sort(columns.begin(), columns.end());
    if (columns.size() >= 2)
        takeDots(dataset, columns[0].second, columns[1].second);
}

void DataGlyph::takeDots(const Dataset &dataset, int64_t columnX, int64_t columnY)
{
    const int64_t columns = dataset.sampleShape()[0];
    const float *values = dataset.inputs.data<float>();
    const auto range = [&](int64_t column) {
        float low = std::numeric_limits<float>::max(), high = std::numeric_limits<float>::lowest();
        for (int64_t i = 0; i < dataset.size(); ++i) {
            low = std::min(low, values[i * columns + column]);
            high = std::max(high, values[i * columns + column]);
        }
        return std::pair<double, double>(low, high > low ? high - low : 1);
    };
    const auto [lowX, spanX] = range(columnX);
    const auto [lowY, spanY] = range(columnY);
    const int64_t every = std::max<int64_t>(1, dataset.size() / shownDots);
    for (int64_t i = 0; i < dataset.size(); i += every) {
        m_dots.append({{(values[i * columns + columnX] - lowX) / spanX,
                        1 - (values[i * columns + columnY] - lowY) / spanY},
                       firstLabel(dataset, i)});
    }
}

void DataGlyph::takeImages(const Dataset &dataset)
{
    const Shape shape = dataset.sampleShape();
    const auto height = static_cast<int>(shape[shape.size() - 2]);
    const auto width = static_cast<int>(shape[shape.size() - 1]);
    const int64_t pixels = dataset.inputs.numel() / dataset.size();
    const float *values = dataset.inputs.data<float>();
    const int64_t count = std::min<int64_t>(dataset.size(), imageColumns * imageRows);
    for (int64_t n = 0; n < count; ++n) {
        // The first channel of samples spread over the whole set.
        const float *pixel = values + (n * dataset.size() / count) * pixels;
        const auto [low, high]
                = std::minmax_element(pixel, pixel + static_cast<std::ptrdiff_t>(width) * height);
        const float span = *high > *low ? *high - *low : 1;
        QImage image(width, height, QImage::Format_Grayscale8);
        for (int y = 0; y < height; ++y) {
            for (int x = 0; x < width; ++x)
                image.scanLine(y)[x]
                        = static_cast<uchar>(255 * (pixel[y * width + x] - *low) / span);
        }
        m_images.append(image);
    }
}

void DataGlyph::takeShares(const Dataset &dataset)
{
    QVector<double> counts(static_cast<int>(dataset.classCount()));
    for (int64_t i = 0; i < dataset.size(); ++i) {
        for (int64_t label : dataset.labelsOf(i))
            counts[static_cast<int>(label)] += 1;
    }
    for (int label = 0; label < counts.size(); ++label)
        m_shares.append({label, counts[label] / static_cast<double>(dataset.size())});
    std::stable_sort(m_shares.begin(), m_shares.end(),
                     [](const auto &a, const auto &b) { return a.second > b.second; });
}

void DataGlyph::draw(QPainter &painter, const QRectF &rect, const Theme &theme) const
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    if (!m_dots.isEmpty())
        drawDots(painter, rect, theme);
    else if (!m_images.isEmpty())
        drawImages(painter, rect, theme);
    else if (!m_shares.isEmpty())
        drawShares(painter, rect, theme);
    painter.restore();
}

void DataGlyph::drawDots(QPainter &painter, const QRectF &rect, const Theme &theme) const
{
    const double side = std::min(rect.width(), rect.height());
    const double size = std::clamp(side / 26, 2.5, 5.0);
    QRectF area(0, 0, side - 2 * size, side - 2 * size);
    area.moveCenter(rect.center());
    painter.setPen(Qt::NoPen);
    for (const Dot &dot : m_dots) {
        QColor color = labelColor(dot.label, theme);
        color.setAlpha(215);
        painter.setBrush(color);
        painter.drawEllipse(
                area.topLeft() + QPointF(dot.at.x() * area.width(), dot.at.y() * area.height()),
                size / 2, size / 2);
    }
}

void DataGlyph::drawImages(QPainter &painter, const QRectF &rect, const Theme &theme) const
{
    constexpr double gap = 4;
    const double side = std::min((rect.width() - (imageColumns - 1) * gap) / imageColumns,
                                 (rect.height() - (imageRows - 1) * gap) / imageRows);
    QRectF area(0, 0, imageColumns * (side + gap) - gap, imageRows * (side + gap) - gap);
    area.moveCenter(rect.center());
    for (int n = 0; n < m_images.size(); ++n) {
        // Ink in the theme's text colour on nothing.
        QImage ink(m_images[n].size(), QImage::Format_ARGB32);
        for (int y = 0; y < ink.height(); ++y) {
            for (int x = 0; x < ink.width(); ++x) {
                QColor color = theme.text;
                color.setAlpha(m_images[n].constScanLine(y)[x]);
                ink.setPixelColor(x, y, color);
            }
        }
        painter.drawImage(QRectF(area.left() + (n % imageColumns) * (side + gap),
                                 area.top() + (n / imageColumns) * (side + gap), side, side),
                          ink);
    }
}

void DataGlyph::drawShares(QPainter &painter, const QRectF &rect, const Theme &theme) const
{
    const double step = rect.width() / static_cast<double>(m_shares.size());
    const double gap = step > 5 ? 2 : 1;
    const double largest = std::max(m_shares.front().second, 1e-9);
    painter.setPen(Qt::NoPen);
    for (int i = 0; i < m_shares.size(); ++i) {
        const double height = std::max(2.0, rect.height() * m_shares[i].second / largest);
        painter.setBrush(labelColor(m_shares[i].first, theme));
        painter.drawRoundedRect(
                QRectF(rect.left() + i * step, rect.bottom() - height, step - gap, height), 1, 1);
    }
}

} // namespace mrg
