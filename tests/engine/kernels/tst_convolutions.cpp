// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/Parallel.h"
#include "engine/kernels/convolution.h"
#include "tests/engine/kernels/random_numbers.h"

#include <QTest>

#include <cmath>
#include <limits>
#include <vector>

using namespace mrg;
using kernels::Convolution;
using kernels::Extents;
using kernels::volume;
using test::random;

namespace {

int64_t inputSize(const Convolution &c) { return c.batch * c.channels * volume(c.windows.input); }
int64_t outputSize(const Convolution &c)
{
    return c.batch * c.outChannels * volume(c.windows.output);
}
int64_t weightSize(const Convolution &c)
{
    return c.outChannels * (c.channels / c.groups) * volume(c.windows.kernel);
}

/// Point number i of a volume.
Extents pointOf(const Extents &sizes, int64_t i)
{
    return {i / (sizes[1] * sizes[2]), i / sizes[2] % sizes[1], i % sizes[2]};
}

/// Calls term(output element, input element, weight element) for all products that a convolution is
/// made of.
template <typename Term> void forEachTerm(const Convolution &c, Term term)
{
    const auto &w = c.windows;
    const int64_t channels = c.channels / c.groups;
    const int64_t outChannels = c.outChannels / c.groups;
    std::vector<Extents> points;
    for (int64_t i = 0; i < volume(w.kernel); ++i)
        points.push_back(pointOf(w.kernel, i));
    for (int64_t out = 0; out < outputSize(c); ++out) {
        const Extents at = pointOf(w.output, out % volume(w.output));
        const int64_t channel = out / volume(w.output) % c.outChannels;
        const int64_t n = out / volume(w.output) / c.outChannels;
        const int64_t firstWeight = channel * channels * volume(w.kernel);
        for (int64_t i = 0; i < channels * volume(w.kernel); ++i) {
            const Extents &point = points[static_cast<size_t>(i % volume(w.kernel))];
            const int64_t from = channel / outChannels * channels + i / volume(w.kernel);
            int64_t input = n * c.channels + from;
            bool inside = true;
            for (size_t d = 0; d < 3; ++d) {
                const int64_t x = at[d] * w.stride[d] - w.padding[d] + point[d] * w.dilation[d];
                inside = inside && x >= 0 && x < w.input[d];
                input = input * w.input[d] + x;
            }
            if (inside)
                term(out, input, firstWeight + i);
        }
    }
}

/// Sums by tiles (winograd.h) round more often than the plain one.
template <typename T>
bool close(const std::vector<T> &got, const std::vector<double> &sum,
           const std::vector<double> &size)
{
    for (size_t i = 0; i < sum.size(); ++i) {
        if (!(std::abs(got[i] - sum[i]) <= 64 * std::numeric_limits<T>::epsilon() * (1 + size[i])))
            return false;
    }
    return true;
}

template <typename T> bool forwardHolds(const Convolution &c)
{
    const std::vector<T> x = random<T>(inputSize(c), 1);
    const std::vector<T> weight = random<T>(weightSize(c), 2);
    const std::vector<T> bias = random<T>(c.outChannels, 3);
    for (const T *offset : {static_cast<const T *>(nullptr), bias.data()}) {
        std::vector<T> got(static_cast<size_t>(outputSize(c)), std::numeric_limits<T>::quiet_NaN());
        std::vector<double> sum(got.size()), size(got.size());
        for (size_t i = 0; offset && i < sum.size(); ++i)
            sum[i] = offset[static_cast<int64_t>(i) / volume(c.windows.output) % c.outChannels];
        forEachTerm(c, [&](int64_t out, int64_t in, int64_t w) {
            const double term = double(x[size_t(in)]) * weight[size_t(w)];
            sum[size_t(out)] += term;
            size[size_t(out)] += std::abs(term);
        });
        kernels::convolve(c, x.data(), weight.data(), offset, got.data());
        if (!close(got, sum, size))
            return false;
    }
    return true;
}

template <typename T> bool inputGradientHolds(const Convolution &c)
{
    const std::vector<T> gradient = random<T>(outputSize(c), 1);
    const std::vector<T> weight = random<T>(weightSize(c), 2);
    const std::vector<T> bias = random<T>(c.channels, 3);
    for (const T *offset : {static_cast<const T *>(nullptr), bias.data()}) {
        std::vector<T> got(static_cast<size_t>(inputSize(c)), std::numeric_limits<T>::quiet_NaN());
        std::vector<double> sum(got.size()), size(got.size());
        for (size_t i = 0; offset && i < sum.size(); ++i)
            sum[i] = offset[static_cast<int64_t>(i) / volume(c.windows.input) % c.channels];
        forEachTerm(c, [&](int64_t out, int64_t in, int64_t w) {
            const double term = double(gradient[size_t(out)]) * weight[size_t(w)];
            sum[size_t(in)] += term;
            size[size_t(in)] += std::abs(term);
        });
        kernels::convolveInputGradient(c, weight.data(), gradient.data(), offset, got.data());
        if (!close(got, sum, size))
            return false;
    }
    return true;
}

template <typename T> bool weightGradientHolds(const Convolution &c)
{
    const std::vector<T> x = random<T>(inputSize(c), 1);
    const std::vector<T> gradient = random<T>(outputSize(c), 2);
    std::vector<T> got(static_cast<size_t>(weightSize(c)), std::numeric_limits<T>::quiet_NaN());
    std::vector<double> sum(got.size()), size(got.size());
    forEachTerm(c, [&](int64_t out, int64_t in, int64_t w) {
        const double term = double(x[size_t(in)]) * gradient[size_t(out)];
        sum[size_t(w)] += term;
        size[size_t(w)] += std::abs(term);
    });
    kernels::convolveWeightGradient(c, x.data(), gradient.data(), got.data());
    return close(got, sum, size);
}

QString described(const Convolution &c)
{
    QString out = QString("batch %1, %2 -> %3 channels, %4 groups")
                          .arg(c.batch)
                          .arg(c.channels)
                          .arg(c.outChannels)
                          .arg(c.groups);
    const auto add = [&](const char *name, const Extents &e) {
        out += QString(", %1 %2 %3 %4").arg(name).arg(e[0]).arg(e[1]).arg(e[2]);
    };
    add("input", c.windows.input);
    add("kernel", c.windows.kernel);
    add("stride", c.windows.stride);
    add("dilation", c.windows.dilation);
    add("padding", c.windows.padding);
    add("output", c.windows.output);
    return out;
}

template <typename T> void check(const Convolution &c)
{
    QVERIFY2(forwardHolds<T>(c), qPrintable("forward: " + described(c)));
    QVERIFY2(inputGradientHolds<T>(c), qPrintable("input: " + described(c)));
    QVERIFY2(weightGradientHolds<T>(c), qPrintable("weight: " + described(c)));
}

/// With as many windows as fit, the input padded alike on both sides.
Convolution fitted(Convolution c)
{
    for (size_t d = 0; d < 3; ++d) {
        auto &w = c.windows;
        const int64_t reach = w.dilation[d] * (w.kernel[d] - 1) + 1;
        w.output[d] = std::max<int64_t>(0, w.input[d] + 2 * w.padding[d] - reach) / w.stride[d] + 1;
    }
    return c;
}

Convolution image(int64_t batch, int64_t channels, int64_t outChannels, int64_t size,
                  int64_t kernel, int64_t stride, int64_t padding, int64_t groups = 1)
{
    return fitted({.batch = batch,
                   .channels = channels,
                   .outChannels = outChannels,
                   .groups = groups,
                   .windows = {.input = {1, size, size},
                               .kernel = {1, kernel, kernel},
                               .stride = {1, stride, stride},
                               .padding = {0, padding, padding}}});
}

} // namespace

