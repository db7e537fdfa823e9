// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/widgets/Theme.h"

#include <QApplication>
#include <QFile>
#include <QFontDatabase>
#include <QStyleFactory>

#include <array>
#include <cmath>

/// The resources lie in a static library, which registers them only when told to.
static void initResources() { Q_INIT_RESOURCE(widgets); }

namespace mrg {

Theme Theme::light()
{
    Theme t;
    t.window = "#f4f5f7";
    t.surface = "#ffffff";
    t.raised = "#fafbfc";
    t.border = "#d9dde3";
    t.text = "#1d232b";
    t.mutedText = "#5a6572";
    t.accent = "#2f6fde";
    t.accentText = "#ffffff";
    t.success = "#1c7c4f";
    t.warning = "#9a5b00";
    t.error = "#c22f3d";
    t.canvas = "#f8f9fb";
    t.canvasDot = "#dde1e7";
    t.wire = "#8793a3";
    t.gridLine = "#eceef2";
    t.trainCurve = "#2f6fde";
    t.validationCurve = "#d55e00";
    t.miss = "#d55e00";
    t.intrusion = "#0072b2";
    return t;
}

Theme Theme::dark_()
{
    Theme t;
    t.dark = true;
    t.window = "#16191e";
    t.surface = "#1e2228";
    t.raised = "#262b33";
    t.border = "#363d47";
    t.text = "#e7eaee";
    t.mutedText = "#a3adba";
    t.accent = "#6ea0ff";
    t.accentText = "#0c1322";
    t.success = "#58c48c";
    t.warning = "#e6b04a";
    t.error = "#ff7b86";
    t.canvas = "#181b20";
    t.canvasDot = "#2b3139";
    t.wire = "#7d8998";
    t.gridLine = "#2a3038";
    t.trainCurve = "#6ea0ff";
    t.validationCurve = "#ff9f4a";
    t.miss = "#ff9f4a";
    t.intrusion = "#56b4e9";
    return t;
}

QColor Theme::group(int number) const
{
    // Hues by the order of the palette's groups: neighbours, and groups that meet in a network, are
    // kept apart. Later groups go on in golden-angle steps.
    static constexpr std::array hues{210, 222, 268, 300, 240, 176, 48, 320,
                                     285, 90,  30,  195, 110, 215, 8,  148};
    const auto at = static_cast<size_t>(number);
    const double hue = at < hues.size() ? hues[at] : std::fmod(37 + 137.5 * number, 360.0);
    return QColor::fromHslF(static_cast<float>(hue / 360), dark ? 0.58F : 0.60F,
                            dark ? 0.66F : 0.42F);
}

QColor labelColor(int label, const Theme &theme)
{
    static constexpr std::array okabeIto{0x0072b2, 0xe69f00, 0x009e73, 0xcc79a7,
                                         0x56b4e9, 0xd55e00, 0x8a8400, 0x7a5195};
    const auto at = static_cast<size_t>(label);
    if (at < okabeIto.size()) {
        const QColor color(static_cast<QRgb>(okabeIto[at]));
        return theme.dark ? color.lighter(120) : color;
    }
    const int turn = label - static_cast<int>(okabeIto.size());
    const double hue = std::fmod(25.0 + 137.5 * turn, 360.0) / 360.0;
    const float lightness = (theme.dark ? 0.58F : 0.36F) + 0.09F * static_cast<float>(turn % 3);
    return QColor::fromHslF(static_cast<float>(hue), 0.55F, lightness);
}

QColor heatColor(double share, const Theme &theme)
{
    if (std::isnan(share))
        return Qt::transparent;
    // One hue, even steps of lightness: readable whatever colours an eye tells apart.
    static constexpr std::array onLight{0xf3f6fa, 0xcfe0f2, 0x9cc4e6, 0x5d9fd3,
                                        0x2a74b5, 0x0d4a8a, 0x082a54};
    static constexpr std::array onDark{0x23282f, 0x24405e, 0x27608f, 0x3a83b8,
                                       0x6aa9d4, 0xa6cfe9, 0xe3f3fc};
    const auto &stops = theme.dark ? onDark : onLight;
    const double position = std::clamp(share, 0.0, 1.0) * (stops.size() - 1);
    const auto below = std::min(static_cast<size_t>(position), stops.size() - 2);
    const double part = position - static_cast<double>(below);
    const QColor a(static_cast<QRgb>(stops[below]));
    const QColor b(static_cast<QRgb>(stops[below + 1]));
    const auto mix
            = [part](int x, int y) { return static_cast<int>(std::lround(x + part * (y - x))); };
    return QColor(mix(a.red(), b.red()), mix(a.green(), b.green()), mix(a.blue(), b.blue()));
}

void useOwnFont(QApplication &application)
{
    initResources();
    for (const char *face : {"Regular", "SemiBold"})
        QFontDatabase::addApplicationFont(QString(":/marginalia/fonts/Inter-%1.otf").arg(face));
    QFont font("Inter");
    font.setPixelSize(13);
    application.setFont(font);
}

ThemeManager::ThemeManager(QApplication &application)
    : QObject(&application),
      m_application(application),
      m_systemPalette(application.palette())
{
    useOwnFont(application);
    QApplication::setStyle(QStyleFactory::create("Fusion"));
    apply();
}

void ThemeManager::setMode(ThemeMode mode)
{
    if (mode == m_mode)
        return;
    m_mode = mode;
    apply();
}

void ThemeManager::apply()
{
    const bool systemDark = m_systemPalette.color(QPalette::Window).lightness() < 128;
    m_theme = m_mode == ThemeMode::Dark || (m_mode == ThemeMode::System && systemDark)
            ? Theme::dark_()
            : Theme::light();
    QPalette palette;
    palette.setColor(QPalette::Window, m_theme.window);
    palette.setColor(QPalette::WindowText, m_theme.text);
    palette.setColor(QPalette::Base, m_theme.surface);
    palette.setColor(QPalette::AlternateBase, m_theme.raised);
    palette.setColor(QPalette::Text, m_theme.text);
    palette.setColor(QPalette::Button, m_theme.raised);
    palette.setColor(QPalette::ButtonText, m_theme.text);
    palette.setColor(QPalette::BrightText, m_theme.error);
    palette.setColor(QPalette::Highlight, m_theme.accent);
    palette.setColor(QPalette::HighlightedText, m_theme.accentText);
    palette.setColor(QPalette::ToolTipBase, m_theme.raised);
    palette.setColor(QPalette::ToolTipText, m_theme.text);
    palette.setColor(QPalette::PlaceholderText, m_theme.mutedText);
    palette.setColor(QPalette::Link, m_theme.accent);
    palette.setColor(QPalette::Light, m_theme.raised.lighter(110));
    palette.setColor(QPalette::Mid, m_theme.border);
    palette.setColor(QPalette::Dark, m_theme.border.darker(120));
    for (QPalette::ColorRole role : {QPalette::Text, QPalette::ButtonText, QPalette::WindowText}) {
        QColor faint = m_theme.mutedText;
        faint.setAlpha(140);
        palette.setColor(QPalette::Disabled, role, faint);
    }
    QApplication::setPalette(palette);
    QFile file(":/marginalia/style.qss");
    if (file.open(QIODevice::ReadOnly)) {
        QString sheet = QString::fromUtf8(file.readAll());
        const std::pair<const char *, QColor> names[] = {{"@window", m_theme.window},
                                                         {"@surface", m_theme.surface},
                                                         {"@raised", m_theme.raised},
                                                         {"@border", m_theme.border},
                                                         {"@text", m_theme.text},
                                                         {"@muted", m_theme.mutedText},
                                                         {"@accentText", m_theme.accentText},
                                                         {"@accent", m_theme.accent},
                                                         {"@warning", m_theme.warning},
                                                         {"@error", m_theme.error}};
        for (const auto &[name, color] : names)
            sheet.replace(name, color.name());
        sheet.replace("@mode", m_theme.dark ? "dark" : "light");
        m_application.setStyleSheet(sheet);
    }
    emit changed(m_theme);
}

} // namespace mrg

#include "moc_Theme.cpp"
