// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/Dataset.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace mrg {

const char *taskName(Task task)
{
    switch (task) {
    case Task::MultiLabel: return "multi-label";
    case Task::SingleLabel: return "single-label";
    case Task::Regression: return "regression";
    }
    return "";
}

Shape Dataset::sampleShape() const
{
    return inputs.defined() ? Shape(inputs.shape().begin() + 1, inputs.shape().end()) : Shape{};
}

std::vector<int64_t> Dataset::labelsOf(int64_t sample) const
{
    const auto at = static_cast<size_t>(sample);
    if (task == Task::MultiLabel)
        return labels[at];
    if (task == Task::SingleLabel)
        return {classes[at]};
    return {};
}

namespace {

Error notPossible(const Dataset &dataset, const char *wanted)
{
    return Error(
            ErrorCategory::Value, "target_form_not_possible", dataset.name,
            dataset.task == Task::Regression ? "real values" : "several labels per sample", wanted,
            dataset.task == Task::Regression
                    ? "use MSELoss, L1Loss or HuberLoss"
                    : "use MultiLabelMarginLoss, MultiLabelSoftMarginLoss or BCEWithLogitsLoss");
}

} // namespace

Result<Tensor> Dataset::target(TargetForm form) const
{
    const int64_t count = size();
    const int64_t width = classCount();
    switch (form) {
    case TargetForm::ClassIndex:
        if (task != Task::SingleLabel)
            return notPossible(*this, "one class per sample");
        return Tensor::fromVector(classes);
    case TargetForm::LabelIndices: {
        if (task == Task::Regression)
            return notPossible(*this, "labels");
        Tensor out = Tensor::full({count, width}, -1, DType::Int64);
        for (int64_t n = 0; n < count; ++n) {
            const std::vector<int64_t> own = labelsOf(n);
            std::copy(own.begin(), own.end(), out.data<int64_t>() + n * width);
        }
        return out;
    }
    case TargetForm::MultiHot:
    case TargetForm::Sign: {
        if (task == Task::Regression)
            return notPossible(*this, "labels");
        Tensor out = Tensor::full({count, width}, form == TargetForm::Sign ? -1 : 0);
        for (int64_t n = 0; n < count; ++n) {
            for (int64_t label : labelsOf(n))
                out.data<float>()[n * width + label] = 1;
        }
        return out;
    }
    case TargetForm::None:
    case TargetForm::Values: break;
    }
    return task == Task::Regression ? Result<Tensor>(values) : target(TargetForm::MultiHot);
}

namespace {

Tensor rowsOf(const Tensor &tensor, const std::vector<int64_t> &rows)
{
    if (!tensor.defined())
        return {};
    Shape shape = tensor.shape();
    shape[0] = static_cast<int64_t>(rows.size());
    Tensor out = Tensor::empty(shape, tensor.dtype());
    const int64_t width = tensor.shape()[0] ? tensor.numel() / tensor.shape()[0] : 0;
    float *to = out.data<float>();
    for (int64_t row : rows)
        to = std::copy_n(tensor.data<float>() + row * width, width, to);
    return out;
}

template <typename T>
std::vector<T> rowsOf(const std::vector<T> &values, const std::vector<int64_t> &rows)
{
    std::vector<T> out;
    if (values.empty())
        return out;
    for (int64_t row : rows)
        out.push_back(values[static_cast<size_t>(row)]);
    return out;
}

/// FNV-1a, 64 bits.
class Digest {
public:
    void add(const void *data, size_t bytes)
    {
        const auto *byte = static_cast<const unsigned char *>(data);
        for (size_t i = 0; i < bytes; ++i)
            m_hash = (m_hash ^ byte[i]) * 0x100000001B3;
    }
    void add(const std::string &text) { add(text.c_str(), text.size() + 1); }
    void add(const Tensor &tensor)
    {
        if (tensor.defined())
            add(tensor.rawData(), static_cast<size_t>(tensor.numel() * dtypeSize(tensor.dtype())));
    }
    std::string text() const
    {
        char buffer[17];
        std::snprintf(buffer, sizeof buffer, "%016llx", static_cast<unsigned long long>(m_hash));
        return buffer;
    }

private:
    uint64_t m_hash = 0xCBF29CE484222325;
};

} // namespace

