// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace mrg {

/// "12.3 µs", "1.20 ms", "2.05 s": three digits in the unit that suits them.
QString durationText(double milliseconds);
/// "96 B", "1.50 KiB", "12.0 MiB": three digits in the unit that suits them.
QString bytesText(qint64 bytes);
/// "1,234,567"
QString countText(qint64 count);
/// "12.5 %"
QString percentText(double share);

} // namespace mrg
