// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace mrg {

/// Is told of every operation's backward in this thread while it is installed. Operations recorded
/// meanwhile remember the module that called them; see OperationOrigin.
class BackwardObserver {
public:
    virtual ~BackwardObserver() = default;
    virtual void backwardBegins(const std::string &origin) = 0;
    virtual void backwardEnds(const std::string &origin) = 0;

    /// Null: none is installed.
    static BackwardObserver *current() { return s_current; }
    static void install(BackwardObserver *observer) { s_current = observer; }

private:
    static thread_local BackwardObserver *s_current;
};

} // namespace mrg
