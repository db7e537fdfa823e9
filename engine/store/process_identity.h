// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace mrg {

/// This process as a text that no other has, on this machine: its number, which others will get
/// after it, with the moment of its start. Empty where the system tells neither.
std::string processIdentity();

/// Whether the process with that identity has ended. False for an empty one: nobody knows.
bool isProcessGone(const std::string &identity);

} // namespace mrg
