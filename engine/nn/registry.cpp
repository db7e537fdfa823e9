// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/families.h"

#include "engine/ops/pointwise.h"
#include "engine/ops/views.h"

namespace mrg {

Registry standardRegistry()
{
    Registry registry;
    for (auto family : {linearModules, activationModules, convolutionModules, poolingModules,
                        normalizationModules, dropoutModules, embeddingModules, shapeModules,
                        marginLosses, entropyLosses, regressionLosses})
        registry.add(family());
    for (auto family : {pointwiseFunctions, joiningFunctions})
        registry.add(family());
    return registry;
}

} // namespace mrg
