// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Error.h"

#include <functional>

namespace mrg::test {

/// The kind of the Error that an action throws; "no error" if it does not.
inline std::string errorKind(const std::function<void()> &action)
{
    try {
        action();
    } catch (const Error &error) {
        return error.kind;
    }
    return "no error";
}

} // namespace mrg::test
