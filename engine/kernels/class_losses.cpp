// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/class_losses.h"

#include "engine/core/Error.h"
#include "engine/core/Parallel.h"
#include "engine/kernels/softmax_rows.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace mrg::kernels {

namespace {

template <typename T> class ClassLossRows {
public:
    explicit ClassLossRows(const ClassLoss<T> &call)
        : m_call(call),
          m_sharp(static_cast<T>(1 - call.smoothing)),
          m_smooth(static_cast<T>(call.smoothing / static_cast<double>(call.rows.length)))
    {
        for (int64_t k = 0; k < call.rows.length; ++k)
            m_weights += call.weight ? call.weight[k] : T(1);
    }

    /// Checks the labels; the divisor of the mean.
    double divisor() const
    {
        const int64_t items = m_call.rows.outer * m_call.rows.inner;
        if (!m_call.classes)
            return static_cast<double>(items);
        double sum = 0;
        for (int64_t item = 0; item < items; ++item) {
            const int64_t label = m_call.classes[item];
            if (label == m_call.ignored)
                continue;
            if (label < 0 || label >= m_call.rows.length) {
                throw Error(ErrorCategory::Index, "label_out_of_range", m_call.where,
                            "class " + std::to_string(label) + " in item " + std::to_string(item),
                            "0 to " + std::to_string(m_call.rows.length - 1),
                            "check the number of classes and the targets");
            }
            sum += m_call.weight ? static_cast<double>(m_call.weight[label]) : 1.0;
        }
        return sum;
    }

    void run(double factor) const
    {
        const int64_t items = m_call.rows.outer * m_call.rows.inner;
        const int64_t grain
                = std::max<int64_t>(1, 16384 / std::max<int64_t>(m_call.rows.length, 1));
        parallelFor(items, grain, [&](int64_t begin, int64_t end) {
            std::vector<T> scores(static_cast<size_t>(m_call.rows.length));
            std::vector<T> slopes(static_cast<size_t>(m_call.rows.length));
            std::vector<T> shares(m_call.shares ? scores.size() : 0);
            for (int64_t item = begin; item < end; ++item)
                oneItem(item, static_cast<T>(factor), scores.data(), slopes.data(), shares.data());
        });
    }

private:
    /// Compact rows are worked on where they lie, others through buffers.
    void oneItem(int64_t item, T factor, T *scoreBuffer, T *slopeBuffer, T *shareBuffer) const
    {
        const Rows &rows = m_call.rows;
        const int64_t n = rows.length;
        const int64_t base = item / rows.inner * n * rows.inner + item % rows.inner;
        const bool compact = rows.inner == 1;
        const T *x = compact ? m_call.x + base : scoreBuffer;
        T *slopes = compact && m_call.gradient ? m_call.gradient + base : slopeBuffer;
        if (!compact) {
            for (int64_t k = 0; k < n; ++k)
                scoreBuffer[k] = m_call.x[base + k * rows.inner];
        }
        const T *shares = nullptr;
        if (m_call.shares) {
            for (int64_t k = 0; k < n; ++k)
                shareBuffer[k]
                        = weightOf(k) * (m_call.shares[base + k * rows.inner] * m_sharp + m_smooth);
            shares = shareBuffer;
        }
        const bool counts = !m_call.classes || m_call.classes[item] != m_call.ignored;
        if (!counts) {
            m_call.items[item] = 0;
            std::fill_n(slopes, m_call.gradient ? n : 0, T(0));
        } else {
            m_call.items[item] = loss(item, x, shares, slopes, factor, base);
        }
        if (m_call.gradient && !compact) {
            for (int64_t k = 0; k < n; ++k)
                m_call.gradient[base + k * rows.inner] = slopes[k];
        }
    }

    T weightOf(int64_t k) const { return m_call.weight ? m_call.weight[k] : T(1); }

    T loss(int64_t item, const T *x, const T *shares, T *slopes, T factor, int64_t base) const
    {
        const int64_t n = m_call.rows.length;
        // The logarithm that is taken off every score, and e^(score - largest) with its sum.
        T shift = 0;
        T sum = 1;
        if (m_call.softmax) {
            const T largest = largestOfRow(x, n);
            sum = exponentialsOfRow(x, largest, m_call.gradient ? slopes : nullptr, n);
            shift = largest + std::log(sum);
        }
        T value = 0;
        T total = 0;
        if (m_call.shares) {
            for (int64_t k = 0; k < n; ++k) {
                value -= shares[k] * (x[k] - shift);
                total += shares[k];
            }
        } else {
            const int64_t label = m_call.classes[item];
            const T own = m_sharp * weightOf(label);
            value = own * (shift - x[label]);
            total = own;
            if (m_smooth != 0) {
                for (int64_t k = 0; k < n; ++k)
                    value += m_smooth * weightOf(k) * (shift - x[k]);
                total += m_smooth * m_weights;
            }
        }
        if (m_call.gradient)
            gradientOf(item, shares, slopes, factor, sum, total);
        if (m_call.sharesGradient) {
            for (int64_t k = 0; k < n; ++k)
                m_call.sharesGradient[base + k * m_call.rows.inner]
                        = -weightOf(k) * m_sharp * (x[k] - shift) * factor;
        }
        return value;
    }

    /// `slopes` holds the exponentials, if there is a softmax.
    void gradientOf(int64_t item, const T *shares, T *slopes, T factor, T sum, T total) const
    {
        const int64_t n = m_call.rows.length;
        if (m_call.softmax) {
            const T scale = total * factor / sum;
            for (int64_t k = 0; k < n; ++k)
                slopes[k] *= scale;
        } else {
            std::fill_n(slopes, n, T(0));
        }
        if (m_call.shares) {
            for (int64_t k = 0; k < n; ++k)
                slopes[k] -= shares[k] * factor;
            return;
        }
        if (m_smooth != 0) {
            for (int64_t k = 0; k < n; ++k)
                slopes[k] -= m_smooth * weightOf(k) * factor;
        }
        const int64_t label = m_call.classes[item];
        slopes[label] -= m_sharp * weightOf(label) * factor;
    }

    const ClassLoss<T> &m_call;
    T m_sharp;
    T m_smooth;
    T m_weights = 0;
};

} // namespace

template <typename T> double classLoss(const ClassLoss<T> &call)
{
    const ClassLossRows<T> rows(call);
    const double divisor = rows.divisor();
    rows.run(call.mean ? 1 / divisor : 1.0);
    return divisor;
}

template double classLoss(const ClassLoss<float> &);
template double classLoss(const ClassLoss<double> &);

} // namespace mrg::kernels
