// SPDX-License-Identifier: GPL-3.0-or-later
// Operations over windows of space: their gradients and those of their gradients, and convolutions
// against their definition.
#include "engine/autograd/backward.h"
#include "engine/autograd/gradcheck.h"
#include "engine/core/Parallel.h"
#include "engine/core/Random.h"
#include "engine/ops/convolution.h"
#include "engine/ops/distance.h"
#include "engine/ops/padding.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/pooling.h"
#include "engine/ops/reductions.h"
#include "engine/ops/resampling.h"
#include "engine/ops/windows.h"
#include "tests/engine/ops/random_tensors.h"
#include "tests/engine/ops/rows.h"

#include <QObject>

using namespace mrg;

namespace {

using Inputs = std::span<const Tensor>;
using Outputs = std::vector<Tensor>;

struct Row {
    const char *name;
    Shapes shapes;
    TensorFunction function;
};

std::vector<Tensor> leaves(const Shapes &shapes, uint64_t seed)
{
    RandomStream random(seed);
    std::vector<Tensor> out;
    for (const Shape &shape : shapes)
        out.push_back(test::normalTensor(random, shape).setRequiresGrad());
    return out;
}

Sliding sliding(std::vector<int64_t> stride, std::vector<int64_t> before,
                std::vector<int64_t> after, std::vector<int64_t> dilation, int64_t groups = 1)
{
    return {std::move(stride), std::move(before), std::move(after), std::move(dilation), groups};
}

Row convolutionRow(const char *name, Shapes shapes, const Sliding &how)
{
    return {name, std::move(shapes), [how](Inputs in) {
                return Outputs{convolution(in[0], in[1], in.size() > 2 ? in[2] : Tensor(), how)};
            }};
}

Row padRow(const char *name, PaddingRule rule, std::vector<int64_t> padding)
{
    return {name, {{1, 2, 3, 4}}, [=](Inputs in) {
                const Tensor y = pad(in[0], padding, rule, 0.5);
                return Outputs{y * y};
            }};
}

std::vector<Row> rows()
{
    const kernels::Windows windows{.input = {1, 4, 5},
                                   .kernel = {1, 2, 3},
                                   .stride = {1, 1, 2},
                                   .dilation = {1, 2, 1},
                                   .padding = {0, 1, 1},
                                   .output = {1, 4, 3}};
    return {convolutionRow("convolution 1d", {{2, 2, 5}, {3, 2, 3}, {3}},
                           sliding({2}, {1}, {2}, {1})),
            convolutionRow("convolution 2d in groups", {{1, 4, 4, 3}, {2, 2, 2, 2}, {2}},
                           sliding({1, 2}, {1, 0}, {1, 1}, {2, 1}, 2)),
            convolutionRow("convolution 3d without bias", {{1, 1, 2, 3, 3}, {2, 1, 2, 1, 2}},
                           sliding({1, 1, 2}, {0, 0, 1}, {0, 0, 1}, {1, 1, 1})),
            convolutionRow("pointwise convolution", {{2, 2, 3}, {3, 2, 1}, {3}},
                           sliding({1}, {0}, {0}, {1})),
            {"transposed convolution",
             {{1, 4, 2, 3}, {4, 1, 2, 3}, {2}},
             [](Inputs in) {
                 return Outputs{transposedConvolution(
                         in[0], in[1], in[2], sliding({2, 1}, {1, 0}, {1, 0}, {1, 1}, 2), {3, 5})};
             }},
            padRow("constant padding", PaddingRule::Constant, {1, -1, 2, 0}),
            padRow("reflection", PaddingRule::Reflect, {3, 1, -1, 2}),
            padRow("replication", PaddingRule::Replicate, {1, 2, 3, -2}),
            padRow("circular padding", PaddingRule::Circular, {4, -1, 2, 3}),
            {"unfold",
             {{1, 2, 4, 5}},
             [windows](Inputs in) {
                 const Tensor y = unfold(in[0], windows);
                 return Outputs{y * y};
             }},
            {"fold",
             {{2, 6, 12}},
             [windows](Inputs in) {
                 const Tensor y = fold(in[0], windows);
                 return Outputs{y * y};
             }},
            {"max pooling",
             {{1, 2, 4, 5}},
             [windows](Inputs in) {
                 const Tensor y = maxPool(in[0], windows, {1, 2, 4, 3}, 2).values;
                 return Outputs{y * y};
             }},
            {"max unpooling",
             {{1, 1, 3}},
             [](Inputs in) {
                 const Tensor places = Tensor::fromVector<int64_t>({5, 0, 3}, {1, 1, 3});
                 const Tensor y = maxUnpool(in[0], places, {1, 1, 6}, 1);
                 return Outputs{y * y};
             }},
            {"bicubic interpolation",
             {{1, 1, 3, 2}},
             [](Inputs in) {
                 const auto rows = std::make_shared<const Resampling>(
                         interpolated(3, 5, Interpolation::Cubic, false, {}, DType::Float64));
                 const Tensor y = resample("upsample", in[0], 2, rows);
                 return Outputs{y * y};
             }},
            {"pairwise distance",
             {{2, 3}, {1, 3}},
             [](Inputs in) { return Outputs{pairwiseDistance(in[0], in[1])}; }},
            {"pairwise distance, p = 3",
             {{2, 3}, {2, 3}},
             [](Inputs in) { return Outputs{pairwiseDistance(in[0], in[1], 3)}; }},
            {"cosine similarity", {{2, 3}, {2, 3}}, [](Inputs in) {
                 return Outputs{cosineSimilarity(in[0], in[1])};
             }}};
}

/// A convolution over two dimensions by its definition.
Tensor slowConvolution(const Tensor &x, const Tensor &w, const Tensor &bias, const Sliding &how,
                       const Shape &shape)
{
    Tensor out = Tensor::zeros(shape, DType::Float64);
    const auto at = [](const Tensor &t, int64_t a, int64_t b, int64_t c, int64_t d) {
        return t.data<double>()[((a * t.size(1) + b) * t.size(2) + c) * t.size(3) + d];
    };
    const int64_t groupOut = w.size(0) / how.groups;
    double *to = out.data<double>();
    for (int64_t n = 0; n < shape[0]; ++n) {
        for (int64_t o = 0; o < shape[1]; ++o) {
            for (int64_t i = 0; i < shape[2] * shape[3]; ++i, ++to) {
                *to = bias.data<double>()[o];
                for (int64_t c = 0; c < w.size(1); ++c) {
                    for (int64_t k = 0; k < w.size(2) * w.size(3); ++k) {
                        const int64_t h = i / shape[3] * how.stride[0] - how.before[0]
                                + k / w.size(3) * how.dilation[0];
                        const int64_t v = i % shape[3] * how.stride[1] - how.before[1]
                                + k % w.size(3) * how.dilation[1];
                        if (h >= 0 && h < x.size(2) && v >= 0 && v < x.size(3))
                            *to += at(w, o, c, k / w.size(3), k % w.size(3))
                                    * at(x, n, o / groupOut * w.size(1) + c, h, v);
                    }
                }
            }
        }
    }
    return out;
}

/// A random convolution with its inputs.
struct Drawn {
    Tensor x, weight, bias;
    Sliding how;
};
Drawn drawnConvolution(RandomStream &random)
{
    const auto upTo = [&](int64_t most) { return 1 + random.below(most); };
    const int64_t groups = upTo(3);
    const int64_t channels = upTo(4);
    const int64_t out = groups * upTo(3);
    const int64_t kernelH = upTo(3);
    const int64_t kernelW = upTo(4);
    const Sliding how = sliding({upTo(3), upTo(2)}, {random.below(3), random.below(3)},
                                {random.below(3), random.below(3)}, {upTo(2), upTo(3)}, groups);
    const int64_t height = how.dilation[0] * (kernelH - 1) + upTo(8);
    const int64_t width = how.dilation[1] * (kernelW - 1) + upTo(8);
    return {test::normalTensor(random, {upTo(3), groups * channels, height, width}),
            test::normalTensor(random, {out, channels, kernelH, kernelW}),
            test::normalTensor(random, {out}), how};
}

} // namespace

