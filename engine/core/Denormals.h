// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace mrg {

/// Whether this thread takes numbers below the smallest normal one (1e-38 for float32) for zero. A
/// processor works on them a hundred times slower than on others, and training makes plenty: a
/// momentum or a mean of squares without gradients fades through them.
///
/// Loops that this thread runs on the pool (parallelFor) do the same, on every thread.
bool flushesDenormals();

/// Switches it for this thread. False where the processor has no such switch (known are x86 and
/// AArch64); nothing changes then.
bool setFlushDenormals(bool on);

/// Flushes denormals in this thread for a scope:
///
///     const FlushDenormals flushing;
///     step.forward(input, target);
///
/// For training, not for single functions: those give what the standard says.
class FlushDenormals {
public:
    explicit FlushDenormals(bool on = true) : m_before(flushesDenormals())
    {
        m_changed = m_before != on && setFlushDenormals(on);
    }
    ~FlushDenormals()
    {
        if (m_changed)
            setFlushDenormals(m_before);
    }
    FlushDenormals(const FlushDenormals &) = delete;
    FlushDenormals &operator=(const FlushDenormals &) = delete;

private:
    bool m_before;
    bool m_changed = false;
};

} // namespace mrg
