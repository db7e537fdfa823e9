// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/Dataset.h"

#include <filesystem>

namespace mrg {

/// A data source: a set that is shipped, a reader of files, or a generator. Declared once; the
/// palette, the inspector and files know it as the node type "data.<name>".
struct DatasetSpec {
    std::string name;
    std::string title;
    std::string summary;
    std::vector<Arg> args;
    /// Reads or makes the data. Relative paths in the arguments are taken from `base`.
    std::function<Result<DataSplit>(const Arguments &, const std::filesystem::path &base)> load;
    std::function<Result<void>(const Arguments &)> validate;
};

/// Every data source there is: shipped sets, readers, generators.
std::vector<DatasetSpec> datasetSpecs();

/// The families, each beside its implementation.
std::vector<DatasetSpec> shippedDatasets(); ///< shipped.cpp
std::vector<DatasetSpec> fileReaders(); ///< readers.cpp
std::vector<DatasetSpec> toyGenerators(); ///< toys.cpp

/// Makes a spec from an Options struct and a loader.
template <typename O>
DatasetSpec
declareDataset(std::string name, std::string title, std::string summary, std::vector<Arg> args,
               std::function<Result<DataSplit>(const O &, const std::filesystem::path &)> load)
{
    DatasetSpec spec{
            std::move(name), std::move(title), std::move(summary), std::move(args), {}, {}};
    spec.load = [args = spec.args, where = spec.name,
                 load](const Arguments &values,
                       const std::filesystem::path &base) -> Result<DataSplit> {
        const Result<O> options = makeOptions<O>(args, values, where);
        if (!options)
            return options.error();
        return load(*options, base);
    };
    spec.validate = [args = spec.args, where = spec.name](const Arguments &values) -> Result<void> {
        const Result<O> options = makeOptions<O>(args, values, where);
        if (!options)
            return options.error();
        return {};
    };
    return spec;
}

} // namespace mrg
