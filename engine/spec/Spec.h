// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Arg.h"

#include <concepts>
#include <limits>

namespace mrg {

class Module;
class Registry;

/// Palette groups, in palette order: those of torch.nn, data sources, those of torch.*.
enum class Group {
    Container,
    Linear,
    Convolution,
    Pooling,
    Padding,
    Activation,
    Normalization,
    Recurrent,
    Transformer,
    Embedding,
    Dropout,
    Distance,
    Vision,
    Utility,
    Loss,
    Data,
    Creation,
    UnaryPointwise,
    BinaryPointwise,
    Reduction,
    Comparison,
    IndexingAndJoining,
    LinearAlgebra,
    Einsum,
    Random,
    Settings,
    Device,
};
template <> struct EnumTexts<Group> {
    static constexpr std::array texts{
            std::pair{Group::Container, "Container"},
            std::pair{Group::Linear, "Linear"},
            std::pair{Group::Convolution, "Convolution"},
            std::pair{Group::Pooling, "Pooling"},
            std::pair{Group::Padding, "Padding"},
            std::pair{Group::Activation, "Activation"},
            std::pair{Group::Normalization, "Normalization"},
            std::pair{Group::Recurrent, "Recurrent"},
            std::pair{Group::Transformer, "Transformer"},
            std::pair{Group::Embedding, "Embedding"},
            std::pair{Group::Dropout, "Dropout"},
            std::pair{Group::Distance, "Distance"},
            std::pair{Group::Vision, "Vision"},
            std::pair{Group::Utility, "Utility"},
            std::pair{Group::Loss, "Loss"},
            std::pair{Group::Data, "Data"},
            std::pair{Group::Creation, "Creation"},
            std::pair{Group::UnaryPointwise, "Unary pointwise"},
            std::pair{Group::BinaryPointwise, "Binary pointwise"},
            std::pair{Group::Reduction, "Reduction"},
            std::pair{Group::Comparison, "Comparison"},
            std::pair{Group::IndexingAndJoining, "Indexing and joining"},
            std::pair{Group::LinearAlgebra, "Linear algebra"},
            std::pair{Group::Einsum, "Einsum and einops"},
            std::pair{Group::Random, "Random"},
            std::pair{Group::Settings, "Grad mode, types and global settings"},
            std::pair{Group::Device, "Asynchronous and device specific"}};
};
const char *groupName(Group group);

/// What the numbers of a target mean. A data source delivers whichever form the loss asks for, if
/// its labels can be written so.
enum class TargetForm {
    None, ///< not a target
    Values, ///< real numbers, like the network's output
    ClassIndex, ///< one class per sample, int64
    LabelIndices, ///< int64 (N, C): the labels' indices, then -1
    MultiHot, ///< float (N, C): 1 where the label holds
    Sign, ///< float: 1 or -1
};
template <> struct EnumTexts<TargetForm> {
    static constexpr std::array texts{std::pair{TargetForm::None, "none"},
                                      std::pair{TargetForm::Values, "values"},
                                      std::pair{TargetForm::ClassIndex, "class index"},
                                      std::pair{TargetForm::LabelIndices, "label indices"},
                                      std::pair{TargetForm::MultiHot, "multi-hot"},
                                      std::pair{TargetForm::Sign, "sign"}};
};

/// Where numbers may lie, bounds excluded.
struct Interval {
    double low = -std::numeric_limits<double>::infinity();
    double high = std::numeric_limits<double>::infinity();
};

/// A tensor that a module takes or gives.
///
/// `pattern` is a small shape language: alternatives separated by `|`, each a list of dimensions:
/// a number, a symbol (`N`, `C`, ...) that means the same size in all ports of the declaration, the
/// name of an int argument, or `*` for any number of dimensions (the same in all ports). All ports
/// of a declaration use the same alternative. Empty: a 0-d tensor.
///
///     Linear:           input "* in_features"        output "* out_features"
///     MultiMarginLoss:  input "N C | C", target "N | "      loss "N | "
struct Port {
    std::string name;
    std::string pattern;
    std::string dtype = "float"; ///< "float", "int64", "bool", "integral", "complex" or "any"
    std::string summary;
    TargetForm form = TargetForm::None;
    /// For int64 inputs: the exclusive upper bound, a symbol or an int argument's name.
    std::string below;
    bool optional = false;
    /// As many wires as one likes (add, cat).
    bool variadic = false;
    /// A plain number may come in place of a tensor (pow's exponent).
    bool number = false;
    /// The argument of forward that is a tuple of tensors and has this port as a member: LSTM's
    /// ports h_0 and c_0 are the tuple "hx". Members stand one after the other.
    std::string tuple;
    /// For floating inputs: where the function is defined and smooth (probabilities, variances, the
    /// logarithm's numbers).
    Interval domain{};
};

/// Stands among input shapes for an optional port that is left out before others that are not.
inline const Shape leftOut{-1};

/// A use that must work. From it the tests construct, infer, run, check gradients, round-trip.
/// Floating inputs are drawn N(0,1), int64 inputs within the port's bound.
struct Sample {
    Arguments args;
    Shapes inputs;
    /// False where the gradient is on purpose not the derivative (rows that are not trained).
    bool differentiable = true;
};
/// A use that must be refused with an Error of this kind, by infer or at construction.
struct BadSample {
    Arguments args;
    Shapes inputs;
    std::string kind;
};

using InferFunction = std::function<Result<Shapes>(const Arguments &, const Shapes &)>;

/// What every declaration of something with ports says once. Palette, inspector, help, shape check,
/// files, export and tests are made from it.
struct Spec {
    std::string name;
    Group group = Group::Utility;
    std::string summary;
    std::string formula; ///< TeX
    std::string source; ///< paper or definition followed
    std::vector<Arg> args;
    std::vector<Port> inputs;
    std::vector<Port> outputs;
    std::vector<Sample> samples;
    std::vector<BadSample> badSamples;
    /// Output shapes from arguments and input shapes; never throws. Made from the port patterns
    /// where the declaration gives none.
    InferFunction infer;
    /// Whether gradients flow through it (those of the catalogue's "differentiable").
    bool differentiable = true;
    /// The output shapes depend on the elements (nonzero): no node of a drawing, `infer` refuses.
    bool shapeFromElements = false;
    /// Whether these arguments are allowed at all, whatever the inputs.
    std::function<Result<void>(const Arguments &)> validate;

