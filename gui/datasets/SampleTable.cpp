// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/datasets/SampleTable.h"

#include "gui/datasets/SampleDelegate.h"
#include "gui/datasets/SampleModel.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QSignalBlocker>
#include <QTableView>

namespace mrg {

namespace {
constexpr int rowHeight = 30;
constexpr int pictureRowHeight = 64;
constexpr int nameWidth = 130;
constexpr int labelsWidth = 300;
constexpr int inputWidth = 96;
} // namespace

SampleTable::SampleTable(const Theme &theme, QWidget *parent)
    : QWidget(parent),
      m_model(new SampleModel(this)),
      m_delegate(new SampleDelegate(theme, this)),
      m_view(new QTableView),
      m_label(new QComboBox),
      m_name(new QLineEdit),
      m_count(new QLabel)
{
    m_label->setObjectName("sampleLabel");
    m_label->setAccessibleName(tr("Label"));
    m_label->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    m_name->setObjectName("sampleName");
    m_name->setPlaceholderText(tr("Find by name"));
    m_name->setClearButtonEnabled(true);
    m_count->setProperty("role", "muted");
    m_view->setObjectName("sampleTable");
    m_view->setModel(m_model);
    m_view->setItemDelegate(m_delegate);
    m_view->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_view->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_view->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_view->setShowGrid(false);
    m_view->setAlternatingRowColors(true);
    m_view->setWordWrap(false);
    m_view->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    m_view->verticalHeader()->setDefaultAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_view->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    m_view->horizontalHeader()->setHighlightSections(false);
    auto *bar = new QHBoxLayout;
    bar->setContentsMargins(12, 8, 12, 4);
    bar->setSpacing(10);
    bar->addWidget(m_label);
    bar->addWidget(m_name, 1);
    bar->addStretch();
    bar->addWidget(m_count);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(bar);
    layout->addWidget(m_view, 1);
    connect(m_label, &QComboBox::currentIndexChanged, this, [this] {
        filter();
        emit labelChosen(m_label->currentIndex() - 1);
    });
    connect(m_name, &QLineEdit::textChanged, this, &SampleTable::filter);
}

void SampleTable::setTheme(const Theme &theme)
{
    m_delegate->setTheme(theme);
    m_view->viewport()->update();
}

void SampleTable::setDataset(const std::shared_ptr<const Dataset> &dataset, bool sparse)
{
    QStringList names;
    for (size_t i = 0; dataset && i < dataset->labelNames.size(); ++i)
        names << QString::fromStdString(dataset->labelNames[i]);
    m_delegate->setLabelNames(names);
    const QSignalBlocker labelBlocker(m_label);
    const QSignalBlocker nameBlocker(m_name);
    m_label->clear();
    m_label->addItem(tr("All labels"));
    m_label->addItems(names);
    m_name->clear();
    m_model->setDataset(dataset, sparse);
    m_label->setVisible(m_model->labelsColumn() >= 0);
    m_name->setVisible(dataset && !dataset->sampleNames.empty());
    // Without names the number is what a sample is called.
    m_view->verticalHeader()->setVisible(dataset && !dataset->sampleNames.empty());
    m_view->verticalHeader()->setDefaultSectionSize(m_model->showsPictures() ? pictureRowHeight
                                                                             : rowHeight);
    fitColumns();
    filter();
}

void SampleTable::fitColumns()
{
    QHeaderView *header = m_view->horizontalHeader();
    header->setDefaultSectionSize(inputWidth);
    header->setStretchLastSection(m_model->columnCount() <= 3);
    if (m_model->columnCount() == 0)
        return;
    header->resizeSection(0, m_name->isVisibleTo(this) ? nameWidth : inputWidth);
    if (m_model->labelsColumn() >= 0)
        header->resizeSection(m_model->labelsColumn(), labelsWidth);
}

void SampleTable::setLabel(int label) { m_label->setCurrentIndex(label + 1); }

void SampleTable::filter()
{
    m_model->setFilter(m_label->currentIndex() - 1, m_name->text());
    m_count->setText(tr("%1 samples").arg(QLocale().toString(m_model->rowCount())));
}

} // namespace mrg

#include "moc_SampleTable.cpp"
