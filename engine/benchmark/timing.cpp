// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/benchmark/timing.h"

#include "engine/core/Parallel.h"
#include "engine/kernels/simd.h"
#include "engine/tensor/Tensor.h"

#include <algorithm>
#include <chrono>
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

/// A full vector register and enough independent chains of them to keep two multiply-add units
/// busy for the five cycles or so that each result takes.
constexpr int registerBytes = kernels::simd::vectorBytes;
constexpr int width = registerBytes / static_cast<int>(sizeof(float));
constexpr int chains = 12;
constexpr int64_t rounds = 1 << 20;

using Register = kernels::simd::Vector<float>;

float multiplyAddChains(float start)
{
    Register x[chains];
    for (int k = 0; k < chains; ++k)
        x[k] = Register{} + (start + static_cast<float>(k));
    const Register factor = Register{} + 0.999F;
    const Register summand = Register{} + 0.001F;
    for (int64_t i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
        for (int k = 0; k < chains; ++k)
            x[k] = kernels::simd::multiplyAdd<float>(x[k], factor, summand);
    }
    Register sum = x[0];
    for (int k = 1; k < chains; ++k)
        sum += x[k];
    return kernels::simd::sum<float>(sum);
}

/// STREAM's triad over arrays that no cache holds, written past the caches: what is moved is what
/// is counted. **Source**: McCalpin 1995, Memory bandwidth and machine balance.
void triad(const float *a, const float *b, float *c, int64_t count)
{
    for (int64_t i = 0; i < count; i += width) {
        const Register value = kernels::simd::load(a + i) + kernels::simd::load(b + i) * 3.0F;
        kernels::simd::stream<float>(c + i, value);
    }
    kernels::simd::streamed();
}

/// The same in place, as an optimizer works: two arrays read, one of them written.
void update(const float *a, const float *, float *c, int64_t count)
{
    for (int64_t i = 0; i < count; i += width)
        kernels::simd::store<float>(c + i,
                                    kernels::simd::load(c + i) + kernels::simd::load(a + i) * 0.5F);
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
    // A peak is what the machine can do when it is let: the best of several windows, not the
    // middle.
    const auto fastest = [](FunctionRef<void()> step) {
        double best = 0;
        for (int i = 0; i < 8; ++i)
            best = std::max(best, rateOver(step, 0.1));
        return best;
    };
    const int64_t pieces = numThreads();
    std::vector<float> values(static_cast<size_t>(pieces), 1.0F);
    const double perSecond = fastest([&] {
        parallelFor(pieces, 1, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i)
                values[static_cast<size_t>(i)] = multiplyAddChains(values[static_cast<size_t>(i)]);
        });
    });
    peaks.gigaflops = perSecond * 2.0 * chains * width * static_cast<double>(rounds * pieces) / 1e9;

    constexpr int64_t elements = 24 << 20;
    const Tensor a = Tensor::full({elements}, 1);
    const Tensor b = Tensor::full({elements}, 2);
    const Tensor c = Tensor::full({elements}, 0);
    const auto moved = [&](auto kernel) {
        const double passes = fastest([&] {
            parallelFor(elements, 1 << 18, [&](int64_t begin, int64_t end) {
                kernel(a.data<float>() + begin, b.data<float>() + begin, c.data<float>() + begin,
                       end - begin);
            });
        });
        return passes * 3 * elements * sizeof(float) / 1e9;
    };
    peaks.gigabytesPerSecond = std::max(moved(triad), moved(update));
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
