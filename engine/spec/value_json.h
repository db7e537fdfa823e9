// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Value.h"

#include <nlohmann/json_fwd.hpp>

namespace mrg {

/// A value as JSON. Numbers that JSON lacks become "nan", "inf", "-inf"; tensors
/// {"dtype": .., "shape": [..], "data": [..]} with flat row-major data (real and
/// imaginary parts in turn), complex numbers {"complex": [re, im]}.
nlohmann::ordered_json toJson(const Value &value);
nlohmann::ordered_json toJson(const Tensor &tensor);

/// The value of a JSON text as toJson() writes it. Any other object is an Error (value,
/// `not_a_value`).
Result<Value> valueFromJson(const nlohmann::ordered_json &json);
/// **Errors** (file): `malformed_tensor` saying which member is wrong.
Result<Tensor> tensorFromJson(const nlohmann::ordered_json &json);

} // namespace mrg
