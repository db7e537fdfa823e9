// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Spec.h"

namespace mrg {

// What the declarations of functions of tensors have in common, said once.

/// What a function is called and what it does.
struct Title {
    const char *name;
    const char *summary;
    const char *formula = "";
};

/// For functions without arguments.
struct NoOptions { };

/// A port for tensors of any shape, which the function's own rule checks.
inline Port tensorPort(const char *name, const char *dtype = "any")
{
    return {.name = name, .pattern = "*", .dtype = dtype};
}
inline Port optionalPort(const char *name, const char *dtype = "any")
{
    return {.name = name, .pattern = "*", .dtype = dtype, .optional = true};
}
inline Port variadicPort(const char *name)
{
    return {.name = name, .pattern = "*", .dtype = "any", .variadic = true};
}
/// Numbers of entries of a dimension of size D.
inline Port indexPort(const char *name = "index")
{
    return {.name = name, .pattern = "*", .dtype = "int64", .below = "D"};
}

/// The samples of a declaration.
struct Uses {
    std::vector<Sample> good;
    std::vector<BadSample> bad = {};
};

/// A function of torch. `rule` makes the output shape (or shapes) of options and input shapes and
/// may throw; `operation` makes the output (or outputs) of options and inputs. What is special
/// about a function is set on what this returns: outputs, order, differentiable.
template <typename O, typename Rule, typename Operation>
FunctionSpec tensorFunction(Group group, Title title, std::vector<Port> inputs,
                            std::vector<Arg> args, Rule rule, Operation operation, Uses uses)
{
    return declareFunction<O>(
            {.name = title.name,
             .group = group,
             .summary = title.summary,
             .formula = title.formula,
             .source = std::string("torch.") + title.name,
             .args = std::move(args),
             .inputs = std::move(inputs),
             .outputs = {{.name = "output", .pattern = "*", .dtype = "any"}},
             .infer = [rule](const O &options, const Shapes &in) -> Result<Shapes> {
                 if constexpr (std::is_same_v<decltype(rule(options, in)), Shapes>)
                     return rule(options, in);
                 else
                     return Shapes{rule(options, in)};
             },
             .validate = {},
             .samples = std::move(uses.good),
             .badSamples = std::move(uses.bad)},
            [operation](const O &options, std::span<const Tensor> tensors) {
                if constexpr (std::is_same_v<decltype(operation(options, tensors)), Tensor>)
                    return std::vector<Tensor>{operation(options, tensors)};
                else
                    return operation(options, tensors);
            });
}

/// Several outputs by name, of the input's type but where said.
inline std::vector<Port>
outputPorts(std::initializer_list<std::pair<const char *, const char *>> names)
{
    std::vector<Port> out;
    for (const auto &[name, dtype] : names)
        out.push_back({.name = name, .pattern = "*", .dtype = dtype});
    return out;
}

} // namespace mrg
