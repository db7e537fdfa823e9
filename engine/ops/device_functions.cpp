// SPDX-License-Identifier: GPL-3.0-or-later
// What torch asks about devices and their memory: here, the CPU and its tensors' memory.
#include "engine/ops/families.h"
#include "engine/spec/Spec.h"
#include "engine/tensor/memory.h"

namespace mrg {

namespace {

struct NoOptions { };

struct DeviceRow {
    const char *name;
    const char *summary;
    Value (*call)();
};

Value memoryPairs()
{
    const MemoryStatistics now = memoryStatistics();
    return ValueList{ValueList{"allocated_bytes", now.allocatedBytes},
                     ValueList{"peak_bytes", now.peakBytes},
                     ValueList{"allocations", now.allocations}, ValueList{"frees", now.frees}};
}

Value memorySummary()
{
    const MemoryStatistics now = memoryStatistics();
    return "Memory of tensors on the CPU: " + std::to_string(now.allocatedBytes) + " bytes held, "
            + std::to_string(now.peakBytes) + " at most; " + std::to_string(now.allocations)
            + " allocations, " + std::to_string(now.frees) + " frees.";
}

const std::array rows{
        DeviceRow{"empty_cache", "Gives back memory that is kept for the next tensors.",
                  []() -> Value {
                      releaseCachedMemory();
                      return {};
                  }},
        DeviceRow{"get_device_module", "cpu: the only device.", []() -> Value { return "cpu"; }},
        DeviceRow{"is_webgpu_available", "Always false: this engine computes on the CPU.",
                  []() -> Value { return false; }},
        DeviceRow{"requireWebGPU", "Refuses: this engine computes on the CPU.",
                  []() -> Value {
                      throw Error(ErrorCategory::State, "device_not_available", "requireWebGPU",
                                  "webgpu", "cpu: this engine computes on the CPU only");
                  }},
        DeviceRow{"memory_stats",
                  "Bytes that tensors hold and held at most, and how often memory was taken and "
                  "given back, as pairs.",
                  memoryPairs},
        DeviceRow{"memory_summary", "The same in words.", memorySummary},
        DeviceRow{"reset_peak_memory_stats", "Lets the peak start from what is held now.",
                  []() -> Value {
                      resetPeakMemory();
                      return {};
                  }},
};

} // namespace

std::vector<FunctionSpec> deviceFunctions()
{
    std::vector<FunctionSpec> out;
    for (const DeviceRow &row : rows) {
        Declaration<NoOptions> d{.name = row.name,
                                 .group = Group::Device,
                                 .summary = row.summary,
                                 .source = std::string("torch.") + row.name,
                                 .outputs = {{.name = "value", .dtype = "value"}},
                                 .differentiable = false};
        d.infer = [](const NoOptions &, const Shapes &) -> Result<Shapes> { return Shapes{}; };
        out.push_back(declareValueFunction<NoOptions>(
                std::move(d), [call = row.call](const NoOptions &, std::span<const Tensor>) {
                    return ValueList{call()};
                }));
    }
    return out;
}

} // namespace mrg
