// SPDX-License-Identifier: GPL-3.0-or-later
// By Jacobi rotations from one side: columns are turned against each other, two at a time, until
// all are orthogonal. Eigen's decompositions take over a minute to compile.
// **Source**: Golub and Van Loan, Matrix Computations, 8.6.3.
#include "engine/kernels/singular_values.h"

#include "engine/core/Error.h"

#include <Eigen/Core>

#include <algorithm>
#include <complex>
#include <limits>

namespace mrg::kernels {

namespace {

template <typename T> struct PreciseOf {
    using type = double;
};
template <typename T> struct PreciseOf<std::complex<T>> {
    using type = std::complex<double>;
};
/// double or complex<double>.
template <typename T> using Precise = typename PreciseOf<T>::type;
template <typename P> using Matrix = Eigen::Matrix<P, Eigen::Dynamic, Eigen::Dynamic>;

constexpr double epsilon = std::numeric_limits<double>::epsilon();
template <typename T> const T nan = T(std::numeric_limits<decltype(std::abs(T()))>::quiet_NaN());

/// At least as many rows as columns: the matrix, or its adjoint.
template <typename T> Matrix<Precise<T>> upright(int64_t rows, int64_t columns, const T *elements)
{
    const bool lies = columns > rows;
    Matrix<Precise<T>> out(std::max(rows, columns), std::min(rows, columns));
    for (int64_t i = 0; i < rows; ++i) {
        for (int64_t j = 0; j < columns; ++j) {
            const auto element = static_cast<Precise<T>>(elements[i * columns + j]);
            if (lies)
                out(j, i) = Eigen::numext::conj(element);
            else
                out(i, j) = element;
        }
    }
    return out;
}

template <typename T>
void storeUpright(const Matrix<Precise<T>> &matrix, int64_t rows, int64_t columns, T *out)
{
    const bool lies = columns > rows;
    for (int64_t i = 0; i < rows; ++i) {
        for (int64_t j = 0; j < columns; ++j) {
            out[i * columns + j]
                    = static_cast<T>(lies ? Eigen::numext::conj(matrix(j, i)) : matrix(i, j));
        }
    }
}

/// A = U diag(s) V^H of an upright matrix of finite elements, the values in no order.
template <typename P> struct Decomposition {
    Matrix<P> u;
    Matrix<P> v;
    Eigen::VectorXd values;
    double negligible; ///< values up to this one are taken for 0

    explicit Decomposition(Matrix<P> matrix)
        : u(std::move(matrix)),
          v(Matrix<P>::Identity(u.cols(), u.cols()))
    {
        const double largest = u.cwiseAbs().maxCoeff();
        const double scale = largest > 0 ? largest : 1;
        u /= P(scale);
        const double small
                = epsilon * static_cast<double>(u.rows()) * u.colwise().norm().maxCoeff();
        // Far more sweeps than any matrix needs.
        for (int sweep = 0; sweep < 60 && turnAll(small); ++sweep) { }
        values = u.colwise().norm().transpose();
        normalize(small);
        values *= scale;
        negligible = small * scale;
    }

private:
    /// One rotation for every pair of columns; false if all are orthogonal.
    bool turnAll(double small)
    {
        bool any = false;
        for (Eigen::Index p = 0; p < u.cols(); ++p) {
            for (Eigen::Index q = p + 1; q < u.cols(); ++q) {
                const double first = u.col(p).squaredNorm();
                const double second = u.col(q).squaredNorm();
                const P product = u.col(p).dot(u.col(q));
                const double size = std::abs(product);
                if (std::min(first, second) <= small * small
                    || size <= epsilon * std::sqrt(first * second))
                    continue;
                any = true;
                const double ratio = (second - first) / (2 * size);
                const double tangent
                        = (ratio < 0 ? -1 : 1) / (std::abs(ratio) + std::sqrt(1 + ratio * ratio));
                const double cosine = 1 / std::sqrt(1 + tangent * tangent);
                const P phase = Eigen::numext::conj(product) / size;
                turn(u, p, q, cosine, cosine * tangent, phase);
                turn(v, p, q, cosine, cosine * tangent, phase);
            }
        }
        return any;
    }
    static void turn(Matrix<P> &matrix, Eigen::Index p, Eigen::Index q, double cosine, double sine,
                     P phase)
    {
        for (Eigen::Index i = 0; i < matrix.rows(); ++i) {
            const P a = matrix(i, p);
            const P b = matrix(i, q) * phase;
            matrix(i, p) = cosine * a - sine * b;
            matrix(i, q) = sine * a + cosine * b;
        }
    }

    /// Columns of length 1; those without a direction get one that no other has.
    void normalize(double small)
    {
        for (Eigen::Index j = 0; j < u.cols(); ++j) {
            if (values[j] > small)
                u.col(j) /= P(values[j]);
            else
                u.col(j).setZero();
        }
        for (Eigen::Index j = 0; j < u.cols(); ++j) {
            if (values[j] > small)
                continue;
            values[j] = 0;
            Eigen::Index axis = 0;
            u.rowwise().squaredNorm().minCoeff(&axis);
            Eigen::Matrix<P, Eigen::Dynamic, 1> free = u.col(j);
            free[axis] = P(1);
            // Twice, for the digits that the first time loses.
            for (int time = 0; time < 2; ++time) {
                for (Eigen::Index k = 0; k < u.cols(); ++k)
                    free -= u.col(k) * u.col(k).dot(free);
            }
            u.col(j) = free.normalized();
        }
    }
};

/// Whether every element is finite; throws where one is NaN.
template <typename P> bool isFinite(const Matrix<P> &matrix)
{
    if (matrix.hasNaN()) {
        throw Error(ErrorCategory::Value, "svd_error_not_converged", "nuclear norm",
                    "a matrix with an element that is NaN", "matrices of numbers",
                    "look for what made the first NaN (anomaly mode tells)");
    }
    return matrix.allFinite();
}

} // namespace

template <typename T> double nuclearNorm(int64_t rows, int64_t columns, const T *matrix, T *polar)
{
    if (rows == 0 || columns == 0)
        return 0;
    const auto a = upright(rows, columns, matrix);
    if (!isFinite(a)) {
        if (polar)
            std::fill_n(polar, rows * columns, nan<T>);
        return nan<double>;
    }
    const Decomposition svd(a);
    if (polar)
        storeUpright<T>(svd.u.lazyProduct(svd.v.adjoint()), rows, columns, polar);
    return svd.values.sum();
}

template <typename T>
void polarSlope(int64_t rows, int64_t columns, const T *matrix, const T *direction, T *out)
{
    if (rows == 0 || columns == 0)
        return;
    using M = Matrix<Precise<T>>;
    const M a = upright(rows, columns, matrix);
    if (!isFinite(a)) {
        std::fill_n(out, rows * columns, nan<T>);
        return;
    }
    const Decomposition svd(a);
    const auto reciprocal = [&](double x) { return x > 2 * svd.negligible ? 1 / x : 0.0; };
    const M moved = upright(rows, columns, direction).lazyProduct(svd.v);
    const M inner = svd.u.adjoint().lazyProduct(moved);
    // U and V turn against each other, and U out of the space that it spans.
    M turned = inner - inner.adjoint();
    M left = moved - svd.u.lazyProduct(inner);
    for (Eigen::Index j = 0; j < turned.cols(); ++j) {
        left.col(j) *= reciprocal(svd.values[j]);
        for (Eigen::Index i = 0; i < turned.rows(); ++i)
            turned(i, j) *= reciprocal(svd.values[i] + svd.values[j]);
    }
    left += svd.u.lazyProduct(turned);
    storeUpright<T>(left.lazyProduct(svd.v.adjoint()), rows, columns, out);
}

template double nuclearNorm(int64_t, int64_t, const float *, float *);
template double nuclearNorm(int64_t, int64_t, const double *, double *);
template double nuclearNorm(int64_t, int64_t, const std::complex<float> *, std::complex<float> *);
template double nuclearNorm(int64_t, int64_t, const std::complex<double> *, std::complex<double> *);
template void polarSlope(int64_t, int64_t, const float *, const float *, float *);
template void polarSlope(int64_t, int64_t, const double *, const double *, double *);
template void polarSlope(int64_t, int64_t, const std::complex<float> *, const std::complex<float> *,
                         std::complex<float> *);
template void polarSlope(int64_t, int64_t, const std::complex<double> *,
                         const std::complex<double> *, std::complex<double> *);

} // namespace mrg::kernels
