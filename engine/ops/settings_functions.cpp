// SPDX-License-Identifier: GPL-3.0-or-later
// torch's settings: what is asked and set about this thread, and what there is no CPU for.
#include "engine/autograd/anomaly.h"
#include "engine/core/Parallel.h"
#include "engine/ops/families.h"
#include "engine/spec/Spec.h"
#include "engine/tensor/result_type.h"
#include "engine/tensor/settings.h"

#include <cmath>
#include <filesystem>

namespace mrg {

namespace {

using In = std::span<const Tensor>;
struct NoOptions { };

/// The fields that all have in common.
template <typename O>
Declaration<O> setting(const char *name, const char *summary, std::vector<Arg> args = {},
                       std::vector<Port> inputs = {})
{
    Declaration<O> d{.name = name,
                     .group = Group::Settings,
                     .summary = summary,
                     .source = std::string("torch.") + name,
                     .args = std::move(args),
                     .inputs = std::move(inputs),
                     .outputs = {{.name = "value", .dtype = "value"}},
                     .differentiable = false};
    d.infer = [](const O &, const Shapes &) -> Result<Shapes> { return Shapes{}; };
    return d;
}

Error noDevice(const char *name, const char *device)
{
    return {ErrorCategory::State, "device_not_available", name, device,
            "cpu: this engine computes on the CPU only"};
}

/// A question without arguments.
struct QuestionRow {
    const char *name;
    const char *summary;
    Value (*answer)();
};

constexpr const char *noAutocast
        = "Always false: this engine computes on the CPU in the types that tensors have.";

const std::array questions{
        QuestionRow{"are_deterministic_algorithms_enabled",
                    "Whether use_deterministic_algorithms was asked for; results are repeatable in "
                    "any case.",
                    []() -> Value { return settings().deterministicOnly; }},
        QuestionRow{"is_deterministic_algorithms_warn_only_enabled",
                    "Whether use_deterministic_algorithms was asked to warn only.",
                    []() -> Value { return settings().deterministicWarnOnly; }},
        QuestionRow{"get_deterministic_debug_mode",
                    "0, or 1 (warn) or 2 (error) where deterministic algorithms are asked for.",
                    []() -> Value {
                        return !settings().deterministicOnly       ? 0
                                : settings().deterministicWarnOnly ? 1
                                                                   : 2;
                    }},
        QuestionRow{"autocast_increment_nesting",
                    "Counts one more scope of autocast, which changes nothing here, and gives the "
                    "count.",
                    []() -> Value { return ++settings().autocastNesting; }},
        QuestionRow{"autocast_decrement_nesting",
                    "Counts one scope of autocast less and gives the count.",
                    []() -> Value { return --settings().autocastNesting; }},
        QuestionRow{"clear_autocast_cache", "Does nothing: there is no autocast cache.",
                    []() -> Value { return {}; }},
        QuestionRow{"compiled_with_cxx11_abi",
                    "Whether the engine's C++ library uses the ABI of C++11.",
                    []() -> Value {
#ifdef _GLIBCXX_USE_CXX11_ABI
                        return _GLIBCXX_USE_CXX11_ABI == 1;
#else
                        return true;
#endif
                    }},
        QuestionRow{"get_autocast_cpu_dtype", "float32: the CPU computes in no lower precision.",
                    []() -> Value { return dtypeName(DType::Float32); }},
        QuestionRow{"get_autocast_gpu_dtype", "Refuses: there is no GPU.",
                    []() -> Value { throw noDevice("get_autocast_gpu_dtype", "gpu"); }},
        QuestionRow{"get_autocast_ipu_dtype", "Refuses: there is no IPU.",
                    []() -> Value { throw noDevice("get_autocast_ipu_dtype", "ipu"); }},
        QuestionRow{"get_autocast_xla_dtype", "Refuses: there is no XLA device.",
                    []() -> Value { throw noDevice("get_autocast_xla_dtype", "xla"); }},
        QuestionRow{"is_autocast_cache_enabled", noAutocast, []() -> Value { return false; }},
        QuestionRow{"is_autocast_cpu_enabled", noAutocast, []() -> Value { return false; }},
        QuestionRow{"is_autocast_ipu_enabled", noAutocast, []() -> Value { return false; }},
        QuestionRow{"is_autocast_xla_enabled", noAutocast, []() -> Value { return false; }},
        QuestionRow{"get_default_device", "cpu: the only device.", []() -> Value { return "cpu"; }},
        QuestionRow{"is_cpu_only_mode", "Always true: this engine computes on the CPU only.",
                    []() -> Value { return true; }},
        QuestionRow{"get_default_dtype", "The type that numbers with a decimal point get.",
                    []() -> Value { return dtypeName(defaultDType()); }},
        QuestionRow{"get_float32_matmul_precision",
                    "What was set; products of float32 are computed in float32 in any case.",
                    []() -> Value { return settings().float32MatmulPrecision; }},
        QuestionRow{"get_num_interop_threads", "1: operations run one after the other.",
                    []() -> Value { return 1; }},
        QuestionRow{"get_num_threads", "How many threads an operation may use.",
                    []() -> Value { return numThreads(); }},
        QuestionRow{"is_warn_always_enabled", "Whether warnings come every time, not only once.",
                    []() -> Value { return settings().warnAlways; }},
        QuestionRow{"profiler_allow_cudagraph_cupti_lazy_reinit_cuda12",
                    "Always false: there is no CUDA.", []() -> Value { return false; }},
        QuestionRow{"applyOut",
                    "Refuses: results are given, not written into a tensor that is passed; assign "
                    "them with copyFrom.",
                    []() -> Value {
                        throw Error(ErrorCategory::State, "not_supported", "applyOut",
                                    "a tensor to write into", "no out argument",
                                    "assign what the function gives");
                    }},
        QuestionRow{"is_anomaly_enabled",
                    "Whether operations that make the first NaN are looked for.",
                    []() -> Value { return anomalyEnabled(); }},
        QuestionRow{"is_anomaly_check_nan_enabled",
                    "The same: looking for NaN is what anomaly mode does.",
                    []() -> Value { return anomalyEnabled(); }},
        QuestionRow{"is_inference_mode_enabled",
                    "Whether what is made now can take no part in gradients.",
                    []() -> Value { return Tensor::inferenceMode(); }},
        QuestionRow{"get_printoptions",
                    "How tensors are written: pairs of an option's name and its value.",
                    []() -> Value {
                        const PrintOptions &print = settings().print;
                        return ValueList{
                                ValueList{"precision", print.precision},
                                ValueList{"threshold", print.threshold},
                                ValueList{"edgeitems", print.edgeitems},
                                ValueList{"linewidth", print.linewidth},
                                ValueList{"sci_mode",
                                          print.sciMode ? Value(*print.sciMode) : Value()}};
                    }},
};

FunctionSpec declareQuestion(const QuestionRow &row)
{
    Declaration<NoOptions> d = setting<NoOptions>(row.name, row.summary);
    return declareValueFunction<NoOptions>(
            std::move(d),
            [answer = row.answer](const NoOptions &, In) { return ValueList{answer()}; });
}

/// A setting that takes options and gives null, or what it says.
template <typename O>
FunctionSpec declareSetter(const char *name, const char *summary, std::vector<Arg> args,
                           Value (*set)(const O &), Arguments use)
{
    Declaration<O> d = setting<O>(name, summary, std::move(args));
    d.samples = {{.args = std::move(use), .inputs = {}}};
    return declareValueFunction<O>(std::move(d),
                                   [set](const O &options, In) { return ValueList{set(options)}; });
}

struct DeviceOptions {
    std::string device = "cpu";
};
struct TypeOptions {
    std::string t = "float32";
};
struct DebugModeOptions {
    std::variant<int64_t, std::string> debug_mode = int64_t{0};
};
struct PrecisionOptions {
    std::string precision = "highest";
};
struct WarnOptions {
    bool b = false;
};
struct DeterministicOptions {
    bool mode = true;
    bool warn_only = false;
};
struct PrintingOptions {
    std::optional<int64_t> precision;
    std::optional<int64_t> threshold;
    std::optional<int64_t> edgeitems;
    std::optional<int64_t> linewidth;
    std::optional<std::string> profile;
    std::optional<bool> sci_mode;
};
struct ValueOptions {
    Value a = 0;
};
struct ObjectOptions {
    Value obj;
};
struct PathOptions {
    ValueList path_components;
};
struct PromoteOptions {
    DType type1 = DType::Float32;
    DType type2 = DType::Float32;
};
struct OneTypeOptions {
    std::optional<DType> dtype;
};

Value checkDevice(const char *name, const std::string &device)
{
    if (device != "cpu") {
        throw Error(ErrorCategory::Value, "device_not_available", name, device,
                    "cpu: this engine computes on the CPU only");
    }
    return device;
}

/// "float64" or "torch.DoubleTensor".
Value setDefaultType(const TypeOptions &options)
{
    const std::string name = options.t == "torch.FloatTensor" ? "float32"
            : options.t == "torch.DoubleTensor"               ? "float64"
                                                              : options.t;
    const DType dtype = dtypeFromName(name);
    if (!isFloating(dtype)) {
        throw Error(ErrorCategory::Value, "wrong_argument", "set_default_tensor_type", options.t,
                    "float32 or float64");
    }
    settings().defaultDType = dtype;
    return {};
}

Value setDebugMode(const DebugModeOptions &options)
{
    static const std::array<std::string, 3> names{"default", "warn", "error"};
    int64_t mode = -1;
    if (const int64_t *number = std::get_if<int64_t>(&options.debug_mode))
        mode = *number;
    else
        mode = std::find(names.begin(), names.end(), std::get<std::string>(options.debug_mode))
                - names.begin();
    if (mode < 0 || mode > 2) {
        throw Error(ErrorCategory::Value, "wrong_argument", "set_deterministic_debug_mode",
                    "mode " + std::to_string(mode),
                    "0 or \"default\", 1 or \"warn\", 2 or \"error\"");
    }
    settings().deterministicOnly = mode > 0;
    settings().deterministicWarnOnly = mode == 1;
    return {};
}

Value setPrinting(const PrintingOptions &options)
{
    PrintOptions print = settings().print;
    if (options.profile) {
        const bool full = *options.profile == "full";
        const bool isShort = *options.profile == "short";
        if (!full && !isShort && *options.profile != "default") {
            throw Error(ErrorCategory::Value, "wrong_argument", "set_printoptions",
                        *options.profile, "default, short or full");
        }
        print = {.precision = isShort ? 2 : 4,
                 .threshold = full ? std::numeric_limits<int64_t>::max() : 1000,
                 .edgeitems = isShort ? 2 : 3,
                 .linewidth = 80,
                 .sciMode = print.sciMode};
    }
    print.precision = options.precision.value_or(print.precision);
    print.threshold = options.threshold.value_or(print.threshold);
    print.edgeitems = options.edgeitems.value_or(print.edgeitems);
    print.linewidth = options.linewidth.value_or(print.linewidth);
    // As in torch, null goes back to choosing by the numbers.
    print.sciMode = options.sci_mode;
    settings().print = print;
    return {};
}

std::vector<FunctionSpec> setters()
{
    using P = PrintingOptions;
    using D = DeterministicOptions;
    const Constraint precisions = oneOf("highest", "high", "medium");
    return {declareSetter<DeviceOptions>(
                    "set_default_device", "Accepts cpu, the only device.",
                    {requiredArg("device", &DeviceOptions::device, "The device.")},
                    [](const DeviceOptions &o) {
                        checkDevice("set_default_device", o.device);
                        return Value();
                    },
                    {{"device", "cpu"}}),
            declareSetter<TypeOptions>("set_default_tensor_type",
                                       "Sets the type that numbers with a decimal point get.",
                                       {requiredArg("t", &TypeOptions::t,
                                                    "float32 or float64, or the tensor's name.")},
                                       setDefaultType, {{"t", "float32"}}),
            declareSetter<DebugModeOptions>(
                    "set_deterministic_debug_mode",
                    "Asks for deterministic algorithms, which the engine's are.",
                    {requiredArg("debug_mode", &DebugModeOptions::debug_mode,
                                 "0 to 2, or default, warn or error.")},
                    setDebugMode, {{"debug_mode", 0}}),
            declareSetter<PrecisionOptions>(
                    "set_float32_matmul_precision",
                    "Is remembered; products of float32 are computed in float32 in any case.",
                    {requiredArg("precision", &PrecisionOptions::precision, "The precision.",
                                 precisions)},
                    [](const PrecisionOptions &o) {
                        settings().float32MatmulPrecision = o.precision;
                        return Value();
                    },
                    {{"precision", "highest"}}),
            declareSetter<P>(
                    "set_printoptions",
                    "Says how tensors are written; null leaves an option as it is.",
                    {arg("precision", &P::precision, "Digits behind the decimal point.",
                         atLeast(0)),
                     arg("threshold", &P::threshold, "Tensors of more elements get an ellipsis.",
                         atLeast(0)),
                     arg("edgeitems", &P::edgeitems, "Entries before and after the ellipsis.",
                         atLeast(1)),
                     arg("linewidth", &P::linewidth, "Characters in a line.", atLeast(1)),
                     arg("profile", &P::profile, "default, short or full: sets all of them."),
                     arg("sci_mode", &P::sci_mode,
                         "Powers of ten; null: where numbers need them.")},
                    setPrinting, {}),
            declareSetter<WarnOptions>("set_warn_always",
                                       "Whether warnings come every time, not only once.",
                                       {requiredArg("b", &WarnOptions::b, "Whether.")},
                                       [](const WarnOptions &o) {
                                           settings().warnAlways = o.b;
                                           return Value();
                                       },
                                       {{"b", false}}),
            declareSetter<D>("use_deterministic_algorithms",
                             "Asks for deterministic algorithms, which the engine's are.",
                             {requiredArg("mode", &D::mode, "Whether."),
                              arg("warn_only", &D::warn_only, "Warn instead of refusing.")},
                             [](const D &o) {
                                 settings().deterministicOnly = o.mode;
                                 settings().deterministicWarnOnly = o.mode && o.warn_only;
                                 return Value();
                             },
                             {{"mode", false}}),
            declareSetter<DeviceOptions>(
                    "validateDevice", "The device's name, if there is that device.",
                    {arg("device", &DeviceOptions::device, "The device.")},
                    [](const DeviceOptions &o) { return checkDevice("validateDevice", o.device); },
                    {}),
            declareSetter<OneTypeOptions>(
                    "validateDType", "The type's name, if there is that type.",
                    {arg("dtype", &OneTypeOptions::dtype, "The type; null: the default.")},
                    [](const OneTypeOptions &o) {
                        return Value(dtypeName(o.dtype.value_or(defaultDType())));
                    },
                    {})};
}

double realOf(const char *name, const Value &value)
{
    if (const bool *flag = value.as<bool>())
        return *flag;
    if (const Tensor *tensor = value.as<Tensor>())
        return tensor->item();
    const std::optional<double> number = value.number();
    if (!number)
        throw Error(ErrorCategory::Value, "wrong_argument", name, value.toString(), "a number");
    return *number;
}

FunctionSpec declareJoinedPath()
{
    FunctionSpec spec = declareSetter<PathOptions>(
            "get_file_path", "Parts of a path put together.",
            {arg("path_components", &PathOptions::path_components, "The parts.")},
            [](const PathOptions &o) {
                std::filesystem::path path;
                for (const Value &part : o.path_components)
                    path /= ValueTraits<std::string>::from(part).value();
                return Value(path.string());
            },
            {{"path_components", ValueList{"data", "iris.csv"}}});
    // Each argument is a part.
    spec.bind = [](std::span<const Value> positional, const Arguments &) -> Result<Call> {
        return Call{{{"path_components", ValueList(positional.begin(), positional.end())}}, {}};
    };
    return spec;
}

std::vector<FunctionSpec> questionsWithArguments()
{
    using V = ValueOptions;
    const auto ofTensor = [](const char *name, const char *summary, bool (*ask)(const Tensor &)) {
        Declaration<NoOptions> d
                = setting<NoOptions>(name, summary, {}, {{.name = "input", .dtype = "any"}});
        d.samples = {{.inputs = {{2}}}};
        return declareValueFunction<NoOptions>(
                std::move(d), [ask](const NoOptions &, In in) { return ValueList{ask(in[0])}; });
    };
    Declaration<NoOptions> meeting = setting<NoOptions>(
            "result_type", "The type in which two tensors or numbers meet.", {},
            {{.name = "tensor1", .dtype = "any", .number = true},
             {.name = "tensor2", .dtype = "any", .number = true}});
    meeting.samples = {{.inputs = {{2}, {}}}};
    return {ofTensor("is_complex", "Whether the elements are complex numbers.",
                     [](const Tensor &x) { return x.isComplex(); }),
            ofTensor("is_floating_point", "Whether the elements are float32 or float64.",
                     [](const Tensor &x) { return x.isFloatingPoint(); }),
            declareSetter<OneTypeOptions>(
                    "is_complex_dtype", "Whether a type is complex.",
                    {arg("dtype", &OneTypeOptions::dtype, "The type; null: the default.")},
                    [](const OneTypeOptions &o) {
                        return Value(isComplex(o.dtype.value_or(defaultDType())));
                    },
                    {}),
            declareSetter<OneTypeOptions>(
                    "is_floating_point_dtype", "Whether a type is float32 or float64.",
                    {arg("dtype", &OneTypeOptions::dtype, "The type; null: the default.")},
                    [](const OneTypeOptions &o) {
                        return Value(isFloating(o.dtype.value_or(defaultDType())));
                    },
                    {}),
            declareSetter<ObjectOptions>(
                    "is_tensor", "Whether something is a tensor.",
                    {requiredArg("obj", &ObjectOptions::obj, "Anything.")},
                    [](const ObjectOptions &o) { return Value(o.obj.as<Tensor>() != nullptr); },
                    {{"obj", 1}}),
            declareJoinedPath(),
            declareSetter<PromoteOptions>(
                    "promote_types", "The type in which two types meet.",
                    {requiredArg("type1", &PromoteOptions::type1, "The first type."),
                     requiredArg("type2", &PromoteOptions::type2, "The second type.")},
                    [](const PromoteOptions &o) {
                        return Value(dtypeName(promoteTypes(o.type1, o.type2)));
                    },
                    {{"type1", "int64"}, {"type2", "float32"}}),
            declareValueFunction<NoOptions>(
                    std::move(meeting),
                    [](const NoOptions &, In in) {
                        return ValueList{dtypeName(resultType({&in[0], &in[1]}))};
                    }),
            declareSetter<V>("sym_float", "A number with a decimal point.",
                             {requiredArg("a", &V::a, "The number.")},
                             [](const V &o) { return Value(realOf("sym_float", o.a)); },
                             {{"a", 2}}),
            declareSetter<V>("sym_int", "A number without what is behind its decimal point.",
                             {requiredArg("a", &V::a, "The number.")},
                             [](const V &o) {
                                 return Value(
                                         static_cast<int64_t>(std::trunc(realOf("sym_int", o.a))));
                             },
                             {{"a", 2.5}}),
            declareSetter<V>("sym_not", "Whether it is false, or 0.",
                             {requiredArg("a", &V::a, "What is asked about.")},
                             [](const V &o) { return Value(realOf("sym_not", o.a) == 0); },
                             {{"a", false}})};
}

} // namespace

std::vector<FunctionSpec> settingsFunctions()
{
    std::vector<FunctionSpec> out;
    for (const QuestionRow &row : questions)
        out.push_back(declareQuestion(row));
    for (FunctionSpec &spec : setters())
        out.push_back(std::move(spec));
    for (FunctionSpec &spec : questionsWithArguments())
        out.push_back(std::move(spec));
    return out;
}

} // namespace mrg
