// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace mrg::kernels {

/// Memory that a kernel works in and that outlasts the call, so that a replayed step allocates
/// nothing:
///
///     thread_local Scratch<T> panels;
///     T *memory = panels.of(count);
///
/// What it held before is lost. Not initialised; begins at a cache line.
template <typename T> class Scratch {
public:
    T *of(int64_t count)
    {
        if (count > m_size) {
            m_memory.reset();
            m_memory.reset(static_cast<T *>(
                    ::operator new(static_cast<size_t>(count) * sizeof(T), alignment)));
            m_size = count;
        }
        return m_memory.get();
    }

private:
    static constexpr std::align_val_t alignment{64};
    struct Free {
        void operator()(T *memory) const { ::operator delete(memory, alignment); }
    };
    std::unique_ptr<T, Free> m_memory;
    int64_t m_size = 0;
};

} // namespace mrg::kernels
