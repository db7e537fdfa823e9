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
template <typename T> inline constexpr int64_t fullPanel = 2 * packetSize<T>;
#ifdef EIGEN_VECTORIZE_AVX512
constexpr int mostRows = 8;
#else
constexpr int mostRows = 4;
#endif

/// Width of the panel that holds the next columns of `left`: the last one may be one packet.
template <typename T> int64_t panelWidth(int64_t left)
{
    return left <= packetSize<T> ? packetSize<T> : fullPanel<T>;
}

/// `Rows` rows of A times one panel of `Packets` packets; `columns` of its columns go to c.
template <int Rows, int Packets, typename T>
void block(int64_t k, LeftFactor<T> a, const T *packed, T *c, int64_t strideC, int64_t columns,
           bool accumulate)
{
    using namespace Eigen::internal;
    using P = Packet<T>;
    constexpr int64_t width = Packets * packetSize<T>;
    P sums[Rows][Packets];
    for (auto &row : sums) {
        for (P &sum : row)
            sum = pset1<P>(T(0));
    }
    for (int64_t p = 0; p < k; ++p) {
        P right[Packets];
        for (int i = 0; i < Packets; ++i)
            right[i] = ploadu<P>(packed + p * width + i * packetSize<T>);
        for (int r = 0; r < Rows; ++r) {
            const P left = pset1<P>(a.data[r * a.rowStride + p * a.columnStride]);
            for (int i = 0; i < Packets; ++i)
                sums[r][i] = pmadd(left, right[i], sums[r][i]);
        }
    }
    for (int r = 0; r < Rows; ++r) {
        T *target = c + r * strideC;
        if (columns == width) {
            for (int i = 0; i < Packets; ++i) {
                T *to = target + i * packetSize<T>;
                pstoreu(to, accumulate ? padd(ploadu<P>(to), sums[r][i]) : sums[r][i]);
            }
            continue;
        }
        T values[width];
        for (int i = 0; i < Packets; ++i)
            pstoreu(values + i * packetSize<T>, sums[r][i]);
        for (int64_t j = 0; j < columns; ++j)
            target[j] = accumulate ? target[j] + values[j] : values[j];
    }
}

/// Rows in blocks of `Rows`, what is left in blocks of half as many.
template <int Rows, int Packets, typename T>
void blocks(int64_t m, int64_t k, LeftFactor<T> a, const T *packed, T *c, int64_t strideC,
            int64_t columns, bool accumulate)
{
    for (; m >= Rows; m -= Rows) {
        block<Rows, Packets>(k, a, packed, c, strideC, columns, accumulate);
        a.data += Rows * a.rowStride;
        c += Rows * strideC;
    }
    if constexpr (Rows > 1) {
        if (m > 0)
            blocks<Rows / 2, Packets>(m, k, a, packed, c, strideC, columns, accumulate);
    }
}

} // namespace

template <typename T> int64_t packedSize(int64_t k, int64_t n)
{
    const int64_t full = n / fullPanel<T> * fullPanel<T>;
    return k * (n == full ? n : full + panelWidth<T>(n - full));
}

template <typename T>
void pack(Layout layout, int64_t k, int64_t n, const T *b, int64_t stride, T *packed)
{
    const int64_t stepK = layout == Layout::Plain ? stride : 1;
    const int64_t stepN = layout == Layout::Plain ? 1 : stride;
    for (int64_t begin = 0; begin < n; begin += fullPanel<T>) {
        const int64_t width = panelWidth<T>(n - begin);
        const int64_t columns = std::min(width, n - begin);
        for (int64_t p = 0; p < k; ++p, packed += width) {
            const T *from = b + p * stepK + begin * stepN;
            for (int64_t j = 0; j < columns; ++j)
                packed[j] = from[j * stepN];
            std::fill(packed + columns, packed + width, T(0));
        }
    }
}

template <typename T>
void packedProduct(int64_t m, int64_t n, int64_t k, LeftFactor<T> a, const T *packed, T *c,
                   int64_t strideC, bool accumulate)
{
    for (int64_t begin = 0; begin < n; begin += fullPanel<T>) {
        const T *panel = packed + begin * k;
        if (n - begin <= packetSize<T>)
            blocks<mostRows, 1>(m, k, a, panel, c + begin, strideC, n - begin, accumulate);
        else
            blocks<mostRows, 2>(m, k, a, panel, c + begin, strideC,
                                std::min(fullPanel<T>, n - begin), accumulate);
    }
}

template int64_t packedSize<float>(int64_t, int64_t);
template int64_t packedSize<double>(int64_t, int64_t);
template void pack(Layout, int64_t, int64_t, const float *, int64_t, float *);
template void pack(Layout, int64_t, int64_t, const double *, int64_t, double *);
template void packedProduct(int64_t, int64_t, int64_t, LeftFactor<float>, const float *, float *,
                            int64_t, bool);
template void packedProduct(int64_t, int64_t, int64_t, LeftFactor<double>, const double *, double *,
                            int64_t, bool);

} // namespace mrg::kernels
