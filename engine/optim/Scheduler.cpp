// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/optim/Scheduler.h"

#include "engine/optim/families.h"

#include <algorithm>

namespace mrg {

NamedTensors Scheduler::stateDict()
{
    NamedTensors out;
    visitState([&](const std::string &name, double &number) {
        out.emplace_back(name, Tensor::full({}, number, DType::Float64));
    });
    return out;
}

Result<void> Scheduler::loadStateDict(const NamedTensors &state)
{
    std::vector<std::string> names;
    const auto find = [&state](const std::string &name) {
        return std::find_if(state.begin(), state.end(),
                            [&name](const auto &entry) { return entry.first == name; });
    };
    std::string missing;
    visitState([&](const std::string &name, double &) {
        names.push_back(name);
        if (find(name) == state.end())
            missing = name;
    });
    if (!missing.empty() || names.size() != state.size()) {
        return Error(ErrorCategory::State, "state_dict_keys_differ", "scheduler",
                     std::to_string(state.size()) + " numbers"
                             + (missing.empty() ? "" : ", none called " + missing),
                     std::to_string(names.size()) + " numbers",
                     "load the state of a scheduler of the same kind");
    }
    visitState(
            [&](const std::string &name, double &number) { number = find(name)->second.item(); });
    return {};
}

void Scheduler::visitCount(const Visit &visit, const std::string &name, int64_t &count)
{
    auto number = static_cast<double>(count);
    visit(name, number);
    count = static_cast<int64_t>(number);
}

std::vector<SchedulerSpec> schedulerSpecs()
{
    std::vector<SchedulerSpec> out;
    for (auto family : {epochSchedulers, cyclicSchedulers, plateauSchedulers}) {
        for (SchedulerSpec &spec : family())
            out.push_back(std::move(spec));
    }
    return out;
}

} // namespace mrg
