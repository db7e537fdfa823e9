// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/plan/Arena.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <new>

namespace mrg {

namespace {
constexpr size_t alignment = 64;
/// A free block serves for less than this share of it only if nothing smaller is there.
constexpr size_t largestWaste = 2;
} // namespace

Arena::~Arena()
{
    for (std::byte *block : m_blocks)
        std::free(block);
}

std::shared_ptr<std::byte> Arena::allocate(size_t bytes)
{
    size_t size = (std::max<size_t>(bytes, 1) + alignment - 1) / alignment * alignment;
    std::byte *block = nullptr;
    auto fitting = m_free.lower_bound(size);
    // Of one size the last that was given back: the caches still hold it.
    if (fitting != m_free.end())
        fitting = std::prev(m_free.upper_bound(fitting->first));
    if (fitting != m_free.end() && fitting->first <= size * largestWaste) {
        size = fitting->first;
        block = fitting->second;
        m_free.erase(fitting);
    } else {
        block = static_cast<std::byte *>(std::aligned_alloc(alignment, size));
        if (!block)
            throw std::bad_alloc();
        m_blocks.push_back(block);
        m_bytes += size;
    }
    return {block,
            [arena = shared_from_this(), size](std::byte *used) { arena->giveBack(used, size); }};
}

void Arena::giveBack(std::byte *block, size_t size)
{
    if (m_frozen)
        return;
    if (m_holding)
        m_held.emplace_back(size, block);
    else
        m_free.emplace(size, block);
}

void Arena::release()
{
    m_holding = false;
    m_free.insert(m_held.begin(), m_held.end());
    m_held.clear();
}

} // namespace mrg
