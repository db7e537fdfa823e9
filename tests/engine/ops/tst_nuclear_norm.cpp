// SPDX-License-Identifier: GPL-3.0-or-later
// The sum of singular values: against closed forms and against matrices that are made of given
// ones; its derivative U V^H and that one's derivative.
#include "engine/autograd/backward.h"
#include "engine/autograd/gradcheck.h"
#include "engine/ops/nuclear_norm.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"
#include "tests/engine/error_kind.h"
#include "tests/engine/ops/slow_reference.h"

#include <QObject>

using namespace mrg;
using namespace mrg::test;

namespace {

Tensor drawn(RandomStream &random, const Shape &shape, DType dtype)
{
    Tensor out = Tensor::empty(shape, DType::Complex128);
    for (int64_t i = 0; i < out.numel(); ++i)
        out.data<Complex>()[i] = {random.normal(), isComplex(dtype) ? random.normal() : 0};
    return laidOut(random, out.toType(dtype));
}

/// `count` columns of length 1 at right angles to each other.
std::vector<std::vector<Complex>> orthonormal(RandomStream &random, int64_t rows, int64_t count,
                                              bool complex)
{
    std::vector<std::vector<Complex>> out;
    const auto product = [](const auto &a, const auto &b) {
        Complex sum = 0;
        for (size_t i = 0; i < a.size(); ++i)
            sum += std::conj(a[i]) * b[i];
        return sum;
    };
    while (static_cast<int64_t>(out.size()) < count) {
        std::vector<Complex> column(static_cast<size_t>(rows));
        for (Complex &x : column)
            x = {random.normal(), complex ? random.normal() : 0};
        for (int time = 0; time < 2; ++time) {
            for (const auto &other : out) {
                const Complex part = product(other, column);
                for (size_t i = 0; i < column.size(); ++i)
                    column[i] -= part * other[i];
            }
        }
        const double length = std::sqrt(product(column, column).real());
        for (Complex &x : column)
            x /= length;
        out.push_back(column);
    }
    return out;
}

Tensor matrixOf(RandomStream &random, int64_t rows, int64_t columns,
                const std::vector<double> &values, DType dtype)
{
    const auto count = static_cast<int64_t>(values.size());
    const auto u = orthonormal(random, rows, count, isComplex(dtype));
    const auto v = orthonormal(random, columns, count, isComplex(dtype));
    Numbers out(Shape{rows, columns});
    forEachPlace(out.shape, [&](const Place &at) {
        for (size_t k = 0; k < values.size(); ++k)
            out.at(at) += u[k][static_cast<size_t>(at[0])] * values[k]
                    * std::conj(v[k][static_cast<size_t>(at[1])]);
    });
    return Tensor::fromVector(out.values, out.shape).toType(dtype);
}

std::vector<double> gradientOf(Tensor x)
{
    x.setRequiresGrad();
    backward(nuclearNorm(x));
    return x.grad().toVector<double>();
}

} // namespace

class TestNuclearNorm : public QObject {
    Q_OBJECT

private slots:
    void ofTwoColumnsItHasAClosedForm_data() { addTypes(Floats | Complexes); }
    void ofTwoColumnsItHasAClosedForm()
    {
        // (s1 + s2)^2 = |a|^2 + |b|^2 + 2 sqrt(|a|^2 |b|^2 - |a^H b|^2) for columns a and b.
        const DType dtype = fetchType();
        RandomStream random(3);
        for (int round = 0; round < 100; ++round) {
            const int64_t rows = 1 + random.below(4);
            const Tensor x = drawn(random, {3, 2, rows}, dtype);
            const Numbers numbers(x);
            Numbers wanted(Shape{3});
            for (int64_t i = 0; i < 3; ++i) {
                double first = 0;
                double second = 0;
                Complex both = 0;
                for (int64_t k = 0; k < rows; ++k) {
                    const Complex a = numbers.at({i, 0, k});
                    const Complex b = numbers.at({i, 1, k});
                    first += std::norm(a);
                    second += std::norm(b);
                    both += std::conj(a) * b;
                }
                const double area = std::max(0.0, first * second - std::norm(both));
                wanted.at({i}) = std::sqrt(first + second + 2 * std::sqrt(area));
            }
            // With one row the area is what rounding leaves of 0.
            const DType type = rows == 1 ? DType::Float32 : toReal(dtype);
            for (const Dims &dims : {Dims{1, 2}, Dims{-1, 1}}) {
                const std::string wrong
                        = differenceOf(nuclearNorm(x, dims).toType(type), wanted, type);
                QVERIFY2(wrong.empty(), wrong.c_str());
            }
            QCOMPARE(nuclearNorm(x, Dims{2, 1}, true).shape(), (Shape{3, 1, 1}));
        }
    }

