// SPDX-License-Identifier: GPL-3.0-or-later
// Broadcasting, promotion and piecewise work of the pointwise functions, against a slow and obvious
// reference on random shapes and types.
#include "engine/core/Parallel.h"
#include "engine/core/Random.h"
#include "engine/ops/closeness.h"
#include "engine/ops/pointwise.h"
#include "engine/tensor/result_type.h"
#include "tests/engine/ops/slow_reference.h"

#include <QObject>

using namespace mrg;

namespace {

using test::Complex;

/// Small whole numbers, which all types hold exactly.
Tensor drawn(const Shape &shape, DType dtype, RandomStream &random)
{
    Tensor out = Tensor::empty(shape, DType::Complex128);
    for (int64_t i = 0; i < out.numel(); ++i) {
        const double imaginary = isComplex(dtype) ? static_cast<double>(random.below(3)) : 0;
        out.data<Complex>()[i] = {static_cast<double>(random.below(5)), imaginary};
    }
    return out.toType(dtype);
}

Shape drawnShape(RandomStream &random) { return test::randomShape(random, random.below(5)); }

/// A shape that broadcasts with this one: some sizes 1, some leading ones left out.
Shape drawnPartner(const Shape &shape, RandomStream &random)
{
    Shape out(shape.begin() + random.below(static_cast<int64_t>(shape.size()) + 1), shape.end());
    for (int64_t &size : out)
        size = random.below(3) == 0 ? 1 : size;
    return out;
}

/// The element at an index of the common shape, counted from the last dimension.
Complex at(const std::vector<Complex> &values, const Shape &shape, const Shape &index)
{
    int64_t place = 0;
    for (size_t d = 0; d < shape.size(); ++d)
        place = place * shape[d] + (shape[d] == 1 ? 0 : index[index.size() - shape.size() + d]);
    return values[static_cast<size_t>(place)];
}

std::vector<Complex> reference(const Tensor &a, const Tensor &b, const Shape &common,
                               const std::function<Complex(Complex, Complex)> &f)
{
    const auto x = a.toVector<Complex>();
    const auto y = b.toVector<Complex>();
    std::vector<Complex> out;
    for (int64_t i = 0; i < numel(common); ++i) {
        Shape index(common.size());
        int64_t rest = i;
        for (size_t d = common.size(); d-- > 0;) {
            index[d] = rest % common[d];
            rest /= common[d];
        }
        out.push_back(f(at(x, a.shape(), index), at(y, b.shape(), index)));
    }
    return out;
}

/// PyTorch's rule in words: the highest kind decides; within it the precision of tensors with
/// dimensions goes before that of 0-d ones.
DType promoted(const Tensor &a, const Tensor &b)
{
    if ((a.dim() == 0) == (b.dim() == 0) || test::kindOf(a.dtype()) == test::kindOf(b.dtype())) {
        if ((a.dim() == 0) != (b.dim() == 0))
            return a.dim() > 0 ? a.dtype() : b.dtype();
        return promoteTypes(a.dtype(), b.dtype());
    }
    const Tensor &tensor = a.dim() > 0 ? a : b;
    const Tensor &scalar = a.dim() > 0 ? b : a;
    if (test::kindOf(tensor.dtype()) > test::kindOf(scalar.dtype()))
        return tensor.dtype();
    // A complex 0-d tensor makes a floating one complex in that one's precision.
    if (isComplex(scalar.dtype()) && isFloating(tensor.dtype()))
        return toComplex(tensor.dtype());
    return scalar.dtype();
}

struct Row {
    const char *name;
    Tensor (*function)(const Tensor &, const Tensor &);
    std::function<Complex(Complex, Complex)> rule;
    bool complex = true;
    bool integers = true; ///< stay integers
    bool condition = false;
};

std::vector<Row> rows()
{
    return {{"mul", mul, [](Complex a, Complex b) { return a * b; }},
            {"add", [](const Tensor &a, const Tensor &b) { return add(a, b); },
             [](Complex a, Complex b) { return a + b; }},
            {"maximum", maximum, [](Complex a, Complex b) { return std::max(a.real(), b.real()); },
             false},
            {"eq", eq, [](Complex a, Complex b) { return a == b ? 1.0 : 0.0; }, true, true, true},
            {"lt", lt, [](Complex a, Complex b) { return a.real() < b.real() ? 1.0 : 0.0; }, false,
             true, true},
            {"atan2", atan2, [](Complex a, Complex b) { return std::atan2(a.real(), b.real()); },
             false, false}};
}

using Elementwise = Tensor (*)(const Tensor &);
/// Functions with kernels of their own for floats, and one that broadcasts a row.
std::vector<std::pair<const char *, Elementwise>> elementwise()
{
    return {{"exp", exp},
            {"log1p", log1p},
            {"tanh", tanh},
            {"sigmoid", sigmoid},
            {"gelu", [](const Tensor &x) { return gelu(x); }},
            {"erf", erf},
            {"softplus", [](const Tensor &x) { return softplus(x); }},
            {"mul a row", [](const Tensor &x) {
                 return mul(x, Tensor::fromVector(std::vector<float>{0.1f, 3.7f, -2.3f}));
             }}};
}

std::vector<uint8_t> bytesOf(const Tensor &x)
{
    const auto *first = static_cast<const uint8_t *>(x.rawData());
    return {first, first + x.numel() * dtypeSize(x.dtype())};
}

} // namespace

