// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Spec.h"

namespace mrg {

/// The declarations of torch.*, one family each, defined beside the implementations. A new family
/// gets a line here and one in functionFamilies(); a new member of a family gets none.
std::vector<FunctionSpec> unaryArithmeticFunctions(); ///< unary_arithmetic.cpp
std::vector<FunctionSpec> trigonometricFunctions(); ///< unary_trigonometric.cpp
std::vector<FunctionSpec> activationFunctions(); ///< unary_activations.cpp
std::vector<FunctionSpec> roundingFunctions(); ///< unary_rounding.cpp
std::vector<FunctionSpec> complexFunctions(); ///< complex.cpp
std::vector<FunctionSpec> sumAndQuotientFunctions(); ///< binary_options.cpp
std::vector<FunctionSpec> binaryArithmeticFunctions(); ///< binary_arithmetic.cpp
std::vector<FunctionSpec> relationFunctions(); ///< relations.cpp
std::vector<FunctionSpec> joiningFunctions(); ///< views.cpp

/// All families' declarations.
std::vector<FunctionSpec> allFunctions();

} // namespace mrg
