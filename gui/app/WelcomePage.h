// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/Vocabulary.h"
#include "gui/app/examples.h"
#include "gui/widgets/Theme.h"

#include <QWidget>

#include <memory>

class QFrame;
class QGridLayout;
class QLabel;
class QPushButton;
class QVBoxLayout;

namespace mrg {

class DataLoader;
class ExampleCard;

/// Where to begin: a new experiment, a file, one of the last ones, or a ready experiment, each a
/// card that shows its data and its network. After a crash it offers what was last edited.
///
/// Keyboard: Tab and the arrows walk over the cards, Enter opens.
class WelcomePage : public QWidget {
    Q_OBJECT
public:
    WelcomePage(const std::vector<ReadyExperiment> &examples, const Vocabulary &vocabulary,
                const Theme &theme, QWidget *parent = nullptr);
    ~WelcomePage() override;
    void setTheme(const Theme &theme);
    void setRecentFiles(const QStringList &paths);
    /// Offers an experiment that a crash left behind; empty takes the offer back.
    void setLost(const QString &sentence);
    const QVector<ExampleCard *> &cards() const { return m_cards; }

signals:
    void newRequested();
    void openRequested();
    void fileRequested(const QString &path);
    void exampleRequested(const QString &path);
    void restoreRequested();
    void forgetRequested();

protected:
    void showEvent(QShowEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    QWidget *sidebar();
    QWidget *gallery();
    void arrangeCards();
    /// Reads the data of the next card that has no picture of them yet.
    void loadNext();

    const Vocabulary &m_vocabulary;
    Theme m_theme;
    QVector<ExampleCard *> m_cards;
    QGridLayout *m_grid;
    int m_columns = 0;
    QVBoxLayout *m_recent;
    QLabel *m_recentTitle;
    QLabel *m_logo;
    QFrame *m_lost;
    QLabel *m_lostText;
    QPushButton *m_restore;
    std::unique_ptr<DataLoader> m_loader;
    int m_loading = 0;
};

} // namespace mrg
