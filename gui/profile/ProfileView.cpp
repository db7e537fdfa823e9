// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/profile/ProfileView.h"

#include "gui/document/ExperimentDocument.h"
#include "gui/profile/ProfileModel.h"
#include "gui/profile/ShareDelegate.h"
#include "gui/profile/StepBar.h"
#include "gui/session/Profiler.h"
#include "gui/widgets/EmptyState.h"
#include "gui/widgets/quantity_text.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QScopedValueRollback>
#include <QSortFilterProxyModel>
#include <QStackedWidget>
#include <QStyle>
#include <QTableView>

#include <algorithm>

namespace mrg {

namespace {
constexpr int rowHeight = 28;
constexpr int nameWidth = 140;
constexpr int widestName = 280;
} // namespace

ProfileView::ProfileView(Profiler &profiler, ExperimentDocument &document, const Theme &theme,
                         QWidget *parent)
    : QWidget(parent),
      m_profiler(profiler),
      m_document(document),
      m_model(new ProfileModel(document.vocabulary(), theme, this)),
      m_sorted(new QSortFilterProxyModel(this)),
      m_delegate(new ShareDelegate(theme, this)),
      m_measure(new QPushButton),
      m_copy(new QPushButton(tr("Copy as CSV"))),
      m_summary(new QLabel),
      m_notice(new QLabel),
      m_step(new StepBar(theme)),
      m_table(new QTableView),
      m_empty(new EmptyState({}, {})),
      m_pages(new QStackedWidget)
{
    setObjectName("profileView");
    m_measure->setObjectName("measureProfile");
    m_measure->setProperty("primary", true);
    m_copy->setObjectName("copyProfile");
    m_copy->setToolTip(tr("All numbers of the table, in milliseconds and bytes"));
    m_summary->setObjectName("profileSummary");
    m_summary->setProperty("role", "muted");
    m_summary->setWordWrap(true);
    m_notice->setObjectName("profileNotice");
    m_notice->setContentsMargins(12, 0, 12, 4);
    m_notice->setWordWrap(true);

    m_sorted->setSourceModel(m_model);
    m_sorted->setSortRole(ProfileModel::SortRole);
    m_table->setObjectName("profileTable");
    m_table->setModel(m_sorted);
    m_table->setItemDelegateForColumn(ProfileModel::Share, m_delegate);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setTabKeyNavigation(false);
    m_table->setShowGrid(false);
    m_table->setWordWrap(false);
    m_table->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setDefaultSectionSize(rowHeight);
    m_table->setSortingEnabled(true);
    m_table->sortByColumn(ProfileModel::Share, Qt::DescendingOrder);
    QHeaderView *header = m_table->horizontalHeader();
    header->setHighlightSections(false);
    for (int column = 0; column < ProfileModel::ColumnCount; ++column) {
        header->setSectionResizeMode(column,
                                     column == ProfileModel::Name ? QHeaderView::Interactive
                                             : column == ProfileModel::Share
                                             ? QHeaderView::Stretch
                                             : QHeaderView::ResizeToContents);
    }
    header->resizeSection(ProfileModel::Name, nameWidth);

    auto *bar = new QHBoxLayout;
    bar->setContentsMargins(12, 8, 12, 6);
    bar->setSpacing(10);
    bar->addWidget(m_measure);
    bar->addWidget(m_copy);
    bar->addWidget(m_summary, 1);
    auto *result = new QWidget;
    auto *resultLayout = new QVBoxLayout(result);
    resultLayout->setContentsMargins(0, 0, 0, 0);
    resultLayout->setSpacing(4);
    resultLayout->addWidget(m_step);
    resultLayout->addWidget(m_table, 1);
    m_pages->addWidget(m_empty);
    m_pages->addWidget(result);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(bar);
    layout->addWidget(m_notice);
    layout->addWidget(m_pages, 1);

    connect(m_measure, &QPushButton::clicked, &profiler, &Profiler::measure);
    connect(m_copy, &QPushButton::clicked, this, &ProfileView::copyAsCsv);
    connect(&profiler, &Profiler::changed, this, &ProfileView::refresh);
    connect(&document, &ExperimentDocument::changed, this, [this](const Change &change) {
        if (std::holds_alternative<NodesChanged>(change))
            refresh(); // names
    });
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [this](const QModelIndex &now) {
                if (m_following || !now.isValid())
                    return;
                m_current = m_model->nodeAt(m_sorted->mapToSource(now).row());
                emit nodeChosen(m_current);
            });
    refresh();
}