/// Convolutions and their gradients against plain loops.
class TestConvolutions : public QObject {
    Q_OBJECT

private slots:
    void shapesOfNetworks_data();
    void shapesOfNetworks();
    void randomShapes();
    void anInfinitePointReachesItsOwnWindowsOnly();
    void bitsDoNotDependOnThreads_data();
    void bitsDoNotDependOnThreads();
};

void TestConvolutions::shapesOfNetworks_data()
{
    QTest::addColumn<Convolution>("c");
    QTest::newRow("first layer") << image(3, 1, 16, 28, 3, 1, 1);
    QTest::newRow("padded 3x3") << image(2, 16, 32, 14, 3, 1, 1);
    QTest::newRow("stride 2") << image(2, 16, 32, 28, 3, 2, 1);
    QTest::newRow("1x1") << image(2, 20, 13, 9, 1, 1, 0);
    QTest::newRow("1x1 at stride 2") << image(2, 16, 32, 15, 1, 2, 0);
    QTest::newRow("patches") << image(2, 3, 24, 32, 8, 8, 0);
    QTest::newRow("depthwise") << image(2, 10, 10, 12, 3, 1, 1, 10);
    QTest::newRow("depthwise at a stride") << image(2, 6, 12, 37, 5, 2, 2, 6);
    QTest::newRow("groups") << image(9, 8, 12, 10, 5, 1, 2, 4);
    QTest::newRow("more padding than kernel") << image(2, 3, 4, 6, 2, 1, 3);
    QTest::newRow("one point out") << image(4, 40, 50, 3, 3, 1, 0);
    QTest::newRow("many channels") << image(1, 100, 30, 5, 3, 1, 1);
    QTest::newRow("several bands") << image(1, 40, 5, 90, 3, 1, 1);
    QTest::newRow("several bands at a stride") << image(1, 40, 3, 121, 3, 2, 1);
    QTest::newRow("3x3 by tiles") << image(5, 16, 24, 28, 3, 1, 1);
    QTest::newRow("3x3 by tiles, odd sizes") << image(27, 19, 9, 33, 3, 1, 1);
    QTest::newRow("3x3 by tiles, no padding") << image(7, 32, 40, 11, 3, 1, 0);
    QTest::newRow("3x3 by tiles, full padding") << image(5, 12, 33, 17, 3, 1, 2);
    QTest::newRow("3x3 by tiles, wide") << image(2, 16, 10, 71, 3, 1, 1);
    QTest::newRow("3x3 by tiles, small images") << image(9, 64, 64, 7, 3, 1, 1);
    QTest::newRow("no batch") << image(0, 2, 3, 5, 3, 1, 1);
    QTest::newRow("a signal") << fitted({.batch = 2,
                                         .channels = 4,
                                         .outChannels = 6,
                                         .windows = {.input = {1, 1, 700},
                                                     .kernel = {1, 1, 9},
                                                     .dilation = {1, 1, 3},
                                                     .padding = {0, 0, 5}}});
    QTest::newRow("a volume") << fitted({.batch = 2,
                                         .channels = 3,
                                         .outChannels = 5,
                                         .windows = {.input = {7, 9, 8},
                                                     .kernel = {3, 2, 3},
                                                     .stride = {2, 1, 3},
                                                     .padding = {1, 0, 2}}});
}

