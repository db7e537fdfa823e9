// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QObject>
#include <QPalette>

class QApplication;

namespace mrg {

/// The colours and measures of the whole window. A plain value; views take it by const reference
/// and are told of another one by ThemeManager::changed().
struct Theme {
    bool dark = false;
    QColor window; ///< behind everything
    QColor surface; ///< panels, fields, plots
    QColor raised; ///< buttons, cards, headers
    QColor border;
    QColor text;
    QColor mutedText; ///< second lines, axis labels; still readable
    QColor accent; ///< selection, primary buttons
    QColor accentText; ///< on accent
    QColor success;
    QColor warning;
    QColor error;
    QColor canvas; ///< behind the nodes
    QColor canvasDot;
    QColor wire;
    QColor gridLine;
    QColor trainCurve;
    QColor validationCurve;
    QColor miss; ///< a label that does not lead its rivals
    QColor intrusion; ///< a rival that beats labels

    static Theme light();
    static Theme dark_();
    /// Colour of a palette group's nodes, by its number.
    QColor group(int number) const;
};

/// One colour per label, the same in all plots: Okabe and Ito's eight colour-blind-safe colours,
/// then further ones of stepped hue and lightness.
QColor labelColor(int label, const Theme &theme);

/// Colour of a share from 0 to 1 on a scale of one hue that begins at the background and grows ever
/// stronger (heatmaps); NaN is transparent.
QColor heatColor(double share, const Theme &theme);

/// Makes the shipped font that of all text, so that windows and pictures look the same everywhere.
void useOwnFont(QApplication &application);

enum class ThemeMode { System, Light, Dark };

/// Applies a Theme to the application and follows the system's where asked to.
class ThemeManager : public QObject {
    Q_OBJECT
public:
    explicit ThemeManager(QApplication &application);
    const Theme &theme() const { return m_theme; }
    ThemeMode mode() const { return m_mode; }
    void setMode(ThemeMode mode);

signals:
    void changed(const mrg::Theme &theme);

private:
    void apply();
    QApplication &m_application;
    QPalette m_systemPalette;
    ThemeMode m_mode = ThemeMode::System;
    Theme m_theme;
};

} // namespace mrg
