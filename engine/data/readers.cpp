// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/DatasetSpec.h"

#include "engine/data/FilePath.h"
#include "engine/data/csv.h"
#include "engine/data/formats.h"

namespace mrg {

namespace {

/// What was read: a training table and, where there is one, a test table.
using Tables = std::pair<Dataset, std::optional<Dataset>>;

Error noFile()
{
    return Error(ErrorCategory::Value, "no_file", "data source", "no file", "a path",
                 "choose a file in the inspector");
}

/// Reads a training file and, where a path is given, a test file, which must be of its form.
Result<Tables>
readTables(const std::filesystem::path &base, const FilePath &train, const FilePath &test,
           const std::function<Result<Dataset>(const std::filesystem::path &)> &readTrain,
           const std::function<Result<Dataset>(const std::filesystem::path &, const Dataset &)>
                   &readTest)
{
    if (train.empty())
        return noFile();
    Result<Dataset> first = readTrain(train.in(base));
    if (!first)
        return first.error();
    if (test.empty())
        return Tables(std::move(*first), std::nullopt);
    Result<Dataset> second = readTest(test.in(base), *first);
    if (!second)
        return second.error();
    if (second->sampleShape() != first->sampleShape() || second->task != first->task
        || second->labelNames != first->labelNames || second->featureNames != first->featureNames) {
        return Error(ErrorCategory::File, "files_differ", test.text,
                     toString(second->sampleShape()) + " and "
                             + std::to_string(second->classCount()) + " labels",
                     toString(first->sampleShape()) + " and " + std::to_string(first->classCount())
                             + " of the same names as in the training file",
                     "choose files with the same columns");
    }
    return Tables(std::move(*first), std::move(*second));
}

/// Splits what was read; `normalize` by the statistics of the training part.
Result<DataSplit> split(Tables tables, const std::filesystem::path &path, bool normalize)
{
    auto &[train, test] = tables;
    const std::string about = "Read from " + path.string();
    const DataSplit split
            = test ? holdOut(std::move(train), std::move(*test), about) : splitTable(train, about);
    if (split.train->size() == 0) {
        return Error(ErrorCategory::File, "too_few_rows", path.filename().string(),
                     std::to_string(split.test->size()) + " rows",
                     "enough for training and test data", "choose a file with more rows");
    }
    if (!normalize)
        return split;
    const Dataset reference = *split.train;
    const auto normalized = [&](const std::shared_ptr<const Dataset> &part) {
        Dataset copy = *part;
        copy.inputs = part->inputs.copy();
        standardize(copy, reference);
        return std::make_shared<const Dataset>(std::move(copy));
    };
    return DataSplit{normalized(split.train), normalized(split.validation), normalized(split.test),
                     about};
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
    FilePath path;
    FilePath test_path;
    std::string delimiter;
    std::optional<bool> header;
    DecimalMark decimal = DecimalMark::Auto;
    TextEncoding encoding = TextEncoding::Utf8;
    std::vector<std::string> missing_texts = CsvOptions().missingTexts;
    MissingPolicy missing = MissingPolicy::Refuse;
    std::vector<std::string> targets;
    std::vector<std::string> ignored;
    std::vector<std::string> numbers;
    std::vector<std::string> categories;
    TaskChoice task = TaskChoice::Auto;
    bool standardize = true;
};

Result<DataSplit> loadCsv(const CsvSource &source, const std::filesystem::path &base)
{
    if (source.path.empty())
        return noFile();
    CsvOptions options{source.delimiter,
                       source.header,
                       source.decimal,
                       source.encoding,
                       source.missing_texts,
                       source.missing,
                       source.targets,
                       source.ignored,
                       source.numbers,
                       source.categories,
                       {}};
    if (source.task != TaskChoice::Auto)
        options.task = static_cast<Task>(static_cast<int>(source.task) - 1);
    const std::filesystem::path path = source.path.in(base);
    if (source.test_path.empty()) {
        Result<Dataset> table = readCsv(path, options);
        return table ? split(Tables(std::move(*table), std::nullopt), path, source.standardize)
                     : Result<DataSplit>(table.error());
    }
    Result<std::pair<Dataset, Dataset>> tables
            = readCsvPair(path, source.test_path.in(base), options);
    if (!tables)
        return tables.error();
    return split(Tables(std::move(tables->first), std::move(tables->second)), path,
                 source.standardize);
}

struct IdxSource {
    FilePath images;
    FilePath labels;
    FilePath test_images;
    FilePath test_labels;
    std::vector<std::string> label_names;
};

Result<DataSplit> loadIdx(const IdxSource &source, const std::filesystem::path &base)
{
    Result<Tables> tables = readTables(
            base, source.images, source.test_images,
            [&](const std::filesystem::path &path) {
                return readIdxPair(path, source.labels.in(base), source.label_names);
            },
            [&](const std::filesystem::path &path, const Dataset &train) {
                return readIdxPair(path, source.test_labels.in(base), train.labelNames);
            });
    return tables ? split(std::move(*tables), source.images.in(base), false)
                  : Result<DataSplit>(tables.error());
}

struct SvmlightSource {
    FilePath path;
    FilePath test_path;
    int64_t features = 0;
    int64_t labels = 0;
};

Result<DataSplit> loadSvmlight(const SvmlightSource &source, const std::filesystem::path &base)
{
    Result<Tables> tables = readTables(
            base, source.path, source.test_path,
            [&](const std::filesystem::path &path) {
                return readSvmlight(path, source.features, source.labels);
            },
            [&](const std::filesystem::path &path, const Dataset &train) {
                return readSvmlight(path, train.sampleShape()[0], train.classCount());
            });
    return tables ? split(std::move(*tables), source.path.in(base), false)
                  : Result<DataSplit>(tables.error());
}

struct ArffSource {
    FilePath path;
    FilePath test_path;
    FilePath xml;
    int64_t labels = 0;
    bool standardize = true;
};

Result<DataSplit> loadArff(const ArffSource &source, const std::filesystem::path &base)
{
    const std::filesystem::path xml
            = source.xml.empty() ? std::filesystem::path() : source.xml.in(base);
    Result<Tables> tables = readTables(
            base, source.path, source.test_path,
            [&](const std::filesystem::path &path) { return readArff(path, xml, source.labels); },
            [&](const std::filesystem::path &path, const Dataset &) {
                return readArff(path, xml, source.labels);
            });
    return tables ? split(std::move(*tables), source.path.in(base), source.standardize)
                  : Result<DataSplit>(tables.error());
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
                     arg("header", &C::header,
                         "Whether the first line holds names; none: found out."),
                     arg("decimal", &C::decimal,
                         "What separates whole numbers from their fraction."),
                     arg("encoding", &C::encoding, "How bytes are letters."),
                     arg("missing_texts", &C::missing_texts,
                         "What stands where a value is missing, besides nothing."),
                     arg("missing", &C::missing, "What to do with missing values."),
                     arg("targets", &C::targets,
                         "The columns to predict; none: class, target* and label:*."),
                     arg("ignored", &C::ignored, "Columns to leave out."),
                     arg("numbers", &C::numbers,
                         "Columns in which all that is no number is an error."),
                     arg("categories", &C::categories,
                         "Columns of numbers that stand for categories."),
                     arg("task", &C::task, "What is predicted; auto: by the target columns."),
                     arg("standardize", &C::standardize,
                         "Bring inputs to mean 0 and deviation 1.")},
                    loadCsv),
            declareDataset<I>(
                    "idx", "IDX images", "Images and labels as MNIST has them, gzip or not.",
                    {arg("images", &I::images, "The file of training images."),
                     arg("labels", &I::labels, "The file of their labels."),
                     arg("test_images", &I::test_images,
                         "Test images; none: a fifth of the others."),
                     arg("test_labels", &I::test_labels, "Labels of the test images."),
                     arg("label_names", &I::label_names, "Names of the labels in order.")},
                    loadIdx),
            declareDataset<S>("svmlight", "svmlight (multi-label)",
                              "Sparse rows: labels, then index:value pairs.",
                              {arg("path", &S::path, "The file."),
                               arg("test_path", &S::test_path, testPath),
                               arg("features", &S::features,
                                   "Number of features; 0: the largest index.", atLeast(0)),
                               arg("labels", &S::labels, "Number of labels; 0: the largest seen.",
                                   atLeast(0))},
                              loadSvmlight),
            declareDataset<A>(
                    "arff", "ARFF (Mulan)", "Multi-label data as Mulan and MEKA write them.",
                    {arg("path", &A::path, "The file."), arg("test_path", &A::test_path, testPath),
                     arg("xml", &A::xml, "Mulan's list of labels; none: the .xml beside the file."),
                     arg("labels", &A::labels,
                         "Without XML: how many last (positive) or first (negative) attributes are "
                         "labels."),
                     arg("standardize", &A::standardize,
                         "Bring inputs to mean 0 and deviation 1.")},
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
