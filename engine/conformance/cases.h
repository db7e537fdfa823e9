// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/conformance/compare.h"
#include "engine/conformance/conformance.h"

namespace mrg {

// One function a kind of case; each throws CaseFailed or Undeclared.
void runModuleCase(const ConformanceSubject &subject, const nlohmann::ordered_json &json);
void runFunctionCase(const ConformanceSubject &subject, const nlohmann::ordered_json &json);
void runStructureCase(const ConformanceSubject &subject, const nlohmann::ordered_json &json);
void runOptimizerCase(const ConformanceSubject &subject, const nlohmann::ordered_json &json);
void runSchedulerCase(const ConformanceSubject &subject, const nlohmann::ordered_json &json);
void runInitCase(const ConformanceSubject &subject, const nlohmann::ordered_json &json);
void runTrainingCase(const ConformanceSubject &subject, const nlohmann::ordered_json &json);

/// Holds many runs of a module that draws against the case's "statistical" rule.
void checkModuleStatistics(const nlohmann::ordered_json &json, const Tensor &input,
                           const std::function<Tensor(const Tensor &)> &run);

/// A module from {"module": "nn.X", "args": {..}, "modules": [..]}.
std::shared_ptr<Module> makeModule(const ConformanceSubject &subject,
                                   const nlohmann::ordered_json &json);
/// state_dict entries in a module's order.
NamedTensors stateOf(const nlohmann::ordered_json &json);
/// Runs `action` and checks that it raises an error of the case's kind.
void expectError(const nlohmann::ordered_json &json, const std::function<void()> &action);

} // namespace mrg
