// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Spec.h"

namespace mrg {

/// The declarations of torch.*, one family each, defined beside the implementations. A new family gets
/// a line here and one in functionFamilies(); a new member of a family gets none.
std::vector<FunctionSpec> pointwiseFunctions(); ///< pointwise.cpp
std::vector<FunctionSpec> joiningFunctions();   ///< views.cpp

/// All families' declarations.
std::vector<FunctionSpec> allFunctions();

} // namespace mrg
