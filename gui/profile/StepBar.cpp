// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/profile/StepBar.h"

#include "gui/widgets/quantity_text.h"

#include <QHelpEvent>
#include <QPainter>
#include <QPainterPath>
#include <QToolTip>

namespace mrg {

namespace {
constexpr int margin = 12;
constexpr int barHeight = 14;
constexpr int legendHeight = 24;
constexpr int legendGap = 22;
constexpr int swatch = 9;
} // namespace

StepBar::StepBar(const Theme &theme, QWidget *parent)
    : QWidget(parent),
      m_theme(theme),
      m_parts{Part{tr("Data"), tr("Gathering the samples of the batch"), 0, {}},
              Part{tr("Forward"), tr("Scores and loss"), 0, {}},
              Part{tr("Backward"), tr("Gradients of all parameters"), 0, {}},
              Part{tr("Optimizer"), tr("Change of the parameters by their gradients"), 0, {}}}
{
    setObjectName("stepBar");
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    color();
}

void StepBar::color()
{
    const std::array colors{labelColor(2, m_theme), m_theme.trainCurve, m_theme.validationCurve,
                            labelColor(3, m_theme)};
    for (size_t i = 0; i < m_parts.size(); ++i)
        m_parts[i].color = colors[i];
    update();
}

void StepBar::setTheme(const Theme &theme)
{
    m_theme = theme;
    color();
}

void StepBar::setProfile(const NetworkProfile &profile)
{
    const std::array times{profile.dataMs, profile.forwardMs, profile.backwardMs,
                           profile.optimizerMs};
    QStringList words;
    for (size_t i = 0; i < m_parts.size(); ++i) {
        m_parts[i].ms = times[i];
        words << m_parts[i].name + " " + durationText(times[i]);
    }
    setAccessibleName(tr("A step of training"));
    setAccessibleDescription(words.join(", "));
    update();
}

double StepBar::totalMs() const
{
    double out = 0;
    for (const Part &part : m_parts)
        out += part.ms;
    return out;
}

QSize StepBar::sizeHint() const { return {320, barHeight + legendHeight + 6}; }

void StepBar::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const double total = totalMs();
    if (!(total > 0))
        return;
    const QRectF bar(margin, 4, width() - 2 * margin, barHeight);
    QPainterPath round;
    round.addRoundedRect(bar, 4, 4);
    painter.setClipPath(round);
    double left = bar.left();
    for (const Part &part : m_parts) {
        const double length = part.ms / total * bar.width();
        painter.fillRect(QRectF(left, bar.top(), length, bar.height()), part.color);
        left += length;
    }
    painter.setClipping(false);
    QFont small = font();
    small.setPixelSize(12);
    painter.setFont(small);
    const auto figuresOf = [total](const Part &part) {
        return tr("%1 · %2").arg(durationText(part.ms), percentText(part.ms / total));
    };
    double room = bar.width();
    for (const Part &part : m_parts)
        room -= painter.fontMetrics().horizontalAdvance(part.name + figuresOf(part)) + swatch + 13
                + legendGap;
    double x = bar.left();
    for (const Part &part : m_parts) {
        // Where there is no room, the bar tells on hovering.
        const QString figures = room + legendGap > 0 ? figuresOf(part) : QString();
        const int nameWidth = painter.fontMetrics().horizontalAdvance(part.name);
        const int figuresWidth = painter.fontMetrics().horizontalAdvance(figures);
        const QRectF line(x, bar.bottom() + 4, 1, legendHeight - 4);
        painter.setPen(Qt::NoPen);
        painter.setBrush(part.color);
        painter.drawRoundedRect(QRectF(x, line.center().y() - swatch / 2.0, swatch, swatch), 2, 2);
        x += swatch + 6;
        painter.setPen(m_theme.text);
        painter.drawText(QRectF(x, line.top(), nameWidth + 2, line.height()),
                         Qt::AlignLeft | Qt::AlignVCenter, part.name);
        x += nameWidth + 7;
        painter.setPen(m_theme.mutedText);
        painter.drawText(QRectF(x, line.top(), figuresWidth + 2, line.height()),
                         Qt::AlignLeft | Qt::AlignVCenter, figures);
        x += figuresWidth + legendGap;
    }
}

bool StepBar::event(QEvent *event)
{
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto *help = static_cast<QHelpEvent *>(event);
    double left = margin;
    for (const Part &part : m_parts) {
        left += totalMs() > 0 ? part.ms / totalMs() * (width() - 2 * margin) : 0;
        if (help->pos().x() < left) {
            QToolTip::showText(help->globalPos(),
                               "<p><b>" + part.name + "</b> " + durationText(part.ms) + "<br>"
                                       + part.definition + "</p>",
                               this);
            return true;
        }
    }
    return true;
}

} // namespace mrg

#include "moc_StepBar.cpp"
