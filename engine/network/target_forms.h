// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/check.h"

namespace mrg {

/// Whether data of this task can be written in that form at all.
bool canDeliver(Task task, TargetForm form);
/// Whether it is the form that the task's labels are naturally written in.
bool suits(Task task, TargetForm form);
/// Whether a port takes one sign for a whole sample (whether a pair is alike), where others take
/// one for every label. Of data it gets that of the last of at most two labels.
bool takesOneSign(const Port &port);
/// "several labels per sample" and the like.
const char *taskWords(Task task);
/// "one class per sample" and the like.
const char *formWords(TargetForm form);

} // namespace mrg
