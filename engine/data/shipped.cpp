// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/DatasetSpec.h"

#include "engine/data/ResourcePaths.h"
#include "engine/data/csv.h"
#include "engine/data/formats.h"
#include "engine/data/text.h"

#include <algorithm>

namespace mrg {

namespace {

struct NoOptions { };

/// One column of a tab-separated file with a header line.
Result<std::vector<std::string>> column(const std::filesystem::path &path, size_t number)
{
    const Result<std::string> text = readWhole(path);
    if (!text)
        return text.error();
    std::vector<std::string> out;
    bool first = true;
    for (std::string_view line : splitLines(*text)) {
        if (std::exchange(first, false))
            continue;
        for (size_t skip = 0; skip < number; ++skip) {
            const size_t tab = line.find('\t');
            line.remove_prefix(tab == std::string_view::npos ? line.size() : tab + 1);
        }
        out.emplace_back(line.substr(0, line.find('\t')));
    }
    return out;
}

using Folder = std::filesystem::path;

Result<DataSplit> debtags(const Folder &folder, const std::string &about)
{
    const Result<std::vector<std::string>> labels = column(folder / "labels.tsv", 1);
    const Result<std::vector<std::string>> features = column(folder / "features.tsv", 1);
    if (!labels || !features)
        return labels ? features.error() : labels.error();
    const auto part = [&](const std::string &name) -> Result<Dataset> {
        Result<Dataset> data
                = readSvmlight(folder / (name + ".svm"), static_cast<int64_t>(features->size()),
                               static_cast<int64_t>(labels->size()));
        Result<std::vector<std::string>> packages
                = column(folder / ("packages_" + name + ".tsv"), 0);
        if (!data || !packages)
            return data ? packages.error() : data.error();
        data->name = "debtags";
        data->labelNames = *labels;
        data->featureNames = *features;
        data->sampleNames = *packages;
        return data;
    };
    Result<Dataset> train = part("train");
    Result<Dataset> test = part("test");
    if (!train || !test)
        return train ? test.error() : train.error();
    return holdOut(std::move(*train), std::move(*test), about);
}

Result<DataSplit> yeast(const Folder &folder, const std::string &about)
{
    Result<Dataset> train = readCsv(folder / "train.csv", {});
    Result<Dataset> test = readCsv(folder / "test.csv", {});
    if (!train || !test)
        return train ? test.error() : train.error();
    train->name = test->name = "yeast";
    standardize(*test, *train);
    standardize(*train, *train);
    return holdOut(std::move(*train), std::move(*test), about);
}

Result<DataSplit> images(const Folder &folder, const char *trainName, const char *testName,
                         const char *labelKind, const std::vector<std::string> &labels,
                         const std::string &name, const std::string &about)
{
    const auto part = [&](const std::string &prefix) -> Result<Dataset> {
        Result<Dataset> data
                = readIdxPair(folder / (prefix + "-images-idx3-ubyte.gz"),
                              folder / (prefix + "-labels-" + labelKind + "-ubyte.gz"), labels);
        const Folder names = folder / ("names_" + prefix + ".txt");
        if (!data || !std::filesystem::exists(names))
            return data;
        const Result<std::string> text = readWhole(names);
        if (!text)
            return text.error();
        for (std::string_view line : splitLines(*text))
            data->sampleNames.emplace_back(line);
        return data;
    };
    Result<Dataset> train = part(trainName);
    Result<Dataset> test = part(testName);
    if (!train || !test)
        return train ? test.error() : train.error();
    train->name = test->name = name;
    return holdOut(std::move(*train), std::move(*test), about);
}

Result<DataSplit> icons(const Folder &folder, const std::string &about)
{
    const Result<std::vector<std::string>> labels = column(folder / "labels.tsv", 1);
    if (!labels)
        return labels.error();
    return images(folder, "train", "test", "idx2", *labels, "mdi_icons", about);
}

Result<DataSplit> fashion(const Folder &folder, const std::string &about)
{
    return images(folder, "train", "t10k", "idx1",
                  {"T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker",
                   "Bag", "Ankle boot"},
                  "fashion_mnist", about);
}

/// A single table with the usual split, standardised by its training part.
Result<DataSplit> table(const Folder &folder, const std::string &about)
{
    Result<Dataset> all = readCsv(folder / (folder.filename().string() + ".csv"), {});
    if (!all)
        return all.error();
    const DataSplit split = splitTable(*all, about);
    standardize(*all, *split.train);
    return splitTable(*all, about);
}

/// README and licence texts of a folder, as Markdown.
Result<std::string> aboutText(const Folder &folder)
{
    Result<std::string> out = readWhole(folder / "README.md");
    if (!out)
        return out;
    std::vector<Folder> licences;
    for (const auto &entry : std::filesystem::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with("COPYRIGHT") || name.starts_with("LICENSE"))
            licences.push_back(entry.path());
    }
    std::sort(licences.begin(), licences.end());
    for (const Folder &licence : licences) {
        const Result<std::string> text = readWhole(licence);
        if (!text)
            return text;
        *out += "\n\n## " + licence.filename().string() + "\n\n```\n" + *text + "\n```\n";
    }
    return out;
}

using Loader = Result<DataSplit> (*)(const Folder &, const std::string &);

struct Shipped {
    const char *name;
    const char *title;
    const char *folder;
    Loader load;
    const char *summary;
};

constexpr Shipped sets[] = {
        {"debtags", "Debian tags", "debtags", debtags,
         "5166 Debian programs; from description and dependencies to 30 tags (multi-label, sparse "
         "text)."},
        {"yeast", "Yeast genes", "yeast", yeast,
         "2417 genes with 103 measurements and 14 functional classes (multi-label)."},
        {"mdi_icons", "Material icons", "mdi_icons", icons,
         "4156 pictograms of 24x24 pixels with 28 labels (multi-label images)."},
        {"fashion_mnist", "Fashion-MNIST (small)", "fashion_mnist_small", fashion,
         "7000 photographs of clothes, 28x28 pixels, 10 classes."},
        {"iris", "Iris", "iris", table, "150 flowers with 4 measurements, 3 species."},
        {"wine", "Wine", "wine", table, "178 wines with 13 measurements, 3 cultivars."},
        {"breast_cancer", "Breast cancer", "breast_cancer", table,
         "569 tumours with 30 measurements, 2 classes."},
        {"digits", "Digits", "digits", table, "1797 handwritten digits of 8x8 points, 10 classes."},
        {"diabetes", "Diabetes", "diabetes", table,
         "442 patients with 10 measurements; disease progression (regression)."}};

} // namespace

std::vector<DatasetSpec> shippedDatasets()
{
    std::vector<DatasetSpec> out;
    for (const Shipped &set : sets) {
        out.push_back(declareDataset<NoOptions>(
                set.name, set.title, set.summary, {},
                [&set](const NoOptions &, const std::filesystem::path &) -> Result<DataSplit> {
                    const Folder folder = resourcesFolder() / "data" / set.folder;
                    const Result<std::string> about = aboutText(folder);
                    if (!about)
                        return about.error();
                    return set.load(folder, *about);
                }));
    }
    return out;
}

} // namespace mrg
