// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/app/WelcomePage.h"

#include "engine/store/version.h"
#include "gui/app/ExampleCard.h"
#include "gui/document/DataLoader.h"
#include "gui/widgets/Icons.h"

#include <QFileInfo>
#include <QGridLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLocale>
#include <QPainter>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

#include <algorithm>

namespace mrg {

namespace {
constexpr int sidebarWidth = 300;
constexpr int cardGap = 16;
constexpr int widestCard = 380;
constexpr int narrowestCard = 260;
constexpr int logoSize = 56;

QLabel *label(const QString &text, const char *role)
{
    auto *out = new QLabel(text);
    out->setProperty("role", role);
    out->setWordWrap(true);
    return out;
}

/// A file as a line to click: its name, and below it where it lies.
class FileLink : public QAbstractButton {
public:
    explicit FileLink(const QString &path, const Theme &theme) : m_info(path), m_theme(theme)
    {
        setText(m_info.completeBaseName());
        setToolTip(path);
        setObjectName("recentFile");
        setCursor(Qt::PointingHandCursor);
        setFocusPolicy(Qt::StrongFocus);
    }
    QSize sizeHint() const override { return {sidebarWidth - 40, 44}; }

protected:
    void enterEvent(QEnterEvent *) override { update(); }
    void leaveEvent(QEvent *) override { update(); }
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        if (underMouse() || hasFocus()) {
            painter.setPen(hasFocus() ? QPen(m_theme.accent) : QPen(Qt::NoPen));
            painter.setBrush(m_theme.raised);
            painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6);
        }
        QFont font = painter.font();
        font.setPixelSize(13);
        font.setWeight(QFont::DemiBold);
        painter.setFont(font);
        painter.setPen(m_theme.text);
        const int room = width() - 20;
        painter.drawText(QRect(10, 5, room, 18), Qt::AlignLeft | Qt::AlignVCenter,
                         QFontMetrics(font).elidedText(text(), Qt::ElideRight, room));
        font.setPixelSize(11);
        font.setWeight(QFont::Normal);
        painter.setFont(font);
        painter.setPen(m_theme.mutedText);
        painter.drawText(
                QRect(10, 23, room, 16), Qt::AlignLeft | Qt::AlignVCenter,
                QFontMetrics(font).elidedText(m_info.absolutePath(), Qt::ElideMiddle, room));
    }

private:
    QFileInfo m_info;
    Theme m_theme;
};

const NetworkNode *dataNode(const Network &network)
{
    const auto found
            = std::find_if(network.nodes.begin(), network.nodes.end(),
                           [](const NetworkNode &node) { return node.type.starts_with("data."); });
    return found == network.nodes.end() ? nullptr : &*found;
}

} // namespace

WelcomePage::WelcomePage(const std::vector<ReadyExperiment> &examples, const Vocabulary &vocabulary,
                         const Theme &theme, QWidget *parent)
    : QWidget(parent),
      m_vocabulary(vocabulary),
      m_theme(theme),
      m_grid(new QGridLayout),
      m_recent(new QVBoxLayout),
      m_recentTitle(label(tr("Recent"), "section")),
      m_logo(new QLabel),
      m_lost(new QFrame),
      m_lostText(label({}, "text")),
      m_restore(new QPushButton(tr("Bring It Back")))
{
    setObjectName("welcomePage");
    for (const ReadyExperiment &example : examples) {
        auto *card = new ExampleCard(example, vocabulary, theme, this);
        card->installEventFilter(this);
        connect(card, &QAbstractButton::clicked, this,
                [this, path = example.path] { emit exampleRequested(path); });
        m_cards.append(card);
    }
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(sidebar());
    layout->addWidget(gallery(), 1);
    setTheme(theme);
    setLost({});
    setRecentFiles({});
}

WelcomePage::~WelcomePage() = default;

QWidget *WelcomePage::sidebar()
{
    auto *out = new QFrame;
    out->setProperty("role", "sidebar");
    out->setFixedWidth(sidebarWidth);
    auto *layout = new QVBoxLayout(out);
    layout->setContentsMargins(24, 28, 24, 24);
    layout->setSpacing(8);
    layout->addWidget(m_logo);
    layout->addSpacing(4);
    layout->addWidget(label(tr("Marginalia"), "headline"));
    layout->addWidget(
            label(tr("Draw a network, choose its loss, and watch what it learns."), "muted"));
    layout->addSpacing(16);
    auto *create = new QPushButton(tr("New Experiment"));
    create->setObjectName("newExperiment");
    create->setProperty("primary", true);
    auto *open = new QPushButton(tr("Open…"));
    open->setObjectName("openExperiment");
    for (QPushButton *button : {create, open}) {
        button->setMinimumHeight(36);
        layout->addWidget(button);
    }
    connect(create, &QPushButton::clicked, this, &WelcomePage::newRequested);
    connect(open, &QPushButton::clicked, this, &WelcomePage::openRequested);
    layout->addSpacing(12);
    layout->addWidget(m_recentTitle);
    m_recent->setSpacing(0);
    layout->addLayout(m_recent);
    layout->addStretch();
    layout->addWidget(
            label(tr("Version %1").arg(QString::fromStdString(engineVersion())), "muted"));
    return out;
}

