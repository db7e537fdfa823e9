// SPDX-License-Identifier: GPL-3.0-or-later
// Complex numbers, their parts, sizes and angles.
#include "engine/ops/binary.h"
#include "engine/ops/families.h"

#include <numbers>

namespace mrg {

namespace {

using namespace rules;
using namespace math;

constexpr Constant pi{std::numbers::pi};

/// The same memory as elements of another type.
Tensor reinterpreted(const Tensor &x, DType dtype, const Shape &shape,
                     const std::vector<int64_t> &strides, int64_t offset)
{
    Tensor out = x.asStrided(shape, strides, offset);
    out.mutableImpl()->dtype = dtype;
    return out;
}

Error notComplex(const char *name, const Tensor &x)
{
    return {ErrorCategory::DType, "dtype_not_supported", name, dtypeName(x.dtype()),
            "complex64 or complex128"};
}
Error notPairs(const char *name, const Shape &shape)
{
    return {ErrorCategory::Shape, "last_dimension_is_not_2", name, toString(shape),
            "a last dimension of size 2: real and imaginary part"};
}

/// Part number `part` (0: real, 1: imaginary) of a real view (.., 2).
Tensor partOf(const char *name, const Tensor &pairs, int64_t part)
{
    if (pairs.dim() == 0 || pairs.shape().back() != 2)
        throw notPairs(name, pairs.shape());
    Shape shape = pairs.shape();
    std::vector<int64_t> strides = pairs.strides();
    const int64_t step = strides.back();
    shape.pop_back();
    strides.pop_back();
    const Tensor out = pairs.asStrided(shape, strides, pairs.offset() + part * step);
    if (shouldRecord({&pairs})) {
        record(name, {pairs}, {out}, [part](const Gradients &g) {
            const Tensor zero = Tensor::zeros(g[0].shape(), g[0].dtype());
            return Gradients{viewAsReal(part == 0 ? complex(g[0], zero) : complex(zero, g[0]))};
        });
    }
    return out;
}

Tensor absolute(const char *name, const Tensor &x)
{
    if (!x.isComplex()) {
        return unaryFunction<types::Integers | types::Floats>(
                name, x,
                [](auto v) {
                    if constexpr (std::is_unsigned_v<decltype(v)>)
                        return v;
                    else
                        return std::abs(v);
                },
                ofInput([](auto v) { return sign(v); }));
    }
    const Tensor out = unaryFunction<types::Complexes>(
            name, x, [](auto z) { return std::abs(z); }, NoSlope{});
    if (shouldRecord({&x})) {
        record(name, {x}, {out},
               [z = SavedTensor(x), r = SavedTensor(out, SavedTensor::Output)](const Gradients &g) {
                   const Tensor size = r.unpack();
                   return Gradients{mul(g[0], where(eq(size, 0), 0, div(z.unpack(), size)))};
               });
    }
    return out;
}

Tensor conjugate(const char *name, const Tensor &x)
{
    if (!x.isComplex())
        return x;
    const Tensor out = unaryFunction<types::Complexes>(
            name, x, [](auto z) { return std::conj(z); }, NoSlope{});
    if (shouldRecord({&x}))
        record(name, {x}, {out}, [](const Gradients &g) { return Gradients{conj(g[0])}; });
    return out;
}

Tensor angleOf(const char *name, const Tensor &x)
{
    if (!x.isComplex()) {
        return unaryFunction<types::Floats | types::IntegersAsFloats>(
                name, x, [](auto v) { return where(v < 0_c, pi, where(v >= 0_c, 0_c, v)); },
                Everywhere<0>{});
    }
    const Tensor out = unaryFunction<types::Complexes>(
            name, x, [](auto z) { return std::arg(z); }, NoSlope{});
    if (shouldRecord({&x})) {
        record(name, {x}, {out}, [saved = SavedTensor(x)](const Gradients &g) {
            // i z / |z|^2, and 0 at 0, where there is no angle.
            const Tensor z = saved.unpack();
            const Tensor size = abs(z);
            const Tensor slope = div(mul(z, std::complex<double>(0, 1)), square(size));
            return Gradients{mul(g[0], where(eq(size, 0), 0, slope))};
        });
    }
    return out;
}

Tensor realPartOf(const char *name, const Tensor &x)
{
    return x.isComplex() ? partOf(name, viewAsReal(x), 0) : x;
}
Tensor imaginaryPart(const char *name, const Tensor &x)
{
    if (!x.isComplex() && !x.isFloatingPoint())
        throw notComplex(name, x);
    return partOf(name, x.isComplex() ? viewAsReal(x) : x, 1);
}

constexpr std::array rows{
        UnaryRow{"abs",
                 "The size of a number, without its sign.",
                 "|x|",
                 {absolute, true, "any", "any"}},
        UnaryRow{"angle",
                 "The angle of a complex number; pi for negative real ones.",
                 R"(\arg x)",
                 {angleOf, true, "any", "any"}},
        UnaryRow{"conj", "The complex conjugate.", R"(\bar x)", {conjugate, true, "any", "any"}},
        UnaryRow{"conj_physical",
                 "The complex conjugate, written to memory.",
                 R"(\bar x)",
                 {conjugate, true, "any", "any"}},
        UnaryRow{"real",
                 "A view of the real parts.",
                 R"(\operatorname{Re} x)",
                 {realPartOf, true, "any", "any"}},
};

Shape withPair(Shape shape)
{
    shape.push_back(2);
    return shape;
}
Result<Shapes> inferWithoutPair(const char *name, const Shapes &in)
{
    if (in.at(0).empty() || in[0].back() != 2)
        return notPairs(name, in[0]);
    Shape shape = in[0];
    shape.pop_back();
    return Shapes{shape};
}

struct NoOptions { };

/// What the declarations of functions of parts have in common.
Declaration<NoOptions> partDeclaration(const char *name, const char *summary, const char *formula)
{
    return {.name = name,
            .group = Group::UnaryPointwise,
            .summary = summary,
            .formula = formula,
            .source = std::string("torch.") + name,
            .inputs = {{.name = "input"}},
            .outputs = {{.name = "output"}}};
}

FunctionSpec declareImaginary()
{
    Declaration<NoOptions> d
            = partDeclaration("imag", "A view of the imaginary parts.", R"(\operatorname{Im} x)");
    d.inputs[0].dtype = "any";
    d.infer = [](const NoOptions &, const Shapes &in) { return inferWithoutPair("imag", in); };
    d.samples = {{.inputs = {{3, 2}}}};
    d.badSamples = {{.inputs = {{3, 3}}, .kind = "last_dimension_is_not_2"}};
    return declareFunction<NoOptions>(std::move(d),
                                      [](const NoOptions &, std::span<const Tensor> in) {
                                          return std::vector<Tensor>{imag(in[0])};
                                      });
}

FunctionSpec declareViewAsReal()
{
    Declaration<NoOptions> d = partDeclaration(
            "view_as_real", "A view of the real and imaginary parts as a last dimension of 2.",
            R"((\operatorname{Re} x, \operatorname{Im} x))");
    d.inputs[0].dtype = "complex";
    d.infer = [](const NoOptions &, const Shapes &in) -> Result<Shapes> {
        return Shapes{withPair(in.at(0))};
    };
    d.samples = {{.inputs = {{3}}}, {.inputs = {{2, 2}}}};
    return declareFunction<NoOptions>(std::move(d),
                                      [](const NoOptions &, std::span<const Tensor> in) {
                                          return std::vector<Tensor>{viewAsReal(in[0])};
                                      });
}

FunctionSpec declareViewAsComplex()
{
    Declaration<NoOptions> d = partDeclaration(
            "view_as_complex", "A view of pairs of numbers as complex ones.", "x_0 + i x_1");
    d.outputs[0].dtype = "complex";
    d.infer = [](const NoOptions &, const Shapes &in) {
        return inferWithoutPair("view_as_complex", in);
    };
    d.samples = {{.inputs = {{3, 2}}}, {.inputs = {{2, 2, 2}}}};
    d.badSamples = {{.inputs = {{3, 3}}, .kind = "last_dimension_is_not_2"}};
    return declareFunction<NoOptions>(std::move(d),
                                      [](const NoOptions &, std::span<const Tensor> in) {
                                          return std::vector<Tensor>{viewAsComplex(in[0])};
                                      });
}

using OfTwo = Tensor (*)(const Tensor &, const Tensor &);
FunctionSpec declareFromParts(const char *name, const char *summary, const char *formula,
                              const char *first, const char *second, OfTwo call)
{
    Declaration<NoOptions> d = partDeclaration(name, summary, formula);
    d.group = Group::Creation;
    d.inputs = {{.name = first}, {.name = second}};
    d.outputs[0].dtype = "complex";
    d.infer = [](const NoOptions &, const Shapes &in) { return inferBroadcast(in); };
    d.samples = broadcastSamples({});
    d.badSamples = broadcastBadSamples();
    return declareFunction<NoOptions>(std::move(d),
                                      [call](const NoOptions &, std::span<const Tensor> in) {
                                          return std::vector<Tensor>{call(in[0], in[1])};
                                      });
}

void checkParts(const char *name, const Tensor &a, const Tensor &b)
{
    if (!a.isFloatingPoint() || a.dtype() != b.dtype()) {
        throw Error(ErrorCategory::DType, "dtype_not_supported", name,
                    std::string(dtypeName(a.dtype())) + " and " + dtypeName(b.dtype()),
                    "two times float32 or float64");
    }
}

} // namespace

Tensor complex(const Tensor &realPart, const Tensor &imagPart)
{
    checkParts("complex", realPart, imagPart);
    const Shape shape = commonShape("complex", realPart, imagPart);
    Tensor out = Tensor::empty(shape, toComplex(realPart.dtype()));
    dispatchFloating(realPart.dtype(), "complex", [&](auto tag) {
        using T = typename decltype(tag)::type;
        kernels::map<std::complex<T>, T, T>(
                out, [](T a, T b) { return std::complex<T>(a, b); }, realPart, imagPart);
    });
    if (shouldRecord({&realPart, &imagPart})) {
        record("complex", {realPart, imagPart}, {out},
               [shapeA = realPart.shape(), shapeB = imagPart.shape()](const Gradients &g) {
                   return Gradients{sumToSize(real(g[0]), shapeA), sumToSize(imag(g[0]), shapeB)};
               });
    }
    return out;
}

Tensor polar(const Tensor &size, const Tensor &direction)
{
    checkParts("polar", size, direction);
    const Tensor of = size.detach();
    const Tensor at = direction.detach();
    Tensor out = complex(mul(of, cos(at)), mul(of, sin(at)));
    if (shouldRecord({&size, &direction})) {
        record("polar", {size, direction}, {out},
               [=, savedSize = SavedTensor(size),
                savedDirection = SavedTensor(direction)](const Gradients &g) {
                   const Tensor z = polar(savedSize.unpack(), savedDirection.unpack());
                   const Tensor length = abs(z);
                   const Tensor unit = where(eq(length, 0), 0, div(z, length));
                   const Tensor turned = mul(z, std::complex<double>(0, 1));
                   return Gradients{sumToSize(real(mul(conj(g[0]), unit)), of.shape()),
                                    sumToSize(real(mul(conj(g[0]), turned)), at.shape())};
               });
    }
    return out;
}

Tensor abs(const Tensor &x) { return rowOf(rows, "abs")(x); }
Tensor angle(const Tensor &x) { return rowOf(rows, "angle")(x); }
Tensor conj(const Tensor &x) { return rowOf(rows, "conj")(x); }
Tensor real(const Tensor &x) { return rowOf(rows, "real")(x); }
Tensor imag(const Tensor &x) { return imaginaryPart("imag", x); }

Tensor viewAsReal(const Tensor &x)
{
    if (!x.isComplex())
        throw notComplex("view_as_real", x);
    std::vector<int64_t> strides = x.strides();
    for (int64_t &stride : strides)
        stride *= 2;
    strides.push_back(1);
    const Tensor out
            = reinterpreted(x, toReal(x.dtype()), withPair(x.shape()), strides, 2 * x.offset());
    if (shouldRecord({&x}))
        record("view_as_real", {x}, {out},
               [](const Gradients &g) { return Gradients{viewAsComplex(g[0])}; });
    return out;
}

Tensor viewAsComplex(const Tensor &x)
{
    dispatchFloating(x.dtype(), "view_as_complex", [](auto) {});
    if (x.dim() == 0 || x.shape().back() != 2)
        throw notPairs("view_as_complex", x.shape());
    // Pairs that don't lie together in memory are copied.
    bool viewable = x.strides().back() == 1 && x.offset() % 2 == 0;
    for (size_t d = 0; d + 1 < x.shape().size(); ++d)
        viewable = viewable && x.strides()[d] % 2 == 0;
    const Tensor pairs = viewable ? x : x.copy();
    Shape shape = pairs.shape();
    std::vector<int64_t> strides = pairs.strides();
    shape.pop_back();
    strides.pop_back();
    for (int64_t &stride : strides)
        stride /= 2;
    const Tensor out
            = reinterpreted(pairs, toComplex(x.dtype()), shape, strides, pairs.offset() / 2);
    if (shouldRecord({&x}))
        record("view_as_complex", {x}, {out},
               [](const Gradients &g) { return Gradients{viewAsReal(g[0])}; });
    return out;
}

std::vector<FunctionSpec> complexFunctions()
{
    std::vector<FunctionSpec> out = declareUnary(rows);
    out.push_back(declareImaginary());
    out.push_back(declareViewAsReal());
    out.push_back(declareViewAsComplex());
    out.push_back(declareFromParts("complex", "Complex numbers from their parts.", "x + i y",
                                   "real", "imag", complex));
    out.push_back(declareFromParts("polar", "Complex numbers from sizes and angles.",
                                   R"(r e^{i \varphi})", "abs", "angle", polar));
    // Sizes below 0 are none: PyTorch's gradient takes their sign off.
    out.back().inputs[0].domain = {.low = 0};
    return out;
}

} // namespace mrg