class TestSpatialOps : public QObject {
    Q_OBJECT

private slots:
    void cleanup() { setNumThreads(1); }

    void gradientsAreTheDerivatives_data() { test::addRows(rows()); }
    void gradientsAreTheDerivatives()
    {
        const Row row = test::fetchRow(rows());
        const Result<void> right = gradcheck(row.function, leaves(row.shapes, 3));
        QVERIFY2(right.ok(), right.ok() ? "" : right.error().what());
    }

    void gradientsOfGradientsAreTheSecondDerivatives_data() { test::addRows(rows()); }
    void gradientsOfGradientsAreTheSecondDerivatives()
    {
        const Row row = test::fetchRow(rows());
        const Result<void> right = gradgradcheck(row.function, leaves(row.shapes, 3));
        QVERIFY2(right.ok(), right.ok() ? "" : right.error().what());
    }

    void convolutionsAreWhatTheirDefinitionGives()
    {
        RandomStream random(11);
        for (int i = 0; i < 60; ++i) {
            const Drawn d = drawnConvolution(random);
            const Tensor fast = convolution(d.x, d.weight, d.bias, d.how);
            const Tensor slow = slowConvolution(d.x, d.weight, d.bias, d.how, fast.shape());
            const std::vector<double> got = fast.toVector<double>();
            const std::vector<double> wanted = slow.toVector<double>();
            for (size_t j = 0; j < got.size(); ++j)
                QVERIFY2(std::abs(got[j] - wanted[j]) < 1e-11, fast.toString().c_str());
        }
    }

