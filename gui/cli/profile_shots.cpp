// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/cli/profile_shots.h"

#include "engine/data/ResourcePaths.h"
#include "gui/app/MainWindow.h"
#include "gui/canvas/CanvasScene.h"
#include "gui/canvas/CanvasView.h"

#include <QDockWidget>

namespace mrg {

bool shootProfile(MainWindow &window, const Shoot &shoot, const WaitUntil &waitUntil)
{
    const auto example = QString::fromStdString(
            (resourcesFolder() / "examples" / "fashion_mnist.mrg").string());
    if (!window.openExample(example)
        || !waitUntil([&] { return window.document().data() != nullptr; }))
        return false;
    window.findChild<QDockWidget *>("profileDock")->raise();
    bool good = shoot(window, "profile-empty");
    window.profiler().measure();
    good = good && waitUntil([&] { return !window.profiler().isMeasuring(); })
            && window.profiler().profile();
    NodeId changed = 0;
    for (const NetworkNode &node : window.document().network().nodes)
        changed = node.type == "nn.Conv2d" ? node.id : changed;
    window.canvas()->canvas()->selectNodes({changed});
    window.canvas()->zoomToFit();
    good = good && shoot(window, "profile");
    window.document().setArg(changed, "bias", Value(false));
    good = good && shoot(window, "profile-stale");
    window.document().undoStack().undo();
    window.document().undoStack().setClean();
    return good;
}

} // namespace mrg
