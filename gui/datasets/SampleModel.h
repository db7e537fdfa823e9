// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/Dataset.h"

#include <QAbstractTableModel>
#include <QImage>

#include <memory>

namespace mrg {

/// The samples of a data set as a table: number and name, picture (of images), labels or target
/// values, then the inputs: a column each, or of sparse data one column that tells those that are
/// not 0. Nothing is copied or made before it is looked at.
class SampleModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Role {
        LabelsRole = Qt::UserRole + 1, ///< QVariantList of label numbers, in the column of labels
        PictureRole ///< QImage, in the column of pictures
    };
    explicit SampleModel(QObject *parent = nullptr) : QAbstractTableModel(parent) { }
    /// `sparse`: most inputs are 0.
    void setDataset(std::shared_ptr<const Dataset> dataset, bool sparse);
    /// Shows only samples with the label (-1: any) whose name contains the text.
    void setFilter(int label, const QString &text);
    /// The sample in a row.
    int64_t sampleAt(int row) const { return m_filtered ? m_rows[static_cast<size_t>(row)] : row; }
    bool showsPictures() const { return m_pictures; }
    int pictureColumn() const { return m_pictures ? 1 : -1; }
    int labelsColumn() const;

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    int firstInput() const;
    QString labelsText(int64_t sample) const;
    QString inputsText(int64_t sample) const;
    QString featureName(int64_t feature) const;
    QImage picture(int64_t sample) const;

    std::shared_ptr<const Dataset> m_dataset;
    Tensor m_inputs; ///< compact
    int64_t m_width = 0;
    bool m_sparse = false;
    bool m_pictures = false;
    bool m_filtered = false;
    std::vector<int64_t> m_rows; ///< of what is filtered
};

} // namespace mrg
