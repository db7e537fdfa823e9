// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/Random.h"

#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

namespace mrg {

RandomStream::RandomStream(uint64_t seed, uint64_t stream) : m_seed(seed), m_stream(stream) { }

void RandomStream::refill()
{
    // Philox4x32-10: counter = (block index, stream), key = seed.
    const uint64_t blockIndex = m_position / 4;
    std::array<uint32_t, 4> c{
            static_cast<uint32_t>(blockIndex), static_cast<uint32_t>(blockIndex >> 32),
            static_cast<uint32_t>(m_stream), static_cast<uint32_t>(m_stream >> 32)};
    uint32_t k0 = static_cast<uint32_t>(m_seed);
    uint32_t k1 = static_cast<uint32_t>(m_seed >> 32);
    for (int round = 0; round < 10; ++round) {
        const uint64_t p0 = uint64_t{0xD2511F53} * c[0];
        const uint64_t p1 = uint64_t{0xCD9E8D57} * c[2];
        c = {static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<uint32_t>(p1),
             static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k1, static_cast<uint32_t>(p0)};
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
    m_block = c;
    m_blockValid = true;
}

uint32_t RandomStream::nextUint32()
{
    if (!m_blockValid || m_position % 4 == 0)
        refill();
    return m_block[m_position++ % 4];
}

uint64_t RandomStream::nextUint64()
{
    const uint64_t high = nextUint32();
    return high << 32 | nextUint32();
}

double RandomStream::uniform() { return static_cast<double>(nextUint64() >> 11) * 0x1p-53; }

double RandomStream::uniform(double low, double high) { return low + (high - low) * uniform(); }

double RandomStream::normal()
{
    if (m_hasSpareNormal) {
        m_hasSpareNormal = false;
        return m_spareNormal;
    }
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    const double angle = 2.0 * std::numbers::pi * uniform();
    m_spareNormal = radius * std::sin(angle);
    m_hasSpareNormal = true;
    return radius * std::cos(angle);
}

int64_t RandomStream::below(int64_t n)
{
    const uint64_t range = static_cast<uint64_t>(n);
    const uint64_t limit = UINT64_MAX - UINT64_MAX % range;
    uint64_t draw = nextUint64();
    while (draw >= limit)
        draw = nextUint64();
    return static_cast<int64_t>(draw % range);
}

std::vector<int64_t> RandomStream::permutation(int64_t n)
{
    std::vector<int64_t> order(static_cast<size_t>(n));
    std::iota(order.begin(), order.end(), int64_t{0});
    for (int64_t i = n - 1; i > 0; --i)
        std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(below(i + 1))]);
    return order;
}

void RandomStream::seek(uint64_t position)
{
    m_position = position;
    m_blockValid = false;
    m_hasSpareNormal = false;
}

RandomStream &defaultGenerator()
{
    thread_local RandomStream generator;
    return generator;
}

void manualSeed(uint64_t seed) { defaultGenerator() = RandomStream(seed); }

} // namespace mrg
