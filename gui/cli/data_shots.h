// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <functional>

class QWidget;

namespace mrg {

class MainWindow;

/// Takes a picture of a widget under a name; false if it can't be written.
using Shoot = std::function<bool(QWidget &, const QString &)>;
/// Lets the event loop run until something holds; false if it takes too long.
using WaitUntil = std::function<bool(const std::function<bool()> &)>;

/// Pictures of the data page and of the import of tables, in telling states.
bool shootData(MainWindow &window, const Shoot &shoot, const WaitUntil &waitUntil);

} // namespace mrg
