// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/cli/commands.h"

#include "engine/benchmark/Workload.h"
#include "engine/benchmark/timing.h"
#include "engine/core/Parallel.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>

namespace mrg {

using Json = nlohmann::ordered_json;

namespace {

std::vector<std::string> split(const std::string &list)
{
    std::vector<std::string> out;
    std::istringstream stream(list);
    for (std::string item; std::getline(stream, item, ',');)
        out.push_back(item);
    return out;
}

/// Two significant digits more than one reads.
double rounded(double value, double unit) { return std::round(value / unit) * unit; }

class Bench {
public:
    Bench(const Vocabulary &vocabulary, const BenchRequest &request)
        : m_subject{vocabulary.registry, vocabulary.optimizers},
          m_request(request)
    {
        setNumThreads(request.threads);
        m_timing.seconds = request.window;
    }

    void peaks() const
    {
        const MachinePeaks peaks = measurePeaks();
        if (m_request.json) {
            print({{"machine", "peak"},
                   {"threads", m_request.threads},
                   {"gflops", rounded(peaks.gigaflops, 0.1)},
                   {"gigabytes_per_second", rounded(peaks.gigabytesPerSecond, 0.1)}});
        } else {
            std::printf("%-14s %12.1f GFLOP/s %10.1f GB/s at most, %d threads\n", "machine",
                        peaks.gigaflops, peaks.gigabytesPerSecond, m_request.threads);
        }
    }

    void workload(const Workload &workload) const
    {
        const BenchmarkStep step = workload.make(m_subject);
        const double rate = stepsPerSecond(step.run, m_timing);
        const double gflops = rate * step.flops / 1e9;
        const double gigabytes = rate * step.bytes / 1e9;
        if (m_request.json) {
            Json line{{"id", workload.id},
                      {"threads", m_request.threads},
                      {"per_second", rounded(rate, 0.01)},
                      {"peak_bytes", peakResidentBytes()}};
            if (gflops > 0)
                line["gflops"] = rounded(gflops, 0.1);
            if (gigabytes > 0)
                line["gigabytes_per_second"] = rounded(gigabytes, 0.1);
            print(line);
            return;
        }
        std::string measure;
        if (gflops > 0)
            measure = std::to_string(std::lround(gflops)) + " GFLOP/s";
        if (gigabytes > 0)
            measure = std::to_string(std::lround(gigabytes)) + " GB/s";
        std::printf("%-14s %12.2f steps/s  %-14s %s\n", workload.id.c_str(), rate, measure.c_str(),
                    workload.summary.c_str());
    }

    void growth(const Growth &growth) const
    {
        for (int64_t size : growth.sizes) {
            const double rate
                    = stepsPerSecond(growth.make(m_subject, size).run, {m_timing.seconds / 4, 3});
            if (m_request.json) {
                print({{"growth", growth.id},
                       {"threads", m_request.threads},
                       {"size", size},
                       {"seconds", 1 / rate},
                       {"summary", growth.summary}});
            } else {
                std::printf("%-8s %6lld %12.1f us a step   %s\n", growth.id.c_str(),
                            static_cast<long long>(size), 1e6 / rate, growth.summary.c_str());
            }
        }
    }

private:
    static void print(const Json &line)
    {
        std::printf("%s\n", line.dump().c_str());
        std::fflush(stdout);
    }

    BenchmarkSubject m_subject;
    const BenchRequest &m_request;
    Timing m_timing;
};

} // namespace

int benchCommand(const Vocabulary &vocabulary, const BenchRequest &request)
{
    const std::vector<std::string> only = split(request.only);
    const auto wanted = [&only](const std::string &id) {
        return only.empty() || std::find(only.begin(), only.end(), id) != only.end();
    };
    const std::vector<Workload> all = workloads();
    for (const std::string &id : only) {
        if (std::none_of(all.begin(), all.end(), [&](const Workload &w) { return w.id == id; })
            && id != "peak") {
            std::string known;
            for (const Workload &one : all)
                known += " " + one.id;
            std::fprintf(stderr, "bench: no workload is called %s; there are:%s peak\n", id.c_str(),
                         known.c_str());
            return 1;
        }
    }
    if (request.list) {
        for (const Workload &one : all) {
            std::printf("%s\n",
                        request.json ? Json{{"id", one.id}, {"summary", one.summary}}.dump().c_str()
                                     : (one.id + "  " + one.summary).c_str());
        }
        return 0;
    }
    int failures = 0;
    const auto guarded = [&failures](const std::string &id, const auto &action) {
        try {
            action();
        } catch (const Error &error) {
            std::fprintf(stderr, "%s: %s\n", id.c_str(), error.what());
            ++failures;
        }
    };
    const Bench bench(vocabulary, request);
    if (request.growth) {
        for (const Growth &growth : growths())
            guarded(growth.id, [&] { bench.growth(growth); });
        return failures ? 1 : 0;
    }
    if (wanted("peak"))
        bench.peaks();
    for (const Workload &one : all) {
        if (wanted(one.id))
            guarded(one.id, [&] { bench.workload(one); });
    }
    return failures ? 1 : 0;
}

} // namespace mrg
