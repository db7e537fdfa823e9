// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/Database.h"
#include "engine/store/RunStore.h"
#include "engine/store/process_identity.h"

#include <QFile>
#include <QObject>
#include <QTemporaryDir>
#include <QtTest/qtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <limits>
#include <thread>

using namespace mrg;

namespace {

RunSummary summary(const std::string &title = "a run")
{
    RunSummary out;
    out.title = title;
    out.startedAt = "2024-02-29T12:00:00Z";
    out.state = "running";
    out.loss = "MultiLabelMarginLoss";
    out.dataset = "debtags";
    out.dataDigest = "0123456789abcdef";
    out.engineVersion = "0.1.0";
    out.seed = std::numeric_limits<uint64_t>::max();
    return out;
}

std::vector<std::byte> bytes(size_t count, int value)
{
    return std::vector<std::byte>(count, static_cast<std::byte>(value));
}

} // namespace

class TestRunStore : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> dir;
    std::unique_ptr<RunStore> store;

    std::filesystem::path path(const char *name = "runs.sqlite") const
    {
        return dir->filePath(name).toStdString();
    }
    std::unique_ptr<RunStore> opened() const { return RunStore::open(path()).value(); }
    int64_t begun(const std::string &title = "a run")
    {
        return store->beginRun("{\"experiment\": 1}", summary(title)).value();
    }

