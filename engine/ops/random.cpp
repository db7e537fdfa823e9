// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/random.h"

#include "engine/core/Launch.h"
#include "engine/core/Random.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/views.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace mrg {

namespace {

/// Each element by draw(stream, number of the element).
template <typename Draw> Tensor drawn(const Shape &size, DType dtype, Draw draw)
{
    Tensor out = Tensor::empty(size, dtype);
    dispatchAll(dtype, [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([draw, stream = &defaultGenerator(), target = out.data<T>(), count = out.numel()] {
            for (int64_t i = 0; i < count; ++i)
                target[i] = convertElement<T>(draw(*stream, i));
            // The stream's position says all about it: no half of a pair is kept.
            stream->seek(stream->position());
        });
    });
    return out;
}

/// The same, of the elements of a floating tensor.
template <typename Draw> Tensor drawnFrom(const char *name, const Tensor &x, Draw draw)
{
    const Tensor source = x.detach().compact();
    return dispatchFloating(x.dtype(), name, [&](auto tag) {
        using T = typename decltype(tag)::type;
        return drawn(x.shape(), x.dtype(),
                     [draw, from = source.data<T>()](RandomStream &stream, int64_t i) {
                         return draw(stream, static_cast<double>(from[i]));
                     });
    });
}

/// **Source**: W. Hörmann, "The transformed rejection method for generating Poisson random
/// variables", 1993 (PTRS); small rates by multiplying uniform numbers (Knuth).
double poissonNumber(RandomStream &stream, double rate)
{
    if (!(rate >= 0)) {
        throw Error(ErrorCategory::Value, "negative_rate", "poisson",
                    "a rate of " + std::to_string(rate), "0 or more");
    }
    if (rate < 10) {
        const double limit = std::exp(-rate);
        double product = stream.uniform();
        double events = 0;
        for (; product > limit; ++events)
            product *= stream.uniform();
        return events;
    }
    const double b = 0.931 + 2.53 * std::sqrt(rate);
    const double a = -0.059 + 0.02483 * b;
    const double inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
    const double accepted = 0.9277 - 3.6224 / (b - 2);
    for (;;) {
        const double u = stream.uniform() - 0.5;
        const double v = stream.uniform();
        const double us = 0.5 - std::abs(u);
        const double events = std::floor((2 * a / us + b) * u + rate + 0.43);
        if (us >= 0.07 && v <= accepted)
            return events;
        if (events < 0 || (us < 0.013 && v > us))
            continue;
        if (std::log(v) + std::log(inverseAlpha) - std::log(a / (us * us) + b)
            <= -rate + events * std::log(rate) - std::lgamma(events + 1))
            return events;
    }
}

/// Draws of one row of weights.
class Categories {
public:
    explicit Categories(std::vector<double> weights) : m_weights(std::move(weights))
    {
        for (double weight : m_weights) {
            if (!(weight >= 0) || std::isinf(weight)) {
                throw Error(ErrorCategory::Value, "wrong_weight", "multinomial",
                            "a weight of " + std::to_string(weight), "finite numbers of 0 or more");
            }
        }
        m_sums.resize(m_weights.size());
        std::partial_sum(m_weights.begin(), m_weights.end(), m_sums.begin());
        if (m_sums.empty() || m_sums.back() <= 0) {
            throw Error(ErrorCategory::Value, "wrong_weight", "multinomial",
                        "weights that sum to 0", "a sum greater than 0");
        }
    }

    void draw(RandomStream &stream, bool replacement, int64_t count, int64_t *target) const
    {
        if (replacement) {
            for (int64_t k = 0; k < count; ++k) {
                const double at = stream.uniform() * m_sums.back();
                // The first whose sum is beyond: never one of weight 0.
                target[k] = std::upper_bound(m_sums.begin(), m_sums.end(), at) - m_sums.begin();
            }
            return;
        }
        // The largest of weight / exponential number are drawn as one by one without replacement.
        std::vector<double> keys(m_weights.size());
        for (size_t i = 0; i < keys.size(); ++i)
            keys[i] = m_weights[i] / -std::log1p(-stream.uniform());
        std::vector<int64_t> order(keys.size());
        std::iota(order.begin(), order.end(), int64_t{0});
        std::stable_sort(order.begin(), order.end(), [&keys](int64_t a, int64_t b) {
            return keys[static_cast<size_t>(a)] > keys[static_cast<size_t>(b)];
        });
        std::copy_n(order.begin(), count, target);
    }

private:
    std::vector<double> m_weights;
    std::vector<double> m_sums;
};

} // namespace

