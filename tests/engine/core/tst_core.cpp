// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/Parallel.h"
#include "engine/core/Random.h"
#include "engine/core/Shape.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <cmath>

using namespace mrg;

class TestCore : public QObject {
    Q_OBJECT
private slots:
    void philoxGivesThePublishedVector()
    {
        // Random123's known answer: counter 0, key 0.
        RandomStream stream(0, 0);
        QCOMPARE(stream.nextUint32(), 0x6627e8d5u);
        QCOMPARE(stream.nextUint32(), 0xe169c58du);
        QCOMPARE(stream.nextUint32(), 0xbc57ac4cu);
        QCOMPARE(stream.nextUint32(), 0x9b00dbd8u);
    }

    void aStreamContinuesFromWhereItIsPut()
    {
        RandomStream stream(7, 3);
        for (int i = 0; i < 5; ++i)
            stream.nextUint32();
        RandomStream other(7, 3);
        other.seek(5);
        QCOMPARE(other.nextUint32(), stream.nextUint32());
    }

    void permutationsHoldEveryNumberOnce()
    {
        std::vector<int64_t> order = RandomStream(1).permutation(100);
        std::sort(order.begin(), order.end());
        for (int64_t i = 0; i < 100; ++i)
            QCOMPARE(order[static_cast<size_t>(i)], i);
    }

    void normalNumbersHaveMeanZeroAndVarianceOne()
    {
        RandomStream stream(5);
        double sum = 0;
        double squares = 0;
        constexpr int count = 200000;
        for (int i = 0; i < count; ++i) {
            const double value = stream.normal();
            sum += value;
            squares += value * value;
        }
        QVERIFY(std::abs(sum / count) < 0.01);
        QVERIFY(std::abs(squares / count - 1) < 0.02);
    }

    void shapesBroadcastAsInNumPy()
    {
        QCOMPARE(*broadcastShapes({8, 1, 6}, {7, 1}), (Shape{8, 7, 6}));
        QCOMPARE(*broadcastShapes({}, {3}), (Shape{3}));
        const Result<Shape> wrong = broadcastShapes({2, 3}, {4});
        QVERIFY(!wrong);
        QCOMPARE(wrong.error().kind, std::string("broadcast_error_incompatible_dimensions"));
    }

    void parallelPiecesDoNotDependOnTheThreadCount()
    {
        for (int threads : {1, 2, 3}) {
            setNumThreads(threads);
            std::vector<int64_t> pieceOf(1000, -1);
            parallelFor(1000, 64, [&](int64_t begin, int64_t end) {
                for (int64_t i = begin; i < end; ++i)
                    pieceOf[static_cast<size_t>(i)] = begin;
            });
            for (int64_t i = 0; i < 1000; ++i)
                QCOMPARE(pieceOf[static_cast<size_t>(i)], i / 64 * 64);
        }
        setNumThreads(1);
    }

    void anExceptionInAPieceReachesTheCaller()
    {
        setNumThreads(2);
        QVERIFY_EXCEPTION_THROWN(parallelFor(100, 1,
                                             [](int64_t begin, int64_t) {
                                                 if (begin == 50)
                                                     throw Error(ErrorCategory::Value, "planted",
                                                                 "");
                                             }),
                                 Error);
        setNumThreads(1);
    }
};

QTEST_APPLESS_MAIN(TestCore)
#include "tst_core.moc"