void TestConvolutions::shapesOfNetworks()
{
    QFETCH(Convolution, c);
    check<float>(c);
    check<double>(c);
}

void TestConvolutions::randomShapes()
{
    RandomStream numbers(7, 1);
    const auto among
            = [&](int64_t low, int64_t high) { return low + numbers.below(high - low + 1); };
    for (int i = 0; i < 150 && !QTest::currentTestFailed(); ++i) {
        Convolution c;
        c.batch = among(1, 3);
        c.groups = among(1, 3);
        c.channels = c.groups * among(1, 5);
        c.outChannels = c.groups * among(1, 20);
        for (size_t d = i % 3 == 0 ? 0 : 1; d < 3; ++d) {
            auto &w = c.windows;
            w.kernel[d] = among(1, 4);
            w.stride[d] = among(1, 4);
            w.dilation[d] = among(1, 3);
            w.padding[d] = among(0, 3);
            const int64_t reach = w.dilation[d] * (w.kernel[d] - 1) + 1;
            w.input[d] = std::max<int64_t>(1, reach - 2 * w.padding[d]) + among(0, 12);
        }
        c = fitted(c);
        check<float>(c);
        check<double>(c);
    }
}

void TestConvolutions::anInfinitePointReachesItsOwnWindowsOnly()
{
    const Convolution c = image(1, 1, 1, 4, 3, 1, 0);
    std::vector<float> x(16, 1.f);
    x[15] = std::numeric_limits<float>::infinity();
    const std::vector<float> weight(9, 1.f), gradient(4, 1.f);
    std::vector<float> out(4), dweight(9);
    kernels::convolve<float>(c, x.data(), weight.data(), nullptr, out.data());
    QCOMPARE(out[0], 9.f);
    QCOMPARE(out[1], 9.f);
    QCOMPARE(out[2], 9.f);
    QVERIFY(std::isinf(out[3]));
    kernels::convolveWeightGradient(c, x.data(), gradient.data(), dweight.data());
    for (size_t i = 0; i < 8; ++i)
        QCOMPARE(dweight[i], 4.f);
    QVERIFY(std::isinf(dweight[8]));
}

void TestConvolutions::bitsDoNotDependOnThreads_data()
{
    QTest::addColumn<Convolution>("c");
    QTest::newRow("5x5") << image(9, 16, 24, 20, 5, 1, 1);
    QTest::newRow("3x3 by tiles") << image(5, 32, 35, 28, 3, 1, 1);
}

void TestConvolutions::bitsDoNotDependOnThreads()
{
    QFETCH(Convolution, c);
    const std::vector<float> x = random<float>(inputSize(c), 1);
    const std::vector<float> weight = random<float>(weightSize(c), 2);
    const std::vector<float> gradient = random<float>(outputSize(c), 3);
    std::vector<std::vector<float>> results;
    for (const int threads : {1, 2, 3}) {
        setNumThreads(threads);
        std::vector<float> out(gradient.size()), dx(x.size()), dweight(weight.size());
        kernels::convolve<float>(c, x.data(), weight.data(), nullptr, out.data());
        kernels::convolveInputGradient<float>(c, weight.data(), gradient.data(), nullptr,
                                              dx.data());
        kernels::convolveWeightGradient(c, x.data(), gradient.data(), dweight.data());
        out.insert(out.end(), dx.begin(), dx.end());
        out.insert(out.end(), dweight.begin(), dweight.end());
        results.push_back(out);
    }
    setNumThreads(1);
    QVERIFY(results[1] == results[0]);
    QVERIFY(results[2] == results[0]);
}

QTEST_GUILESS_MAIN(TestConvolutions)
#include "tst_convolutions.moc"
