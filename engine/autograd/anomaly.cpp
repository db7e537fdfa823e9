// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/anomaly.h"

#include "engine/autograd/BackwardObserver.h"

namespace mrg {

namespace {
thread_local bool anomalyIsEnabled = false;
thread_local std::string origin;
} // namespace

thread_local BackwardObserver *BackwardObserver::s_current = nullptr;

AnomalyMode::AnomalyMode(bool enabled) : m_previous(anomalyIsEnabled)
{
    anomalyIsEnabled = enabled;
}
AnomalyMode::~AnomalyMode() { anomalyIsEnabled = m_previous; }

bool anomalyEnabled() { return anomalyIsEnabled; }

OperationOrigin::OperationOrigin(const std::string &name) : m_previous(origin)
{
    origin += (origin.empty() ? "" : ".") + name;
}
OperationOrigin::~OperationOrigin() { origin = std::move(m_previous); }
const std::string &OperationOrigin::current() { return origin; }

} // namespace mrg
