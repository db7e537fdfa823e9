// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/Parallel.h"

#include "engine/core/Denormals.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace mrg {

namespace {

/// Workers that wait for one job at a time; the caller works too.
class Pool {
public:
    explicit Pool(int helpers)
    {
        for (int i = 0; i < helpers; ++i)
            m_threads.emplace_back([this](std::stop_token stop) { serve(stop); });
    }

    ~Pool()
    {
        for (std::jthread &thread : m_threads)
            thread.request_stop();
        m_wake.notify_all();
    }

    void run(int64_t count, int64_t grain, FunctionRef<void(int64_t, int64_t)> body)
    {
        {
            std::lock_guard lock(m_mutex);
            m_body = &body;
            m_count = count;
            m_grain = grain;
            m_flushes = flushesDenormals();
            m_next = 0;
            m_active = static_cast<int>(m_threads.size());
            m_failure = nullptr;
            ++m_generation;
        }
        m_wake.notify_all();
        work();
        std::unique_lock lock(m_mutex);
        m_done.wait(lock, [this] { return m_active == 0; });
        if (m_failure)
            std::rethrow_exception(m_failure);
    }

private:
    void serve(std::stop_token stop)
    {
        uint64_t seen = 0;
        for (;;) {
            bool flushes;
            {
                std::unique_lock lock(m_mutex);
                if (!m_wake.wait(lock, stop, [&] { return m_generation != seen; }))
                    return;
                seen = m_generation;
                flushes = m_flushes;
            }
            {
                const FlushDenormals asTheCaller(flushes);
                work();
            }
            std::lock_guard lock(m_mutex);
            if (--m_active == 0)
                m_done.notify_one();
        }
    }

    void work()
    {
        for (;;) {
            const int64_t begin = m_next.fetch_add(m_grain);
            if (begin >= m_count)
                return;
            try {
                (*m_body)(begin, std::min(begin + m_grain, m_count));
            } catch (...) {
                std::lock_guard lock(m_mutex);
                if (!m_failure)
                    m_failure = std::current_exception();
            }
        }
    }

    std::mutex m_mutex;
    std::condition_variable_any m_wake;
    std::condition_variable m_done;
    const FunctionRef<void(int64_t, int64_t)> *m_body = nullptr;
    int64_t m_count = 0;
    int64_t m_grain = 1;
    bool m_flushes = false; ///< denormals, as the caller does
    std::atomic<int64_t> m_next = 0;
    int m_active = 0;
    uint64_t m_generation = 0;
    std::exception_ptr m_failure;
    std::vector<std::jthread> m_threads;
};

std::mutex poolMutex;
std::unique_ptr<Pool> pool;
std::atomic<int> threadCount = 1;
thread_local bool insideParallel = false;

} // namespace

void setNumThreads(int count)
{
    std::lock_guard lock(poolMutex);
    pool.reset();
    threadCount = std::max(count, 1);
}

int numThreads() { return threadCount; }

void detail::parallelPieces(int64_t count, int64_t grain, FunctionRef<void(int64_t, int64_t)> body)
{
    // A nested call, or one from a second thread while the pool is busy, runs its pieces in place.
    std::unique_lock lock(poolMutex, std::defer_lock);
    if (threadCount == 1 || insideParallel || !lock.try_lock()) {
        for (int64_t begin = 0; begin < count; begin += grain)
            body(begin, std::min(begin + grain, count));
        return;
    }
    if (!pool)
        pool = std::make_unique<Pool>(threadCount - 1);
    const auto guarded = [&](int64_t begin, int64_t end) {
        insideParallel = true;
        struct Leave {
            ~Leave() { insideParallel = false; }
        } leave;
        body(begin, end);
    };
    pool->run(count, grain, guarded);
}

} // namespace mrg
