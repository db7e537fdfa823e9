// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QApplication>

#include <chrono>
#include <ctime>

namespace mrg::test {

/// An application that notes the longest handling of one event: in processor time of the UI thread,
/// which is the program's own doing, and in wall time, which on a busy machine is not.
class ClockedApplication : public QApplication {
public:
    using QApplication::QApplication;

    bool notify(QObject *receiver, QEvent *event) override
    {
        if (m_depth++ > 0) {
            const bool done = QApplication::notify(receiver, event);
            --m_depth;
            return done;
        }
        const QEvent::Type type = event->type();
        const QByteArray name = receiver->metaObject()->className();
        const double cpu = cpuMs();
        const auto wall = std::chrono::steady_clock::now();
        const bool done = QApplication::notify(receiver, event);
        const double took = cpuMs() - cpu;
        m_wallMs = std::max(
                m_wallMs,
                std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - wall)
                        .count());
        ++m_events;
        if (took > m_cpuMs) {
            m_cpuMs = took;
            m_where = name + ", event " + QByteArray::number(type);
        }
        --m_depth;
        return done;
    }
    void restart() { m_cpuMs = m_wallMs = m_events = 0; }
    double longestCpuMs() const { return m_cpuMs; }
    double longestWallMs() const { return m_wallMs; }
    qint64 events() const { return m_events; }
    /// Who took longest.
    QByteArray where() const { return m_where; }

    /// Processor time that all other threads have used, in milliseconds.
    static double otherThreadsMs() { return milliseconds(CLOCK_PROCESS_CPUTIME_ID) - cpuMs(); }

private:
    static double milliseconds(clockid_t which)
    {
        timespec now{};
        clock_gettime(which, &now);
        return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
    }
    static double cpuMs() { return milliseconds(CLOCK_THREAD_CPUTIME_ID); }
    int m_depth = 0;
    double m_cpuMs = 0;
    double m_wallMs = 0;
    qint64 m_events = 0;
    QByteArray m_where;
};

} // namespace mrg::test
