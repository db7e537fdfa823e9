// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Spec.h"

namespace mrg {

/// The declarations of torch.*, one family each, defined beside the implementations. A new family
/// gets a line here and one in allFunctions(); a new member of a family gets none.
std::vector<FunctionSpec> creationFunctions(); ///< creation_functions.cpp
std::vector<FunctionSpec> unaryArithmeticFunctions(); ///< unary_arithmetic.cpp
std::vector<FunctionSpec> trigonometricFunctions(); ///< unary_trigonometric.cpp
std::vector<FunctionSpec> activationFunctions(); ///< unary_activations.cpp
std::vector<FunctionSpec> roundingFunctions(); ///< unary_rounding.cpp
std::vector<FunctionSpec> complexFunctions(); ///< complex.cpp
std::vector<FunctionSpec> sumAndQuotientFunctions(); ///< binary_options.cpp
std::vector<FunctionSpec> binaryArithmeticFunctions(); ///< binary_arithmetic.cpp
std::vector<FunctionSpec> binaryExtremeFunctions(); ///< binary_extremes.cpp
std::vector<FunctionSpec> specialFunctions(); ///< unary_special.cpp
std::vector<FunctionSpec> functionsWithOptions(); ///< unary_options.cpp
std::vector<FunctionSpec> clampFunctions(); ///< clamp.cpp
std::vector<FunctionSpec> bitwiseFunctions(); ///< bitwise.cpp
std::vector<FunctionSpec> powerFunctions(); ///< binary_powers.cpp
std::vector<FunctionSpec> ternaryFunctions(); ///< ternary.cpp
std::vector<FunctionSpec> closenessFunctions(); ///< closeness.cpp
std::vector<FunctionSpec> randomFunctions(); ///< random_functions.cpp
std::vector<FunctionSpec> mappingFunctions(); ///< vmap.cpp
std::vector<FunctionSpec> settingsFunctions(); ///< settings_functions.cpp
std::vector<FunctionSpec> deviceFunctions(); ///< device_functions.cpp
std::vector<FunctionSpec> relationFunctions(); ///< relations.cpp
std::vector<FunctionSpec> joiningFunctions(); ///< joining_functions.cpp
std::vector<FunctionSpec> viewFunctions(); ///< view_functions.cpp
std::vector<FunctionSpec> indexingFunctions(); ///< indexing_functions.cpp
std::vector<FunctionSpec> scatteringFunctions(); ///< scattering_functions.cpp
std::vector<FunctionSpec> rearrangingFunctions(); ///< rearranging_functions.cpp
std::vector<FunctionSpec> searchingFunctions(); ///< searching.cpp
std::vector<FunctionSpec> reductionFunctions(); ///< reduction_functions.cpp
std::vector<FunctionSpec> sortingFunctions(); ///< sorting_functions.cpp
std::vector<FunctionSpec> quantileFunctions(); ///< quantiles.cpp
std::vector<FunctionSpec> histogramFunctions(); ///< histograms.cpp
std::vector<FunctionSpec> uniqueFunctions(); ///< unique.cpp
std::vector<FunctionSpec> linearAlgebraFunctions(); ///< linear_algebra_functions.cpp
std::vector<FunctionSpec> einsumFunctions(); ///< einsum.cpp
std::vector<FunctionSpec> einopsFunctions(); ///< einops_functions.cpp

/// All families' declarations.
std::vector<FunctionSpec> allFunctions();

} // namespace mrg
