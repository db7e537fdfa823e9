// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/gradcheck.h"

#include "engine/autograd/Node.h"
#include "engine/core/Random.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"
#include "engine/ops/views.h"

#include <QObject>
#include <QtTest/qtest.h>

using namespace mrg;

namespace {

using Inputs = std::span<const Tensor>;
using Outputs = std::vector<Tensor>;

Tensor leaf(const Shape &shape, uint64_t seed = 1)
{
    RandomStream random(seed);
    Tensor out = Tensor::empty(shape, DType::Float64);
    for (int64_t i = 0; i < out.numel(); ++i)
        out.data<double>()[i] = random.normal();
    out.setRequiresGrad();
    return out;
}

/// x^2 with a derivative of `factor` * x.
Tensor squareWithSlope(const Tensor &x, double factor)
{
    Tensor y = mul(x.detach(), x.detach());
    if (shouldRecord({&x})) {
        record("square", {x}, {y}, [factor, saved = SavedTensor(x)](const Gradients &g) {
            return Gradients{mul(mul(g[0], saved.unpack().detach()), factor)};
        });
    }
    return y;
}

std::string kindOf(const Result<void> &result) { return result ? "none" : result.error().kind; }

} // namespace

class TestGradcheck : public QObject {
    Q_OBJECT
private slots:
    void rightGradientsPass()
    {
        const auto function = [](Inputs in) {
            return Outputs{mul(exp(in[0]), in[1]), sum(sin(in[0]), {1}), add(in[1], 2.0)};
        };
        const Result<void> result = gradcheck(function, {leaf({2, 3}), leaf({3}, 2)});
        QVERIFY2(result.ok(), result.ok() ? "" : result.error().what());
    }

    void aWrongGradientIsNamedWithItsPlaceAndBothValues()
    {
        Tensor x = Tensor::fromVector<double>({1, 2, 3, 4}, {2, 2});
        x.setRequiresGrad();
        const Result<void> result = gradcheck(
                [](Inputs in) {
                    return Outputs{in[0], squareWithSlope(in[0], 3)};
                },
                {x});
        QCOMPARE(kindOf(result), std::string("gradient_mismatch"));
        QCOMPARE(result.error().where, std::string("output 1[0, 0] by input 0[0, 0]"));
        QCOMPARE(result.error().got, std::string("analytic 3"));
        QCOMPARE(result.error().wanted.substr(0, 8), std::string("numeric "));
        QVERIFY(std::abs(std::stod(result.error().wanted.substr(8)) - 2) < 1e-6);
        QVERIFY(gradcheck([](Inputs in) { return Outputs{squareWithSlope(in[0], 2)}; }, {x}).ok());
    }

    void aGradientThatDoesNotFlowIsMissed()
    {
        const Result<void> result
                = gradcheck([](Inputs in) { return Outputs{mul(in[0], in[1].detach())}; },
                            {leaf({2}), leaf({2}, 2)});
        QCOMPARE(kindOf(result), std::string("gradient_missing"));
        QVERIFY(result.error().where.find("input 1[0]") != std::string::npos);
    }

    void anInputThatDoesNotMatterMayHaveNoGradient()
    {
        QVERIFY(gradcheck([](Inputs in) { return Outputs{exp(in[0])}; }, {leaf({2}), leaf({2}, 2)})
                        .ok());
    }

    void inputsThatCannotBeCheckedAreRefused()
    {
        const auto identity = [](Inputs in) { return Outputs{in[0]}; };
        Tensor coarse = Tensor::ones({2});
        coarse.setRequiresGrad();
        QCOMPARE(kindOf(gradcheck(identity, {coarse})), std::string("gradcheck_needs_float64"));
        Tensor repeated = Tensor::ones({1}, DType::Float64).asStrided({3}, {0}, 0);
        repeated.setRequiresGrad();
        QCOMPARE(kindOf(gradcheck(identity, {repeated})), std::string("overlapping_memory"));
        QCOMPARE(kindOf(gradcheck(identity, {Tensor::ones({2}, DType::Float64)})),
                 std::string("nothing_to_check"));
    }

    void aFunctionThatDrawsAnewIsRefused()
    {
        RandomStream random(1);
        const auto noisy = [&](Inputs in) { return Outputs{mul(in[0], random.normal())}; };
        QCOMPARE(kindOf(gradcheck(noisy, {leaf({2})})), std::string("function_not_repeatable"));
    }

    void anErrorOfTheFunctionComesBack()
    {
        const auto broken = [](Inputs in) { return Outputs{reshape(in[0], {7})}; };
        QCOMPARE(kindOf(gradcheck(broken, {leaf({2})})),
                 std::string("reshape_error_size_mismatch"));
    }

    void viewsAreShiftedElementByElementAndPutBack()
    {
        const Tensor memory = leaf({3, 2}).detach();
        const std::vector<double> before = memory.toVector<double>();
        Tensor turned = memory.asStrided({2, 3}, {1, 2}, 0);
        turned.setRequiresGrad();
        const Tensor weight = leaf({2, 3}, 5).detach();
        const Result<void> result = gradcheck(
                [&](Inputs in) { return Outputs{mul(square(in[0]), weight)}; }, {turned});
        QVERIFY2(result.ok(), result.ok() ? "" : result.error().what());
        QCOMPARE(memory.toVector<double>(), before);
    }

    void aNumberThatIsNotFiniteIsAMismatch()
    {
        Tensor x = Tensor::zeros({1}, DType::Float64);
        x.setRequiresGrad();
        QVERIFY(!gradcheck([](Inputs in) { return Outputs{log(in[0])}; }, {x}));
    }
};

QTEST_APPLESS_MAIN(TestGradcheck)
#include "tst_gradcheck.moc"
