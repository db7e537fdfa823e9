// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/profile.h"
#include "gui/widgets/Theme.h"

#include <QWidget>

#include <array>

namespace mrg {

/// A step of training as one bar: dealing out data, forward, backward, update, with what each
/// takes.
class StepBar : public QWidget {
    Q_OBJECT
public:
    explicit StepBar(const Theme &theme, QWidget *parent = nullptr);
    void setTheme(const Theme &theme);
    void setProfile(const NetworkProfile &profile);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent *event) override;
    bool event(QEvent *event) override;

private:
    struct Part {
        QString name;
        QString definition;
        double ms = 0;
        QColor color;
    };
    void color();
    double totalMs() const;

    Theme m_theme;
    std::array<Part, 4> m_parts;
};

} // namespace mrg