    void theTransposedConvolutionIsTheAdjoint()
    {
        // <conv(x), y> = <x, transposed(y)> for all x and y.
        RandomStream random(12);
        for (int i = 0; i < 30; ++i) {
            const Drawn d = drawnConvolution(random);
            const Tensor forward = convolution(d.x, d.weight, {}, d.how);
            const Tensor y = test::normalTensor(random, forward.shape());
            const Tensor back
                    = transposedConvolution(y, d.weight, {}, d.how, {d.x.size(2), d.x.size(3)});
            QVERIFY(std::abs(sum(forward * y).item() - sum(d.x * back).item()) < 1e-9);
        }
    }

    void theThreadCountDoesNotChangeABit()
    {
        RandomStream random(13);
        const Sliding how = sliding({1, 1}, {1, 1}, {1, 1}, {1, 1});
        const Shapes shapes{{5, 8, 17, 19}, {12, 8, 3, 3}, {12}};
        std::vector<std::vector<double>> results;
        for (int threads : {1, 2}) {
            setNumThreads(threads);
            std::vector<Tensor> in = leaves(shapes, 14);
            const Tensor pooled = maxPool(convolution(in[0], in[1], in[2], how),
                                          {.input = {1, 17, 19},
                                           .kernel = {1, 2, 2},
                                           .stride = {1, 2, 2},
                                           .output = {1, 8, 9}},
                                          {5, 12, 8, 9}, 2)
                                          .values;
            backward(sum(pooled * pooled));
            std::vector<double> all = pooled.toVector<double>();
            for (const Tensor &leaf : in) {
                const std::vector<double> slope = leaf.grad().toVector<double>();
                all.insert(all.end(), slope.begin(), slope.end());
            }
            results.push_back(std::move(all));
        }
        QVERIFY(results[0] == results[1]);
    }

    void asManyPointsAsBeforeStayWhatTheyAre()
    {
        for (Interpolation how : {Interpolation::Nearest, Interpolation::Linear}) {
            const kernels::SparseRows rows = interpolated(3, 3, how, false, 1.3, DType::Float32);
            QCOMPARE(rows.indices, (std::vector<int64_t>{0, 1, 2}));
            QVERIFY(rows.weights.empty());
        }
    }

    void unpoolingRefusesPlacesOutsideThePlane()
    {
        const Tensor places = Tensor::fromVector<int64_t>({0, 4}, {1, 1, 2});
        QVERIFY_THROWS_EXCEPTION(Error, maxUnpool(Tensor::ones({1, 1, 2}), places, {1, 1, 4}, 1));
    }
};

QTEST_APPLESS_MAIN(TestSpatialOps)
#include "tst_spatial_ops.moc"
