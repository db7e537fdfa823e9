// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/metrics_csv.h"

#include "engine/core/write_file.h"

#include <sstream>

namespace mrg {

Result<void> writeMetricsCsv(const std::filesystem::path &path, const RunStore &store, int64_t run)
{
    const Result<std::vector<std::string>> names = store.series(run);
    if (!names)
        return names.error();
    std::ostringstream file;
    file << "series,step,epoch,value\n";
    file.precision(9);
    for (const std::string &name : *names) {
        const Result<std::vector<StoredPoint>> points = store.points(run, name);
        if (!points)
            return points.error();
        for (const StoredPoint &point : *points)
            file << name << ',' << point.step << ',' << point.epoch << ',' << point.value << '\n';
    }
    return writeFile(path, file.str());
}

} // namespace mrg
