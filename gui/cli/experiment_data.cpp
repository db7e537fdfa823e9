// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/cli/experiment_data.h"

#include <cstdio>

namespace mrg {

Result<DataSplit> loadData(const Vocabulary &vocabulary, const Experiment &experiment,
                           const std::filesystem::path &file)
{
    const NetworkNode *source = nullptr;
    for (const NetworkNode &node : experiment.network.nodes) {
        if (node.type.starts_with("data."))
            source = &node;
    }
    const DatasetSpec *dataset = source ? vocabulary.dataset(source->type.substr(5)) : nullptr;
    if (!dataset) {
        return Error(ErrorCategory::Value, "no_data", file.string(),
                     source ? source->type : "no data source", "one data source of this build");
    }
    return dataset->load(source->args, file.parent_path());
}

int complain(const Error &error)
{
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}

} // namespace mrg
