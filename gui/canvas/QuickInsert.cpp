// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/canvas/QuickInsert.h"

#include "gui/widgets/fuzzy.h"

#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace mrg {

namespace {
constexpr int shownRows = 9;
}

QuickInsert::QuickInsert(const Vocabulary &vocabulary, QWidget *parent)
    : QFrame(parent),
      m_vocabulary(vocabulary),
      m_edit(new QLineEdit),
      m_list(new QListWidget)
{
    setObjectName("quickInsert");
    setProperty("role", "card");
    setFixedWidth(320);
    m_edit->setPlaceholderText(tr("Insert a module…"));
    m_edit->setObjectName("quickInsertEdit");
    m_list->setObjectName("quickInsertList");
    m_list->setFocusPolicy(Qt::NoFocus);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(8, 8, 8, 8);
    layout->addWidget(m_edit);
    layout->addWidget(m_list);
    m_edit->installEventFilter(this);
    connect(m_edit, &QLineEdit::textChanged, this, &QuickInsert::filter);
    connect(m_list, &QListWidget::itemClicked, this, &QuickInsert::choose);
    hide();
}

void QuickInsert::open(QPoint position, const QString &text)
{
    m_edit->setText(text);
    filter(text);
    const QSize size(width(), sizeHint().height());
    move(std::clamp(position.x(), 0, std::max(parentWidget()->width() - size.width(), 0)),
         std::clamp(position.y(), 0, std::max(parentWidget()->height() - size.height(), 0)));
    adjustSize();
    show();
    raise();
    m_edit->setFocus();
    m_edit->end(false);
}

void QuickInsert::filter(const QString &text)
{
    std::vector<std::pair<int, std::string>> ranked;
    for (const std::string &type : m_vocabulary.nodeTypes()) {
        const QString name = QString::fromStdString(type.substr(type.find('.') + 1));
        if (const int score = fuzzyScore(text, name); score >= 0 || text.isEmpty())
            ranked.emplace_back(text.isEmpty() ? 0 : score, type);
    }
    std::stable_sort(ranked.begin(), ranked.end(),
                     [](const auto &a, const auto &b) { return a.first > b.first; });
    m_list->clear();
    for (const auto &[score, type] : ranked) {
        const Spec *spec = m_vocabulary.spec(type);
        auto *item = new QListWidgetItem(QString::fromStdString(spec->name) + "   "
                                         + QString::fromUtf8(groupName(spec->group)));
        item->setData(Qt::UserRole, QString::fromStdString(type));
        item->setToolTip(QString::fromStdString(spec->summary));
        m_list->addItem(item);
    }
    m_list->setCurrentRow(0);
    m_list->setFixedHeight(28 * shownRows);
}

void QuickInsert::choose()
{
    const QListWidgetItem *item = m_list->currentItem();
    hide();
    if (item)
        emit chosen(item->data(Qt::UserRole).toString());
}

bool QuickInsert::eventFilter(QObject *watched, QEvent *event)
{
    if (event->type() == QEvent::FocusOut) {
        hide();
    } else if (event->type() == QEvent::KeyPress) {
        auto *key = static_cast<QKeyEvent *>(event);
        const int row = m_list->currentRow();
        switch (key->key()) {
        case Qt::Key_Down:
            m_list->setCurrentRow(std::min(row + 1, m_list->count() - 1));
            return true;
        case Qt::Key_Up: m_list->setCurrentRow(std::max(row - 1, 0)); return true;
        case Qt::Key_Return:
        case Qt::Key_Enter: choose(); return true;
        case Qt::Key_Escape:
            hide();
            parentWidget()->setFocus();
            return true;
        default: break;
        }
    }
    return QFrame::eventFilter(watched, event);
}

} // namespace mrg

#include "moc_QuickInsert.cpp"