void ProfileView::setTheme(const Theme &theme)
{
    m_delegate->setTheme(theme);
    m_model->setTheme(theme);
    m_step->setTheme(theme);
    m_table->viewport()->update();
}

void ProfileView::setCurrentNode(NodeId node)
{
    m_current = node;
    showCurrent();
}

void ProfileView::showCurrent()
{
    const QScopedValueRollback following(m_following, true);
    const int row = m_model->rowOf(m_current);
    if (row < 0) {
        m_table->selectionModel()->clear();
        return;
    }
    const QModelIndex index = m_sorted->mapFromSource(m_model->index(row, 0));
    if (m_table->currentIndex().row() != index.row())
        m_table->setCurrentIndex(index);
    m_table->scrollTo(index);
}

QString ProfileView::summary() const
{
    const std::shared_ptr<const NetworkProfile> profile = m_profiler.profile();
    if (!profile)
        return {};
    return tr("A step takes %1, peak %2 · %3 parameters · median of %4 steps of %5 samples, %6")
            .arg(durationText(profile->totalMs()), bytesText(profile->peakBytes),
                 countText(profile->parameters()))
            .arg(profile->steps)
            .arg(profile->batchSize)
            .arg(profile->threads == 1 ? tr("1 thread") : tr("%1 threads").arg(profile->threads));
}

void ProfileView::refresh()
{
    const bool measuring = m_profiler.isMeasuring();
    m_measure->setText(measuring ? tr("Measuring…") : tr("Measure"));
    m_measure->setToolTip(tr("Train some steps on a copy of the network and see what each node "
                             "costs (F9). The run stays as it is."));
    m_measure->setEnabled(!measuring);
    const std::shared_ptr<const NetworkProfile> profile = m_profiler.profile();
    {
        const QScopedValueRollback following(m_following, true);
        m_model->setProfile(profile, m_document.network());
    }
    // Names in full; what was widened by hand stays.
    const QAbstractItemView *table = m_table;
    const int fitting = std::min(table->sizeHintForColumn(ProfileModel::Name), widestName);
    if (m_table->columnWidth(ProfileModel::Name) < fitting)
        m_table->setColumnWidth(ProfileModel::Name, fitting);
    showCurrent();
    m_copy->setEnabled(profile != nullptr);
    m_summary->setText(summary());
    m_summary->setToolTip(
            tr("<p>Measured one operation after the other. Training replays whole steps that were "
               "captured before, which is faster; what costs most is much the same.</p>"));
    const QString problem = m_profiler.problem();
    const bool stale = m_profiler.isStale();
    m_notice->setProperty("role", problem.isEmpty() ? "warning" : "error");
    m_notice->style()->unpolish(m_notice); // takes up the role
    m_notice->style()->polish(m_notice);
    m_notice->setText(!problem.isEmpty()
                              ? problem
                              : tr("Out of date: the network has changed since. Measure again."));
    m_notice->setVisible(!problem.isEmpty() || stale);
    if (profile)
        m_step->setProfile(*profile);
    else
        m_empty->setTexts(measuring ? tr("Measuring…") : tr("What does a step cost?"),
                          tr("Press Measure (F9): some steps of training are timed on a copy of "
                             "the network, node by node. A run goes on as it is."));
    m_pages->setCurrentIndex(profile ? 1 : 0);
}

void ProfileView::copyAsCsv()
{
    if (m_profiler.profile())
        QApplication::clipboard()->setText(
                m_model->csv(QString::fromStdString(m_profiler.measured().training.optimizer)));
}

} // namespace mrg

#include "moc_ProfileView.cpp"
