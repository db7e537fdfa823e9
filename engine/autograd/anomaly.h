// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace mrg {

/// Looks for the first NaN while one lives in this thread (torch.autograd.detect_anomaly): an
/// operation whose result has a NaN that none of its inputs has throws Error (state,
/// `nan_in_forward`), one whose backward gives a NaN Error (state, `nan_in_backward`). Both name
/// the operation and the module that called it: "exp in net.0 (Linear)". Slow: every result is
/// looked through.
class AnomalyMode {
public:
    explicit AnomalyMode(bool enabled = true);
    ~AnomalyMode();
    AnomalyMode(const AnomalyMode &) = delete;
    AnomalyMode &operator=(const AnomalyMode &) = delete;

private:
    bool m_previous;
};

bool anomalyEnabled();

/// Says for a scope which module calls operations; scopes within each other are joined by dots.
class OperationOrigin {
public:
    explicit OperationOrigin(const std::string &name);
    ~OperationOrigin();
    OperationOrigin(const OperationOrigin &) = delete;
    OperationOrigin &operator=(const OperationOrigin &) = delete;
    /// That of the current scope; empty outside of all.
    static const std::string &current();

private:
    std::string m_previous;
};

} // namespace mrg
