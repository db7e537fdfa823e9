// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/packed_product.h"

#include <Eigen/Core>

#include <algorithm>

namespace mrg::kernels {

namespace {

template <typename T> using Packet = typename Eigen::internal::packet_traits<T>::type;
template <typename T>
inline constexpr int64_t packetSize = Eigen::internal::unpacket_traits<Packet<T>>::size;
/// Columns of a panel: two packets, so that with the rows below all sums stay in registers.
template <typename T> inline constexpr int64_t panel = 2 * packetSize<T>;
#ifdef EIGEN_VECTORIZE_AVX512
constexpr int mostRows = 8;
#else
constexpr int mostRows = 4;
#endif

/// `Rows` rows of A times one panel; the first `columns` of its columns go to c.
template <int Rows, typename T>
void block(int64_t k, const T *a, int64_t strideA, const T *packed, T *c, int64_t strideC,
           int64_t columns, bool accumulate)
{
    using namespace Eigen::internal;
    using P = Packet<T>;
    P left[Rows];
    P right[Rows];
    for (int r = 0; r < Rows; ++r)
        left[r] = right[r] = pset1<P>(T(0));
    for (int64_t p = 0; p < k; ++p) {
        const P first = ploadu<P>(packed + p * panel<T>);
        const P second = ploadu<P>(packed + p * panel<T> + packetSize<T>);
        for (int r = 0; r < Rows; ++r) {
            const P factor = pset1<P>(a[r * strideA + p]);
            left[r] = pmadd(factor, first, left[r]);
            right[r] = pmadd(factor, second, right[r]);
        }
    }
    for (int r = 0; r < Rows; ++r) {
        T *target = c + r * strideC;
        if (columns == panel<T>) {
            if (accumulate) {
                left[r] = padd(ploadu<P>(target), left[r]);
                right[r] = padd(ploadu<P>(target + packetSize<T>), right[r]);
            }
            pstoreu(target, left[r]);
            pstoreu(target + packetSize<T>, right[r]);
            continue;
        }
        T sums[panel<T>];
        pstoreu(sums, left[r]);
        pstoreu(sums + packetSize<T>, right[r]);
        for (int64_t j = 0; j < columns; ++j)
            target[j] = accumulate ? target[j] + sums[j] : sums[j];
    }
}

/// Rows in blocks of `Rows`, what is left in blocks of half as many.
template <int Rows, typename T>
void blocks(int64_t m, int64_t k, const T *a, int64_t strideA, const T *packed, T *c,
            int64_t strideC, int64_t columns, bool accumulate)
{
    int64_t row = 0;
    for (; row + Rows <= m; row += Rows)
        block<Rows>(k, a + row * strideA, strideA, packed, c + row * strideC, strideC, columns,
                    accumulate);
    if constexpr (Rows > 1) {
        if (row < m) {
            blocks<Rows / 2>(m - row, k, a + row * strideA, strideA, packed, c + row * strideC,
                             strideC, columns, accumulate);
        }
    }
}

} // namespace

template <typename T> int64_t packedSize(int64_t k, int64_t n)
{
    return (n + panel<T> - 1) / panel<T> * panel<T> * k;
}

template <typename T> void pack(Layout layout, int64_t k, int64_t n, const T *b, T *packed)
{
    const int64_t stepK = layout == Layout::Plain ? n : 1;
    const int64_t stepN = layout == Layout::Plain ? 1 : k;
    for (int64_t begin = 0; begin < n; begin += panel<T>) {
        const int64_t columns = std::min(panel<T>, n - begin);
        for (int64_t p = 0; p < k; ++p, packed += panel<T>) {
            const T *from = b + p * stepK + begin * stepN;
            for (int64_t j = 0; j < columns; ++j)
                packed[j] = from[j * stepN];
            std::fill(packed + columns, packed + panel<T>, T(0));
        }
    }
}

template <typename T>
void packedProduct(int64_t m, int64_t n, int64_t k, const T *a, int64_t strideA, const T *packed,
                   T *c, int64_t strideC, bool accumulate)
{
    for (int64_t begin = 0; begin < n; begin += panel<T>) {
        blocks<mostRows>(m, k, a, strideA, packed + begin * k, c + begin, strideC,
                         std::min(panel<T>, n - begin), accumulate);
    }
}

template int64_t packedSize<float>(int64_t, int64_t);
template int64_t packedSize<double>(int64_t, int64_t);
template void pack(Layout, int64_t, int64_t, const float *, float *);
template void pack(Layout, int64_t, int64_t, const double *, double *);
template void packedProduct(int64_t, int64_t, int64_t, const float *, int64_t, const float *,
                            float *, int64_t, bool);
template void packedProduct(int64_t, int64_t, int64_t, const double *, int64_t, const double *,
                            double *, int64_t, bool);

} // namespace mrg::kernels
