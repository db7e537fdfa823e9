// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace mrg {

/// A block of memory shared by the tensors that view it, aligned to 64 bytes, not initialised.
/// While a LaunchRecorder is installed, it comes from there.
///
/// The version counts in-place changes, so that a tensor saved for backward is noticed when it was
/// changed meanwhile.
class Storage {
public:
    explicit Storage(size_t bytes);
    ~Storage();
    Storage(const Storage &) = delete;
    Storage &operator=(const Storage &) = delete;

    std::byte *data() const { return m_data; }
    size_t bytes() const { return m_bytes; }
    uint64_t version() const { return m_version; }
    void bumpVersion() { ++m_version; }

private:
    std::byte *m_data;
    std::shared_ptr<std::byte> m_recorded; ///< the memory, where a recorder gave it
    size_t m_bytes;
    uint64_t m_version = 0;
};

} // namespace mrg
