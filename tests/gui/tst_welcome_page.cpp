// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/app/ExampleCard.h"
#include "gui/app/WelcomePage.h"
#include "gui/app/examples.h"
#include "tests/gui/window_fixture.h"

#include <QDir>
#include <QPushButton>

using namespace mrg;
using namespace mrg::test;

class TestWelcomePage : public QObject {
    Q_OBJECT
    std::unique_ptr<WindowFixture> m_fixture;

private slots:
    void init() { m_fixture = std::make_unique<WindowFixture>(); }

    void theFirstStartShowsTheFirstExperimentAndLaterOnesTheWelcomePage()
    {
        {
            const auto window = m_fixture->window("starts");
            window->begin({});
            window->show();
            QVERIFY(!window->welcome()->isVisible());
            QVERIFY(!window->document().network().nodes.empty());
            QTRY_COMPARE_WITH_TIMEOUT(window->controller().obstacle(), QString(), 30000);
            window->close();
        }
        const auto window = m_fixture->window("starts");
        window->begin({});
        window->show();
        QVERIFY(window->welcome()->isVisible());
        // Nothing crashed, so nothing is offered.
        QVERIFY(!window->findChild<QWidget *>("lostExperiment")->isVisible());
    }

    void everyReadyExperimentOpensWithAClickReadyToTrain()
    {
        const auto window = m_fixture->window("cards");
        window->show();
        window->showWelcome();
        const QVector<ExampleCard *> cards = window->welcome()->cards();
        QCOMPARE(static_cast<size_t>(cards.size()), readyExperiments().size());
        QVERIFY(cards.size() >= 6);
        for (ExampleCard *card : cards) {
            window->showWelcome();
            QTest::mouseClick(card, Qt::LeftButton);
            QVERIFY(!window->welcome()->isVisible());
            QCOMPARE(window->document().experiment(), card->example().experiment);
            QTRY_COMPARE_WITH_TIMEOUT(window->controller().obstacle(), QString(), 30000);
        }
    }

    void everyCardComesToShowItsData()
    {
        const auto window = m_fixture->window("glyphs");
        window->show();
        window->showWelcome();
        for (const ExampleCard *card : window->welcome()->cards())
            QTRY_VERIFY_WITH_TIMEOUT(!card->glyph().isEmpty(), 60000);
    }

    void theKeyboardWalksOverTheCardsAndOpens()
    {
        const auto window = m_fixture->window("keys");
        window->show();
        window->showWelcome();
        QVERIFY(QTest::qWaitForWindowActive(window.get()));
        const QVector<ExampleCard *> cards = window->welcome()->cards();
        QTRY_VERIFY(cards[0]->hasFocus());
        QTest::keyClick(cards[0], Qt::Key_Right);
        QVERIFY(cards[1]->hasFocus());
        QTest::keyClick(cards[1], Qt::Key_Left);
        QTest::keyClick(cards[0], Qt::Key_Left);
        QVERIFY(cards[0]->hasFocus());
        QTest::keyClick(cards[0], Qt::Key_Right);
        QTest::keyClick(cards[1], Qt::Key_Return);
        QCOMPARE(window->document().experiment(), cards[1]->example().experiment);
    }

    void aRecentFileOpensWithAClick()
    {
        const QString file = m_fixture->path("kept.mrg");
        const auto window = m_fixture->window("recent");
        window->show();
        QVERIFY(window->openExample(firstExperiment()));
        QVERIFY(window->saveFile(file));
        QVERIFY(QTest::qWaitForWindowActive(window.get()));
        QTest::keyClick(window.get(), Qt::Key_N, Qt::ControlModifier);
        QVERIFY(window->document().network().nodes.empty());
        window->showWelcome();
        auto *link = window->findChild<QAbstractButton *>("recentFile");
        QVERIFY(link);
        QTest::mouseClick(link, Qt::LeftButton);
        QTRY_COMPARE(window->document().filePath(), file);
        QVERIFY(!window->welcome()->isVisible());
    }

    void whatACrashLeftBehindIsOfferedAndBroughtBack()
    {
        const QString file = m_fixture->path("saved.mrg");
        Experiment lost;
        {
            // Going without close() is what a crash looks like.
            const auto window = m_fixture->window("crash");
            QVERIFY(window->openExample(firstExperiment()));
            QVERIFY(window->saveFile(file));
            window->document().addNode("nn.Dropout", {}, {0, 400});
            lost = window->document().experiment();
            QTRY_VERIFY(!QDir(m_fixture->path("crash/recovery")).entryList({"*.mrg"}).isEmpty());
        }
        const auto window = m_fixture->window("crash");
        window->begin({});
        window->show();
        QVERIFY(window->welcome()->isVisible());
        QVERIFY(window->findChild<QWidget *>("lostExperiment")->isVisible());
        QTest::mouseClick(window->findChild<QPushButton *>("restoreLost"), Qt::LeftButton);
        QCOMPARE(window->document().experiment(), lost);
        QCOMPARE(window->document().filePath(), file);
        QVERIFY(window->document().isModified());
        QVERIFY(!window->welcome()->isVisible());
        window->document().undoStack().setClean();
    }

    void whatIsDiscardedIsNotOfferedAgain()
    {
        {
            const auto window = m_fixture->window("discard");
            window->document().addNode("nn.Linear", {}, {0, 0});
            QTRY_VERIFY(!QDir(m_fixture->path("discard/recovery")).entryList({"*.mrg"}).isEmpty());
        }
        {
            const auto window = m_fixture->window("discard");
            window->show();
            window->begin({});
            QTest::mouseClick(window->findChild<QPushButton *>("forgetLost"), Qt::LeftButton);
            QVERIFY(!window->findChild<QWidget *>("lostExperiment")->isVisible());
        }
        QVERIFY(!Recovery(m_fixture->path("discard/recovery")).lost());
    }

    void aWindowThatLivesIsNotTakenForACrash()
    {
        const auto first = m_fixture->window("two");
        first->document().addNode("nn.Linear", {}, {0, 0});
        QTRY_VERIFY(!QDir(m_fixture->path("two/recovery")).entryList({"*.mrg"}).isEmpty());
        QVERIFY(!Recovery(m_fixture->path("two/recovery")).lost());
        first->document().undoStack().setClean();
    }
};

QTEST_MAIN(TestWelcomePage)
#include "tst_welcome_page.moc"
