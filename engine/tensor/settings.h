// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/DType.h"

#include <optional>
#include <string>

namespace mrg {

/// How tensors are written as text (torch.set_printoptions).
struct PrintOptions {
    int64_t precision = 4; ///< digits behind the decimal point
    int64_t threshold = 1000; ///< tensors of more elements are written with an ellipsis
    int64_t edgeitems = 3; ///< entries before and after the ellipsis
    int64_t linewidth = 80; ///< characters in a line
    std::optional<bool> sciMode; ///< powers of ten: always, never, or where numbers need them
};

/// What torch's global settings are in this thread.
struct Settings {
    DType defaultDType = DType::Float32; ///< of numbers with a decimal point
    PrintOptions print;
    std::string float32MatmulPrecision = "highest";
    bool deterministicOnly = false;
    bool deterministicWarnOnly = false;
    bool warnAlways = false;
    int64_t autocastNesting = 0;
};

/// Those of this thread.
Settings &settings();
/// The type that plain floating numbers get: that of set_default_tensor_type.
inline DType defaultDType() { return settings().defaultDType; }

} // namespace mrg
