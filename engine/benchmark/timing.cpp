// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/benchmark/timing.h"

#include "engine/core/Parallel.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <vector>

#ifdef __unix__
#include <sys/resource.h>
#endif

namespace mrg {

namespace {

using Clock = std::chrono::steady_clock;

double rateOver(FunctionRef<void()> step, double seconds)
{
    const auto start = Clock::now();
    // The clock is looked at every few steps only, for those that take less than it does.
    constexpr int64_t stride = 8;
    for (int64_t steps = 1;; ++steps) {
        step();
        if (steps >= stride && steps % stride != 0)
            continue;
        const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
        if (elapsed >= seconds)
            return static_cast<double>(steps) / elapsed;
    }
}

/// Independent chains, enough to fill the multiply-add units at their latency.
constexpr int chains = 256;
constexpr int64_t rounds = 1 << 16;

void multiplyAdd(float *values)
{
    std::array<float, chains> x;
    std::copy_n(values, chains, x.begin());
    for (int64_t i = 0; i < rounds; ++i) {
        for (float &value : x)
            value = std::fma(value, 0.999F, 0.001F);
    }
    std::copy_n(x.begin(), chains, values);
}

} // namespace

double stepsPerSecond(FunctionRef<void()> step, Timing timing)
{
    rateOver(step, timing.seconds / 2);
    std::vector<double> rates;
    for (int i = 0; i < timing.windows; ++i)
        rates.push_back(rateOver(step, timing.seconds));
    std::nth_element(rates.begin(), rates.begin() + timing.windows / 2, rates.end());
    return rates[static_cast<size_t>(timing.windows) / 2];
}

MachinePeaks measurePeaks()
{
    MachinePeaks peaks;
    const Timing brief{0.2, 3};
    const int64_t pieces = numThreads();
    std::vector<float> values(static_cast<size_t>(pieces * chains), 1.0F);
    const double perSecond = stepsPerSecond(
            [&] {
                parallelFor(pieces, 1, [&](int64_t begin, int64_t end) {
                    for (int64_t i = begin; i < end; ++i)
                        multiplyAdd(values.data() + i * chains);
                });
            },
            brief);
    peaks.gigaflops = perSecond * 2.0 * chains * static_cast<double>(rounds * pieces) / 1e9;

    constexpr int64_t elements = 24 << 20;
    std::vector<float> a(elements, 1.0F);
    std::vector<float> b(elements, 2.0F);
    std::vector<float> c(elements, 0.0F);
    const double sums = stepsPerSecond(
            [&] {
                parallelFor(elements, 1 << 18, [&](int64_t begin, int64_t end) {
                    for (int64_t i = begin; i < end; ++i)
                        c[static_cast<size_t>(i)]
                                = a[static_cast<size_t>(i)] + b[static_cast<size_t>(i)];
                });
            },
            brief);
    peaks.gigabytesPerSecond = sums * 3 * elements * sizeof(float) / 1e9;
    return peaks;
}

int64_t peakResidentBytes()
{
#ifdef __unix__
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss * 1024;
#else
    return 0;
#endif
}

} // namespace mrg
