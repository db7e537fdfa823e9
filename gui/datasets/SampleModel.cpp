// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/datasets/SampleModel.h"

#include <QLocale>

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {
constexpr size_t namedInputs = 40;

QString numberText(double value) { return QLocale().toString(value, 'g', 5); }
} // namespace

void SampleModel::setDataset(std::shared_ptr<const Dataset> dataset, bool sparse)
{
    beginResetModel();
    m_dataset = std::move(dataset);
    m_inputs = m_dataset ? m_dataset->inputs.compact() : Tensor();
    const Shape shape = m_dataset ? m_dataset->sampleShape() : Shape();
    m_width = m_dataset ? numel(shape) : 0;
    m_pictures = shape.size() == 3 && (shape[0] == 1 || shape[0] == 3);
    m_sparse = sparse && !m_pictures;
    m_filtered = false;
    m_rows.clear();
    endResetModel();
}

void SampleModel::setFilter(int label, const QString &text)
{
    if (!m_dataset)
        return;
    beginResetModel();
    m_rows.clear();
    m_filtered = label >= 0 || !text.isEmpty();
    for (int64_t i = 0; m_filtered && i < m_dataset->size(); ++i) {
        const std::vector<int64_t> labels = m_dataset->labelsOf(i);
        if (label >= 0 && std::find(labels.begin(), labels.end(), label) == labels.end())
            continue;
        const auto at = static_cast<size_t>(i);
        if (!text.isEmpty()
            && (at >= m_dataset->sampleNames.size()
                || !QString::fromStdString(m_dataset->sampleNames[at])
                            .contains(text, Qt::CaseInsensitive)))
            continue;
        m_rows.push_back(i);
    }
    endResetModel();
}

int SampleModel::labelsColumn() const
{
    return !m_dataset || m_dataset->task == Task::Regression ? -1 : m_pictures ? 2 : 1;
}

int SampleModel::firstInput() const
{
    const int targets
            = m_dataset->task == Task::Regression ? static_cast<int>(m_dataset->classCount()) : 1;
    return (m_pictures ? 2 : 1) + targets;
}

int SampleModel::rowCount(const QModelIndex &parent) const
{
    if (parent.isValid() || !m_dataset)
        return 0;
    return m_filtered ? static_cast<int>(m_rows.size()) : static_cast<int>(m_dataset->size());
}

int SampleModel::columnCount(const QModelIndex &parent) const
{
    if (parent.isValid() || !m_dataset)
        return 0;
    return firstInput() + (m_pictures ? 0 : m_sparse ? 1 : static_cast<int>(m_width));
}

QString SampleModel::featureName(int64_t feature) const
{
    const auto at = static_cast<size_t>(feature);
    return at < m_dataset->featureNames.size() ? QString::fromStdString(m_dataset->featureNames[at])
                                               : tr("input %1").arg(feature + 1);
}

QString SampleModel::labelsText(int64_t sample) const
{
    QStringList names;
    for (int64_t label : m_dataset->labelsOf(sample))
        names << QString::fromStdString(m_dataset->labelNames[static_cast<size_t>(label)]);
    return names.join(", ");
}

/// The inputs that are not 0, the largest first.
QString SampleModel::inputsText(int64_t sample) const
{
    const float *inputs = m_inputs.data<float>() + sample * m_width;
    std::vector<int64_t> present;
    for (int64_t i = 0; i < m_width; ++i) {
        if (inputs[i] != 0)
            present.push_back(i);
    }
    std::stable_sort(present.begin(), present.end(), [&](int64_t a, int64_t b) {
        return std::abs(inputs[a]) > std::abs(inputs[b]);
    });
    QStringList out;
    for (size_t i = 0; i < std::min(present.size(), namedInputs); ++i) {
        const float value = inputs[present[i]];
        out << (value == 1 ? featureName(present[i])
                           : QString("%1 %2").arg(featureName(present[i]), numberText(value)));
    }
    if (present.size() > namedInputs)
        out << tr("and %1 more").arg(present.size() - namedInputs);
    return out.join(" · ");
}

QImage SampleModel::picture(int64_t sample) const
{
    const Shape shape = m_dataset->sampleShape();
    const int64_t height = shape[1];
    const int64_t width = shape[2];
    const float *pixels = m_inputs.data<float>() + sample * m_width;
    QImage out(static_cast<int>(width), static_cast<int>(height), QImage::Format_RGB32);
    for (int64_t y = 0; y < height; ++y) {
        for (int64_t x = 0; x < width; ++x) {
            const auto channel = [&](int64_t c) {
                const float value = pixels[((shape[0] == 3 ? c : 0) * height + y) * width + x];
                return static_cast<int>(std::lround(255 * std::clamp(value, 0.0F, 1.0F)));
            };
            out.setPixel(static_cast<int>(x), static_cast<int>(y),
                         qRgb(channel(0), channel(1), channel(2)));
        }
    }
    return out;
}

QVariant SampleModel::data(const QModelIndex &index, int role) const
{
    if (!m_dataset || !index.isValid())
        return {};
    const int64_t sample = sampleAt(index.row());
    const int column = index.column();
    if (role == PictureRole && column == pictureColumn())
        return picture(sample);
    if (role == LabelsRole && column == labelsColumn()) {
        QVariantList out;
        for (int64_t label : m_dataset->labelsOf(sample))
            out << static_cast<int>(label);
        return out;
    }
    const bool isNumber = column >= firstInput() ? !m_sparse : column > 0 && labelsColumn() < 0;
    if (role == Qt::TextAlignmentRole && isNumber)
        return static_cast<int>(Qt::AlignRight | Qt::AlignVCenter);
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole)
        return {};
    if (column == 0) {
        const auto at = static_cast<size_t>(sample);
        return at < m_dataset->sampleNames.size()
                ? QString::fromStdString(m_dataset->sampleNames[at])
                : QString::number(sample + 1);
    }
    if (column == pictureColumn())
        return {};
    if (column == labelsColumn())
        return labelsText(sample);
    if (column < firstInput()) {
        const int64_t target = column - (m_pictures ? 2 : 1);
        return numberText(m_dataset->values.compact()
                                  .data<float>()[sample * m_dataset->classCount() + target]);
    }
    if (m_sparse)
        return inputsText(sample);
    return numberText(m_inputs.data<float>()[sample * m_width + column - firstInput()]);
}

QVariant SampleModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (!m_dataset || (role != Qt::DisplayRole && role != Qt::ToolTipRole))
        return {};
    if (orientation == Qt::Vertical)
        return role == Qt::DisplayRole
                ? QVariant(QLocale().toString(static_cast<qlonglong>(sampleAt(section) + 1)))
                : QVariant();
    if (section == 0)
        return tr("Sample");
    if (section == pictureColumn())
        return tr("Picture");
    if (section == labelsColumn())
        return m_dataset->task == Task::SingleLabel ? tr("Class") : tr("Labels");
    if (section < firstInput())
        return QString::fromStdString(
                m_dataset->labelNames[static_cast<size_t>(section - (m_pictures ? 2 : 1))]);
    return m_sparse ? tr("Inputs that are not 0") : featureName(section - firstInput());
}

} // namespace mrg

#include "moc_SampleModel.cpp"
