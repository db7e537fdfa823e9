// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/optim/Optimizer.h"
#include "engine/optim/Scheduler.h"
#include "engine/spec/Registry.h"

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace mrg {

/// One golden case as it went.
struct CaseResult {
    std::string file;
    std::string name;
    bool passed = false;
    std::string message; ///< why it failed: what came and what was wanted
};

struct ConformanceReport {
    std::vector<CaseResult> cases;
    /// Cases left out because their target is not declared (only with declaredOnly).
    int64_t leftOut = 0;
    int64_t passed() const;
    int64_t failed() const;
};

/// What golden cases are run against.
struct ConformanceSubject {
    const Registry &registry;
    const std::vector<OptimizerSpec> &optimizers;
    const std::vector<SchedulerSpec> &schedulers;
};

struct ConformanceOptions {
    /// Leave out cases whose target is not declared instead of counting them as failed.
    bool declaredOnly = false;
    /// Only files whose name contains this.
    std::string only;
};

/// Runs every case of the golden files (*.json but index.json) in a folder: reference values that
/// PyTorch computed, in the format of tests/conformance/golden/FORMAT.md.
/// **Errors** (file): the folder or a file can't be read or is no golden file.
Result<ConformanceReport> runConformance(const ConformanceSubject &subject,
                                         const std::filesystem::path &folder,
                                         const ConformanceOptions &options = {});

/// Runs one case given as JSON; the empty string if it passed, else why not. `undeclared` is set
/// where the target does not exist.
std::string runCase(const ConformanceSubject &subject, const nlohmann::ordered_json &json,
                    bool &undeclared);

} // namespace mrg