Tensor rand(const Shape &size, DType dtype)
{
    // Rounding to float must not give 1.
    const double below = dtype == DType::Float32 ? 1 - 0x1p-24 : 1;
    return drawn(size, dtype, [below](RandomStream &stream, int64_t) {
        return std::min(stream.uniform(), below);
    });
}

Tensor randn(const Shape &size, DType dtype)
{
    return drawn(size, dtype, [](RandomStream &stream, int64_t) { return stream.normal(); });
}

Tensor randint(int64_t low, int64_t high, const Shape &size, DType dtype)
{
    if (low >= high) {
        throw Error(ErrorCategory::Value, "empty_range", "randint",
                    "from " + std::to_string(low) + " to before " + std::to_string(high),
                    "low less than high");
    }
    return drawn(size, dtype, [low, count = high - low](RandomStream &stream, int64_t) {
        return low + stream.below(count);
    });
}

Tensor randperm(int64_t n, DType dtype)
{
    Tensor out = Tensor::empty({n}, DType::Int64);
    launch([stream = &defaultGenerator(), target = out.data<int64_t>(), n] {
        const std::vector<int64_t> order = stream->permutation(n);
        std::copy(order.begin(), order.end(), target);
    });
    return out.toType(dtype);
}

Tensor bernoulli(const Tensor &chances)
{
    return drawnFrom("bernoulli", chances, [](RandomStream &stream, double chance) {
        if (!(chance >= 0 && chance <= 1)) {
            throw Error(ErrorCategory::Value, "wrong_chance", "bernoulli",
                        "a chance of " + std::to_string(chance), "0 to 1");
        }
        return stream.uniform() < chance ? 1.0 : 0.0;
    });
}

Tensor poisson(const Tensor &rates) { return drawnFrom("poisson", rates, poissonNumber); }

Tensor normal(const Tensor &mean, const Tensor &standardDeviation)
{
    const Tensor scale = drawnFrom("normal", standardDeviation, [](RandomStream &, double value) {
        if (!(value >= 0)) {
            throw Error(ErrorCategory::Value, "negative_deviation", "normal",
                        "a standard deviation of " + std::to_string(value), "0 or more");
        }
        return value;
    });
    const Result<Shape> shape = broadcastShapes(mean.shape(), scale.shape());
    if (!shape)
        throw shape.error().within("normal");
    return add(mean.detach(), mul(randn(*shape, mean.dtype()), scale));
}

Shape multinomialShape(const Shape &weights, int64_t count, bool replacement)
{
    if (weights.empty() || weights.size() > 2) {
        throw Error(ErrorCategory::Shape, "dimension_count_mismatch", "multinomial",
                    toString(weights), "1 or 2 dimensions");
    }
    if (count <= 0 || (!replacement && count > weights.back())) {
        throw Error(ErrorCategory::Value, "wrong_argument", "multinomial",
                    std::to_string(count) + " draws",
                    replacement ? "1 or more" : "1 to " + std::to_string(weights.back()),
                    replacement ? "" : "draw with replacement");
    }
    Shape out = weights;
    out.back() = count;
    return out;
}

Tensor multinomial(const Tensor &weights, int64_t count, bool replacement)
{
    const Shape size = multinomialShape(weights.shape(), count, replacement);
    const int64_t categories = weights.shape().back();
    Tensor out = Tensor::empty(size, DType::Int64);
    const Tensor source = weights.detach().compact();
    dispatchFloating(weights.dtype(), "multinomial", [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([=, stream = &defaultGenerator(), from = source.data<T>(),
                target = out.data<int64_t>(), total = out.numel()] {
            for (int64_t row = 0; row * count < total; ++row) {
                const T *first = from + row * categories;
                Categories(std::vector<double>(first, first + categories))
                        .draw(*stream, replacement, count, target + row * count);
            }
        });
    });
    return out;
}

} // namespace mrg
