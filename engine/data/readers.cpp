// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/DatasetSpec.h"

#include "engine/data/csv.h"
#include "engine/data/formats.h"

namespace mrg {

namespace {

/// Reads a training file and, where there is one, a test file with `read`; splits one table itself.
Result<DataSplit> splitFiles(const std::filesystem::path &train, const std::string &test,
                             const std::filesystem::path &base, bool normalize,
                             const std::function<Result<Dataset>(const std::filesystem::path &)> &read)
{
    if (train.empty()) {
        return Error(ErrorCategory::Value, "no_file", "data source", "no file", "a path",
                     "choose a file in the inspector");
    }
    Result<Dataset> first = read(base / train);
    if (!first)
        return first.error();
    const std::string about = "Read from " + (base / train).string();
    Dataset second;
    if (!test.empty()) {
        Result<Dataset> read2 = read(base / test);
        if (!read2)
            return read2.error();
        second = std::move(*read2);
        if (second.sampleShape() != first->sampleShape() || second.labelNames != first->labelNames) {
            return Error(ErrorCategory::File, "files_differ", test,
                         toString(second.sampleShape()) + " and " + std::to_string(second.classCount()) + " labels",
                         toString(first->sampleShape()) + " and " + std::to_string(first->classCount())
                                 + " as in the training file",
                         "choose files with the same columns");
        }
    }
    DataSplit split = test.empty() ? splitTable(*first, about) : holdOut(std::move(*first), std::move(second), about);
    if (!normalize)
        return split;
    const Dataset reference = *split.train;
    const auto normalized = [&](const std::shared_ptr<const Dataset> &part) {
        Dataset copy = *part;
        copy.inputs = part->inputs.copy();
        standardize(copy, reference);
        return std::make_shared<const Dataset>(std::move(copy));
    };
    return DataSplit{normalized(split.train), normalized(split.validation), normalized(split.test), about};
}

enum class TaskChoice { Auto, MultiLabel, SingleLabel, Regression };

} // namespace

template <> struct EnumTexts<TaskChoice> {
    static constexpr std::array texts{std::pair{TaskChoice::Auto, "auto"},
                                      std::pair{TaskChoice::MultiLabel, "multi-label"},
                                      std::pair{TaskChoice::SingleLabel, "single-label"},
                                      std::pair{TaskChoice::Regression, "regression"}};
};

namespace {

struct CsvSource {
    std::string path;
    std::string test_path;
    std::string delimiter;
    std::optional<bool> header;
    std::vector<std::string> targets;
    std::vector<std::string> ignored;
    TaskChoice task = TaskChoice::Auto;
    MissingPolicy missing = MissingPolicy::Refuse;
    bool standardize = true;
};

Result<DataSplit> loadCsv(const CsvSource &source, const std::filesystem::path &base)
{
    CsvOptions options{source.delimiter, source.header, source.targets, source.ignored, {}, source.missing};
    if (source.task != TaskChoice::Auto)
        options.task = static_cast<Task>(static_cast<int>(source.task) - 1);
    return splitFiles(source.path, source.test_path, base, source.standardize,
                      [&](const std::filesystem::path &path) { return readCsv(path, options); });
}

struct IdxSource {
    std::string images;
    std::string labels;
    std::string test_images;
    std::string test_labels;
    std::vector<std::string> label_names;
};

Result<DataSplit> loadIdx(const IdxSource &source, const std::filesystem::path &base)
{
    return splitFiles(source.images, source.test_images, base, false,
                      [&](const std::filesystem::path &path) {
                          const bool isTest = path == base / source.test_images;
                          return readIdxPair(path, base / (isTest ? source.test_labels : source.labels),
                                             source.label_names);
                      });
}

struct SvmlightSource {
    std::string path;
    std::string test_path;
    int64_t features = 0;
    int64_t labels = 0;
};

Result<DataSplit> loadSvmlight(const SvmlightSource &source, const std::filesystem::path &base)
{
    return splitFiles(source.path, source.test_path, base, false, [&](const std::filesystem::path &path) {
        return readSvmlight(path, source.features, source.labels);
    });
}

struct ArffSource {
    std::string path;
    std::string test_path;
    std::string xml;
    int64_t labels = 0;
    bool standardize = true;
};

Result<DataSplit> loadArff(const ArffSource &source, const std::filesystem::path &base)
{
    const std::filesystem::path xml = source.xml.empty() ? std::filesystem::path() : base / source.xml;
    return splitFiles(source.path, source.test_path, base, source.standardize,
                      [&](const std::filesystem::path &path) { return readArff(path, xml, source.labels); });
}

} // namespace

std::vector<DatasetSpec> fileReaders()
{
    using C = CsvSource;
    using I = IdxSource;
    using S = SvmlightSource;
    using A = ArffSource;
    const char *testPath = "A file of test data; none: a fifth of the rows.";
    return {declareDataset<C>(
                    "csv", "CSV table", "A table of numbers and words, one sample a row.",
                    {arg("path", &C::path, "The file."), arg("test_path", &C::test_path, testPath),
                     arg("delimiter", &C::delimiter, "One character or tab; empty: found out."),
                     arg("header", &C::header, "Whether the first line holds names; none: found out."),
                     arg("targets", &C::targets, "The columns to predict; none: class, target* and label:*."),
                     arg("ignored", &C::ignored, "Columns to leave out."),
                     arg("task", &C::task, "What is predicted; auto: by the target columns."),
                     arg("missing", &C::missing, "What to do with missing values."),
                     arg("standardize", &C::standardize, "Bring inputs to mean 0 and deviation 1.")},
                    loadCsv),
            declareDataset<I>(
                    "idx", "IDX images", "Images and labels as MNIST has them, gzip or not.",
                    {arg("images", &I::images, "The file of training images."),
                     arg("labels", &I::labels, "The file of their labels."),
                     arg("test_images", &I::test_images, "Test images; none: a fifth of the others."),
                     arg("test_labels", &I::test_labels, "Labels of the test images."),
                     arg("label_names", &I::label_names, "Names of the labels in order.")},
                    loadIdx),
            declareDataset<S>(
                    "svmlight", "svmlight (multi-label)", "Sparse rows: labels, then index:value pairs.",
                    {arg("path", &S::path, "The file."), arg("test_path", &S::test_path, testPath),
                     arg("features", &S::features, "Number of features; 0: the largest index.", atLeast(0)),
                     arg("labels", &S::labels, "Number of labels; 0: the largest seen.", atLeast(0))},
                    loadSvmlight),
            declareDataset<A>(
                    "arff", "ARFF (Mulan)", "Multi-label data as Mulan and MEKA write them.",
                    {arg("path", &A::path, "The file."), arg("test_path", &A::test_path, testPath),
                     arg("xml", &A::xml, "Mulan's list of labels; none: the .xml beside the file."),
                     arg("labels", &A::labels,
                         "Without XML: how many last (positive) or first (negative) attributes are labels."),
                     arg("standardize", &A::standardize, "Bring inputs to mean 0 and deviation 1.")},
                    loadArff)};
}

std::vector<DatasetSpec> datasetSpecs()
{
    std::vector<DatasetSpec> out;
    for (auto family : {shippedDatasets, fileReaders, toyGenerators}) {
        for (DatasetSpec &spec : family())
            out.push_back(std::move(spec));
    }
    return out;
}

} // namespace mrg
