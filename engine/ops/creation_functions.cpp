// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/Launch.h"
#include "engine/ops/calls.h"
#include "engine/ops/creation.h"
#include "engine/ops/families.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/views.h"
#include "engine/spec/Spec.h"

#include <cstring>

namespace mrg {

enum class Indexing { MatrixOrder, Cartesian };
template <> struct EnumTexts<Indexing> {
    static constexpr std::array texts{std::pair{Indexing::MatrixOrder, "ij"},
                                      std::pair{Indexing::Cartesian, "xy"}};
};

namespace {

using Out = std::vector<Tensor>;
using In = std::span<const Tensor>;
using Type = std::optional<DType>;

/// A declaration of a function without tensors: what it makes says its shape.
template <typename O>
FunctionSpec declareMaker(const char *name, const char *summary, const char *formula,
                          std::vector<Arg> args, std::vector<Arguments> uses,
                          Tensor (*make)(const O &), bool differentiable = false)
{
    std::vector<Sample> samples;
    for (const Arguments &use : uses)
        samples.push_back({.args = use, .inputs = {}});
    return declareFunction<O>({.name = name,
                               .group = Group::Creation,
                               .summary = summary,
                               .formula = formula,
                               .source = std::string("torch.") + name,
                               .args = std::move(args),
                               .outputs = {{.name = "output", .dtype = "any"}},
                               .infer = [make](const O &options, const Shapes &) -> Result<Shapes> {
                                   return Shapes{make(options).shape()};
                               },
                               .samples = std::move(samples),
                               .differentiable = differentiable},
                              [make](const O &options, In) { return Out{make(options)}; });
}

template <typename O> Arg typeArg()
{
    return arg("dtype", &O::dtype, "Element type; null: that of the numbers, or the default.");
}

struct RangeOptions {
    Number start = 0;
    Number end = 1;
    Number step = 1;
    Type dtype;
};
struct StepsOptions {
    double start = 0;
    double end = 1;
    int64_t steps = 2;
    Type dtype;
};
struct LogStepsOptions {
    double start = 0;
    double end = 1;
    int64_t steps = 2;
    double base = 10.0;
    Type dtype;
};
struct EyeOptions {
    int64_t n = 1;
    std::optional<int64_t> m;
    Type dtype;
};
struct SizeOptions {
    std::vector<int64_t> size;
    Type dtype;
};
struct FullOptions {
    std::vector<int64_t> size;
    Number fill_value = 0;
    Type dtype;
};
struct IndicesOptions {
    int64_t row = 1;
    int64_t col = 1;
    int64_t offset = 0;
};
struct DataOptions {
    Value data = 0;
    Type dtype;
};
struct TensorDataOptions {
    Value data = 0;
    Type dtype;
    bool requires_grad = false;
};
struct BufferOptions {
    Value buffer = ValueList{0, 0, 0, 0};
    DType dtype = DType::UInt8;
    int64_t count = -1;
    int64_t offset = 0;
};

/// Elements from the bytes of a list of numbers from 0 to 255 or of a uint8 tensor.
Tensor fromBuffer(const BufferOptions &options)
{
    const Tensor bytes = tensorOf(options.buffer, DType::UInt8).compact();
    const int64_t size = dtypeSize(options.dtype);
    const int64_t available = bytes.numel() - options.offset;
    const int64_t count = options.count < 0 ? available / size : options.count;
    if (options.offset < 0 || options.offset >= bytes.numel() || count * size > available
        || (options.count < 0 && available % size != 0)) {
        throw Error(ErrorCategory::Value, "wrong_buffer_size", "frombuffer",
                    std::to_string(bytes.numel()) + " bytes from offset "
                            + std::to_string(options.offset),
                    options.count < 0 ? "a multiple of " + std::to_string(size)
                                      : std::to_string(count) + " elements of "
                                    + std::to_string(size) + " bytes");
    }
    Tensor out = Tensor::empty({count}, options.dtype);
    launch([from = bytes.data<uint8_t>() + options.offset, to = out.rawData(),
            length = count * size] { std::memcpy(to, from, static_cast<size_t>(length)); });
    return out;
}

std::vector<FunctionSpec> makers()
{
    using R = RangeOptions;
    FunctionSpec range = declareMaker<R>(
            "arange", "Numbers from start to before end, in steps.", R"(start + i \cdot step)",
            {arg("start", &R::start, "The first number."),
             requiredArg("end", &R::end, "Where it stops: not reached."),
             arg("step", &R::step, "The distance of neighbours."), typeArg<R>()},
            {{{"end", 5}}, {{"start", 1}, {"end", 2.5}, {"step", 0.5}}},
            [](const R &o) { return arange(o.start, o.end, o.step, o.dtype); });
    range.bind
            = bindWithLeadingDefault("arange", {"start", "end", "step", "dtype"}, "start", "end");
    using S = StepsOptions;
    using L = LogStepsOptions;
    using E = EyeOptions;
    using F = FullOptions;
    using I = IndicesOptions;
    using Z = SizeOptions;
    using D = DataOptions;
    using T = TensorDataOptions;
    using B = BufferOptions;
    return {std::move(range),
            declareMaker<S>("linspace",
                            "Numbers from start to end at equal distances, both included.",
                            R"(start + i \frac{end - start}{steps - 1})",
                            {requiredArg("start", &S::start, "The first number."),
                             requiredArg("end", &S::end, "The last number."),
                             requiredArg("steps", &S::steps, "How many."), typeArg<S>()},
                            {{{"start", -2.0}, {"end", 2.0}, {"steps", 4}}},
                            [](const S &o) { return linspace(o.start, o.end, o.steps, o.dtype); }),
            declareMaker<L>(
                    "logspace", "Powers of a base whose exponents are at equal distances.",
                    R"(base^{start + i \frac{end - start}{steps - 1}})",
                    {requiredArg("start", &L::start, "The first exponent."),
                     requiredArg("end", &L::end, "The last exponent."),
                     requiredArg("steps", &L::steps, "How many."),
                     arg("base", &L::base, "What is raised."), typeArg<L>()},
                    {{{"start", 0.0}, {"end", 4.0}, {"steps", 5}, {"base", 2.0}}},
                    [](const L &o) { return logspace(o.start, o.end, o.steps, o.base, o.dtype); }),
            declareMaker<E>("eye", "Ones on the diagonal of a matrix, zeros elsewhere.",
                            R"(\delta_{ij})",
                            {requiredArg("n", &E::n, "Rows."),
                             arg("m", &E::m, "Columns; null: as many as rows."), typeArg<E>()},
                            {{{"n", 3}}, {{"n", 2}, {"m", 3}}},
                            [](const E &o) { return eye(o.n, o.m.value_or(o.n), o.dtype); }),
            declareMaker<Z>("empty", "A tensor whose elements may be anything.", "",
                            {requiredArg("size", &Z::size, "The shape."), typeArg<Z>()},
                            {{{"size", ValueList{2, 3}}}},
                            [](const Z &o) { return full(o.size, 0.0, o.dtype); }),
            declareMaker<Z>("zeros", "Zeros.", "0",
                            {requiredArg("size", &Z::size, "The shape."), typeArg<Z>()},
                            {{{"size", ValueList{2, 3}}}},
                            [](const Z &o) { return full(o.size, 0.0, o.dtype); }),
            declareMaker<Z>("ones", "Ones.", "1",
                            {requiredArg("size", &Z::size, "The shape."), typeArg<Z>()},
                            {{{"size", ValueList{2, 3}}}},
                            [](const Z &o) { return full(o.size, 1.0, o.dtype); }),
            declareMaker<F>("full", "The same number everywhere.", "c",
                            {requiredArg("size", &F::size, "The shape."),
                             requiredArg("fill_value", &F::fill_value, "The number."),
                             typeArg<F>()},
                            {{{"size", ValueList{2, 3}}, {"fill_value", 1.5}}},
                            [](const F &o) { return full(o.size, o.fill_value, o.dtype); }),
            declareMaker<I>(
                    "tril_indices", "Row and column numbers of a matrix's lower part.",
                    R"(\{(i, j) : j - i \le offset\})",
                    {requiredArg("row", &I::row, "Rows."), requiredArg("col", &I::col, "Columns."),
                     arg("offset", &I::offset, "The diagonal up to which; 0: the main one.")},
                    {{{"row", 3}, {"col", 3}}},
                    [](const I &o) { return trilIndices(o.row, o.col, o.offset); }),
            declareMaker<I>(
                    "triu_indices", "Row and column numbers of a matrix's upper part.",
                    R"(\{(i, j) : j - i \ge offset\})",
                    {requiredArg("row", &I::row, "Rows."), requiredArg("col", &I::col, "Columns."),
                     arg("offset", &I::offset, "The diagonal from which; 0: the main one.")},
                    {{{"row", 3}, {"col", 3}}},
                    [](const I &o) { return triuIndices(o.row, o.col, o.offset); }),
            declareMaker<D>(
                    "as_tensor", "A tensor from numbers, or the tensor that is given.", "",
                    {requiredArg("data", &D::data, "Numbers, lists of them, or a tensor."),
                     typeArg<D>()},
                    {{{"data", ValueList{1, 2.5}}}},
                    [](const D &o) {
                        const Tensor *tensor = o.data.as<Tensor>();
                        return tensor ? to(*tensor, o.dtype.value_or(tensor->dtype()))
                                      : tensorOf(o.data, o.dtype);
                    },
                    true),
            declareMaker<T>(
                    "tensor", "A new tensor from numbers.", "",
                    {requiredArg("data", &T::data, "Numbers, or lists of them."), typeArg<T>(),
                     arg("requires_grad", &T::requires_grad, "Whether it asks for a gradient.")},
                    {{{"data", ValueList{ValueList{1, 2}, ValueList{3, 4}}}}},
                    [](const T &o) {
                        Tensor out = tensorOf(o.data, o.dtype);
                        return o.requires_grad ? out.setRequiresGrad() : out;
                    },
                    true),
            declareMaker<B>(
                    "frombuffer", "A tensor from bytes.", "",
                    {requiredArg("buffer", &B::buffer,
                                 "Bytes: numbers from 0 to 255, or a uint8 tensor."),
                     requiredArg("dtype", &B::dtype, "Element type."),
                     arg("count", &B::count, "How many elements; -1: as many as there are."),
                     arg("offset", &B::offset, "Bytes to pass over first.")},
                    {{{"buffer", ValueList{1, 0, 0, 0, 2, 0, 0, 0}}, {"dtype", "int32"}}},
                    fromBuffer)};
}

struct LikeOptions {
    Type dtype;
};
struct FullLikeOptions {
    Number fill_value = 0;
    Type dtype;
};

template <typename O>
FunctionSpec declareLike(const char *name, const char *summary, const char *formula,
                         std::vector<Arg> args, Arguments use,
                         Tensor (*make)(const Tensor &, DType, const O &))
{
    return declareFunction<O>(
            {.name = name,
             .group = Group::Creation,
             .summary = summary,
             .formula = formula,
             .source = std::string("torch.") + name,
             .args = std::move(args),
             .inputs = {{.name = "input", .pattern = "*", .dtype = "any"}},
             .outputs = {{.name = "output", .pattern = "*", .dtype = "any"}},
             .samples = {{.args = std::move(use), .inputs = {{2, 3}}}},
             .differentiable = false},
            [make](const O &options, In in) {
                return Out{make(in[0], options.dtype.value_or(in[0].dtype()), options)};
            });
}

struct NoOptions { };
FunctionSpec declareCopy(const char *name, const char *summary, bool differentiable,
                         Tensor (*copy)(const Tensor &))
{
    return declareFunction<NoOptions>(
            {.name = name,
             .group = Group::Creation,
             .summary = summary,
             .formula = "x",
             .source = std::string("torch.") + name,
             .inputs = {{.name = "input", .pattern = "*", .dtype = "any"}},
             .outputs = {{.name = "output", .pattern = "*", .dtype = "any"}},
             .samples = {{.inputs = {{2, 3}}}},
             .differentiable = differentiable},
            [copy](const NoOptions &, In in) { return Out{copy(in[0])}; });
}

struct MeshOptions {
    Indexing indexing = Indexing::MatrixOrder;
};
Result<Shapes> meshShapes(const MeshOptions &options, const Shapes &in)
{
    std::vector<Tensor> stand;
    for (const Shape &shape : in)
        stand.push_back(
                Tensor::scalar(0).asStrided(shape, std::vector<int64_t>(shape.size(), 0), 0));
    Shapes out;
    for (const Tensor &tensor : meshgrid(stand, options.indexing == Indexing::Cartesian))
        out.push_back(tensor.shape());
    return out;
}

struct CombinationOptions {
    int64_t r = 2;
    bool with_replacement = false;
};

std::vector<FunctionSpec> gridFunctions()
{
    using C = CombinationOptions;
    return {declareFunction<MeshOptions>(
                    {.name = "meshgrid",
                     .group = Group::Creation,
                     .summary = "Coordinates of a grid from those of its axes.",
                     .source = "torch.meshgrid",
                     .args = {arg("indexing", &MeshOptions::indexing,
                                  "ij: as matrices are indexed; xy: the first two swapped.")},
                     .inputs = {{.name = "tensors", .dtype = "any", .variadic = true}},
                     .outputs = {{.name = "grids", .dtype = "any", .variadic = true}},
                     .infer = meshShapes,
                     .samples = {{.inputs = {{2}, {3}}},
                                 {.args = {{"indexing", "xy"}}, .inputs = {{2}, {2}, {1}}}},
                     .badSamples = {{.inputs = {{2, 2}, {3}}, .kind = "dimension_count_mismatch"}}},
                    [](const MeshOptions &options, In in) {
                        return meshgrid(in, options.indexing == Indexing::Cartesian);
                    }),
            declareFunction<NoOptions>(
                    {.name = "cartesian_prod",
                     .group = Group::Creation,
                     .summary = "All ways to take one element of each tensor.",
                     .source = "torch.cartesian_prod",
                     .inputs = {{.name = "tensors", .dtype = "any", .variadic = true}},
                     .outputs = {{.name = "output", .dtype = "any"}},
                     .infer = [](const NoOptions &, const Shapes &in) -> Result<Shapes> {
                         int64_t rows = 1;
                         for (const Shape &shape : in) {
                             if (shape.size() != 1)
                                 return Error(ErrorCategory::Shape, "dimension_count_mismatch", "",
                                              toString(shape), "1-d tensors");
                             rows *= shape[0];
                         }
                         if (in.empty())
                             return Error(ErrorCategory::Value, "no_tensors", "", "no tensors",
                                          "one or more");
                         return in.size() == 1 ? in
                                               : Shapes{{rows, static_cast<int64_t>(in.size())}};
                     },
                     .samples = {{.inputs = {{2}, {3}}}, {.inputs = {{2}}}},
                     .badSamples = {{.inputs = {{2, 2}, {3}}, .kind = "dimension_count_mismatch"}}},
                    [](const NoOptions &, In in) { return Out{cartesianProduct(in)}; }),
            declareFunction<C>(
                    {.name = "combinations",
                     .group = Group::Creation,
                     .summary = "All ways to take r elements, in their order.",
                     .formula = R"(\binom{n}{r})",
                     .source = "torch.combinations",
                     .args = {arg("r", &C::r, "How many are taken."),
                              arg("with_replacement", &C::with_replacement,
                                  "An element may be taken again.")},
                     .inputs = {{.name = "input", .dtype = "any"}},
                     .outputs = {{.name = "output", .dtype = "any"}},
                     .infer = [](const C &options, const Shapes &in) -> Result<Shapes> {
                         return Shapes{
                                 combinationsShape(in.at(0), options.r, options.with_replacement)};
                     },
                     .samples = {{.inputs = {{4}}},
                                 {.args = {{"r", 2}, {"with_replacement", true}}, .inputs = {{3}}}},
                     .badSamples = {{.inputs = {{2, 2}}, .kind = "dimension_count_mismatch"}}},
                    [](const C &options, In in) {
                        return Out{combinations(in[0], options.r, options.with_replacement)};
                    })};
}

} // namespace

std::vector<FunctionSpec> creationFunctions()
{
    using L = LikeOptions;
    using F = FullLikeOptions;
    std::vector<FunctionSpec> out = makers();
    for (FunctionSpec &spec : gridFunctions())
        out.push_back(std::move(spec));
    const auto constant = [](const char *name, const char *summary, const char *formula,
                             Tensor (*make)(const Tensor &, DType, const L &)) {
        return declareLike<L>(name, summary, formula, {typeArg<L>()}, {}, make);
    };
    out.push_back(constant("empty_like",
                           "A tensor of the input's shape whose elements may be anything.", "",
                           [](const Tensor &x, DType dtype, const L &) {
                               return Tensor::zeros(x.shape(), dtype);
                           }));
    out.push_back(constant("zeros_like", "Zeros in the input's shape.", "0",
                           [](const Tensor &x, DType dtype, const L &) {
                               return Tensor::zeros(x.shape(), dtype);
                           }));
    out.push_back(constant("ones_like", "Ones in the input's shape.", "1",
                           [](const Tensor &x, DType dtype, const L &) {
                               return Tensor::ones(x.shape(), dtype);
                           }));
    out.push_back(
            declareLike<F>("full_like", "The same number everywhere, in the input's shape.", "c",
                           {requiredArg("fill_value", &F::fill_value, "The number."), typeArg<F>()},
                           {{"fill_value", 2.5}}, [](const Tensor &x, DType dtype, const F &o) {
                               return full(x.shape(), o.fill_value, dtype);
                           }));
    out.push_back(declareCopy("clone", "A copy that gradients flow through.", true, clone));
    out.push_back(declareCopy("detach", "The same elements, cut off from gradients.", false,
                              [](const Tensor &x) { return x.detach(); }));
    out.push_back(declareValueFunction<NoOptions>(
            {.name = "createTorch",
             .group = Group::Creation,
             .summary
             = "Names the device that this torch computes on: there is one torch, on the CPU.",
             .source = "torch.js",
             .outputs = {{.name = "device", .dtype = "text"}}},
            [](const NoOptions &, In) { return ValueList{"cpu"}; }));
    return out;
}

} // namespace mrg