    const Arg *findArg(const std::string &argName) const;
    /// All arguments with `values` over the defaults.
    Arguments completed(const Arguments &values) const;
    bool isLoss() const { return group == Group::Loss; }
};

/// A function call's arguments by kind.
struct Call {
    Arguments args;
    /// One a port, undefined where it is left out; those of a variadic port, the last, at the end.
    std::vector<Tensor> inputs;
};

/// A function of torch.*.
struct FunctionSpec : Spec {
    /// What it gives, in order; elements are tensors or, for some functions, plain values.
    std::function<ValueList(const Arguments &, std::span<const Tensor>)> evaluate;
    /// The tensors it gives. Null for functions that give plain values (numel, equal, settings).
    std::function<std::vector<Tensor>(const Arguments &, std::span<const Tensor>)> call;
    /// Ports and arguments in the order of a call by position; empty: ports, then arguments.
    std::vector<std::string> order;
    /// The argument that takes keywords without an argument of their own, as a list of [name,
    /// value] (the axes of einops); empty: there is none.
    std::string otherKeywords;
    /// Sorts the arguments of a call that no order describes (einsum); mostly null.
    std::function<Result<Call>(std::span<const Value> positional, const Arguments &keywords)> bind;
};

/// Something that a module can do besides forward (predict), or that belongs to its class alone
/// (from_pretrained): declared by declareMethod() and its like.
struct MethodSpec : FunctionSpec {
    /// What it gives, called on a module of the class; null for those of the class alone, which
    /// have `evaluate` or `make`.
    std::function<ValueList(Module &, const Call &)> callOn;
    /// Another way to construct the module.
    std::function<std::shared_ptr<Module>(const Call &)> make;
};

/// How a module made of others reaches them: the registry that its declaration stands in.
using RegistryAccess = std::function<std::shared_ptr<const Registry>()>;

/// A module of torch.nn.
struct ModuleSpec : Spec {
    /// Constructs it; throws Error (value) for arguments that are not allowed.
    std::function<std::shared_ptr<Module>(const Arguments &)> make;
    /// Keyword arguments of forward that are no tensors: need_weights, output_size.
    std::vector<Arg> forwardArgs;
    std::vector<MethodSpec> methods;
    /// For modules made of others: completes `make` and `infer`. Called by Registry::add().
    std::function<void(ModuleSpec &, const RegistryAccess &)> attach;

