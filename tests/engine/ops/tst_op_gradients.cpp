// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/backward.h"
#include "engine/autograd/gradcheck.h"
#include "engine/core/Random.h"
#include "engine/ops/gathering.h"
#include "engine/ops/joining.h"
#include "engine/ops/linear_algebra.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"
#include "engine/ops/softmax.h"
#include "engine/ops/views.h"
#include "tests/engine/ops/rows.h"

#include <QObject>

#include <cmath>

using namespace mrg;

namespace {

using Inputs = std::span<const Tensor>;
using Outputs = std::vector<Tensor>;

/// A function, the shapes it is tried on, and whether its inputs must be positive.
struct Row {
    const char *name;
    Shapes shapes;
    TensorFunction function;
    bool positive = false;
};

std::vector<Row> rows()
{
    const auto unary
            = [](const char *name, Tensor (*function)(const Tensor &), bool positive = false) {
                  return Row{name,
                             {{2, 3}},
                             [function](Inputs in) { return Outputs{function(in[0])}; },
                             positive};
              };
    const auto binary = [](const char *name, Shapes shapes, auto function) {
        return Row{name, std::move(shapes),
                   [function](Inputs in) { return Outputs{function(in[0], in[1])}; }, true};
    };
    const auto plus = [](const Tensor &a, const Tensor &b) { return add(a, b, 0.5); };
    const auto times = [](const Tensor &a, const Tensor &b) { return a * b; };
    const auto over = [](const Tensor &a, const Tensor &b) { return a / b; };
    return {unary("exp", exp),
            unary("neg", neg),
            unary("log", log, true),
            unary("sqrt", sqrt, true),
            unary("abs", abs),
            unary("tanh", tanh),
            unary("sigmoid", sigmoid),
            unary("relu", relu),
            unary("square", square),
            unary("sin", sin),
            unary("cos", cos),
            {"pow 3", {{2, 3}}, [](Inputs in) { return Outputs{pow(in[0], 3)}; }},
            {"pow -0.5", {{2, 3}}, [](Inputs in) { return Outputs{pow(in[0], -0.5)}; }, true},
            {"times a number", {{2}}, [](Inputs in) { return Outputs{mul(in[0], -2.5)}; }},
            {"plus a number", {{2}}, [](Inputs in) { return Outputs{add(in[0], 1.5)}; }},
            binary("add", {{2, 3}, {2, 3}}, plus),
            binary("add broadcast", {{2, 1}, {3}}, plus),
            binary("add a scalar", {{}, {2}}, plus),
            binary("mul broadcast", {{2, 1, 2}, {3, 1}}, times),
            binary("div", {{2, 3}, {2, 3}}, over),
            binary("div broadcast", {{3}, {2, 1}}, over),
            {"the same twice", {{2}}, [](Inputs in) { return Outputs{in[0] * in[0] + in[0]}; }},
            {"sum", {{2, 3}}, [](Inputs in) { return Outputs{sum(in[0])}; }},
            {"sum of dimensions",
             {{2, 3, 2}},
             [](Inputs in) {
                 return Outputs{sum(in[0], {0, -1}, true)};
             }},
            {"mean", {{2, 3}}, [](Inputs in) { return Outputs{mean(in[0])}; }},
            {"sum to a size",
             {{2, 3, 2}},
             [](Inputs in) {
                 return Outputs{sumToSize(in[0], {3, 1})};
             }},
            {"reshape",
             {{2, 3}},
             [](Inputs in) {
                 return Outputs{square(reshape(in[0], {3, -1}))};
             }},
            {"expand",
             {{2, 1}},
             [](Inputs in) {
                 return Outputs{square(expand(in[0], {3, 2, 2}))};
             }},
            {"transpose",
             {{2, 3}},
             [](Inputs in) { return Outputs{square(transpose(in[0], 0, 1))}; }},
            {"amax of dimensions",
             {{2, 3, 2}},
             [](Inputs in) {
                 return Outputs{square(amax(in[0], {0, 2}))};
             }},
            {"max along",
             {{2, 3}},
             [](Inputs in) { return Outputs{square(max(in[0], 1).values)}; }},
            {"logsumexp", {{2, 3}}, [](Inputs in) { return Outputs{logsumexp(in[0], {1}, true)}; }},
            {"softmax", {{2, 3}}, [](Inputs in) { return Outputs{softmax(in[0], 0)}; }},
            {"log_softmax", {{2, 3}}, [](Inputs in) { return Outputs{log_softmax(in[0], -1)}; }},
            binary("matmul", {{2, 3}, {3, 2}}, matmul),
            binary("matmul batches", {{2, 1, 2, 3}, {2, 3, 1}}, matmul),
            binary("matmul of vectors", {{3}, {3}}, matmul),
            {"addmm",
             {{2}, {3, 2}, {2, 2}},
             [](Inputs in) { return Outputs{addmm(in[0], in[1], in[2], 0.5, 2)}; }},
            {"gather",
             {{2, 3}},
             [](Inputs in) {
                 return Outputs{square(
                         gather(in[0], 1, Tensor::fromVector<int64_t>({0, 0, 2, 1}, {2, 2})))};
             }},
            {"index_select",
             {{3, 2}},
             [](Inputs in) {
                 return Outputs{
                         square(indexSelect(in[0], 0, Tensor::fromVector<int64_t>({2, 0, 2})))};
             }},
            {"permute",
             {{2, 3, 2}},
             [](Inputs in) {
                 return Outputs{square(permute(in[0], {2, 0, 1}))};
             }},
            {"select", {{2, 3}}, [](Inputs in) { return Outputs{square(select(in[0], 1, -1))}; }},
            {"slice with a step",
             {{5, 2}},
             [](Inputs in) { return Outputs{square(slice(in[0], 0, 1, {}, 2))}; }},
            {"diagonal", {{3, 3}}, [](Inputs in) { return Outputs{square(diagonal(in[0], 1))}; }},
            {"overlapping as_strided",
             {{4}},
             [](Inputs in) {
                 return Outputs{square(asStrided(in[0], {3, 2}, {1, 1}))};
             }},
            {"stack", {{2}, {2}}, [](Inputs in) { return Outputs{square(stack(in, 1))}; }},
            {"narrow", {{4, 2}}, [](Inputs in) { return Outputs{square(narrow(in[0], 0, 1, 2))}; }},
            {"cat", {{2, 2}, {2, 1}}, [](Inputs in) { return Outputs{square(cat(in, 1))}; }}};
}

std::vector<Tensor> leaves(const Row &row)
{
    RandomStream random(3);
    std::vector<Tensor> out;
    for (const Shape &shape : row.shapes) {
        Tensor leaf = Tensor::empty(shape, DType::Float64);
        for (int64_t i = 0; i < leaf.numel(); ++i) {
            const double value = random.normal();
            leaf.data<double>()[i] = row.positive ? 0.5 + std::abs(value) : value;
        }
        out.push_back(leaf.setRequiresGrad());
    }
    return out;
}

} // namespace

