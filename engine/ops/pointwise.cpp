// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/pointwise.h"

#include "engine/autograd/Node.h"
#include "engine/ops/families.h"
#include "engine/kernels/elementwise.h"
#include "engine/ops/reductions.h"
#include "engine/tensor/result_type.h"

#include <cmath>

namespace mrg {

namespace {

DType floatingOf(DType dtype) { return isFloating(dtype) ? dtype : DType::Float32; }

/// y = forward(x), dx = gradient(dy, x, y). One call of this is one function of torch.
template <typename Forward, typename Gradient>
Tensor unaryFunction(const char *name, const Tensor &input, Forward forward, Gradient gradient)
{
    const Tensor x = input.toType(floatingOf(input.dtype()));
    Tensor y = Tensor::empty(x.shape(), x.dtype());
    dispatchFloating(x.dtype(), name, [&](auto tag) {
        using T = typename decltype(tag)::type;
        kernels::unary<T, T>(x, y, forward);
    });
    if (shouldRecord({&input})) {
        record(name, {input}, {y},
               [gradient, saved = SavedTensor(x), out = SavedTensor(y, SavedTensor::Output)](
                       const Gradients &g) {
                   return Gradients{gradient(g[0], saved.unpack(), out.unpack())};
               });
    }
    return y;
}

template <typename F>
Tensor binaryKernel(const Tensor &a, const Tensor &b, DType dtype, F f)
{
    Tensor out = Tensor::empty(a.shape() == b.shape() ? a.shape()
                                                      : broadcastShapes(a.shape(), b.shape()).value(),
                               dtype);
    const Tensor left = a.toType(dtype);
    const Tensor right = b.toType(dtype);
    dispatchAll(dtype, [&](auto tag) {
        using T = typename decltype(tag)::type;
        kernels::binary<T, T>(left, right, out, [f](T x, T y) { return static_cast<T>(f(x, y)); });
    });
    return out;
}

} // namespace

Tensor add(const Tensor &a, const Tensor &b, double alpha)
{
    const DType dtype = resultType({&a, &b});
    Tensor out = alpha == 1
            ? binaryKernel(a, b, dtype, [](auto x, auto y) { return x + y; })
            : binaryKernel(a, b, dtype, [alpha](auto x, auto y) {
                  return x + static_cast<decltype(y)>(alpha) * y;
              });
    if (shouldRecord({&a, &b})) {
        record("add", {a, b}, {out},
               [alpha, shapeA = a.shape(), shapeB = b.shape(), needA = a.requiresGrad(),
                needB = b.requiresGrad()](const Gradients &g) {
                   return Gradients{needA ? sumToSize(g[0], shapeA) : Tensor(),
                                    !needB           ? Tensor()
                                            : alpha == 1 ? sumToSize(g[0], shapeB)
                                                         : sumToSize(mul(g[0], alpha), shapeB)};
               });
    }
    return out;
}

Tensor sub(const Tensor &a, const Tensor &b) { return add(a, b, -1); }

Tensor mul(const Tensor &a, const Tensor &b)
{
    Tensor out = binaryKernel(a, b, resultType({&a, &b}),
                              [](auto x, auto y) { return x * y; });
    if (shouldRecord({&a, &b})) {
        record("mul", {a, b}, {out}, [x = SavedTensor(a), y = SavedTensor(b)](const Gradients &g) {
            const Tensor left = x.unpack();
            const Tensor right = y.unpack();
            return Gradients{left.requiresGrad() ? sumToSize(mul(g[0], right), left.shape()) : Tensor(),
                             right.requiresGrad() ? sumToSize(mul(g[0], left), right.shape())
                                                  : Tensor()};
        });
    }
    return out;
}

Tensor div(const Tensor &a, const Tensor &b)
{
    Tensor out = binaryKernel(a, b, floatingOf(resultType({&a, &b})),
                              [](auto x, auto y) { return x / y; });
    if (shouldRecord({&a, &b})) {
        record("div", {a, b}, {out}, [x = SavedTensor(a), y = SavedTensor(b)](const Gradients &g) {
            const Tensor left = x.unpack();
            const Tensor right = y.unpack();
            return Gradients{
                    left.requiresGrad() ? sumToSize(div(g[0], right), left.shape()) : Tensor(),
                    right.requiresGrad()
                            ? sumToSize(neg(div(mul(g[0], left), mul(right, right))), right.shape())
                            : Tensor()};
        });
    }
    return out;
}

Tensor neg(const Tensor &x)
{
    return unaryFunction("neg", x, [](auto v) { return -v; },
                         [](const Tensor &g, const Tensor &, const Tensor &) { return neg(g); });
}

Tensor conj(const Tensor &x)
{
    if (!x.isComplex())
        return x;
    Tensor out = Tensor::empty(x.shape(), x.dtype());
    dispatchDifferentiable(x.dtype(), "conj", [&](auto tag) {
        using T = typename decltype(tag)::type;
        kernels::unary<T, T>(x, out, [](T v) {
            if constexpr (isComplexType<T>)
                return std::conj(v);
            else
                return v;
        });
    });
    if (shouldRecord({&x}))
        record("conj", {x}, {out}, [](const Gradients &g) { return Gradients{conj(g[0])}; });
    return out;
}

Tensor exp(const Tensor &x)
{
    return unaryFunction("exp", x, [](auto v) { return std::exp(v); },
                         [](const Tensor &g, const Tensor &in, const Tensor &y) {
                             return mul(g, gradEnabled() ? exp(in) : y);
                         });
}

Tensor log(const Tensor &x)
{
    return unaryFunction("log", x, [](auto v) { return std::log(v); },
                         [](const Tensor &g, const Tensor &in, const Tensor &) { return div(g, in); });
}

Tensor sqrt(const Tensor &x)
{
    return unaryFunction("sqrt", x, [](auto v) { return std::sqrt(v); },
                         [](const Tensor &g, const Tensor &in, const Tensor &y) {
                             return div(mul(g, 0.5), gradEnabled() ? sqrt(in) : y);
                         });
}

Tensor abs(const Tensor &x)
{
    return unaryFunction("abs", x, [](auto v) { return std::abs(v); },
                         [](const Tensor &g, const Tensor &in, const Tensor &) {
                             Tensor sign = Tensor::empty(in.shape(), in.dtype());
                             dispatchFloating(in.dtype(), "abs", [&](auto tag) {
                                 using T = typename decltype(tag)::type;
                                 kernels::unary<T, T>(in, sign, [](T v) {
                                     return static_cast<T>((v > 0) - (v < 0));
                                 });
                             });
                             return mul(g, sign);
                         });
}

Tensor tanh(const Tensor &x)
{
    return unaryFunction("tanh", x, [](auto v) { return std::tanh(v); },
                         [](const Tensor &g, const Tensor &in, const Tensor &y) {
                             const Tensor out = gradEnabled() ? tanh(in) : y;
                             return mul(g, add(neg(mul(out, out)), 1.0));
                         });
}

Tensor sigmoid(const Tensor &x)
{
    return unaryFunction("sigmoid", x,
                         [](auto v) {
                             using T = decltype(v);
                             return T(1) / (T(1) + std::exp(-v));
                         },
                         [](const Tensor &g, const Tensor &in, const Tensor &y) {
                             const Tensor out = gradEnabled() ? sigmoid(in) : y;
                             return mul(g, mul(out, add(neg(out), 1.0)));
                         });
}

Tensor relu(const Tensor &x)
{
    return unaryFunction("relu", x,
                         [](auto v) {
                             using T = decltype(v);
                             return v <= T(0) ? T(0) : v; // a NaN passes
                         },
                         [](const Tensor &g, const Tensor &, const Tensor &y) {
                             Tensor mask = Tensor::empty(y.shape(), y.dtype());
                             dispatchFloating(y.dtype(), "relu", [&](auto tag) {
                                 using T = typename decltype(tag)::type;
                                 kernels::unary<T, T>(y, mask, [](T v) { return T(v > 0); });
                             });
                             return mul(g, mask);
                         });
}

Tensor square(const Tensor &x) { return mul(x, x); }

Tensor sin(const Tensor &x)
{
    return unaryFunction("sin", x, [](auto v) { return std::sin(v); },
                         [](const Tensor &g, const Tensor &in, const Tensor &) { return mul(g, cos(in)); });
}

Tensor cos(const Tensor &x)
{
    return unaryFunction("cos", x, [](auto v) { return std::cos(v); },
                         [](const Tensor &g, const Tensor &in, const Tensor &) {
                             return neg(mul(g, sin(in)));
                         });
}

Tensor pow(const Tensor &x, double exponent)
{
    return unaryFunction("pow", x,
                         [exponent](auto v) { return std::pow(v, static_cast<decltype(v)>(exponent)); },
                         [exponent](const Tensor &g, const Tensor &in, const Tensor &) {
                             // At 0 the power of -1 is infinite, but x^0 has no slope there either.
                             if (exponent == 0)
                                 return mul(g, 0.0);
                             return mul(g, mul(pow(in, exponent - 1), exponent));
                         });
}

Tensor mul(const Tensor &x, double factor)
{
    return unaryFunction("mul", x, [factor](auto v) { return v * static_cast<decltype(v)>(factor); },
                         [factor](const Tensor &g, const Tensor &, const Tensor &) {
                             return mul(g, factor);
                         });
}

Tensor add(const Tensor &x, double summand)
{
    return unaryFunction("add", x,
                         [summand](auto v) { return v + static_cast<decltype(v)>(summand); },
                         [](const Tensor &g, const Tensor &, const Tensor &) { return g; });
}

namespace {
struct AddOptions {
    double alpha = 1;
};
} // namespace

std::vector<FunctionSpec> pointwiseFunctions()
{
    using O = AddOptions;
    return {declareFunction<O>(
            {.name = "add",
             .group = Group::BinaryPointwise,
             .summary = "Adds two tensors, element by element.",
             .formula = R"(out = input + \alpha \cdot other)",
             .source = "torch.add",
             .args = {arg("alpha", &O::alpha, "Factor of the second tensor.")},
             .inputs = {{.name = "input", .pattern = "", .dtype = "any"},
                        {.name = "other", .pattern = "", .dtype = "any"}},
             .outputs = {{.name = "output", .pattern = "", .dtype = "any"}},
             .infer = [](const O &, const Shapes &in) -> Result<Shapes> {
                 Result<Shape> common = broadcastShapes(in.at(0), in.at(1));
                 if (!common)
                     return common.error();
                 return Shapes{*common};
             },
             .validate = {},
             .samples = {{.args = {}, .inputs = {{3, 4}, {3, 4}}},
                         {.args = {{"alpha", 0.5}}, .inputs = {{3, 4}, {4}}}},
             .badSamples = {{.args = {},
                             .inputs = {{3, 4}, {3, 5}},
                             .kind = "broadcast_error_incompatible_dimensions"}}},
            [](const O &options, std::span<const Tensor> inputs) {
                return std::vector<Tensor>{add(inputs[0], inputs[1], options.alpha)};
            })};
}

} // namespace mrg
