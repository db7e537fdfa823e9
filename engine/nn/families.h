// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Registry.h"

namespace mrg {

/// The declarations of one family each, defined beside the implementations. A new family gets a
/// line here and one in standardRegistry(); a new member of a family gets none.
std::vector<ModuleSpec> containerModules(); ///< containers.cpp: Sequential, ModuleList, ...
std::vector<ModuleSpec> linearModules(); ///< linear.cpp
std::vector<ModuleSpec> activationModules(); ///< activations.cpp: ReLU, ...
std::vector<ModuleSpec> softmaxModules(); ///< softmax_modules.cpp: Softmax, GLU, ...
std::vector<ModuleSpec> convolutionModules(); ///< convolution.cpp
std::vector<ModuleSpec> transposedConvolutionModules(); ///< transposed_convolution.cpp
std::vector<ModuleSpec> maxPoolingModules(); ///< max_pooling.cpp, adaptive and fractional too
std::vector<ModuleSpec> maxUnpoolingModules(); ///< max_unpooling.cpp
std::vector<ModuleSpec> averagePoolingModules(); ///< average_pooling.cpp: Avg, AdaptiveAvg, LP
std::vector<ModuleSpec> paddingModules(); ///< padding.cpp
std::vector<ModuleSpec> visionModules(); ///< vision.cpp: Fold, Unfold, PixelShuffle, ...
std::vector<ModuleSpec> upsamplingModules(); ///< upsampling.cpp
std::vector<ModuleSpec> distanceModules(); ///< distance.cpp
std::vector<ModuleSpec> normalizationModules(); ///< normalization.cpp
std::vector<ModuleSpec> featureNormModules(); ///< feature_norms.cpp: BatchNorm, InstanceNorm
std::vector<ModuleSpec> dropoutModules(); ///< dropout.cpp
std::vector<ModuleSpec> embeddingModules(); ///< embedding.cpp
std::vector<ModuleSpec> recurrentModules(); ///< recurrent.cpp: RNN, LSTM, GRU, RNNBase
std::vector<ModuleSpec> recurrentCells(); ///< recurrent_cells.cpp
std::vector<ModuleSpec> attentionModules(); ///< attention.cpp: MultiheadAttention
std::vector<ModuleSpec> transformerLayers(); ///< transformer.cpp
std::vector<ModuleSpec> transformerStacks(); ///< transformer_stacks.cpp
std::vector<ModuleSpec> sequenceLosses(); ///< ctc_loss.cpp
std::vector<ModuleSpec> adaptiveLosses(); ///< adaptive_softmax.cpp
std::vector<ModuleSpec> shapeModules(); ///< shape_modules.cpp: Flatten, Unflatten, Identity
std::vector<ModuleSpec> marginLosses(); ///< margin_losses.cpp
std::vector<ModuleSpec> classLosses(); ///< class_losses.cpp: CrossEntropyLoss, NLLLoss
std::vector<ModuleSpec> probabilityLosses(); ///< probability_losses.cpp: BCELoss, KLDivLoss, ...
std::vector<ModuleSpec> rankingLosses(); ///< ranking_losses.cpp: MarginRankingLoss, ...
std::vector<ModuleSpec> tripletLosses(); ///< triplet_losses.cpp
std::vector<ModuleSpec> regressionLosses(); ///< regression_losses.cpp

/// Every module and every function node there is.
Registry standardRegistry();

} // namespace mrg
