// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace mrg {

/// A counter-based random stream: Philox4x32-10, keyed by seed and stream, so that what is drawn
/// depends on nothing but (seed, stream, position). Copying copies the position.
///
/// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC'11.
class RandomStream {
public:
    explicit RandomStream(uint64_t seed = 0, uint64_t stream = 0);

    uint32_t nextUint32();
    uint64_t nextUint64();
    /// Uniform in [0, 1), 53 random bits.
    double uniform();
    /// Uniform in [low, high).
    double uniform(double low, double high);
    /// Standard normal (Box-Muller; both values of a pair are used).
    double normal();
    /// Uniform integer in [0, n), n > 0, without modulo bias.
    int64_t below(int64_t n);
    /// A random order of 0 .. n-1 (Fisher-Yates).
    std::vector<int64_t> permutation(int64_t n);

    uint64_t seed() const { return m_seed; }
    uint64_t stream() const { return m_stream; }
    /// Number of 32-bit words drawn so far; `seek` continues from there.
    uint64_t position() const { return m_position; }
    void seek(uint64_t position);

private:
    void refill();

    uint64_t m_seed;
    uint64_t m_stream;
    uint64_t m_position = 0;
    std::array<uint32_t, 4> m_block{};
    bool m_blockValid = false;
    double m_spareNormal = 0;
    bool m_hasSpareNormal = false;
};

/// The stream that torch.rand and the other random functions draw from in this thread.
RandomStream &defaultGenerator();
/// Starts it afresh (torch.manual_seed).
void manualSeed(uint64_t seed);

} // namespace mrg
