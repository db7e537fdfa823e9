// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/init.h"

#include <Eigen/QR>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace mrg::init {

namespace {

template <typename Draw> void fillWith(const Tensor &tensor, Draw draw)
{
    const Tensor target = tensor.detach();
    dispatchFloating(tensor.dtype(), "init", [&](auto tag) {
        using T = typename decltype(tag)::type;
        T *values = target.data<T>();
        for (int64_t i = 0; i < target.numel(); ++i)
            values[i] = static_cast<T>(draw());
    });
    tensor.bumpVersion();
}

/// From numbers in row-major order.
void assign(const Tensor &tensor, const std::vector<double> &values)
{
    auto next = values.begin();
    fillWith(tensor, [&] { return *next++; });
}

Error wrong(const char *kind, const char *where, const std::string &got, const std::string &wanted)
{
    return Error(ErrorCategory::Value, kind, where, got, wanted);
}

void requireMatrix(const Tensor &tensor, const char *where)
{
    if (tensor.dim() != 2)
        throw wrong("matrix_wanted", where, toString(tensor.shape()), "two dimensions");
}

double normalCumulative(double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; }

/// The x at which normalCumulative is p, 0 < p < 1: bisection to the last bit, good enough for
/// initial weights.
double normalQuantile(double p)
{
    double low = -40;
    double high = 40;
    for (int i = 0; i < 64 && low < high; ++i) {
        const double middle = (low + high) / 2;
        (normalCumulative(middle) < p ? low : high) = middle;
    }
    return (low + high) / 2;
}

} // namespace

Fans fans(const Shape &shape)
{
    if (shape.size() < 2)
        throw wrong("fan_needs_two_dimensions", "init", toString(shape), "two dimensions or more");
    int64_t field = 1;
    for (size_t d = 2; d < shape.size(); ++d)
        field *= shape[d];
    return {shape[1] * field, shape[0] * field};
}

double calculateGain(const std::string &nonlinearity, double slope)
{
    if (nonlinearity == "linear" || nonlinearity == "sigmoid" || nonlinearity.rfind("conv", 0) == 0)
        return 1;
    if (nonlinearity == "tanh")
        return 5.0 / 3.0;
    if (nonlinearity == "relu")
        return std::sqrt(2.0);
    if (nonlinearity == "leaky_relu")
        return std::sqrt(2.0 / (1.0 + slope * slope));
    if (nonlinearity == "selu")
        return 0.75;
    throw wrong("unknown_nonlinearity", "calculate_gain", nonlinearity,
                "linear, conv*, sigmoid, tanh, relu, leaky_relu or selu");
}

void uniform(const Tensor &tensor, RandomStream &random, double low, double high)
{
    fillWith(tensor, [&] { return random.uniform(low, high); });
}

void normal(const Tensor &tensor, RandomStream &random, double mean, double deviation)
{
    fillWith(tensor, [&] { return mean + deviation * random.normal(); });
}

void truncatedNormal(const Tensor &tensor, RandomStream &random, double mean, double deviation,
                     double low, double high)
{
    const double first = normalCumulative((low - mean) / deviation);
    const double last = normalCumulative((high - mean) / deviation);
    fillWith(tensor, [&] {
        const double value = mean + deviation * normalQuantile(random.uniform(first, last));
        return std::min(std::max(value, low), high);
    });
}

void constant(const Tensor &tensor, double value) { tensor.detach().fill(value); }

void eye(const Tensor &tensor)
{
    requireMatrix(tensor, "eye_");
    const int64_t columns = tensor.size(1);
    std::vector<double> values(static_cast<size_t>(tensor.numel()), 0.0);
    for (int64_t i = 0; i < std::min(tensor.size(0), columns); ++i)
        values[static_cast<size_t>(i * columns + i)] = 1;
    assign(tensor, values);
}

void dirac(const Tensor &tensor, int64_t groups)
{
    const Shape &shape = tensor.shape();
    if (shape.size() < 3 || shape.size() > 5)
        throw wrong("kernel_wanted", "dirac_", toString(shape), "three to five dimensions");
    if (groups < 1 || shape[0] % groups != 0) {
        throw wrong("groups_do_not_divide", "dirac_", toString(shape),
                    "a first size divisible by " + std::to_string(groups) + " groups");
    }
    const int64_t own = shape[0] / groups;
    int64_t field = 1;
    int64_t middle = 0;
    for (size_t d = 2; d < shape.size(); ++d) {
        field *= shape[d];
        middle = middle * shape[d] + shape[d] / 2;
    }
    std::vector<double> values(static_cast<size_t>(tensor.numel()), 0.0);
    for (int64_t group = 0; group < groups; ++group) {
        for (int64_t i = 0; i < std::min(own, shape[1]); ++i)
            values[static_cast<size_t>(((group * own + i) * shape[1] + i) * field + middle)] = 1;
    }
    assign(tensor, values);
}

