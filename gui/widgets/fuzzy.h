// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace mrg {

/// How well a text fits a name: larger is better, negative not at all. Letters must come in order;
/// word starts and runs count more.
int fuzzyScore(const QString &text, const QString &name);

} // namespace mrg