private slots:
    void init()
    {
        dir = std::make_unique<QTemporaryDir>();
        store = opened();
    }
    void cleanup()
    {
        store.reset();
        dir.reset();
    }

    void aRunIsFoundAgainAsItWasWritten()
    {
        const int64_t id = begun();
        QVERIFY(id > 0);
        QVERIFY(store->addPoint(id, "train/loss", {1, 0.1, 0.5}).ok());
        QVERIFY(store->addPoint(id, "train/loss", {2, 0.2, 0.25}).ok());
        QVERIFY(store->addPoint(id, "lr", {0, 0, 0.01}).ok());
        QVERIFY(store->addEvent(id, {1, 0.1, "lr = 0.01"}).ok());
        QVERIFY(store->putDocument(id, "evaluation/test", "{\"ä\": 1}").ok());
        QVERIFY(store->putCheckpoint(id, 2, bytes(100, 7)).ok());
        QVERIFY(store->setState(id, "finished", 2).ok());
        store.reset();
        store = opened();
        const RunSummary run = store->run(id).value();
        QCOMPARE(run.title, std::string("a run"));
        QCOMPARE(run.startedAt, std::string("2024-02-29T12:00:00Z"));
        QCOMPARE(run.state, std::string("finished"));
        QCOMPARE(run.loss, std::string("MultiLabelMarginLoss"));
        QCOMPARE(run.dataset, std::string("debtags"));
        QCOMPARE(run.dataDigest, std::string("0123456789abcdef"));
        QCOMPARE(run.engineVersion, std::string("0.1.0"));
        QCOMPARE(run.seed, std::numeric_limits<uint64_t>::max());
        QCOMPARE(run.steps, 2);
        QCOMPARE(store->experiment(id).value(), std::string("{\"experiment\": 1}"));
        QCOMPARE(store->series(id).value(), (std::vector<std::string>{"train/loss", "lr"}));
        const std::vector<StoredPoint> points = store->points(id, "train/loss").value();
        QCOMPARE(points.size(), size_t{2});
        QCOMPARE(points[1].step, 2);
        QCOMPARE(points[1].epoch, 0.2);
        QCOMPARE(points[1].value, 0.25);
        QCOMPARE(store->events(id)->at(0).text, std::string("lr = 0.01"));
        QCOMPARE(store->document(id, "evaluation/test").value(), std::string("{\"ä\": 1}"));
        QVERIFY(store->latestCheckpoint(id).value() == bytes(100, 7));
    }

    void runsComeNewestFirstWithTheirLatestFigures()
    {
        const int64_t first = begun("first");
        const int64_t second = begun("second");
        QVERIFY(store->addPoint(first, "train/loss", {5, 1, 0.5}).ok());
        QVERIFY(store->addPoint(first, "train/loss", {9, 2, 0.25}).ok());
        QVERIFY(store->addPoint(first, "validation/loss", {9, 2, 0.75}).ok());
        QVERIFY(store->addPoint(second, "train/loss", {1, 0, 3}).ok());
        QVERIFY(store->flush().ok());
        const std::vector<RunSummary> runs = store->runs().value();
        QCOMPARE(runs.size(), size_t{2});
        QCOMPARE(runs[0].title, std::string("second"));
        using Figures = std::vector<std::pair<std::string, double>>;
        QCOMPARE(runs[1].finalMetrics, (Figures{{"train/loss", 0.25}, {"validation/loss", 0.75}}));
        QCOMPARE(runs[0].finalMetrics, (Figures{{"train/loss", 3}}));
        QCOMPARE(store->run(first)->finalMetrics, runs[1].finalMetrics);
    }

    void numbersThatAreNoneStayWhatTheyAre()
    {
        const int64_t id = begun();
        QVERIFY(store->addPoint(id, "loss", {1, 0, std::numeric_limits<double>::quiet_NaN()}).ok());
        QVERIFY(store->addPoint(id, "loss", {2, 0, std::numeric_limits<double>::infinity()}).ok());
        QVERIFY(store->addPoint(id, "loss", {3, 0, -std::numeric_limits<double>::infinity()}).ok());
        QVERIFY(store->addPoint(id, "loss", {4, 0, 1e-310}).ok());
        QVERIFY(store->flush().ok());
        const std::vector<StoredPoint> points = store->points(id, "loss").value();
        QVERIFY(std::isnan(points[0].value));
        QVERIFY(std::isinf(points[1].value) && points[1].value > 0);
        QVERIFY(std::isinf(points[2].value) && points[2].value < 0);
        QCOMPARE(points[3].value, 1e-310);
    }

    void pointsWaitUntilTheyAreFlushedOrMany()
    {
        const int64_t id = begun();
        const std::unique_ptr<RunStore> reader = opened();
        QVERIFY(store->addPoint(id, "loss", {0, 0, 0}).ok());
        QVERIFY(reader->points(id, "loss")->empty());
        QVERIFY(store->flush().ok());
        QCOMPARE(reader->points(id, "loss")->size(), size_t{1});
        for (int64_t step = 1; step <= 10000; ++step)
            QVERIFY(store->addPoint(id, step % 2 ? "odd" : "even",
                                    {step, 0, static_cast<double>(step)})
                            .ok());
        QVERIFY(reader->points(id, "even")->size() >= 3000);
        store.reset(); // writes the rest
        QCOMPARE(reader->points(id, "even")->size(), size_t{5000});
        QCOMPARE(reader->points(id, "odd")->back().value, 9999.0);
    }

    void aPointMeasuredAgainReplacesTheOld()
    {
        const int64_t id = begun();
        QVERIFY(store->addPoint(id, "lr", {6, 1, 0.1}).ok());
        QVERIFY(store->addPoint(id, "lr", {6, 1, 0.2}).ok());
        QVERIFY(store->flush().ok());
        QCOMPARE(store->points(id, "lr")->size(), size_t{1});
        QCOMPARE(store->points(id, "lr")->at(0).value, 0.2);
    }

    void onlyTheLatestCheckpointIsKept()
    {
        const int64_t id = begun();
        QVERIFY(store->putCheckpoint(id, 1, bytes(1000000, 1)).ok());
        QVERIFY(store->putCheckpoint(id, 2, bytes(10, 2)).ok());
        QVERIFY(store->latestCheckpoint(id).value() == bytes(10, 2));
        QVERIFY(store->putCheckpoint(id, 3, {}).ok());
        QVERIFY(store->latestCheckpoint(id)->empty());
    }

    void clearingARunLeavesTheOthers()
    {
        const int64_t first = begun();
        const int64_t second = begun();
        for (int64_t run : {first, second}) {
            QVERIFY(store->addPoint(run, "loss", {1, 0, 1}).ok());
            QVERIFY(store->addEvent(run, {1, 0, "event"}).ok());
            QVERIFY(store->putDocument(run, "d", "{}").ok());
            QVERIFY(store->putCheckpoint(run, 1, bytes(1, 1)).ok());
        }
        QVERIFY(store->clearRun(first).ok());
        QVERIFY(store->flush().ok());
        QVERIFY(store->series(first)->empty());
        QVERIFY(store->events(first)->empty());
        QVERIFY(!store->document(first, "d"));
        QVERIFY(!store->latestCheckpoint(first));
        QVERIFY(store->run(first).ok());
        QCOMPARE(store->points(second, "loss")->size(), size_t{1});
        QCOMPARE(store->events(second)->size(), size_t{1});
        QVERIFY(store->document(second, "d").ok());
        QVERIFY(store->addPoint(first, "loss", {1, 0, 2}).ok());
        QVERIFY(store->flush().ok());
        QCOMPARE(store->points(first, "loss")->at(0).value, 2.0);
    }

    void aRemovedRunIsGoneAndTheStoreGoesOn()
    {
        const int64_t gone = begun();
        const int64_t stays = begun();
        QVERIFY(store->addPoint(gone, "loss", {1, 0, 1}).ok());
        QVERIFY(store->flush().ok());
        QVERIFY(store->addPoint(gone, "loss", {2, 0, 1}).ok());
        QVERIFY(store->addPoint(stays, "loss", {1, 0, 1}).ok());
        QVERIFY(store->removeRun(gone).ok());
        // What comes late for it is dropped; the others' points are not.
        QVERIFY(store->addPoint(gone, "loss", {3, 0, 1}).ok());
        QVERIFY(!store->addEvent(gone, {3, 0, "late"}).ok());
        QVERIFY(store->flush().ok());
        QCOMPARE(store->run(gone).error().kind, std::string("no_such_run"));
        QVERIFY(store->points(gone, "loss")->empty());
        QCOMPARE(store->points(stays, "loss")->size(), size_t{1});
        QVERIFY(store->putCheckpoint(stays, 1, bytes(1, 1)).ok());
        QCOMPARE(store->runs()->size(), size_t{1});
    }

    void aRunRemovedByAnotherDoesNotStopTheWriter()
    {
        const int64_t gone = begun();
        const int64_t stays = begun();
        QVERIFY(store->addPoint(gone, "loss", {1, 0, 1}).ok());
        QVERIFY(store->flush().ok());
        QVERIFY(opened()->removeRun(gone).ok());
        QVERIFY(store->addPoint(gone, "loss", {2, 0, 1}).ok());
        QVERIFY(store->addPoint(stays, "loss", {1, 0, 1}).ok());
        QVERIFY(store->flush().ok());
        QVERIFY(store->flush().ok());
        QCOMPARE(store->points(stays, "loss")->size(), size_t{1});
        QVERIFY(!store->putDocument(gone, "d", "{}"));
        QVERIFY(!store->putCheckpoint(gone, 1, bytes(1, 1)));
        QVERIFY(store->putCheckpoint(stays, 1, bytes(1, 1)).ok());
    }

    void titlesCanBeChanged()
    {
        const int64_t id = begun();
        QVERIFY(store->renameRun(id, "'; DROP TABLE run; --").ok());
        QCOMPARE(store->run(id)->title, std::string("'; DROP TABLE run; --"));
    }

    void whatIsNotThereIsSaidSo()
    {
        const int64_t id = begun();
        QCOMPARE(store->run(99).error().kind, std::string("no_such_run"));
        QCOMPARE(store->experiment(99).error().kind, std::string("not_in_the_store"));
        QCOMPARE(store->document(id, "none").error().kind, std::string("not_in_the_store"));
        QCOMPARE(store->latestCheckpoint(id).error().kind, std::string("not_in_the_store"));
        QVERIFY(store->points(id, "none")->empty());
    }

    void aReaderSeesWholeBatchesWhileAWriterWrites()
    {
        const int64_t id = begun();
        std::jthread writer([this, id] {
            for (int64_t step = 0; step < 20000; ++step)
                QVERIFY(store->addPoint(id, "loss", {step, 0, static_cast<double>(step)}).ok());
            (void)store->flush();
        });
        const std::unique_ptr<RunStore> reader = opened();
        size_t seen = 0;
        while (seen < 20000) {
            const Result<std::vector<StoredPoint>> points = reader->points(id, "loss");
            QVERIFY2(points.ok(), points.ok() ? "" : points.error().what());
            QVERIFY(points->size() >= seen);
            seen = points->size();
            QVERIFY(seen == 20000 || seen % 2000 == 0);
        }
    }

    void storesThatAreNoneAreRefused()
    {
        QFile text(dir->filePath("text"));
        QVERIFY(text.open(QIODevice::WriteOnly));
        text.write(QByteArray(5000, 'x'));
        text.close();
        for (const std::filesystem::path &bad : {path("text"), path("no/such/folder"), path(".")}) {
            const auto refused = RunStore::open(bad);
            QVERIFY2(!refused, bad.c_str());
            QCOMPARE(refused.error().category, ErrorCategory::File);
            QVERIFY2(refused.error().text().find(bad.string()) != std::string::npos,
                     refused.error().what());
        }
    }

    void databasesOfOthersAreLeftAlone()
    {
        {
            Database other(path("other"));
            other.execute("CREATE TABLE letters(a); INSERT INTO letters VALUES(1)");
        }
        const auto refused = RunStore::open(path("other"));
        QVERIFY(!refused);
        QCOMPARE(refused.error().kind, std::string("not_a_run_store"));
        const Database other(path("other"));
        const auto tables = other.prepare("SELECT count(*) FROM sqlite_schema");
        QVERIFY(tables->step());
        QCOMPARE(tables->integer(0), 1);
    }

    void aNewerStoreIsRefused()
    {
        store.reset();
        {
            Database newer(path());
            newer.execute("PRAGMA user_version=99");
        }
        const auto refused = RunStore::open(path());
        QVERIFY(!refused);
        QCOMPARE(refused.error().kind, std::string("newer_version"));
        QVERIFY(refused.error().got.find("99") != std::string::npos);
    }

    void aRunWhoseProcessIsGoneIsInterrupted_data()
    {
        QTest::addColumn<QString>("state");
        QTest::addColumn<QString>("later");
        QTest::newRow("running") << "running"
                                 << "interrupted";
        QTest::newRow("paused") << "paused"
                                << "interrupted";
        QTest::newRow("finished") << "finished"
                                  << "finished";
    }
    void aRunWhoseProcessIsGoneIsInterrupted()
    {
        QFETCH(QString, state);
        const pid_t child = fork();
        if (child == 0) {
            // Killed before anything can be tidied up.
            const auto own = opened();
            const int64_t run = own->beginRun("{}", summary("killed")).value();
            (void)own->setState(run, state.toStdString(), 7);
            ::kill(getpid(), SIGKILL);
        }
        QVERIFY(child > 0);
        int status = 0;
        QCOMPARE(waitpid(child, &status, 0), child);
        QVERIFY(WIFSIGNALED(status));
        const int64_t alive = begun("alive");
        const std::vector<RunSummary> runs = opened()->runs().value();
        QCOMPARE(runs.size(), size_t{2});
        QCOMPARE(runs[0].id, alive);
        QCOMPARE(runs[0].state, std::string("running"));
        QTEST(QString::fromStdString(runs[1].state), "later");
        QCOMPARE(runs[1].steps, 7);
    }

    void aProcessIsToldFromOthersThatHadItsNumber()
    {
        const std::string own = processIdentity();
        QVERIFY(!own.empty());
        QVERIFY(!isProcessGone(own));
        // The same number, started at another time, or on the machine before it was started anew.
        QVERIFY(isProcessGone(own + "1"));
        QVERIFY(isProcessGone("another-start" + own.substr(own.find(' '))));
        QVERIFY(!isProcessGone({}));
    }

    void runsOfAStoreThatKnewNoProcessesAreInterrupted()
    {
        {
            Database older(path("older.sqlite"));
            older.execute(
                    "CREATE TABLE run(id INTEGER PRIMARY KEY, title TEXT, started TEXT, "
                    "state TEXT, loss TEXT, dataset TEXT, digest TEXT, version TEXT, "
                    "seed INTEGER, steps INTEGER DEFAULT 0, experiment TEXT);"
                    "CREATE TABLE series(id INTEGER PRIMARY KEY, run INTEGER, name TEXT);"
                    "CREATE TABLE point(series INTEGER, step INTEGER, epoch REAL, value REAL, "
                    "PRIMARY KEY(series, step)) WITHOUT ROWID;"
                    "INSERT INTO run(id, title, state) VALUES(1, 'left', 'running'), "
                    "(2, 'done', 'finished');"
                    "PRAGMA user_version=1;");
        }
        const auto migrated = RunStore::open(path("older.sqlite")).value();
        QCOMPARE(migrated->run(1)->state, std::string("interrupted"));
        QCOMPARE(migrated->run(1)->title, std::string("left"));
        QCOMPARE(migrated->run(2)->state, std::string("finished"));
        QVERIFY(migrated->beginRun("{}", summary()));
    }

    void twoCanCreateItAtOnce()
    {
        for (int round = 0; round < 20; ++round) {
            const QByteArray name = QByteArray::number(round);
            std::atomic<int> failures = 0;
            {
                std::vector<std::jthread> threads;
                for (int i = 0; i < 3; ++i)
                    threads.emplace_back([&] { failures += !RunStore::open(path(name)).ok(); });
            }
            QCOMPARE(failures.load(), 0);
        }
    }

    void aStoreThatCannotBeWrittenSaysSoAndRecovers()
    {
        const int64_t id = begun();
        Database blocker(path());
        blocker.execute("BEGIN IMMEDIATE");
        QVERIFY(store->addPoint(id, "loss", {1, 0, 1}).ok());
        QVERIFY(!store->flush());
        QVERIFY(!store->putCheckpoint(id, 1, bytes(1, 1)));
        blocker.execute("COMMIT");
        QVERIFY(store->flush().ok());
        QVERIFY(store->putCheckpoint(id, 1, bytes(1, 1)).ok());
        QCOMPARE(store->points(id, "loss")->size(), size_t{1});
    }
};

QTEST_APPLESS_MAIN(TestRunStore)
#include "tst_run_store.moc"
