// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/closeness.h"

#include "engine/ops/binary.h"
#include "engine/ops/families.h"

#include <algorithm>

namespace mrg {

namespace {

template <typename T> bool isNan(T x) { return x != x; }
template <typename T> double sizeOf(T x)
{
    if constexpr (isComplexType<T>)
        return std::abs(std::complex<double>(x));
    else
        return std::abs(static_cast<double>(x));
}

struct IsClose {
    Closeness closeness;
    template <typename T> bool operator()(T a, T b) const
    {
        if (a == b || (closeness.equal_nan && isNan(a) && isNan(b)))
            return true;
        using Wide = std::conditional_t<isComplexType<T>, std::complex<double>, double>;
        const double distance = sizeOf(convertElement<Wide>(a) - convertElement<Wide>(b));
        return std::isfinite(distance) && distance <= closeness.atol + closeness.rtol * sizeOf(b);
    }
};

void checkSameType(const char *name, const Tensor &a, const Tensor &b)
{
    if (a.dtype() != b.dtype()) {
        throw Error(ErrorCategory::DType, "dtype_mismatch", name, dtypeName(b.dtype()),
                    std::string(dtypeName(a.dtype())) + ", as the first", "convert it with to()");
    }
}

bool allTrue(const Tensor &flags)
{
    const std::vector<bool> values = flags.toVector<bool>();
    return std::find(values.begin(), values.end(), false) == values.end();
}

/// An order of numbers that are not ordered themselves.
template <typename T> bool precedes(T a, T b)
{
    if constexpr (isComplexType<T>)
        return a.real() < b.real() || (a.real() == b.real() && a.imag() < b.imag());
    else
        return a < b;
}

struct InOptions {
    bool assume_unique = false;
    bool invert = false;
};
struct NoOptions { };

template <typename O>
Declaration<O> comparison(const char *name, const char *summary, const char *formula,
                          std::vector<Arg> args, std::vector<Port> inputs)
{
    return {.name = name,
            .group = Group::Comparison,
            .summary = summary,
            .formula = formula,
            .source = std::string("torch.") + name,
            .args = std::move(args),
            .inputs = std::move(inputs),
            .outputs = {{.name = "output", .dtype = "bool"}},
            .differentiable = false};
}

std::vector<Arg> toleranceArgs()
{
    using C = Closeness;
    return {arg("rtol", &C::rtol, "Allowed difference relative to the second number.", atLeast(0)),
            arg("atol", &C::atol, "Allowed difference.", atLeast(0)),
            arg("equal_nan", &C::equal_nan, "Whether two NaN are equal.")};
}
std::vector<Port> two(const char *first, const char *second, bool number = false)
{
    return {{.name = first, .dtype = "any", .number = number},
            {.name = second, .dtype = "any", .number = number}};
}
/// A function that gives one bool, which is no tensor.
template <typename O>
FunctionSpec declareQuestion(Declaration<O> d, std::vector<Sample> samples,
                             std::function<bool(const O &, std::span<const Tensor>)> ask)
{
    if (!d.infer)
        d.infer = [](const O &, const Shapes &) -> Result<Shapes> { return Shapes{}; };
    d.samples = std::move(samples);
    return declareValueFunction<O>(std::move(d),
                                   [ask](const O &options, std::span<const Tensor> in) {
                                       return ValueList{ask(options, in)};
                                   });
}

} // namespace

Tensor isclose(const Tensor &a, const Tensor &b, Closeness closeness)
{
    checkSameType("isclose", a, b);
    return binaryFunction<types::All>("isclose", a, b, IsClose{closeness}, NoSlope{}, NoSlope{});
}

bool allclose(const Tensor &a, const Tensor &b, Closeness closeness)
{
    return allTrue(isclose(a, b, closeness));
}

bool equal(const Tensor &a, const Tensor &b)
{
    if (a.shape() != b.shape())
        return false;
    return allTrue(eq(a, b));
}

namespace {

void checkOneElement(const Shape &x)
{
    if (numel(x) != 1) {
        throw Error(ErrorCategory::Value, "ambiguous_truth", "is_nonzero",
                    "a tensor of " + std::to_string(numel(x)) + " elements", "one element",
                    "reduce it with all or any");
    }
}

} // namespace

bool isNonzero(const Tensor &x)
{
    checkOneElement(x.shape());
    return x.complexItem() != 0.0;
}

Tensor isin(const Tensor &elements, const Tensor &testElements, bool invert)
{
    const DType dtype = resultType({&elements, &testElements});
    const Tensor source = elements.detach().toType(dtype).compact();
    const Tensor known = testElements.detach().toType(dtype).compact();
    Tensor out = Tensor::empty(elements.shape(), DType::Bool);
    dispatchAll(dtype, [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([from = source.data<T>(), count = source.numel(), to = out.data<bool>(), invert,
                first = known.data<T>(), last = known.data<T>() + known.numel()] {
            std::vector<T> sorted;
            std::copy_if(first, last, std::back_inserter(sorted), [](T v) { return !isNan(v); });
            std::sort(sorted.begin(), sorted.end(), precedes<T>);
            for (int64_t i = 0; i < count; ++i) {
                const bool found = !isNan(from[i])
                        && std::binary_search(sorted.begin(), sorted.end(), from[i], precedes<T>);
                to[i] = found != invert;
            }
        });
    });
    return out;
}

std::vector<FunctionSpec> closenessFunctions()
{
    using C = Closeness;
    using I = InOptions;
    const std::vector<Sample> pair{{.inputs = {{2, 3}, {2, 3}}}};
    Declaration<C> close = comparison<C>("isclose", "Whether two numbers are near each other.",
                                         R"(|x - y| \le atol + rtol |y|)", toleranceArgs(),
                                         two("input", "other"));
    close.infer = [](const C &, const Shapes &in) { return inferBroadcast(in); };
    close.samples = broadcastSamples({});
    close.badSamples = broadcastBadSamples();
    Declaration<I> among = comparison<I>(
            "isin", "Whether each element is among those of another tensor.", R"(x \in Y)",
            {arg("assume_unique", &I::assume_unique, "That no element comes twice; may be faster."),
             arg("invert", &I::invert, "Asks whether it is not.")},
            two("elements", "test_elements", true));
    among.infer = [](const I &, const Shapes &in) -> Result<Shapes> { return Shapes{in.at(0)}; };
    among.samples = {{.inputs = {{2, 3}, {4}}}, {.args = {{"invert", true}}, .inputs = {{4}, {2}}}};
    Declaration<NoOptions> nonzero
            = comparison<NoOptions>("is_nonzero", "Whether the only element is not 0.",
                                    R"(x \ne 0)", {}, {{.name = "input", .dtype = "any"}});
    nonzero.infer = [](const NoOptions &, const Shapes &in) -> Result<Shapes> {
        checkOneElement(in.at(0));
        return Shapes{};
    };
    nonzero.badSamples = {{.inputs = {{2}}, .kind = "ambiguous_truth"}};
    return {declareFunction<C>(std::move(close),
                               [](const C &options, std::span<const Tensor> in) {
                                   return std::vector<Tensor>{isclose(in[0], in[1], options)};
                               }),
            declareQuestion<C>(comparison<C>("allclose", "Whether all numbers are near each other.",
                                             R"(\forall i: |x_i - y_i| \le atol + rtol |y_i|)",
                                             toleranceArgs(), two("input", "other")),
                               pair,
                               [](const C &options, std::span<const Tensor> in) {
                                   return allclose(in[0], in[1], options);
                               }),
            declareQuestion<NoOptions>(
                    comparison<NoOptions>("equal",
                                          "Whether two tensors have the same shape and elements.",
                                          "x = y", {}, two("input", "other")),
                    pair,
                    [](const NoOptions &, std::span<const Tensor> in) {
                        return equal(in[0], in[1]);
                    }),
            declareQuestion<NoOptions>(
                    std::move(nonzero), {{.inputs = {{1}}}},
                    [](const NoOptions &, std::span<const Tensor> in) { return isNonzero(in[0]); }),
            declareFunction<I>(std::move(among), [](const I &options, std::span<const Tensor> in) {
                return std::vector<Tensor>{isin(in[0], in[1], options.invert)};
            })};
}

} // namespace mrg
