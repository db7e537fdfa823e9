// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/app/ExampleCard.h"

#include "gui/canvas/NetworkPicture.h"
#include "gui/document/network_edits.h"

#include <QPainter>
#include <QPainterPath>
#include <QTextLayout>

namespace mrg {

namespace {
constexpr int pictureHeight = 112;
constexpr int cardHeight = 230;
constexpr int narrowest = 260;
constexpr double radius = 10;
constexpr double margin = 16;
constexpr int descriptionLines = 3;

/// Draws wrapped text in at most so many lines, the last one elided.
void drawLines(QPainter &painter, const QString &text, const QRectF &rect, int lines)
{
    const QFontMetricsF metrics(painter.font());
    QTextLayout layout(text, painter.font());
    layout.beginLayout();
    double y = rect.top();
    for (int n = 0; n < lines; ++n) {
        QTextLine line = layout.createLine();
        if (!line.isValid())
            break;
        line.setLineWidth(rect.width());
        const bool last = n == lines - 1;
        const QString part = last
                ? metrics.elidedText(text.mid(line.textStart()), Qt::ElideRight, rect.width())
                : text.mid(line.textStart(), line.textLength());
        painter.drawText(QPointF(rect.left(), y + metrics.ascent()), part);
        y += metrics.height() + 1;
    }
    layout.endLayout();
}
} // namespace

ExampleCard::ExampleCard(const ReadyExperiment &example, const Vocabulary &vocabulary,
                         const Theme &theme, QWidget *parent)
    : QAbstractButton(parent),
      m_example(example),
      m_vocabulary(vocabulary),
      m_theme(theme)
{
    setText(example.title());
    setAccessibleDescription(example.description());
    setObjectName("exampleCard");
    setCursor(Qt::PointingHandCursor);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    for (const NetworkNode &node : example.experiment.network.nodes) {
        const Spec *spec = vocabulary.spec(node.type);
        if (spec && spec->isLoss())
            m_facts = nodeName(node);
    }
}

void ExampleCard::setTheme(const Theme &theme)
{
    m_theme = theme;
    update();
}

void ExampleCard::setData(const DataGlyph &glyph, const QString &facts)
{
    m_glyph = glyph;
    m_facts += " · " + facts;
    update();
}

QSize ExampleCard::sizeHint() const { return {narrowest + 40, cardHeight}; }
QSize ExampleCard::minimumSizeHint() const { return {narrowest, cardHeight}; }

void ExampleCard::enterEvent(QEnterEvent *event)
{
    QAbstractButton::enterEvent(event);
    update();
}

void ExampleCard::leaveEvent(QEvent *event)
{
    QAbstractButton::leaveEvent(event);
    update();
}

void ExampleCard::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const bool lit = underMouse() || hasFocus();
    const QRectF card = QRectF(rect()).adjusted(1.5, 1.5, -1.5, -1.5);
    QPainterPath shape;
    shape.addRoundedRect(card, radius, radius);
    painter.fillPath(shape, isDown() ? m_theme.raised : m_theme.surface);
    painter.setClipPath(shape);
    const QRectF picture(card.left(), card.top(), card.width(), pictureHeight);
    painter.fillRect(picture, m_theme.canvas);
    painter.setClipping(false);
    painter.setPen(QPen(m_theme.border, 1));
    painter.drawLine(picture.bottomLeft(), picture.bottomRight());

    QRectF inside = picture.adjusted(margin, margin, -margin, -margin);
    if (!m_glyph.isEmpty()) {
        m_glyph.draw(painter,
                     QRectF(inside.left(), inside.top(), inside.width() * 0.42, inside.height()),
                     m_theme);
        inside.setLeft(inside.left() + inside.width() * 0.48);
    }
    drawMiniature(painter, inside, m_example.experiment.network, m_vocabulary, m_theme);

    QFont font = painter.font();
    font.setPixelSize(15);
    font.setWeight(QFont::DemiBold);
    painter.setFont(font);
    painter.setPen(m_theme.text);
    const double left = card.left() + margin;
    const double width = card.width() - 2 * margin;
    painter.drawText(QRectF(left, picture.bottom() + 8, width, 24),
                     Qt::AlignLeft | Qt::AlignVCenter,
                     QFontMetricsF(font).elidedText(text(), Qt::ElideRight, width));
    font.setPixelSize(12);
    font.setWeight(QFont::Normal);
    painter.setFont(font);
    painter.setPen(m_theme.mutedText);
    drawLines(painter, m_example.description(), QRectF(left, picture.bottom() + 36, width, 52),
              descriptionLines);
    font.setPixelSize(11);
    painter.setFont(font);
    painter.drawText(QRectF(left, card.bottom() - 24, width, 16), Qt::AlignLeft | Qt::AlignVCenter,
                     QFontMetricsF(font).elidedText(m_facts, Qt::ElideRight, width));

    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(lit ? m_theme.accent : m_theme.border, hasFocus() ? 2 : 1));
    painter.drawRoundedRect(card, radius, radius);
}

} // namespace mrg

#include "moc_ExampleCard.cpp"
