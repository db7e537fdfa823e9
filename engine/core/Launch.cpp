// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/Launch.h"

namespace mrg {

thread_local LaunchRecorder *LaunchRecorder::s_current = nullptr;

LaunchRecorder::~LaunchRecorder() = default;

RecordLaunches::RecordLaunches(LaunchRecorder *recorder) : m_previous(LaunchRecorder::s_current)
{
    LaunchRecorder::s_current = recorder;
}

RecordLaunches::~RecordLaunches() { LaunchRecorder::s_current = m_previous; }

} // namespace mrg
