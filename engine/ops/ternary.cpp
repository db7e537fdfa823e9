// SPDX-License-Identifier: GPL-3.0-or-later
// Functions of three tensors: interpolation, and products and quotients that are added.
#include "engine/ops/binary.h"
#include "engine/ops/families.h"

namespace mrg {

namespace {

/// start + weight (end - start), written so that it is exact at both ends.
template <typename T> T interpolated(T start, T end, T weight)
{
    const bool nearStart = std::abs(weight) < rules::Real<T>(0.5);
    return nearStart ? start + weight * (end - start) : end - (end - start) * (T(1) - weight);
}

/// The three converted to the type in which they meet, which must be floating or complex.
std::array<Tensor, 3> converted(const Tensor &a, const Tensor &b, const Tensor &c)
{
    const DType dtype = resultType({&a, &b, &c});
    const auto as = [dtype](const Tensor &x) { return detail::Operand(x, dtype).tensor; };
    return {as(a), as(b), as(c)};
}

/// f(a, b, c), broadcast, and the gradients that `back` makes of the operands and the result's.
template <Types set, typename F, typename Back>
Tensor ternaryFunction(const char *name, const std::array<Tensor, 3> &in, F f, Back back)
{
    const Result<Shapes> shape = inferBroadcast({in[0].shape(), in[1].shape(), in[2].shape()});
    if (!shape)
        throw shape.error().within(name);
    Tensor out = Tensor::empty(shape->front(), in[0].dtype());
    dispatchTypes<set>(out.dtype(), name, [&](auto tag) {
        using T = typename decltype(tag)::type;
        kernels::map<T, T, T, T>(
                out, [f](T a, T b, T c) { return static_cast<T>(f(a, b, c)); }, in[0], in[1],
                in[2]);
    });
    if (shouldRecord(in)) {
        record(name, in, {out},
               [saved = std::array{SavedTensor(in[0]), SavedTensor(in[1]), SavedTensor(in[2])},
                back](const Gradients &g) {
                   const std::array operands{saved[0].unpack(), saved[1].unpack(),
                                             saved[2].unpack()};
                   Gradients gradients = back(g[0], operands);
                   for (size_t i = 0; i < gradients.size(); ++i) {
                       gradients[i] = operands[i].requiresGrad()
                               ? sumToSize(gradients[i], operands[i].shape())
                               : Tensor();
                   }
                   return gradients;
               });
    }
    return out;
}

struct ValueOptions {
    Number value = 1;
};

FunctionSpec declareTernary(const char *name, const char *summary, const char *formula,
                            Tensor (*call)(const Tensor &, const Tensor &, const Tensor &, Number),
                            Interval domain)
{
    using O = ValueOptions;
    return declareFunction<O>(
            {.name = name,
             .group = Group::BinaryPointwise,
             .summary = summary,
             .formula = formula,
             .source = std::string("torch.") + name,
             .args = {arg("value", &O::value, "Factor of what is added.")},
             .inputs = {{.name = "input", .dtype = "any"},
                        {.name = "tensor1", .dtype = "any"},
                        {.name = "tensor2", .dtype = "any", .domain = domain}},
             .outputs = {{.name = "output", .dtype = "any"}},
             .infer = [](const O &, const Shapes &in) { return inferBroadcast(in); },
             .samples = {{.inputs = {{2, 3}, {2, 3}, {2, 3}}},
                         {.args = {{"value", 0.5}}, .inputs = {{2, 1}, {1, 3}, {3}}}},
             .badSamples = {{.inputs = {{2, 3}, {2, 2}, {2, 3}},
                             .kind = "broadcast_error_incompatible_dimensions"}}},
            [call](const O &options, std::span<const Tensor> in) {
                return std::vector<Tensor>{call(in[0], in[1], in[2], options.value)};
            });
}

} // namespace

Tensor lerp(const Tensor &start, const Tensor &end, const Tensor &weight)
{
    if (start.dtype() != end.dtype() || (!weight.isNumber() && weight.dtype() != start.dtype())) {
        throw Error(ErrorCategory::DType, "dtype_mismatch", "lerp",
                    std::string(dtypeName(start.dtype())) + ", " + dtypeName(end.dtype()) + " and "
                            + dtypeName(weight.dtype()),
                    "one type", "convert them with to()");
    }
    const std::array in{start, end, detail::Operand(weight, start.dtype()).tensor};
    return ternaryFunction<types::Floats | types::Complexes>(
            "lerp", in, [](auto a, auto b, auto w) { return interpolated(a, b, w); },
            [](const Tensor &g, const std::array<Tensor, 3> &v) {
                return Gradients{mul(g, conj(sub(1, v[2]))), mul(g, conj(v[2])),
                                 mul(g, conj(sub(v[1], v[0])))};
            });
}

Tensor addcmul(const Tensor &x, const Tensor &a, const Tensor &b, Number value)
{
    const Tensor out = ternaryFunction<types::Integers | types::Floats | types::Complexes>(
            "addcmul", converted(x, a, b),
            [value](auto v, auto l, auto r) { return v + value.to<decltype(v)>() * l * r; },
            [value](const Tensor &g, const std::array<Tensor, 3> &v) {
                const Tensor scaled = mul(g, value);
                return Gradients{g, mul(scaled, conj(v[2])), mul(scaled, conj(v[1]))};
            });
    return narrowedTo(resultType({&x, &a, &b}), out);
}

Tensor addcdiv(const Tensor &x, const Tensor &a, const Tensor &b, Number value)
{
    return ternaryFunction<types::Floats | types::Complexes>(
            "addcdiv", converted(x, a, b),
            [value](auto v, auto l, auto r) { return v + value.to<decltype(v)>() * (l / r); },
            [value](const Tensor &g, const std::array<Tensor, 3> &v) {
                const Tensor scaled = mul(g, value);
                return Gradients{g, div(scaled, conj(v[2])),
                                 neg(mul(scaled, conj(div(div(v[1], v[2]), v[2]))))};
            });
}

std::vector<FunctionSpec> ternaryFunctions()
{
    struct NoOptions { };
    return {declareTernary("addcmul", "Adds a product, element by element.",
                           R"(x + v \cdot t_1 t_2)", addcmul, {}),
            declareTernary("addcdiv", "Adds a quotient, element by element.",
                           R"(x + v \frac{t_1}{t_2})", addcdiv, {.low = 0}),
            declareFunction<NoOptions>(
                    {.name = "lerp",
                     .group = Group::BinaryPointwise,
                     .summary = "The way from one number to another, by a weight.",
                     .formula = "x + w (y - x)",
                     .source = "torch.lerp",
                     .inputs = {{.name = "input", .dtype = "any"},
                                {.name = "end", .dtype = "any"},
                                {.name = "weight", .dtype = "any", .number = true}},
                     .outputs = {{.name = "output", .dtype = "any"}},
                     .infer
                     = [](const NoOptions &, const Shapes &in) { return inferBroadcast(in); },
                     .samples
                     = {{.inputs = {{2, 3}, {2, 3}, {}}}, {.inputs = {{2, 3}, {3}, {2, 1}}}},
                     .badSamples = {{.inputs = {{2, 3}, {2, 2}, {}},
                                     .kind = "broadcast_error_incompatible_dimensions"}}},
                    [](const NoOptions &, std::span<const Tensor> in) {
                        return std::vector<Tensor>{lerp(in[0], in[1], in[2])};
                    })};
}

} // namespace mrg