Dataset Dataset::subset(const std::vector<int64_t> &rows) const
{
    Dataset out;
    out.name = name;
    out.task = task;
    out.inputs = rowsOf(inputs, rows);
    out.featureNames = featureNames;
    out.labelNames = labelNames;
    out.sampleNames = rowsOf(sampleNames, rows);
    out.labels = rowsOf(labels, rows);
    out.classes = rowsOf(classes, rows);
    out.values = rowsOf(values, rows);
    return out;
}

std::string Dataset::digest() const
{
    Digest digest;
    digest.add(inputs);
    digest.add(values);
    for (const std::string &label : labelNames)
        digest.add(label);
    for (const std::vector<int64_t> &own : labels)
        digest.add(own.data(), own.size() * sizeof(int64_t));
    digest.add(classes.data(), classes.size() * sizeof(int64_t));
    return digest.text();
}

namespace {
/// Whether row i of a number is held out: one of every ten, at another place in each ten, so that
/// classes that take turns are not held out one-sidedly; of fewer than ten rows the last one.
bool isHeldOut(size_t i, size_t count)
{
    return count < 10 ? count > 1 && i == count - 1 : i % 10 == (9 + 3 * (i / 10)) % 10;
}

DataSplit splitBy(const Dataset &all, const std::vector<int64_t> &trainRows)
{
    std::vector<int64_t> kept;
    std::vector<int64_t> held;
    for (size_t i = 0; i < trainRows.size(); ++i)
        (isHeldOut(i, trainRows.size()) ? held : kept).push_back(trainRows[i]);
    DataSplit split;
    split.train = std::make_shared<const Dataset>(all.subset(kept));
    split.validation = std::make_shared<const Dataset>(all.subset(held));
    return split;
}
} // namespace

DataSplit holdOut(Dataset train, Dataset test, std::string about)
{
    std::vector<int64_t> rows(static_cast<size_t>(train.size()));
    for (size_t i = 0; i < rows.size(); ++i)
        rows[i] = static_cast<int64_t>(i);
    DataSplit split = splitBy(train, rows);
    split.test = std::make_shared<const Dataset>(std::move(test));
    split.about = std::move(about);
    return split;
}

DataSplit splitTable(const Dataset &all, std::string about)
{
    std::vector<int64_t> trainRows;
    std::vector<int64_t> testRows;
    for (int64_t i = 0; i < all.size(); ++i)
        (static_cast<uint32_t>(i) * 2654435761U < 858993459U ? testRows : trainRows).push_back(i);
    DataSplit split = splitBy(all, trainRows);
    split.test = std::make_shared<const Dataset>(all.subset(testRows));
    split.about = std::move(about);
    return split;
}

void standardize(Dataset &dataset, const Dataset &reference)
{
    const int64_t rows = reference.size();
    if (rows == 0)
        return;
    const int64_t width = reference.inputs.numel() / rows;
    std::vector<double> mean(static_cast<size_t>(width), 0);
    std::vector<double> deviation(static_cast<size_t>(width), 0);
    const float *source = reference.inputs.data<float>();
    for (int64_t i = 0; i < rows * width; ++i)
        mean[static_cast<size_t>(i % width)] += source[i] / static_cast<double>(rows);
    for (int64_t i = 0; i < rows * width; ++i) {
        const double d = source[i] - mean[static_cast<size_t>(i % width)];
        deviation[static_cast<size_t>(i % width)] += d * d / static_cast<double>(rows);
    }
    // `dataset` may be `reference` itself: its numbers are read before they are changed.
    float *target = dataset.inputs.data<float>();
    for (int64_t i = 0; i < dataset.inputs.numel(); ++i) {
        const auto column = static_cast<size_t>(i % width);
        const double scale = deviation[column] > 0 ? std::sqrt(deviation[column]) : 1;
        target[i] = static_cast<float>((target[i] - mean[column]) / scale);
    }
}

} // namespace mrg
