// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Registry.h"
#include "tests/engine/ops/random_tensors.h"
#include "tests/engine/ops/rows.h"

#include <array>
#include <cmath>
#include <functional>
#include <stdexcept>

/// What tests against a slow, obvious reference share: random tensors of every type in memory of
/// every order, the numbers that they hold, and the call of a function as PyTorch writes it.
namespace mrg::test {

using Complex = std::complex<double>;
using Place = std::vector<int64_t>;

inline constexpr std::array allTypes{
        DType::Bool,  DType::UInt8,   DType::Int8,    DType::Int16,     DType::Int32,
        DType::Int64, DType::Float32, DType::Float64, DType::Complex64, DType::Complex128};

/// Kinds of types, to be joined by |.
enum Kinds { Bools = 1, Integers = 2, Floats = 4, Complexes = 8 };
inline constexpr int realNumbers = Integers | Floats;
inline constexpr int notComplex = Bools | Integers | Floats;
inline constexpr int allKinds = Bools | Integers | Floats | Complexes;
inline int kindOf(DType dtype)
{
    return dtype == DType::Bool ? Bools
            : isIntegral(dtype) ? Integers
            : isFloating(dtype) ? Floats
                                : Complexes;
}

/// One row of a data-driven test for each type of some kinds.
inline void addTypes(int kinds = allKinds)
{
    QTest::addColumn<int>("index");
    for (DType dtype : allTypes) {
        if (kinds & kindOf(dtype))
            QTest::newRow(dtypeName(dtype)) << static_cast<int>(dtype);
    }
}
/// The type of the row that is run.
inline DType fetchType() { return static_cast<DType>(fetchStream()); }

inline int64_t rankOf(const Shape &shape) { return static_cast<int64_t>(shape.size()); }
/// One of the dimensions; a 0-d shape has dimension 0 as well, as functions take it.
inline size_t randomDim(RandomStream &random, const Shape &shape)
{
    return static_cast<size_t>(random.below(std::max<int64_t>(rankOf(shape), 1)));
}
/// A dimension as an argument, counted from either end.
inline int64_t written(RandomStream &random, size_t dim, const Shape &shape)
{
    return static_cast<int64_t>(dim)
            - (random.below(2) == 0 ? std::max<int64_t>(rankOf(shape), 1) : 0);
}
/// The place with another entry in one dimension; that of a 0-d tensor stays.
inline Place moved(Place place, size_t dim, int64_t entry)
{
    if (!place.empty())
        place[dim] = entry;
    return place;
}

/// The numbers of a tensor by their places.
struct Numbers {
    Shape shape;
    std::vector<Complex> values; ///< the last dimension fastest

    explicit Numbers(Shape shape_, Complex value = 0)
        : shape(std::move(shape_)),
          values(static_cast<size_t>(numel(shape)), value)
    {
    }
    explicit Numbers(const Tensor &x) : shape(x.shape())
    {
        dispatchAll(x.dtype(), [&](auto tag) {
            using T = typename decltype(tag)::type;
            forEachPlace(shape, [&](const Place &place) {
                int64_t offset = 0;
                for (size_t d = 0; d < place.size(); ++d)
                    offset += place[d] * x.strides()[d];
                values.push_back(convertElement<Complex>(x.data<T>()[offset]));
            });
        });
    }

