// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/Denormals.h"

#include <cstdint>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace mrg {

namespace {

#if defined(__SSE2__)

/// Results (bit 15) and operands (bit 6).
constexpr uint32_t flushBits = (1U << 15) | (1U << 6);
uint32_t control() { return _mm_getcsr(); }
void setControl(uint32_t bits) { _mm_setcsr(bits); }

#elif defined(__aarch64__)

constexpr uint64_t flushBits = uint64_t(1) << 24;
uint64_t control()
{
    uint64_t bits;
    asm volatile("mrs %0, fpcr" : "=r"(bits));
    return bits;
}
void setControl(uint64_t bits) { asm volatile("msr fpcr, %0" ::"r"(bits)); }

#else

constexpr uint32_t flushBits = 0;
uint32_t control() { return 0; }
void setControl(uint32_t) { }

#endif

} // namespace

bool flushesDenormals() { return flushBits != 0 && (control() & flushBits) == flushBits; }

bool setFlushDenormals(bool on)
{
    if (flushBits == 0)
        return false;
    setControl(on ? control() | flushBits : control() & ~flushBits);
    return true;
}

} // namespace mrg
