// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/Vocabulary.h"
#include "gui/app/examples.h"
#include "gui/plots/DataGlyph.h"
#include "gui/widgets/Theme.h"

#include <QAbstractButton>

namespace mrg {

/// A ready experiment as a card to click: what its data look like, its network, what is learned.
class ExampleCard : public QAbstractButton {
    Q_OBJECT
public:
    ExampleCard(const ReadyExperiment &example, const Vocabulary &vocabulary, const Theme &theme,
                QWidget *parent = nullptr);
    const ReadyExperiment &example() const { return m_example; }
    void setTheme(const Theme &theme);
    /// Once they are known; until then the card shows the network alone.
    void setData(const DataGlyph &glyph, const QString &facts);
    const DataGlyph &glyph() const { return m_glyph; }
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;
    void enterEvent(QEnterEvent *event) override;
    void leaveEvent(QEvent *event) override;

private:
    ReadyExperiment m_example;
    const Vocabulary &m_vocabulary;
    Theme m_theme;
    DataGlyph m_glyph;
    QString m_facts;
};

} // namespace mrg
