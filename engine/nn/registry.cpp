// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/families.h"

#include "engine/ops/families.h"

namespace mrg {

Registry standardRegistry()
{
    Registry registry;
    for (auto family : {
                 containerModules,  linearModules,        activationModules,
                 softmaxModules,    convolutionModules,   transposedConvolutionModules,
                 maxPoolingModules, maxUnpoolingModules,  averagePoolingModules,
                 paddingModules,    visionModules,        upsamplingModules,
                 distanceModules,   normalizationModules, featureNormModules,
                 dropoutModules,    embeddingModules,     recurrentModules,
                 recurrentCells,    sequenceLosses,       shapeModules,
                 marginLosses,      regressionLosses,     classLosses,
                 probabilityLosses, rankingLosses,        attentionModules,
                 transformerLayers, transformerStacks,    adaptiveLosses,
                 tripletLosses,
         })
        registry.add(family());
    registry.add(allFunctions());
    return registry;
}

} // namespace mrg
