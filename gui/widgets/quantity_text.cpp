// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/widgets/quantity_text.h"

#include <QLocale>

#include <array>
#include <cmath>

namespace mrg {

namespace {

constexpr double kibi = 1024;

/// Three digits; a thousand that rounding makes is left to the next unit by the callers.
QString threeDigits(double value)
{
    const double size = std::abs(value);
    return QString::number(value, 'f', size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
}

} // namespace

QString durationText(double milliseconds)
{
    const double size = std::abs(milliseconds);
    if (size < 0.9995)
        return threeDigits(milliseconds * 1000) + " µs";
    return size < 999.5 ? threeDigits(milliseconds) + " ms"
                        : threeDigits(milliseconds / 1000) + " s";
}

QString bytesText(qint64 bytes)
{
    static constexpr std::array units{" KiB", " MiB", " GiB", " TiB"};
    if (std::abs(static_cast<double>(bytes)) < kibi)
        return QString::number(bytes) + " B";
    double value = static_cast<double>(bytes) / kibi;
    size_t unit = 0;
    while (std::abs(value) >= kibi - 0.5 && unit + 1 < units.size()) {
        value /= kibi;
        ++unit;
    }
    return threeDigits(value) + units[unit];
}

QString countText(qint64 count) { return QLocale(QLocale::English).toString(count); }

QString percentText(double share) { return QString::number(100 * share, 'f', 1) + " %"; }

} // namespace mrg
