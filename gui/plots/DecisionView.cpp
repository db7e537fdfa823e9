// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/plots/DecisionView.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {
constexpr int shownPoints = 1500;
constexpr double margin = 8;
constexpr double nameRow = 19;
constexpr double dotRoom = 16;

QFont namesFont()
{
    QFont font;
    font.setPixelSize(12);
    return font;
}
} // namespace

DecisionView::DecisionView(const Theme &theme, QWidget *parent) : QWidget(parent), m_theme(theme)
{
    setObjectName("decisionView");
    setMinimumSize(200, 200);
}

void DecisionView::setTheme(const Theme &theme)
{
    m_theme = theme;
    paintGround();
    update();
}

void DecisionView::setDataset(std::shared_ptr<const Dataset> dataset)
{
    const bool plane = dataset && dataset->sampleShape() == Shape{2};
    m_data = plane ? std::move(dataset) : nullptr;
    if (!plane)
        m_grid.reset();
    update();
}

void DecisionView::setGrid(const std::optional<DecisionGrid> &grid)
{
    m_grid = grid;
    paintGround();
    update();
}

/// Each cell in the colour of its best class, the clearer the further it leads the second best.
void DecisionView::paintGround()
{
    if (!m_grid || m_grid->classes < 1)
        return;
    m_ground = QImage(m_grid->columns, m_grid->rows, QImage::Format_RGB32);
    for (int row = 0; row < m_grid->rows; ++row) {
        for (int column = 0; column < m_grid->columns; ++column) {
            const float *s = m_grid->scores.data()
                    + static_cast<std::ptrdiff_t>(row * m_grid->columns + column) * m_grid->classes;
            const int best = static_cast<int>(std::max_element(s, s + m_grid->classes) - s);
            float second = -INFINITY;
            for (int k = 0; k < m_grid->classes; ++k) {
                if (k != best)
                    second = std::max(second, s[k]);
            }
            const double lead
                    = m_grid->classes > 1 ? 1 - std::exp(-std::max(0.0F, s[best] - second)) : 0.5;
            const double strength = 0.10 + 0.38 * lead;
            const QColor color = labelColor(best, m_theme);
            const auto mix
                    = [strength](int a, int b) { return static_cast<int>(a + strength * (b - a)); };
            m_ground.setPixelColor(column, m_grid->rows - 1 - row,
                                   QColor(mix(m_theme.surface.red(), color.red()),
                                          mix(m_theme.surface.green(), color.green()),
                                          mix(m_theme.surface.blue(), color.blue())));
        }
    }
}

double DecisionView::namesWidth() const
{
    double widest = 0;
    for (const std::string &name : m_data->labelNames)
        widest = std::max(
                widest, QFontMetricsF(namesFont()).horizontalAdvance(QString::fromStdString(name)));
    return widest + dotRoom + 14;
}

void DecisionView::drawNames(QPainter &painter, const QRectF &rect) const
{
    painter.setFont(namesFont());
    painter.setRenderHint(QPainter::Antialiasing);
    for (int label = 0; label < static_cast<int>(m_data->labelNames.size()); ++label) {
        const QRectF row(rect.left(), rect.top() + label * nameRow, rect.width(), nameRow);
        painter.setPen(Qt::NoPen);
        painter.setBrush(labelColor(label, m_theme));
        painter.drawEllipse(QPointF(row.left() + 5, row.center().y()), 4.5, 4.5);
        painter.setPen(m_theme.text);
        painter.drawText(row.adjusted(dotRoom, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter,
                         QString::fromStdString(m_data->labelNames[static_cast<size_t>(label)]));
    }
}

void DecisionView::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.fillRect(rect(), m_theme.surface);
    if (!m_data || !m_grid) {
        painter.setPen(m_theme.mutedText);
        painter.drawText(rect().adjusted(20, 20, -20, -20), Qt::AlignCenter | Qt::TextWordWrap,
                         m_data ? tr("Press Train to see the plane divided.")
                                : tr("This view is for data with two inputs: try the spirals or "
                                     "the two moons."));
        return;
    }
    const double width = m_grid->maxX - m_grid->minX;
    const double height = m_grid->maxY - m_grid->minY;
    const double names = std::min(namesWidth(), this->width() * 0.4);
    const double scale = std::min((this->width() - 2 * margin - 2 * names) / width,
                                  (this->height() - 2 * margin) / height);
    const QRectF area((this->width() - scale * width) / 2, (this->height() - scale * height) / 2,
                      scale * width, scale * height);
    drawNames(painter, QRectF(area.right() + 14, area.top(), names, area.height()));
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    painter.drawImage(area, m_ground);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(m_theme.surface, 0.8));
    const float *points = m_data->inputs.data<float>();
    const int64_t every = std::max<int64_t>(1, m_data->size() / shownPoints);
    for (int64_t i = 0; i < m_data->size(); i += every) {
        const QPointF at(area.left() + (points[2 * i] - m_grid->minX) * scale,
                         area.bottom() - (points[2 * i + 1] - m_grid->minY) * scale);
        const QRectF dot(at.x() - 3.5, at.y() - 3.5, 7, 7);
        const std::vector<int64_t> labels = m_data->labelsOf(i);
        const int slice = labels.empty() ? 0 : 360 * 16 / static_cast<int>(labels.size());
        for (size_t k = 0; k < labels.size(); ++k) {
            painter.setBrush(labelColor(static_cast<int>(labels[k]), m_theme));
            if (labels.size() == 1)
                painter.drawEllipse(dot);
            else
                painter.drawPie(dot, static_cast<int>(k) * slice, slice);
        }
    }
}

} // namespace mrg

#include "moc_DecisionView.cpp"
