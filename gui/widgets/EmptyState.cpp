// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/widgets/EmptyState.h"

#include <QLabel>
#include <QVBoxLayout>

namespace mrg {

EmptyState::EmptyState(const QString &title, const QString &hint, QWidget *parent)
    : QWidget(parent),
      m_title(new QLabel(title)),
      m_hint(new QLabel(hint))
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(20, 12, 20, 12);
    layout->setSpacing(10);
    layout->addStretch();
    for (QLabel *label : {m_title, m_hint}) {
        label->setAlignment(Qt::AlignCenter);
        label->setWordWrap(true);
        layout->addWidget(label);
    }
    m_title->setProperty("role", "title");
    m_hint->setProperty("role", "muted");
    layout->addStretch();
}

void EmptyState::setTexts(const QString &title, const QString &hint)
{
    m_title->setText(title);
    m_hint->setText(hint);
}

} // namespace mrg

#include "moc_EmptyState.cpp"
