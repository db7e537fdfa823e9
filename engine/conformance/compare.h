// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Value.h"

#include <nlohmann/json_fwd.hpp>

namespace mrg {

/// Thrown by the checks of a case with the reason; caught in runCase().
struct CaseFailed {
    std::string reason;
};
/// Thrown where a case's target is not declared.
struct Undeclared {
    std::string name;
};

struct Tolerance {
    double relative = 0;
    double absolute = 0;
};
Tolerance toleranceOf(const nlohmann::ordered_json &json);

/// Throws CaseFailed naming `what` and the worst element unless every value v satisfies
/// |v - reference| <= absolute + relative |reference|; shapes and types must agree.
void compareTensors(const std::string &what, const Tensor &got, const Tensor &wanted,
                    Tolerance tolerance);
/// The same for numbers.
void compareNumbers(const std::string &what, double got, double wanted, Tolerance tolerance);

/// Arguments from a JSON object; throws CaseFailed for values that no declaration takes.
Arguments argumentsOf(const nlohmann::ordered_json &json);
/// A tensor of a golden file: its data, or {"ones": shape}, {"constant": v, "shape": s}.
Tensor goldenTensor(const nlohmann::ordered_json &json);

} // namespace mrg