    void ofKnownSingularValuesItIsTheirSum_data() { addTypes(Floats | Complexes); }
    void ofKnownSingularValuesItIsTheirSum()
    {
        const DType dtype = fetchType();
        RandomStream random(5);
        const auto check = [&](int64_t rows, int64_t columns, const std::vector<double> &values) {
            const Tensor x = matrixOf(random, rows, columns, values, dtype);
            Numbers wanted(Shape{});
            for (double value : values)
                wanted.values[0] += value;
            const std::string wrong = differenceOf(nuclearNorm(x), wanted, toReal(dtype));
            QVERIFY2(wrong.empty(), wrong.c_str());
        };
        check(1, 7, {3});
        check(4, 4, {1, 1, 1, 1});
        check(5, 3, {2, 1e-3, 1e3});
        check(20, 33, {9, 7, 5, 5, 5, 2, 1, 0.5, 1e-6});
        check(40, 40, std::vector<double>(40, 0.25));
        check(6, 8, {1e30, 2e30});
        check(6, 8, {1e-30, 2e-30});
        QCOMPARE(nuclearNorm(Tensor::zeros({3, 2}, dtype)).item(), 0.0);
        QCOMPARE(nuclearNorm(Tensor::zeros({3, 0}, dtype)).item(), 0.0);
        QCOMPARE(nuclearNorm(Tensor::zeros({2, 0, 3}, dtype), Dims{1, 2}).toVector<double>(),
                 (std::vector<double>{0, 0}));
    }

    void itsDerivativeIsOrthonormalEvenWhereSingularValuesAreZero()
    {
        RandomStream random(7);
        for (const std::vector<double> &values :
             {std::vector<double>{}, {1}, {3, 2}, {3, 2, 1}, {1, 1, 1}}) {
            const std::vector<double> p
                    = gradientOf(matrixOf(random, 3, 5, values, DType::Float64));
            for (size_t i = 0; i < 3; ++i) {
                for (size_t j = 0; j < 3; ++j) {
                    double product = 0;
                    for (size_t k = 0; k < 5; ++k)
                        product += p[5 * i + k] * p[5 * j + k];
                    QVERIFY(std::abs(product - (i == j)) < 1e-12);
                }
            }
        }
        QCOMPARE(gradientOf(Tensor::zeros({2, 3}, DType::Float64)),
                 (std::vector<double>{1, 0, 0, 0, 1, 0}));
    }

    void derivativesAreThoseOfDifferences_data()
    {
        QTest::addColumn<int>("rows");
        QTest::addColumn<int>("columns");
        QTest::addColumn<bool>("complex");
        for (const auto &[rows, columns] : {std::pair{3, 3}, {4, 2}, {2, 4}, {1, 3}}) {
            for (bool complex : {false, true})
                QTest::addRow("%d by %d%s", rows, columns, complex ? ", complex" : "")
                        << rows << columns << complex;
        }
    }
    void derivativesAreThoseOfDifferences()
    {
        QFETCH(int, rows);
        QFETCH(int, columns);
        QFETCH(bool, complex);
        RandomStream random(11);
        const Tensor x
                = drawn(random, {rows, 2, columns}, complex ? DType::Complex128 : DType::Float64);
        const Tensor leaf = (complex ? viewAsReal(x.copy()) : x.copy()).setRequiresGrad();
        const auto function = [&](std::span<const Tensor> in) {
            const Tensor matrices = complex ? viewAsComplex(in[0]) : in[0];
            return std::vector<Tensor>{nuclearNorm(matrices, Dims{0, 2})};
        };
        const Result<void> first = gradcheck(function, std::vector{leaf});
        QVERIFY2(first.ok(), first.ok() ? "" : first.error().what());
        const Result<void> second = gradgradcheck(function, std::vector{leaf});
        QVERIFY2(second.ok(), second.ok() ? "" : second.error().what());
    }

    void theThirdDerivativeIsRefused()
    {
        RandomStream random(13);
        const Tensor x = drawn(random, {2, 2}, DType::Float64).copy().setRequiresGrad();
        const auto next = [&](const Tensor &y) {
            const Tensor total = sum(mul(y, y));
            return grad({&total, 1}, {&x, 1}, {}, {.createGraph = true}).front();
        };
        const Tensor second = next(next(nuclearNorm(x)));
        QCOMPARE(errorKind([&] { next(second); }), std::string("double_backward_not_supported"));
    }

    void whatIsNoNumberIsRefused()
    {
        const double nan = std::numeric_limits<double>::quiet_NaN();
        const double infinity = std::numeric_limits<double>::infinity();
        const Tensor unknown = Tensor::fromVector<double>({1, nan, 2, 3}, {2, 2});
        QCOMPARE(errorKind([&] { nuclearNorm(unknown); }), std::string("svd_error_not_converged"));
        QVERIFY(std::isnan(
                nuclearNorm(Tensor::fromVector<double>({1, infinity, 2, 3}, {2, 2})).item()));
        QVERIFY(refusesTheType([] { nuclearNorm(Tensor::ones({2, 2}, DType::Int64)); }));
    }
};

QTEST_APPLESS_MAIN(TestNuclearNorm)
#include "tst_nuclear_norm.moc"
