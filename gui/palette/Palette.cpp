// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/palette/Palette.h"

#include "gui/document/node_look.h"
#include "gui/document/node_mime.h"
#include "gui/widgets/Icons.h"
#include "gui/widgets/fuzzy.h"

#include <QKeyEvent>
#include <QLineEdit>
#include <QMimeData>
#include <QTreeWidget>
#include <QVBoxLayout>

namespace mrg {

namespace {

constexpr int typeRole = Qt::UserRole;

/// A tree whose leaves are dragged as node types.
class PaletteTree : public QTreeWidget {
protected:
    QStringList mimeTypes() const override { return {nodeTypeMime}; }
    QMimeData *mimeData(const QList<QTreeWidgetItem *> &items) const override
    {
        const QString type
                = items.isEmpty() ? QString() : items.front()->data(0, typeRole).toString();
        if (type.isEmpty())
            return nullptr;
        auto *mime = new QMimeData;
        mime->setData(nodeTypeMime, type.toUtf8());
        return mime;
    }
};

QString specToolTip(const Spec &spec)
{
    QString out = QString::fromStdString("<p><b>" + spec.name + "</b><br>" + spec.summary + "</p>");
    if (!spec.source.empty())
        out += "<p>" + QString::fromStdString(spec.source).toHtmlEscaped() + "</p>";
    return out;
}

} // namespace

Palette::Palette(const Vocabulary &vocabulary, const Theme &theme, QWidget *parent)
    : QWidget(parent),
      m_vocabulary(vocabulary),
      m_search(new QLineEdit),
      m_tree(new PaletteTree)
{
    m_search->setObjectName("paletteSearch");
    m_search->setPlaceholderText(tr("Search modules"));
    m_search->setClearButtonEnabled(true);
    m_search->installEventFilter(this);
    m_tree->setObjectName("paletteTree");
    m_tree->setHeaderHidden(true);
    m_tree->setDragEnabled(true);
    m_tree->setDragDropMode(QAbstractItemView::DragOnly);
    m_tree->setIndentation(14);
    m_tree->setUniformRowHeights(true);
    m_tree->setIconSize({16, 16});
    m_tree->installEventFilter(this);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(8, 8, 8, 0);
    layout->addWidget(m_search);
    layout->addWidget(m_tree);
    connect(m_search, &QLineEdit::textChanged, this, &Palette::filter);
    connect(m_tree, &QTreeWidget::itemDoubleClicked, this, &Palette::insertCurrent);

    std::map<Group, QTreeWidgetItem *> groups;
    for (const std::string &type : vocabulary.nodeTypes()) {
        const Spec *spec = vocabulary.spec(type);
        QTreeWidgetItem *&group = groups[spec->group];
        if (!group) {
            group = new QTreeWidgetItem(m_tree, {QString::fromUtf8(groupName(spec->group))});
            group->setFlags(Qt::ItemIsEnabled);
        }
        auto *item = new QTreeWidgetItem(group, {QString::fromStdString(spec->name)});
        item->setData(0, typeRole, QString::fromStdString(type));
        item->setToolTip(0, specToolTip(*spec));
    }
    m_tree->expandAll();
    setTheme(theme);
}

void Palette::setTheme(const Theme &theme)
{
    for (int g = 0; g < m_tree->topLevelItemCount(); ++g) {
        QTreeWidgetItem *group = m_tree->topLevelItem(g);
        QFont font = group->font(0);
        font.setWeight(QFont::DemiBold);
        group->setFont(0, font);
        group->setForeground(0, theme.mutedText);
        for (int i = 0; i < group->childCount(); ++i) {
            const std::string type = group->child(i)->data(0, typeRole).toString().toStdString();
            const Spec *spec = m_vocabulary.spec(type);
            const NodeLook look = nodeLook(type, spec, theme);
            group->child(i)->setIcon(0, iconPixmap(look.icon, look.color, 16));
        }
    }
}

QTreeWidgetItem *Palette::itemFor(const QString &type) const
{
    for (int g = 0; g < m_tree->topLevelItemCount(); ++g) {
        QTreeWidgetItem *group = m_tree->topLevelItem(g);
        for (int i = 0; i < group->childCount(); ++i) {
            if (group->child(i)->data(0, typeRole).toString() == type)
                return group->child(i);
        }
    }
    return nullptr;
}

void Palette::filter(const QString &text)
{
    const QString wanted = text.trimmed();
    QTreeWidgetItem *best = nullptr;
    int bestScore = -1;
    for (int g = 0; g < m_tree->topLevelItemCount(); ++g) {
        QTreeWidgetItem *group = m_tree->topLevelItem(g);
        bool any = false;
        for (int i = 0; i < group->childCount(); ++i) {
            QTreeWidgetItem *item = group->child(i);
            const int score = fuzzyScore(wanted, item->text(0));
            const bool shown = wanted.isEmpty() || score >= 0
                    || group->text(0).contains(wanted, Qt::CaseInsensitive);
            item->setHidden(!shown);
            any = any || shown;
            if (score > bestScore) {
                bestScore = score;
                best = item;
            }
        }
        group->setHidden(!any);
    }
    m_tree->setCurrentItem(wanted.isEmpty() ? nullptr : best);
}

void Palette::insertCurrent()
{
    const QTreeWidgetItem *item = m_tree->currentItem();
    const QString type = item ? item->data(0, typeRole).toString() : QString();
    if (!type.isEmpty())
        emit insertRequested(type);
}

bool Palette::eventFilter(QObject *watched, QEvent *event)
{
    if (event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent *>(event)->key();
        if (key == Qt::Key_Return || key == Qt::Key_Enter) {
            insertCurrent();
            return true;
        }
        if (watched == m_search && key == Qt::Key_Down) {
            m_tree->setFocus();
            return true;
        }
        if (watched == m_search && key == Qt::Key_Escape) {
            m_search->clear();
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace mrg

#include "moc_Palette.cpp"
