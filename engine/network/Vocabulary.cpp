// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/network/Vocabulary.h"

#include "engine/nn/families.h"
#include "engine/optim/step_options.h"

#include <algorithm>

namespace mrg {

namespace {
template <typename T> const T *findNamed(const std::vector<T> &specs, const std::string &name)
{
    const auto found = std::find_if(specs.begin(), specs.end(),
                                    [&](const T &spec) { return spec.name == name; });
    return found == specs.end() ? nullptr : &*found;
}
} // namespace

const DatasetSpec *Vocabulary::dataset(const std::string &name) const
{
    return findNamed(datasets, name);
}
const OptimizerSpec *Vocabulary::optimizer(const std::string &name) const
{
    return findNamed(optimizers, name);
}
const SchedulerSpec *Vocabulary::scheduler(const std::string &name) const
{
    return findNamed(schedulers, name);
}

const Spec *Vocabulary::spec(const std::string &type) const
{
    const size_t dot = type.find('.');
    if (dot == std::string::npos)
        return nullptr;
    const std::string space = type.substr(0, dot);
    const std::string name = type.substr(dot + 1);
    if (space == "nn")
        return registry.module(name);
    if (space == "torch")
        return registry.function(name);
    return space == "data" ? findNamed(dataNodes, name) : nullptr;
}

namespace {
/// Whether it can stand in a drawing: it makes tensors of tensors, in shapes known without running.
bool canBePlaced(const Spec &spec)
{
    return !spec.inputs.empty() && !spec.outputs.empty() && !spec.shapeFromElements;
}
} // namespace

std::vector<std::string> Vocabulary::nodeTypes() const
{
    std::vector<std::string> out;
    for (const Spec &spec : dataNodes)
        out.push_back("data." + spec.name);
    for (const ModuleSpec &spec : registry.modules()) {
        if (canBePlaced(spec))
            out.push_back("nn." + spec.name);
    }
    for (const FunctionSpec &spec : registry.functions()) {
        if (canBePlaced(spec) && spec.call)
            out.push_back("torch." + spec.name);
    }
    return out;
}

Vocabulary standardVocabulary()
{
    Vocabulary out{standardRegistry(), datasetSpecs(),  {}, optimizerSpecs(), schedulerSpecs(),
                   metricSpecs(),      stepOptionArgs()};
    for (const DatasetSpec &dataset : out.datasets) {
        Spec spec;
        spec.name = dataset.name;
        spec.group = Group::Data;
        spec.summary = dataset.summary;
        spec.args = dataset.args;
        spec.outputs = {{.name = "input", .dtype = "any", .summary = "The samples."},
                        {.name = "target", .dtype = "any", .summary = "Their labels."}};
        spec.validate = dataset.validate;
        out.dataNodes.push_back(std::move(spec));
    }
    return out;
}

} // namespace mrg