    /// Null if there is none.
    const MethodSpec *method(const std::string &methodName) const;
};

/// Sorts the arguments of a call of forward into ports (`inputs`) and keyword arguments (`args`):
/// positional ones as well as keywords, lists for tuples of ports, None for what is left out.
///
/// **Errors**: see bindCall().
Result<Call> bindForward(const ModuleSpec &spec, std::span<const Value> positional,
                         const Arguments &keywords);

/// Sorts the arguments of a call as written in PyTorch into ports and arguments. A tensor goes to
/// the next free port, a list of tensors to the variadic one, anything else to the next free
/// argument or to a port that takes numbers; a position that does not accept what comes is passed
/// over.
///
/// **Errors** (value): `too_many_arguments`, `argument_given_twice`, `missing_argument`,
/// `unknown_argument`.
Result<Call> bindCall(const FunctionSpec &spec, std::span<const Value> positional,
                      const Arguments &keywords);

/// That there is an input for every required port and a port for every input; Error (value,
/// `input_count_mismatch`) otherwise.
Result<void> checkInputCount(const Spec &spec, const Shapes &inputs);
/// Throws that error for a call with too few inputs for the required ports, or too many.
void requireInputs(const Spec &spec, size_t count);

/// Output shapes by the port patterns alone.
///
/// **Errors**: value `input_count_mismatch`, shape `dimension_count_mismatch` (got/wanted name both
/// shapes), shape `size_mismatch` with the fix as an edit where the wanted size is an argument's.
Result<Shapes> inferFromPatterns(const Spec &spec, const Arguments &completed,
                                 const Shapes &inputs);

/// Shapes seen by an infer function, and the options, as its author writes it.
template <typename O> using OptionsInfer = std::function<Result<Shapes>(const O &, const Shapes &)>;

/// The fields of a module's declaration; see declare().
template <typename O> struct Declaration {
    std::string name;
    Group group = Group::Utility;
    std::string summary;
    std::string formula;
    std::string source;
    std::vector<Arg> args;
    std::vector<Port> inputs;
    std::vector<Port> outputs;
    OptionsInfer<O> infer; ///< none: the port patterns say it all
    /// The same for a module made of others, which asks their declarations.
    std::function<Result<Shapes>(const O &, const Shapes &, const Registry &)> inferWithin;
    /// Cross-argument checks at construction (divisibility and the like); may be left out.
    std::function<Result<void>(const O &)> validate;
    std::vector<Sample> samples;
    std::vector<BadSample> badSamples;
    bool differentiable = true;
    bool shapeFromElements = false;
    // Functions only: see FunctionSpec.
    std::vector<std::string> order;
    std::string otherKeywords;
    // Modules only: see ModuleSpec. forwardArgs are made by arg() over a struct of their own.
    std::vector<Arg> forwardArgs;
    std::vector<MethodSpec> methods;
};

namespace detail {
template <typename O>
InferFunction checkedInfer(std::shared_ptr<const Spec> shared, OptionsInfer<O> infer,
                           std::function<Result<void>(const O &)> validate);

template <typename O> void fillSpec(Spec &spec, Declaration<O> d)
{
    spec.name = std::move(d.name);
    spec.group = d.group;
    spec.summary = std::move(d.summary);
    spec.formula = std::move(d.formula);
    spec.source = std::move(d.source);
    spec.args = std::move(d.args);
    spec.inputs = std::move(d.inputs);
    spec.outputs = std::move(d.outputs);
    spec.samples = std::move(d.samples);
    spec.badSamples = std::move(d.badSamples);
    spec.differentiable = d.differentiable;
    spec.shapeFromElements = d.shapeFromElements;
    // The closures hold a copy of the small description they need, so that a Spec is a value.
    const auto shared = std::make_shared<const Spec>(spec);
    spec.validate = [shared, validate = d.validate](const Arguments &values) -> Result<void> {
        const Result<O> options = makeOptions<O>(shared->args, values, shared->name);
        if (!options)
            return options.error();
        const Result<void> valid = validate ? validate(*options) : Result<void>();
        return valid ? valid : Result<void>(valid.error().within(shared->name));
    };
    spec.infer = checkedInfer<O>(shared, std::move(d.infer), std::move(d.validate));
}

template <typename O>
InferFunction checkedInfer(std::shared_ptr<const Spec> shared, OptionsInfer<O> infer,
                           std::function<Result<void>(const O &)> validate)
{
    return [shared = std::move(shared), infer = std::move(infer), validate = std::move(validate)](
                   const Arguments &values, const Shapes &inputs) -> Result<Shapes> {
        try {
            Result<O> options = makeOptions<O>(shared->args, values, shared->name);
            if (!options)
                return options.error();
            if (validate) {
                if (Result<void> valid = validate(*options); !valid)
                    return valid.error().within(shared->name);
            }
            if (Result<void> count = checkInputCount(*shared, inputs); !count)
                return count.error().within(shared->name);
            Result<Shapes> out = infer
                    ? infer(*options, inputs)
                    : inferFromPatterns(*shared, shared->completed(values), inputs);
            return out ? out : Result<Shapes>(out.error().within(shared->name));
        } catch (const Error &error) {
            return error.within(shared->name);
        } catch (const std::exception &error) {
            return Error(ErrorCategory::State, "infer_failed", shared->name, error.what(),
                         "a shape");
        }
    };
}
template <typename O>
O checkedOptions(const Spec &spec, const std::function<Result<void>(const O &)> &validate,
                 const Arguments &values)
{
    O options = makeOptions<O>(spec.args, values, spec.name).value();
    if (validate) {
        if (Result<void> valid = validate(options); !valid)
            throw valid.error().within(spec.name);
    }
    return options;
}
} // namespace detail

/// Turns a declaration of the module M into its row of the registry. M has a struct Options and a
/// constructor M(Options), or M(Options, const Registry &) if it is made of others. See
/// CONTRIBUTING for a whole example.
template <typename M> ModuleSpec declare(Declaration<typename M::Options> declaration)
{
    using O = typename M::Options;
    ModuleSpec spec;
    spec.forwardArgs = std::move(declaration.forwardArgs);
    spec.methods = std::move(declaration.methods);
    const auto validate = declaration.validate;
    const auto inferWithin = declaration.inferWithin;
    detail::fillSpec<O>(spec, std::move(declaration));
    const auto shared = std::make_shared<const Spec>(spec);
    const auto named = [shared](std::shared_ptr<M> module) {
        module->setTypeName(shared->name);
        return module;
    };
    if constexpr (std::is_constructible_v<M, O, const Registry &>) {
        spec.attach = [shared, validate, inferWithin, named](ModuleSpec &own,
                                                             const RegistryAccess &access) {
            own.make = [shared, validate, named,
                        access](const Arguments &values) -> std::shared_ptr<Module> {
                return named(std::make_shared<M>(
                        detail::checkedOptions<O>(*shared, validate, values), *access()));
            };
            if (inferWithin) {
                const OptionsInfer<O> infer
                        = [inferWithin, access](const O &options, const Shapes &inputs) {
                              return inferWithin(options, inputs, *access());
                          };
                own.infer = detail::checkedInfer<O>(shared, infer, validate);
            }
        };
    } else {
        spec.make = [shared, validate, named](const Arguments &values) -> std::shared_ptr<Module> {
            return named(std::make_shared<M>(detail::checkedOptions<O>(*shared, validate, values)));
        };
    }
    return spec;
}

namespace detail {
template <typename O, typename Out>
auto checkedCall(const FunctionSpec &spec, const std::function<Result<void>(const O &)> &validate,
                 std::function<Out(const O &, std::span<const Tensor>)> call)
{
    return [shared = std::make_shared<const Spec>(spec), validate,
            call = std::move(call)](const Arguments &values, std::span<const Tensor> inputs) {
        requireInputs(*shared, inputs.size());
        return call(checkedOptions<O>(*shared, validate, values), inputs);
    };
}
template <typename O> FunctionSpec functionSpec(Declaration<O> declaration)
{
    FunctionSpec spec;
    spec.order = std::move(declaration.order);
    spec.otherKeywords = std::move(declaration.otherKeywords);
    fillSpec<O>(spec, std::move(declaration));
    return spec;
}
} // namespace detail

/// Turns a declaration of a function into its row. `call` gets the options and the input tensors,
/// one a port (undefined where an optional one is left out), those of a variadic port at the end.
template <typename O>
FunctionSpec
declareFunction(Declaration<O> declaration,
                std::function<std::vector<Tensor>(const O &, std::span<const Tensor>)> call)
{
    const auto validate = declaration.validate;
    FunctionSpec spec = detail::functionSpec<O>(std::move(declaration));
    spec.call = detail::checkedCall<O>(spec, validate, std::move(call));
    spec.evaluate = [tensors = spec.call](const Arguments &values, std::span<const Tensor> inputs) {
        const std::vector<Tensor> out = tensors(values, inputs);
        return ValueList(out.begin(), out.end());
    };
    return spec;
}

/// The same for a function that gives plain values beside tensors or instead of them.
template <typename O>
FunctionSpec declareValueFunction(Declaration<O> declaration,
                                  std::function<ValueList(const O &, std::span<const Tensor>)> call)
{
    const auto validate = declaration.validate;
    FunctionSpec spec = detail::functionSpec<O>(std::move(declaration));
    spec.evaluate = detail::checkedCall<O>(spec, validate, std::move(call));
    return spec;
}

/// Turns a declaration into a method of the module M: `call` gets the module, the options and one
/// tensor a port.
template <typename M, typename O>
MethodSpec declareMethod(Declaration<O> declaration,
                         std::function<ValueList(M &, const O &, std::span<const Tensor>)> call)
{
    const auto validate = declaration.validate;
    MethodSpec spec{detail::functionSpec<O>(std::move(declaration)), {}, {}};
    spec.callOn = [shared = std::make_shared<const Spec>(spec), validate,
                   call = std::move(call)](Module &module, const Call &given) {
        return call(dynamic_cast<M &>(module),
                    detail::checkedOptions<O>(*shared, validate, given.args), given.inputs);
    };
    return spec;
}

/// The same for one that belongs to the class, without a module (generate_square_subsequent_mask).
template <typename O>
MethodSpec declareClassMethod(Declaration<O> declaration,
                              std::function<ValueList(const O &, std::span<const Tensor>)> call)
{
    return {declareValueFunction<O>(std::move(declaration), std::move(call)), {}, {}};
}

/// The same for another way to construct the module (from_pretrained).
template <typename O>
MethodSpec declareConstructor(Declaration<O> declaration,
                              std::function<std::shared_ptr<Module>(const O &)> make)
{
    const auto validate = declaration.validate;
    MethodSpec spec{detail::functionSpec<O>(std::move(declaration)), {}, {}};
    spec.make = [shared = std::make_shared<const Spec>(spec), validate,
                 make = std::move(make)](const Call &given) {
        return make(detail::checkedOptions<O>(*shared, validate, given.args));
    };
    return spec;
}

} // namespace mrg
