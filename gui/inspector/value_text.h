// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Arg.h"

#include <QString>

namespace mrg {

/// A value as it stands in a text field: as Python would write it, strings and lists bare.
QString textOfValue(const Value &value);

/// What a text means for an argument: "3", "0.01", "3, 3", "(3, 3)", "None", words. Nothing is
/// checked but the form; Arg::set() does the rest.
Value valueOfText(const QString &text, const Arg &arg);

/// The next smaller or larger value of the series 1, 2, 5, 10, ... (any power of ten); for stepping
/// through learning rates.
double steppedValue(double value, bool up);

} // namespace mrg
