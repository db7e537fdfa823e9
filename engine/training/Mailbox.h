// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <utility>

namespace mrg {

/// Hands the newest value from one thread to another: three slots and one atomic exchange. Neither
/// side ever waits; a value that was not fetched in time is overwritten by a newer one.
template <typename T> class Mailbox {
public:
    /// Producer: the slot to fill before publish(). It may hold an old value, to be reused.
    T &draft() { return m_slots[m_writing]; }
    /// Producer: makes the draft the newest value.
    void publish()
    {
        m_writing = m_middle.exchange(static_cast<uint8_t>(m_writing | fresh),
                                      std::memory_order_acq_rel)
                & indexMask;
    }

    /// Consumer: takes over the newest value if there is a new one; false if there is none.
    bool fetch()
    {
        if (!(m_middle.load(std::memory_order_relaxed) & fresh))
            return false;
        m_reading = m_middle.exchange(m_reading, std::memory_order_acq_rel) & indexMask;
        return true;
    }
    /// Consumer: the value last fetched.
    const T &current() const { return m_slots[m_reading]; }

private:
    static constexpr uint8_t fresh = 4;
    static constexpr uint8_t indexMask = 3;
    std::array<T, 3> m_slots{};
    alignas(64) std::atomic<uint8_t> m_middle = 1;
    alignas(64) uint8_t m_writing = 0;
    alignas(64) uint8_t m_reading = 2;
};

} // namespace mrg
