// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/containers.h"

#include "engine/nn/families.h"

namespace mrg {

std::vector<Tensor> UncallableModule::forward(std::span<const Tensor>)
{
    throw Error(ErrorCategory::Value, "forward_missing", typeName(), "a call",
                "a module with a forward", "call the members instead");
}

namespace {
/// A tensor as a parameter: one that is a parameter already stays it.
NamedTensors asParameters(const NamedTensors &tensors)
{
    NamedTensors out;
    for (const auto &[name, tensor] : tensors) {
        const bool isParameter = tensor.requiresGrad() && tensor.isLeaf();
        out.emplace_back(
                name, isParameter || !tensor.isFloatingPoint() ? tensor : Parameter(tensor).tensor);
    }
    return out;
}

/// What a Sequential gives for inputs of these shapes: what its members give, one after the other.
Result<Shapes> inferSequence(const Sequential::Options &options, const Shapes &inputs,
                             const Registry &registry)
{
    Shapes shapes = inputs;
    for (const auto &[name, description] : options.modules.entries) {
        const ModuleSpec *spec = registry.module(description.name);
        if (!spec) {
            return Error(ErrorCategory::Value, "unknown_module", name, "nn." + description.name,
                         "a module of torch.nn");
        }
        Result<Shapes> next = spec->infer(description.args, shapes);
        if (!next)
            return next.error().within(name);
        shapes = std::move(*next);
    }
    return shapes;
}
} // namespace

Sequential::Sequential(Options options, const Registry &registry)
{
    for (const auto &[name, description] : options.modules.entries)
        registerModule(name, registry.make(description));
}

Sequential::Sequential(const std::vector<ModulePointer> &members) { extend(members); }

std::vector<Tensor> Sequential::forward(std::span<const Tensor> inputs)
{
    std::vector<Tensor> values(inputs.begin(), inputs.end());
    const Pairs members = entries();
    for (size_t i = 0; i < members.size(); ++i) {
        if (i > 0 && values.size() != 1) {
            throw Error(
                    ErrorCategory::Value, "several_outputs", "Sequential." + members[i - 1].first,
                    std::to_string(values.size()) + " tensors", "one, which the next module takes",
                    "take the one that is meant apart first");
        }
        values = members[i].second->call(values);
    }
    return values;
}

ModuleList::ModuleList(Options options, const Registry &registry)
{
    for (const ModuleDescription &description :
         options.modules.value_or(std::vector<ModuleDescription>()))
        append(registry.make(description));
}

ModuleList::ModuleList(const std::vector<ModulePointer> &members) { extend(members); }

ModuleDict::ModuleDict(Options options, const Registry &registry)
{
    for (const auto &[name, description] : options.modules.value_or(ModuleMembers()).entries)
        set(name, registry.make(description));
}

ModuleDict::ModuleDict(const Pairs &members) { update(members); }

ParameterList::ParameterList(const Options &options)
{
    extend(options.values.value_or(std::vector<Tensor>()));
}
ParameterList::ParameterList(const std::vector<Tensor> &values) { extend(values); }
void ParameterList::setEntries(Pairs pairs) { setOwnParameters(asParameters(pairs)); }

ParameterDict::ParameterDict(const Options &options)
{
    update(options.parameters.value_or(NamedTensors()));
}
ParameterDict::ParameterDict(const NamedTensors &parameters) { update(parameters); }
void ParameterDict::setEntries(Pairs pairs) { setOwnParameters(asParameters(pairs)); }

std::vector<ModuleSpec> containerModules()
{
    // The catalogue's words for what these arguments hold.
    const auto typed = [](Arg argument, const char *type) {
        argument.type = type;
        return argument;
    };
    const ValueList members{ModuleDescription{"Linear", {{"in_features", 3}, {"out_features", 4}}},
                            ModuleDescription{"Tanh", {}},
                            ModuleDescription{"Linear", {{"in_features", 4}, {"out_features", 2}}}};
    const ValueList named{ValueList{"first", members[0]}, ValueList{"second", members[1]}};
    return {
            declare<Sequential>({.name = "Sequential",
                                 .group = Group::Container,
                                 .summary = "Modules one after the other.",
                                 .formula = R"(f_n(\dots f_1(x)))",
                                 .source = "torch.nn.Sequential",
                                 .args = {arg("modules", &Sequential::Options::modules,
                                              "The modules, with names if they are to have any.")},
                                 .inputs = {{.name = "input", .pattern = "*", .dtype = "any"}},
                                 .outputs = {{.name = "output", .pattern = "*", .dtype = "any"}},
                                 .inferWithin = inferSequence,
                                 .samples = {{.args = {{"modules", members}}, .inputs = {{5, 3}}},
                                             {.args = {{"modules", named}}, .inputs = {{2, 3}}},
                                             {.inputs = {{2, 2}}}},
                                 .badSamples = {{.args = {{"modules", members}},
                                                 .inputs = {{5, 4}},
                                                 .kind = "size_mismatch"}}}),
            declare<ModuleList>(
                    {.name = "ModuleList",
                     .group = Group::Container,
                     .summary = "A list of modules, which can't be called itself.",
                     .source = "torch.nn.ModuleList",
                     .args = {arg("modules", &ModuleList::Options::modules, "The modules.")},
                     .samples = {{.args = {{"modules", members}}}, {}}}),
            declare<ModuleDict>(
                    {.name = "ModuleDict",
                     .group = Group::Container,
                     .summary = "Modules by name, in the order of their insertion.",
                     .source = "torch.nn.ModuleDict",
                     .args = {typed(arg("modules", &ModuleDict::Options::modules, "The modules."),
                                    "list of Module or null")},
                     .samples = {{.args = {{"modules", named}}}, {}}}),
            declare<ParameterList>(
                    {.name = "ParameterList",
                     .group = Group::Container,
                     .summary = "A list of parameters.",
                     .source = "torch.nn.ParameterList",
                     .args = {typed(arg("values", &ParameterList::Options::values,
                                        "Tensors, which become parameters."),
                                    "any or null")},
                     .samples = {{.args = {{"values", ValueList{Tensor::ones({2})}}}}, {}}}),
            declare<ParameterDict>(
                    {.name = "ParameterDict",
                     .group = Group::Container,
                     .summary = "Parameters by name, in the order of their insertion.",
                     .source = "torch.nn.ParameterDict",
                     .args = {typed(arg("parameters", &ParameterDict::Options::parameters,
                                        "Tensors by name, which become parameters."),
                                    "dict of Parameter or null")},
                     .samples
                     = {{.args = {{"parameters", ValueList{ValueList{"a", Tensor::ones({2})}}}}},
                        {}}}),
    };
}

} // namespace mrg
