// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QCustomPlot;

namespace mrg {

struct Theme;

/// Makes a plot look like the rest of the window: colours, fonts, quiet grid, quick lines.
void stylePlot(QCustomPlot &plot, const Theme &theme);

} // namespace mrg