QWidget *WelcomePage::gallery()
{
    m_lost->setProperty("role", "notice");
    m_lost->setObjectName("lostExperiment");
    auto *notice = new QHBoxLayout(m_lost);
    notice->setContentsMargins(16, 12, 12, 12);
    m_restore->setObjectName("restoreLost");
    m_restore->setProperty("primary", true);
    auto *forget = new QPushButton(tr("Discard"));
    forget->setObjectName("forgetLost");
    notice->addWidget(m_lostText, 1);
    notice->addWidget(m_restore);
    notice->addWidget(forget);
    connect(m_restore, &QPushButton::clicked, this, &WelcomePage::restoreRequested);
    connect(forget, &QPushButton::clicked, this, &WelcomePage::forgetRequested);

    auto *page = new QWidget;
    page->setProperty("role", "gallery");
    auto *layout = new QVBoxLayout(page);
    layout->setContentsMargins(36, 28, 36, 28);
    layout->setSpacing(cardGap);
    layout->addWidget(m_lost);
    auto *heading = new QVBoxLayout;
    heading->setSpacing(2);
    heading->addWidget(label(tr("Ready experiments"), "title"));
    heading->addWidget(
            label(tr("Each opens wired and ready to train, on data that come with Marginalia."),
                  "muted"));
    layout->addLayout(heading);
    m_grid->setSpacing(cardGap);
    layout->addLayout(m_grid);
    layout->addStretch();
    auto *scroll = new QScrollArea;
    scroll->setProperty("role", "gallery");
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setWidget(page);
    return scroll;
}

void WelcomePage::setTheme(const Theme &theme)
{
    m_theme = theme;
    m_logo->setPixmap(iconPixmap("marginalia", theme.accent, logoSize));
    for (ExampleCard *card : m_cards)
        card->setTheme(theme);
    QStringList recent;
    for (int i = 0; i < m_recent->count(); ++i)
        recent << m_recent->itemAt(i)->widget()->toolTip();
    setRecentFiles(recent);
}

void WelcomePage::setRecentFiles(const QStringList &paths)
{
    while (QLayoutItem *item = m_recent->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    for (const QString &path : paths) {
        auto *link = new FileLink(path, m_theme);
        connect(
                link, &QAbstractButton::clicked, this, [this, path] { emit fileRequested(path); },
                Qt::QueuedConnection);
        m_recent->addWidget(link);
    }
    m_recentTitle->setVisible(!paths.isEmpty());
}

void WelcomePage::setLost(const QString &sentence)
{
    m_lostText->setText(sentence);
    m_lost->setVisible(!sentence.isEmpty());
    if (!sentence.isEmpty())
        m_restore->setFocus();
}

void WelcomePage::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    arrangeCards();
    if (m_lost->isVisibleTo(this))
        m_restore->setFocus();
    else if (!m_cards.isEmpty())
        m_cards.front()->setFocus();
    if (!m_loader && m_loading < m_cards.size()) {
        m_loader = std::make_unique<DataLoader>(m_vocabulary);
        connect(m_loader.get(), &DataLoader::loaded, this, &WelcomePage::loadNext,
                Qt::QueuedConnection);
        loadNext();
    }
}

// One after the other: the first start has better things to do with the processor.
void WelcomePage::loadNext()
{
    for (; m_loading < m_cards.size(); ++m_loading) {
        ExampleCard *card = m_cards[m_loading];
        const NetworkNode *node = dataNode(card->example().experiment.network);
        if (!node)
            continue;
        const DataLoader::Entry &entry = m_loader->find(*node);
        if (entry.state == DataLoader::State::Loading)
            return;
        if (entry.state == DataLoader::State::Ready) {
            const Dataset &train = *entry.split->train;
            card->setData(DataGlyph(train),
                          tr("%1 samples")
                                  .arg(QLocale(QLocale::English)
                                               .toString(static_cast<qlonglong>(train.size()))));
        }
    }
    m_loader.reset();
}

void WelcomePage::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    arrangeCards();
}

void WelcomePage::arrangeCards()
{
    const int room = width() - sidebarWidth - 72;
    const int columns = std::clamp((room + cardGap) / (narrowestCard + cardGap), 1, 4);
    if (columns == m_columns)
        return;
    m_columns = columns;
    for (int i = 0; i < m_cards.size(); ++i) {
        m_cards[i]->setMaximumWidth(widestCard);
        m_grid->addWidget(m_cards[i], i / columns, i % columns);
    }
    for (int column = 0; column < 5; ++column)
        m_grid->setColumnStretch(column, column < columns ? 1 : 0);
}

bool WelcomePage::eventFilter(QObject *watched, QEvent *event)
{
    const auto at = m_cards.indexOf(static_cast<ExampleCard *>(watched));
    if (event->type() != QEvent::KeyPress || at < 0)
        return QWidget::eventFilter(watched, event);
    const int key = static_cast<QKeyEvent *>(event)->key();
    if (key == Qt::Key_Return || key == Qt::Key_Enter) {
        m_cards[at]->click();
        return true;
    }
    const int step = key == Qt::Key_Left ? -1
            : key == Qt::Key_Right       ? 1
            : key == Qt::Key_Up          ? -m_columns
            : key == Qt::Key_Down        ? m_columns
                                         : 0;
    if (step == 0)
        return false;
    if (at + step >= 0 && at + step < m_cards.size())
        m_cards[at + step]->setFocus();
    return true;
}

} // namespace mrg

#include "moc_WelcomePage.cpp"