class TestOpGradients : public QObject {
    Q_OBJECT

private slots:
    void gradientsAreTheDerivatives_data() { test::addRows(rows()); }
    void gradientsAreTheDerivatives()
    {
        const Row row = test::fetchRow(rows());
        const Result<void> right = gradcheck(row.function, leaves(row));
        QVERIFY2(right.ok(), right.ok() ? "" : right.error().what());
    }

    void gradientsOfGradientsAreTheSecondDerivatives_data() { test::addRows(rows()); }
    void gradientsOfGradientsAreTheSecondDerivatives()
    {
        const Row row = test::fetchRow(rows());
        const Result<void> right = gradgradcheck(row.function, leaves(row));
        QVERIFY2(right.ok(), right.ok() ? "" : right.error().what());
    }

    void aLeafTakesOverAGradientThatNobodyElseHolds()
    {
        Tensor x = Tensor::ones({3});
        x.setRequiresGrad();
        const Tensor y = Tensor::ones({});
        const void *made = nullptr;
        record("custom", {x}, {y}, [&made](const Gradients &) {
            Tensor gradient = Tensor::ones({3});
            made = gradient.rawData();
            return Gradients{gradient};
        });
        backward(y);
        QVERIFY(made && x.grad().rawData() == made);
    }

    void gradientsOfARepeatedBackwardAddUp()
    {
        Tensor x = Tensor::fromVector<double>({1, 2, 3});
        x.setRequiresGrad();
        // The gradient of a sum is one number repeated: the next one must not be added in place.
        backward(sum(x), {}, {.createGraph = true});
        backward(sum(mul(x, 2.0)));
        QCOMPARE(x.grad().toVector<double>(), (std::vector<double>{3, 3, 3}));
        backward(sum(x * x), {}, {.createGraph = true});
        QCOMPARE(x.grad().toVector<double>(), (std::vector<double>{5, 7, 9}));
        const Tensor slope = x.grad();
        backward(sum(slope));
        QCOMPARE(x.grad().toVector<double>(), (std::vector<double>{7, 9, 11}));
        QCOMPARE(slope.toVector<double>(), (std::vector<double>{5, 7, 9}));
    }

    void aLeafsGradientHasTheLeafsType()
    {
        Tensor coarse = Tensor::ones({2});
        coarse.setRequiresGrad();
        const Tensor fine = Tensor::full({2}, 3, DType::Float64);
        backward(sum(coarse * fine + coarse));
        QCOMPARE(coarse.grad().dtype(), DType::Float32);
        QCOMPARE(coarse.grad().toVector<double>(), (std::vector<double>{4, 4}));
    }

    void thePowerZeroHasNoSlopeAnywhere()
    {
        Tensor x = Tensor::fromVector<double>({0, 2});
        x.setRequiresGrad();
        const Tensor y = sum(pow(x, 0));
        backward(y);
        QCOMPARE(x.grad().toVector<double>(), (std::vector<double>{0, 0}));
    }
};

QTEST_APPLESS_MAIN(TestOpGradients)
#include "tst_op_gradients.moc"
