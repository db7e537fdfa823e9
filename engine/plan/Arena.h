// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <vector>

namespace mrg {

/// The memory of a captured computation. While the capture goes on, what is given back is handed
/// out again, so that buffers whose lives do not overlap share their place; afterwards nothing
/// moves any more, and the memory stays until the plan and the last tensor in it are gone.
class Arena : public std::enable_shared_from_this<Arena> {
public:
    Arena() = default;
    ~Arena();
    Arena(const Arena &) = delete;
    Arena &operator=(const Arena &) = delete;

    /// At least `bytes`, aligned to 64, not initialised. Throws std::bad_alloc.
    std::shared_ptr<std::byte> allocate(size_t bytes);
    /// From here on, blocks that are given back wait until release(): the kernels of a fused group
    /// run interleaved, so none may write where an earlier one still reads.
    void hold() { m_holding = true; }
    void release();
    /// Ends the capture.
    void freeze() { m_frozen = true; }

    /// Bytes of all blocks.
    size_t bytes() const { return m_bytes; }

private:
    void giveBack(std::byte *block, size_t size);

    std::multimap<size_t, std::byte *> m_free;
    std::vector<std::pair<size_t, std::byte *>> m_held;
    std::vector<std::byte *> m_blocks;
    size_t m_bytes = 0;
    bool m_holding = false;
    std::atomic<bool> m_frozen = false; ///< read by whichever thread drops the last tensor
};

} // namespace mrg