    size_t offsetOf(const Place &place) const
    {
        int64_t offset = 0;
        for (size_t d = 0; d < place.size(); ++d)
            offset = offset * shape[d] + place[d];
        return static_cast<size_t>(offset);
    }
    Complex &at(const Place &place) { return values.at(offsetOf(place)); }
    const Complex &at(const Place &place) const { return values.at(offsetOf(place)); }
};

inline bool isNan(Complex x) { return std::isnan(x.real()) || std::isnan(x.imag()); }

/// A number as an element of a type: integers wrap around, all but 0 is true.
inline Complex asElement(Complex number, DType dtype)
{
    if (!isIntegral(dtype))
        return number;
    Complex out;
    dispatchIntegral(dtype, "", [&](auto tag) {
        using T = typename decltype(tag)::type;
        out = convertElement<Complex>(convertElement<T>(static_cast<int64_t>(number.real())));
    });
    return out;
}

/// What is not as wanted; empty: nothing.
inline std::string differenceOf(const Tensor &got, const Numbers &wanted, DType dtype)
{
    const auto told = [&](const std::string &what) {
        return what + ", got " + dtypeName(got.dtype()) + " " + toString(got.shape()) + " "
                + got.toString();
    };
    if (got.dtype() != dtype)
        return told(std::string("wanted ") + dtypeName(dtype));
    if (got.shape() != wanted.shape)
        return told("wanted " + toString(wanted.shape));
    const bool coarse = dtype == DType::Float32 || dtype == DType::Complex64;
    const double tolerance = coarse ? 1e-5 : 1e-12;
    const Numbers numbers(got);
    for (size_t i = 0; i < wanted.values.size(); ++i) {
        const Complex a = numbers.values[i];
        const Complex b = asElement(wanted.values[i], dtype);
        if (a == b || (isNan(a) && isNan(b)) || std::abs(a - b) <= tolerance * (1 + std::abs(b)))
            continue;
        return told("element " + std::to_string(i) + ": wanted " + Value(b).toString());
    }
    return {};
}

/// Small whole numbers, of floating types halves as well, which every type holds exactly.
inline Tensor randomNumbers(RandomStream &random, const Shape &shape, DType dtype)
{
    const bool isSigned = dtype != DType::Bool && dtype != DType::UInt8;
    const auto number = [&] {
        const auto whole = static_cast<double>(random.below(dtype == DType::Bool ? 2 : 5));
        const double moved = isSigned ? whole - 2 : whole;
        return isIntegral(dtype) ? moved : moved / 2;
    };
    Tensor out = Tensor::empty(shape, DType::Complex128);
    for (int64_t i = 0; i < out.numel(); ++i)
        out.data<Complex>()[i] = {number(), isComplex(dtype) ? number() : 0};
    return out.toType(dtype);
}

/// The same elements with the dimensions in another order in memory, and with gaps.
inline Tensor laidOut(RandomStream &random, const Tensor &x)
{
    std::vector<int64_t> strides(x.shape().size());
    int64_t step = 1 + random.below(2);
    for (int64_t d : random.permutation(x.dim())) {
        strides[static_cast<size_t>(d)] = step;
        step *= x.size(d) + random.below(2);
    }
    const int64_t offset = random.below(4);
    const Tensor memory = Tensor::zeros({offset + std::max<int64_t>(step, 1)}, x.dtype());
    Tensor out = memory.asStrided(x.shape(), strides, offset);
    out.copyFrom(x);
    return out;
}

/// randomNumbers() in memory of any order; some dimensions may be one entry shown again and again.
inline Tensor randomView(RandomStream &random, const Shape &shape, DType dtype)
{
    const int64_t way = random.below(4);
    if (way == 0)
        return randomNumbers(random, shape, dtype);
    if (way < 3 || numel(shape) == 0)
        return laidOut(random, randomNumbers(random, shape, dtype));
    Shape narrow = shape;
    for (int64_t &size : narrow)
        size = random.below(2) == 0 ? 1 : size;
    const Tensor once = laidOut(random, randomNumbers(random, narrow, dtype));
    std::vector<int64_t> strides = once.strides();
    for (size_t d = 0; d < shape.size(); ++d)
        strides[d] = narrow[d] == shape[d] ? strides[d] : 0;
    return once.asStrided(shape, strides, once.offset());
}

/// The same; some of the floating ones are NaN.
inline Tensor randomWithNan(RandomStream &random, const Shape &shape, DType dtype)
{
    const Tensor x = randomView(random, shape, dtype);
    if (isIntegral(dtype) || random.below(3) > 0)
        return x;
    Numbers numbers(x);
    for (Complex &value : numbers.values)
        value = random.below(5) == 0 ? Complex(std::numeric_limits<double>::quiet_NaN()) : value;
    return laidOut(random, Tensor::fromVector(numbers.values, shape).toType(dtype));
}

template <typename List> const auto &oneOf(RandomStream &random, const List &list)
{
    return list[static_cast<size_t>(random.below(static_cast<int64_t>(std::size(list))))];
}

/// Calls a function of torch with what it is given in order and by name. Throws std::logic_error
/// unless `infer` foretells the shapes, and copies of the inputs give the same to the bit.
inline std::vector<Tensor> callTorch(const Registry &registry, const std::string &name,
                                     const std::vector<Value> &positional,
                                     const Arguments &keywords = {})
{
    const FunctionSpec *spec = registry.function(name);
    if (!spec)
        throw std::logic_error("there is no torch." + name);
    const Call call = bindCall(*spec, positional, keywords).value();
    std::vector<Tensor> outputs = spec->call(call.args, call.inputs);

    Shapes shapes;
    std::vector<Tensor> copies;
    for (const Tensor &input : call.inputs) {
        shapes.push_back(input.defined() ? input.shape() : leftOut);
        copies.push_back(input.defined() && !input.isNumber() ? input.copy() : input);
    }
    Shapes come;
    for (const Tensor &output : outputs)
        come.push_back(output.shape());
    const Result<Shapes> inferred = spec->infer(call.args, shapes);
    if (!spec->shapeFromElements && (!inferred || *inferred != come)) {
        throw std::logic_error("torch." + name + " does not infer the shapes that come out"
                               + (inferred ? "" : ": " + inferred.error().text()));
    }
    const std::vector<Tensor> again = spec->call(call.args, copies);
    for (size_t i = 0; i < outputs.size(); ++i) {
        const std::vector<Complex> a = outputs[i].toVector<Complex>();
        const std::vector<Complex> b = again.at(i).toVector<Complex>();
        const bool same = std::equal(a.begin(), a.end(), b.begin(), b.end(), [](auto x, auto y) {
            return x == y || (isNan(x) && isNan(y));
        });
        if (!same)
            throw std::logic_error("torch." + name + " gives something else for copies");
    }
    return outputs;
}

/// Whether a call is refused because of a type.
inline bool refusesTheType(const std::function<void()> &call)
{
    try {
        call();
    } catch (const Error &error) {
        return error.category == ErrorCategory::DType;
    }
    return false;
}

} // namespace mrg::test