class TestPointwiseProperties : public QObject {
    Q_OBJECT

private slots:
    void everyPairIsBroadcastAndPromoted_data() { test::addRows(rows()); }
    void everyPairIsBroadcastAndPromoted()
    {
        const Row row = test::fetchRow(rows());
        RandomStream random(5);
        for (int round = 0; round < 400; ++round) {
            const Shape shape = drawnShape(random);
            const auto types = std::span(test::allTypes)
                                       .first(test::allTypes.size() - (row.complex ? 0 : 2));
            Tensor a = drawn(shape, test::oneOf(random, types), random);
            Tensor b = drawn(drawnPartner(shape, random), test::oneOf(random, types), random);
            if (random.below(2) == 1)
                std::swap(a, b);
            const Shape common = broadcastShapes(a.shape(), b.shape()).value();
            const Tensor out = row.function(a, b);
            QCOMPARE(out.shape(), common);
            const DType type = promoted(a, b);
            QCOMPARE(out.dtype(),
                     row.condition                               ? DType::Bool
                             : isIntegral(type) && !row.integers ? DType::Float32
                                                                 : type);
            const auto got = out.toVector<Complex>();
            const std::vector<Complex> wanted = reference(a, b, common, row.rule);
            for (size_t i = 0; i < got.size(); ++i) {
                const Complex rounded
                        = out.dtype() == DType::Bool ? Complex(wanted[i] != 0.0) : wanted[i];
                QVERIFY2(std::abs(got[i] - rounded) < 1e-5,
                         (a.toString() + "\n" + b.toString() + "\n" + out.toString()).c_str());
            }
        }
    }

    void shapesThatDoNotFitAreRefused()
    {
        RandomStream random(6);
        int refused = 0;
        for (int round = 0; round < 200; ++round) {
            const Tensor a = drawn(drawnShape(random), DType::Float32, random);
            const Tensor b = drawn(drawnShape(random), DType::Float32, random);
            if (broadcastShapes(a.shape(), b.shape()).ok())
                continue;
            ++refused;
            try {
                mul(a, b);
                QFAIL("not refused");
            } catch (const Error &error) {
                QCOMPARE(error.kind, std::string("broadcast_error_incompatible_dimensions"));
                QVERIFY2(error.where.starts_with("mul"), error.where.c_str());
            }
        }
        QVERIFY(refused > 50);
    }

    void whatAnElementBecomesDoesNotDependOnItsPlace_data()
    {
        QTest::addColumn<int>("index");
        for (int i = 0; const auto &[name, function] : elementwise())
            QTest::newRow(name) << i++;
    }
    void whatAnElementBecomesDoesNotDependOnItsPlace()
    {
        QFETCH(int, index);
        const Elementwise function = elementwise()[static_cast<size_t>(index)].second;
        RandomStream random(7);
        // Beyond one piece of a parallel loop, and no multiple of a vector.
        const int64_t rowCount = 40001;
        Tensor x = Tensor::empty({rowCount, 3});
        for (int64_t i = 0; i < x.numel(); ++i)
            x.data<float>()[i] = static_cast<float>(std::abs(random.normal()));
        const Tensor whole = function(x);
        setNumThreads(2);
        const Tensor again = function(x);
        setNumThreads(1);
        QVERIFY(bytesOf(again) == bytesOf(whole));
        for (int64_t row : {int64_t{0}, int64_t{1}, int64_t{4999}, int64_t{10922}, rowCount - 1}) {
            const Tensor one = function(x.asStrided({1, 3}, {3, 1}, 3 * row));
            QVERIFY(bytesOf(one) == bytesOf(whole.asStrided({1, 3}, {3, 1}, 3 * row)));
        }
        // Nor on strides: every other row.
        const Tensor half = function(x.asStrided({20000, 3}, {6, 1}, 3));
        QVERIFY(bytesOf(half) == bytesOf(whole.asStrided({20000, 3}, {6, 1}, 3).copy()));
    }

    void aPlainNumberDecidesTheKindOnly()
    {
        const Tensor whole = Tensor::fromVector(std::vector<int64_t>{1, 2});
        const Tensor fine = Tensor::fromVector(std::vector<double>{1, 2});
        const Tensor coarse = Tensor::fromVector(std::vector<float>{1, 2});
        QCOMPARE(mul(whole, 2).dtype(), DType::Int64);
        QCOMPARE(mul(whole, 0.5).dtype(), DType::Float32);
        QCOMPARE(mul(coarse, 0.5).dtype(), DType::Float32);
        QCOMPARE(mul(fine, 0.5).dtype(), DType::Float64);
        QCOMPARE(mul(coarse, Complex(0, 1)).dtype(), DType::Complex64);
        QCOMPARE(mul(fine, Complex(0, 1)).dtype(), DType::Complex128);
        QCOMPARE(add(Tensor::ones({2}, DType::Bool), 1).dtype(), DType::Int64);
        QCOMPARE(div(whole, 2).dtype(), DType::Float32);
        QCOMPARE(mul(whole, int64_t{1} << 60).toVector<int64_t>()[0], int64_t{1} << 60);
    }
};

QTEST_APPLESS_MAIN(TestPointwiseProperties)
#include "tst_pointwise_properties.moc"
