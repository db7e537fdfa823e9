// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/datasets/DataPage.h"

#include "gui/datasets/SampleTable.h"
#include "gui/document/ExperimentDocument.h"
#include "gui/document/background.h"
#include "gui/widgets/EmptyState.h"
#include "gui/widgets/MatrixView.h"

#include <QComboBox>
#include <QGridLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QScrollArea>
#include <QTabWidget>
#include <QTextBlock>
#include <QTextBrowser>

namespace mrg {

namespace {

constexpr double sparseZeros = 0.7; ///< share of zeros from which inputs are told by name
constexpr int pairedLabels = 80; ///< more could not be told apart in the heatmap
constexpr int factsWidth = 330;

QString taskText(Task task)
{
    switch (task) {
    case Task::MultiLabel: return DataPage::tr("multi-label");
    case Task::SingleLabel: return DataPage::tr("single-label");
    case Task::Regression: return DataPage::tr("regression");
    }
    return {};
}

QScrollArea *scrolled(QWidget *content)
{
    auto *area = new QScrollArea;
    area->setWidgetResizable(true);
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    area->setWidget(content);
    return area;
}

void clear(QLayout &layout)
{
    while (QLayoutItem *item = layout.takeAt(0)) {
        delete item->widget();
        delete item;
    }
}

} // namespace

DataPage::DataPage(ExperimentDocument &document, const Theme &theme, QWidget *parent)
    : QStackedWidget(parent),
      m_document(document),
      m_theme(theme),
      m_empty(new EmptyState({}, {})),
      m_openEmpty(new QPushButton(tr("Open Data…"))),
      m_title(new QLabel),
      m_subtitle(new QLabel),
      m_import(new QPushButton(tr("Import Settings…"))),
      m_part(new QComboBox),
      m_facts(new QWidget),
      m_factsLayout(new QGridLayout(m_facts)),
      m_tabs(new QTabWidget),
      m_bars(new BarList(theme)),
      m_pairs(new MatrixView(theme)),
      m_samples(new SampleTable(theme)),
      m_about(new QTextBrowser)
{
    setObjectName("dataPage");
    m_openEmpty->setObjectName("openDataEmpty");
    m_openEmpty->setProperty("primary", true);
    auto *nothing = new QWidget;
    auto *nothingLayout = new QVBoxLayout(nothing);
    nothingLayout->addStretch(1);
    nothingLayout->setSpacing(16);
    nothingLayout->addWidget(m_empty);
    nothingLayout->addWidget(m_openEmpty, 0, Qt::AlignHCenter);
    nothingLayout->addStretch(1);
    addWidget(nothing);
    addWidget(makeOverview());

    connect(m_openEmpty, &QPushButton::clicked, this, &DataPage::openRequested);
    connect(m_import, &QPushButton::clicked, this, &DataPage::importRequested);
    connect(m_part, &QComboBox::currentIndexChanged, this, &DataPage::showPart);
    connect(m_bars, &BarList::barPicked, this, [this](int bar) {
        m_samples->setLabel(bar < 0 || m_order.isEmpty() ? -1 : m_order[bar]);
    });
    connect(m_samples, &SampleTable::labelChosen, this,
            [this](int label) { m_bars->setPicked(static_cast<int>(m_order.indexOf(label))); });
    connect(m_pairs, &MatrixView::cellPicked, this, [this](int row) {
        if (row < m_order.size())
            m_samples->setLabel(m_order[row]);
    });
    connect(&document, &ExperimentDocument::dataChanged, this, &DataPage::refresh);
    refresh();
}

QWidget *DataPage::makeOverview()
{
    m_title->setProperty("role", "title");
    m_subtitle->setProperty("role", "muted");
    m_part->setObjectName("dataPart");
    m_part->setAccessibleName(tr("Part of the data"));
    m_part->addItems(partNames());
    m_import->setObjectName("importSettings");
    m_factsLayout->setContentsMargins(14, 4, 14, 12);
    m_factsLayout->setHorizontalSpacing(14);
    m_factsLayout->setVerticalSpacing(5);
    m_bars->setObjectName("labelBars");
    m_tabs->setObjectName("dataTabs");
    m_tabs->setDocumentMode(true);
    m_tabs->addTab(scrolled(m_bars), tr("Labels"));
    m_tabs->addTab(m_pairs, tr("Together"));
    m_tabs->addTab(m_samples, tr("Samples"));
    m_tabs->addTab(m_about, tr("Origin and Licence"));
    m_about->setObjectName("dataAbout");
    m_about->setOpenExternalLinks(true);
    m_about->setFrameShape(QFrame::NoFrame);
    m_about->setStyleSheet("border: none; border-radius: 0;");
    m_about->document()->setDocumentMargin(14);

    auto *open = new QPushButton(tr("Open Data…"));
    open->setObjectName("openData");
    connect(open, &QPushButton::clicked, this, &DataPage::openRequested);
    auto *header = new QHBoxLayout;
    header->setContentsMargins(14, 10, 12, 8);
    header->setSpacing(10);
    header->addWidget(m_title);
    header->addWidget(m_subtitle, 1);
    header->addWidget(m_part);
    header->addWidget(m_import);
    header->addWidget(open);
    auto *facts = new QWidget;
    facts->setBackgroundRole(QPalette::Base);
    facts->setAutoFillBackground(true);
    auto *factsLayout = new QVBoxLayout(facts);
    factsLayout->setContentsMargins(0, 0, 0, 0);
    factsLayout->addWidget(m_facts);
    factsLayout->addStretch();
    QScrollArea *left = scrolled(facts);
    left->setFixedWidth(factsWidth);
    auto *body = new QHBoxLayout;
    body->setSpacing(0);
    body->addWidget(left);
    body->addWidget(m_tabs, 1);
    auto *page = new QWidget;
    auto *layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(header);
    layout->addLayout(body, 1);
    return page;
}

void DataPage::setTheme(const Theme &theme)
{
    m_theme = theme;
    m_bars->setTheme(theme);
    m_pairs->setTheme(theme);
    m_samples->setTheme(theme);
    if (m_statistics)
        showBars();
}

void DataPage::showEvent(QShowEvent *event)
{
    QStackedWidget::showEvent(event);
    refresh();
}

void DataPage::refresh()
{
    const std::shared_ptr<const DataSplit> split = m_document.data();
    if (!split) {
        const bool failed = !m_document.dataError().isEmpty();
        if (m_document.dataLoading())
            m_empty->setTexts(tr("Reading the data…"), {});
        else if (failed)
            m_empty->setTexts(tr("The data could not be read"), m_document.dataError());
        else
            m_empty->setTexts(tr("No data yet"),
                              tr("Open a file of data, drop one on the window, or drag a data "
                                 "source from the palette and "
                                 "wire it to the loss."));
        m_openEmpty->setVisible(!m_document.dataLoading());
        m_split.reset();
        m_statistics.reset();
        setCurrentIndex(0);
        return;
    }
    if (split == m_split || !isVisible())
        return;
    m_split = split;
    m_statistics.reset();
    m_empty->setTexts(tr("Counting…"), {});
    m_openEmpty->hide();
    setCurrentIndex(0);
    runInBackground(
            this, [split] { return computeStatistics(*split); },
            [this, split](const SplitStatistics &statistics) {
                if (split == m_split)
                    showStatistics(statistics);
            });
}

void DataPage::showStatistics(const SplitStatistics &statistics)
{
    m_statistics = statistics;
    const NetworkNode *node = m_document.checked().data
            ? m_document.network().find(*m_document.checked().data)
            : nullptr;
    const Dataset &train = *m_split->train;
    const Spec *spec = node ? m_document.vocabulary().spec(node->type) : nullptr;
    const bool isTable = node && node->type == "data.csv";
    const DatasetSpec *source = spec
            ? m_document.vocabulary().dataset(node->type.substr(node->type.find('.') + 1))
            : nullptr;
    const bool isFile = node && (node->args.contains("path") || node->args.contains("images"));
    m_title->setText(QString::fromStdString(source && !isFile ? source->title : train.name));
    m_subtitle->setText(taskText(train.task) + " · " + outlineOf(train));
    m_import->setVisible(isTable);
    m_tabs->setTabText(0,
                       train.task == Task::Regression            ? tr("Targets")
                               : train.task == Task::SingleLabel ? tr("Classes")
                                                                 : tr("Labels"));
    m_tabs->setTabVisible(1, train.task == Task::MultiLabel);
    showAbout();
    m_order = labelsByFrequency(statistics.parts[0]);
    showFacts();
    showPart();
    setCurrentIndex(1);
}

void DataPage::showFacts()
{
    clear(*m_factsLayout);
    int column = 1;
    for (const QString &name : partNames()) {
        auto *heading = new QLabel(name);
        heading->setProperty("role", "muted");
        m_factsLayout->addWidget(heading, 0, column++, Qt::AlignRight);
    }
    int row = 1;
    for (const Fact &fact : factsOf(*m_statistics, m_split->train->task)) {
        auto *name = new QLabel(fact.name);
        name->setProperty("role", "muted");
        name->setToolTip(fact.definition);
        m_factsLayout->addWidget(name, row, 0);
        for (qsizetype i = 0; i < fact.values.size(); ++i) {
            auto *value = new QLabel(fact.values[i]);
            value->setObjectName(QString("fact_%1_%2").arg(fact.name).arg(i));
            value->setToolTip(fact.definition);
            value->setTextInteractionFlags(Qt::TextSelectableByMouse);
            m_factsLayout->addWidget(value, row, static_cast<int>(i) + 1, Qt::AlignRight);
        }
        ++row;
    }
    m_factsLayout->setColumnStretch(0, 1);
}

void DataPage::showAbout()
{
    m_about->setMarkdown(QString::fromStdString(m_split->about));
    // Headings are made for a page of their own; here they stand in a panel.
    for (QTextBlock block = m_about->document()->begin(); block.isValid(); block = block.next()) {
        if (block.blockFormat().headingLevel() == 0)
            continue;
        QTextCharFormat format;
        format.setProperty(QTextFormat::FontSizeAdjustment,
                           block.blockFormat().headingLevel() == 1 ? 1 : 0);
        QTextCursor cursor(block);
        cursor.select(QTextCursor::BlockUnderCursor);
        cursor.mergeCharFormat(format);
    }
}

std::shared_ptr<const Dataset> DataPage::part() const
{
    return partsOf(*m_split)[static_cast<size_t>(m_part->currentIndex())];
}

void DataPage::showPart()
{
    if (!m_statistics)
        return;
    m_bars->setPicked(-1);
    showBars();
    showPairs();
    m_samples->setDataset(part(),
                          m_statistics->parts[0].zeroShare > sparseZeros
                                  && m_statistics->parts[0].features > 8);
}

void DataPage::showBars()
{
    const auto at = static_cast<size_t>(m_part->currentIndex());
    m_bars->setBars(m_split->train->task == Task::Regression
                            ? valueBars(*part(), 0, m_theme)
                            : labelBars(*m_statistics, at, *part(), m_order, m_theme));
}

void DataPage::showPairs()
{
    const DatasetStatistics &statistics
            = m_statistics->parts[static_cast<size_t>(m_part->currentIndex())];
    if (m_split->train->task != Task::MultiLabel || statistics.cooccurrence.empty()) {
        m_pairs->setMatrix({}, {}, {}, {});
        return;
    }
    const Cooccurrence pairs
            = cooccurrenceOf(statistics, *m_split->train, m_order.mid(0, pairedLabels));
    m_pairs->setMatrix(pairs.shares, pairs.labels, tr("of the samples with"),
                       tr("share that also has"), pairs.details);
}

} // namespace mrg

#include "moc_DataPage.cpp"
