// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace mrg {

template <typename Signature> class FunctionRef;

/// A callable that someone else owns, for parameters: no copy, no allocation. It must outlive the
/// call it is passed to.
template <typename R, typename... Args> class FunctionRef<R(Args...)> {
public:
    template <typename F>
    requires(!std::is_same_v<std::remove_cvref_t<F>,
                             FunctionRef> && std::is_invocable_v<F &, Args...>)
            FunctionRef(F &&function)
        : m_object(const_cast<void *>(static_cast<const void *>(std::addressof(function)))),
          m_call([](void *object, Args... args) -> R {
              return (*static_cast<std::remove_reference_t<F> *>(object))(
                      std::forward<Args>(args)...);
          })
    {
    }
    R operator()(Args... args) const { return m_call(m_object, std::forward<Args>(args)...); }

private:
    void *m_object;
    R (*m_call)(void *, Args...);
};

} // namespace mrg