double xavierDeviation(const Shape &shape, double gain)
{
    const Fans both = fans(shape);
    return gain * std::sqrt(2.0 / static_cast<double>(both.in + both.out));
}

void xavierUniform(const Tensor &tensor, RandomStream &random, double gain)
{
    const double bound = std::sqrt(3.0) * xavierDeviation(tensor.shape(), gain);
    uniform(tensor, random, -bound, bound);
}

void xavierNormal(const Tensor &tensor, RandomStream &random, double gain)
{
    normal(tensor, random, 0, xavierDeviation(tensor.shape(), gain));
}

double kaimingDeviation(const Shape &shape, double slope, FanMode mode,
                        const std::string &nonlinearity)
{
    const Fans both = fans(shape);
    return calculateGain(nonlinearity, slope)
            / std::sqrt(static_cast<double>(mode == FanMode::In ? both.in : both.out));
}

void kaimingUniform(const Tensor &tensor, RandomStream &random, double slope, FanMode mode,
                    const std::string &nonlinearity)
{
    if (tensor.numel() == 0)
        return;
    const double bound
            = std::sqrt(3.0) * kaimingDeviation(tensor.shape(), slope, mode, nonlinearity);
    uniform(tensor, random, -bound, bound);
}

void kaimingNormal(const Tensor &tensor, RandomStream &random, double slope, FanMode mode,
                   const std::string &nonlinearity)
{
    if (tensor.numel() == 0)
        return;
    normal(tensor, random, 0, kaimingDeviation(tensor.shape(), slope, mode, nonlinearity));
}

void orthogonal(const Tensor &tensor, RandomStream &random, double gain)
{
    if (tensor.dim() < 2)
        throw wrong("matrix_wanted", "orthogonal_", toString(tensor.shape()),
                    "two dimensions or more");
    if (tensor.numel() == 0)
        return;
    const int64_t rows = tensor.size(0);
    const int64_t columns = tensor.numel() / rows;
    const bool wide = rows < columns;
    Eigen::MatrixXd drawn(std::max(rows, columns), std::min(rows, columns));
    for (int64_t i = 0; i < drawn.rows(); ++i) {
        for (int64_t j = 0; j < drawn.cols(); ++j)
            drawn(i, j) = random.normal();
    }
    const Eigen::HouseholderQR<Eigen::MatrixXd> qr(drawn);
    Eigen::MatrixXd q = qr.householderQ() * Eigen::MatrixXd::Identity(drawn.rows(), drawn.cols());
    // With the signs of R's diagonal every orthogonal matrix is equally likely.
    for (int64_t j = 0; j < q.cols(); ++j) {
        if (qr.matrixQR()(j, j) < 0)
            q.col(j) *= -1;
    }
    std::vector<double> values;
    for (int64_t i = 0; i < rows; ++i) {
        for (int64_t j = 0; j < columns; ++j)
            values.push_back(gain * (wide ? q(j, i) : q(i, j)));
    }
    assign(tensor, values);
}

void sparse(const Tensor &tensor, RandomStream &random, double sparsity, double deviation)
{
    requireMatrix(tensor, "sparse_");
    const int64_t rows = tensor.size(0);
    const int64_t columns = tensor.size(1);
    const auto zeros = static_cast<int64_t>(std::ceil(sparsity * static_cast<double>(rows)));
    std::vector<double> values(static_cast<size_t>(tensor.numel()));
    for (double &value : values)
        value = deviation * random.normal();
    for (int64_t column = 0; column < columns; ++column) {
        const std::vector<int64_t> order = random.permutation(rows);
        for (int64_t i = 0; i < std::min(zeros, rows); ++i)
            values[static_cast<size_t>(order[static_cast<size_t>(i)] * columns + column)] = 0;
    }
    assign(tensor, values);
}

void biasFor(const Tensor &bias, const Tensor &weight, RandomStream &random)
{
    const int64_t fanIn = fans(weight.shape()).in;
    const double bound = fanIn > 0 ? 1 / std::sqrt(static_cast<double>(fanIn)) : 0;
    uniform(bias, random, -bound, bound);
}

} // namespace mrg::init
