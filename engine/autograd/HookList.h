// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

namespace mrg {

/// What registering a hook returns; remove() takes the hook away. Calling it twice, or after the
/// hook's owner is gone, is harmless.
class RemovableHandle {
public:
    RemovableHandle() = default;
    explicit RemovableHandle(std::function<void()> remove) : m_remove(std::move(remove)) { }
    void remove()
    {
        if (const auto action = std::exchange(m_remove, nullptr))
            action();
    }

private:
    std::function<void()> m_remove;
};

/// Hooks of one kind in the order of their calls.
template <typename Hook> class HookList {
public:
    RemovableHandle add(Hook hook, bool first = false)
    {
        const int64_t key = m_hooks->empty() ? 0
                : first                      ? m_hooks->begin()->first - 1
                                             : m_hooks->rbegin()->first + 1;
        (*m_hooks)[key] = std::move(hook);
        return RemovableHandle([list = std::weak_ptr(m_hooks), key] {
            if (const auto hooks = list.lock())
                hooks->erase(key);
        });
    }
    bool empty() const { return m_hooks->empty(); }
    /// Calls action(hook) for each; hooks may come and go meanwhile.
    template <typename Action> void forEach(const Action &action) const
    {
        const std::map<int64_t, Hook> hooks = *m_hooks;
        for (const auto &[key, hook] : hooks)
            action(hook);
    }

private:
    std::shared_ptr<std::map<int64_t, Hook>> m_hooks = std::make_shared<std::map<int64_t, Hook>>();
};

} // namespace mrg
