// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/special_functions.h"

#include <array>

namespace mrg::math {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double epsilon = std::numeric_limits<double>::epsilon();

/// c[0] z^n + .. + c[n].
template <size_t N> double polynomial(const std::array<double, N> &c, double z)
{
    double value = 0;
    for (double coefficient : c)
        value = value * z + coefficient;
    return value;
}

} // namespace

double inverseErf(double y)
{
    const double size = std::abs(y);
    if (!(size <= 1))
        return nan;
    if (size == 1)
        return std::copysign(infinity, y);
    double x = 0;
    if (size <= 0.7) {
        const double z = y * y;
        x = y * polynomial(std::array{-0.140543331, 0.914624893, -1.645349621, 0.886226899}, z)
                / polynomial(std::array{0.012229801, -0.329097515, 1.442710462, -2.118377725, 1.0},
                             z);
    } else {
        const double z = std::sqrt(-std::log((1 - size) / 2));
        x = std::copysign(
                polynomial(std::array{1.641345311, 3.429567803, -1.624906493, -1.970840454}, z)
                        / polynomial(std::array{1.637067800, 3.543889200, 1.0}, z),
                y);
    }
    // Two steps of Newton's method make it exact.
    for (int step = 0; step < 2; ++step)
        x -= (std::erf(x) - y) / (2 * std::numbers::inv_sqrtpi * std::exp(-x * x));
    return x;
}

double digammaOf(double x)
{
    if (x == 0)
        return std::copysign(infinity, -x);
    double value = 0;
    if (x < 0) {
        // The reflection formula; there are poles at the whole numbers.
        double whole = 0;
        const double fraction = std::modf(x, &whole);
        if (fraction == 0)
            return nan;
        value = -std::numbers::pi / std::tan(std::numbers::pi * fraction);
        x = 1 - x;
    }
    for (; x < 10; x += 1)
        value -= 1 / x;
    if (x == 10)
        return value + 2.25175258906672110764;
    double correction = 0;
    if (x < 1e17) {
        const double z = 1 / (x * x);
        correction = z
                * polynomial(std::array{8.33333333333333333333e-2, -2.10927960927960927961e-2,
                                        7.57575757575757575758e-3, -4.16666666666666666667e-3,
                                        3.96825396825396825397e-3, -8.33333333333333333333e-3,
                                        8.33333333333333333333e-2},
                             z);
    }
    return value + std::log(x) - 0.5 / x - correction;
}

double hurwitzZeta(double s, double q)
{
    if (q <= 0 && q == std::floor(q))
        return infinity;
    double sum = std::pow(q, -s);
    double a = q;
    double term = 0;
    for (int i = 0; i < 9 || a <= 9; ++i) {
        a += 1;
        term = std::pow(a, -s);
        sum += term;
        if (std::abs(term) < epsilon * std::abs(sum))
            return sum;
    }
    // What is left of the sum by the Euler-Maclaurin formula.
    constexpr std::array factors{12.0,
                                 -720.0,
                                 30240.0,
                                 -1209600.0,
                                 47900160.0,
                                 -1.8924375803183791606e9,
                                 7.47242496e10,
                                 -2.950130727918164224e12,
                                 1.1646782814350067249e14,
                                 -4.5979787224074726105e15,
                                 1.8152105401943546773e17,
                                 -7.1661652561756670113e18};
    sum += term * a / (s - 1) - 0.5 * term;
    double rising = 1;
    double k = 0;
    for (double factor : factors) {
        rising *= s + k;
        term /= a;
        const double part = rising * term / factor;
        sum += part;
        if (std::abs(part / sum) < epsilon)
            break;
        k += 1;
        rising *= s + k;
        term /= a;
        k += 1;
    }
    return sum;
}

/// **Source**: PyTorch, aten/src/ATen/native/Math.h, trigamma.
static double trigammaOf(double x)
{
    double value = 0;
    double sign = 1;
    if (x < 0.5) {
        // The reflection formula.
        const double sine = std::sin(std::numbers::pi * x);
        value = -std::numbers::pi * std::numbers::pi / (sine * sine);
        sign = -1;
        x = 1 - x;
    }
    for (int i = 0; i < 6; ++i) {
        value += 1 / (x * x);
        x += 1;
    }
    const double z = 1 / (x * x);
    value += (1 + 1 / (2 * x) + z * (1.0 / 6 - z * (1.0 / 30 - z / 42))) / x;
    return sign * value;
}

double polygammaOf(int64_t n, double x)
{
    if (n == 0)
        return digammaOf(x);
    if (n == 1)
        return trigammaOf(x);
    const auto order = static_cast<double>(n);
    return (n % 2 == 0 ? -1 : 1) * std::tgamma(order + 1) * hurwitzZeta(order + 1, x);
}

double besselI(int order, double x)
{
    const double size = std::abs(x);
    const double sign = order == 1 && x < 0 ? -1 : 1;
    if (!(size < infinity))
        return nan; // as in torch
    double term = 1;
    double sum = 1;
    if (size <= 30) {
        const double quarter = size * size / 4;
        for (int k = 1; term > epsilon * sum; ++k) {
            term *= quarter / (static_cast<double>(k) * (k + order));
            sum += term;
        }
        return order == 0 ? sum : sum * x / 2;
    }
    for (int k = 1; std::abs(term) > epsilon * sum; ++k) {
        const double odd = 2 * k - 1;
        term *= (odd * odd - 4 * order) / (8 * k * size);
        sum += term;
    }
    return sign * std::exp(size) / std::sqrt(2 * std::numbers::pi * size) * sum;
}

} // namespace mrg::math
