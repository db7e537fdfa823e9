// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/families.h"

namespace mrg {

std::vector<FunctionSpec> allFunctions()
{
    std::vector<FunctionSpec> out;
    for (auto family : {
                 creationFunctions,       unaryArithmeticFunctions,
                 trigonometricFunctions,  activationFunctions,
                 roundingFunctions,       complexFunctions,
                 sumAndQuotientFunctions, binaryArithmeticFunctions,
                 binaryExtremeFunctions,  specialFunctions,
                 functionsWithOptions,    clampFunctions,
                 bitwiseFunctions,        powerFunctions,
                 ternaryFunctions,        closenessFunctions,
                 randomFunctions,         mappingFunctions,
                 settingsFunctions,       deviceFunctions,
                 relationFunctions,       joiningFunctions,
                 viewFunctions,           indexingFunctions,
                 rearrangingFunctions,    scatteringFunctions,
                 searchingFunctions,      reductionFunctions,
                 sortingFunctions,        linearAlgebraFunctions,
                 einsumFunctions,         einopsFunctions,
                 quantileFunctions,       histogramFunctions,
                 uniqueFunctions,
         }) {
        std::vector<FunctionSpec> members = family();
        out.insert(out.end(), members.begin(), members.end());
    }
    return out;
}

} // namespace mrg
