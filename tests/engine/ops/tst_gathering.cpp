// SPDX-License-Identifier: GPL-3.0-or-later
// Reading at the places that an index or a mask names (gather, take, where and their like), of
// every type, against loops.
#include "engine/nn/families.h"
#include "tests/engine/ops/random_index.h"

#include <QObject>

using namespace mrg;
using namespace mrg::test;

class TestGathering : public QObject {
    Q_OBJECT

    const Registry registry = standardRegistry();

private slots:
    void readingAtAnIndexGivesWhatStandsThere_data() { addTypes(); }
    void readingAtAnIndexGivesWhatStandsThere()
    {
        const DType dtype = fetchType();
        RandomStream random(87, fetchStream());
        for (int round = 0; round < 200; ++round) {
            const Target target = randomTarget(random, dtype);
            const Numbers numbers(target.x);

            Shape shape = target.x.shape();
            for (size_t d = 0; d < shape.size(); ++d)
                shape[d] = random.below((d == target.dim ? 4 : shape[d]) + 1);
            const Tensor at = randomIndex(random, shape, target.size);
            const Numbers places(at);
            Numbers gathered(shape);
            forEachPlace(shape, [&](const Place &place) {
                gathered.at(place) = numbers.at(moved(place, target.dim, entryAt(places, place)));
            });
            std::string wrong
                    = differenceOf(callTorch(registry, "gather", {target.x, target.written, at})[0],
                                   gathered, dtype);

            const Tensor entries
                    = randomIndex(random, {target.x.dim() == 0 ? 1 : random.below(4)}, target.size);
            const Numbers list(entries);
            shape = target.x.shape();
            if (!shape.empty())
                shape[target.dim] = entries.numel();
            Numbers selected(shape);
            forEachPlace(shape, [&](const Place &place) {
                const int64_t entry = entryAt(list, {place.empty() ? 0 : place[target.dim]});
                selected.at(place) = numbers.at(moved(place, target.dim, entry));
            });
            if (wrong.empty())
                wrong = differenceOf(
                        callTorch(registry, "index_select", {target.x, target.written, entries})[0],
                        selected, dtype);

            // In the flattened tensor; negative ones count from the end.
            if (target.x.numel() > 0) {
                const Shape any = randomShape(random, random.below(3));
                const Tensor flat = randomIndex(random, any, target.x.numel());
                Numbers taken(flat);
                for (Complex &value : taken.values)
                    value = numbers.values[static_cast<size_t>(value.real())];
                if (wrong.empty())
                    wrong = differenceOf(callTorch(registry, "take", {target.x, flat})[0], taken,
                                         dtype);
            }
            QVERIFY2(wrong.empty(), (wrong + "\nof " + target.x.toString()).c_str());
        }
    }

    void indicesAreBroadcastWithTheRest_data() { addTypes(); }
    void indicesAreBroadcastWithTheRest()
    {
        // take_along_dim: all dimensions but one are broadcast.
        const DType dtype = fetchType();
        RandomStream random(89, fetchStream());
        for (int round = 0; round < 100; ++round) {
            const int64_t dims = 1 + random.below(3);
            const auto dim = static_cast<size_t>(random.below(dims));
            const Shape common = randomShape(random, dims);
            Shape own = common;
            Shape others = common;
            for (int64_t d = 0; d < dims; ++d) {
                own[static_cast<size_t>(d)]
                        = random.below(3) == 0 ? 1 : own[static_cast<size_t>(d)];
                if (own[static_cast<size_t>(d)] != 1 && random.below(3) == 0)
                    others[static_cast<size_t>(d)] = 1;
            }
            own[dim] = 1 + random.below(3);
            others[dim] = random.below(4);
            Shape shape = common;
            shape[dim] = others[dim];
            const Tensor x = randomView(random, own, dtype);
            const Tensor at = randomIndex(random, others, own[dim]);
            const auto shown = [](const Shape &of, Place place) {
                for (size_t d = 0; d < of.size(); ++d)
                    place[d] = of[d] == 1 ? 0 : place[d];
                return place;
            };
            const Numbers numbers(x);
            const Numbers places(at);
            Numbers wanted(shape);
            forEachPlace(shape, [&](const Place &place) {
                const int64_t entry = entryAt(places, shown(others, place));
                wanted.at(place) = numbers.at(moved(shown(own, place), dim, entry));
            });
            const std::string wrong = differenceOf(
                    callTorch(registry, "take_along_dim", {x, at, static_cast<int64_t>(dim)})[0],
                    wanted, dtype);
            QVERIFY2(wrong.empty(), (wrong + "\nof " + x.toString()).c_str());
        }
    }

    void masksChooseInOrder_data() { addTypes(); }
    void masksChooseInOrder()
    {
        const DType dtype = fetchType();
        RandomStream random(91, fetchStream());
        for (int round = 0; round < 100; ++round) {
            const Shape shape = randomShape(random, random.below(4));
            const Tensor x = randomView(random, shape, dtype);
            const Tensor other = randomView(random, shape, dtype);
            const Tensor mask = randomView(random, shape, DType::Bool);
            const Numbers numbers(x);
            const Numbers others(other);
            const Numbers flags(mask);
            Numbers mixed(shape);
            std::vector<Complex> chosen;
            std::vector<int64_t> placed;
            int64_t found = 0;
            forEachPlace(shape, [&](const Place &place) {
                const bool takes = flags.at(place) != 0.0;
                mixed.at(place) = takes ? numbers.at(place) : others.at(place);
                if (takes)
                    chosen.push_back(numbers.at(place));
                if (numbers.at(place) == 0.0)
                    return;
                ++found;
                placed.insert(placed.end(), place.begin(), place.end());
            });
            Numbers selected(Shape{static_cast<int64_t>(chosen.size())});
            selected.values = chosen;
            std::string wrong
                    = differenceOf(callTorch(registry, "where", {mask, x, other})[0], mixed, dtype);
            if (wrong.empty())
                wrong = differenceOf(callTorch(registry, "masked_select", {x, mask})[0], selected,
                                     dtype);
            QVERIFY2(wrong.empty(), wrong.c_str());
            for (const char *name : {"nonzero", "argwhere"}) {
                const Tensor got = callTorch(registry, name, {x})[0];
                QCOMPARE(got.shape(), (Shape{found, x.dim()}));
                QCOMPARE(got.toVector<int64_t>(), placed);
            }
        }
    }

    void fillingSetsWholeEntries_data() { addTypes(); }
    void fillingSetsWholeEntries()
    {
        const DType dtype = fetchType();
        RandomStream random(93, fetchStream());
        for (int round = 0; round < 100; ++round) {
            const Target target = randomTarget(random, dtype);
            const Tensor entries = randomIndex(random, {random.below(4)}, target.size);
            Numbers wanted(target.x);
            for (int64_t entry : entries.toVector<int64_t>()) {
                forEachPlace(target.x.shape(), [&](const Place &place) {
                    wanted.at(moved(place, target.dim, entry)) = 1;
                });
            }
            std::string wrong = differenceOf(
                    callTorch(registry, "index_fill", {target.x, target.written, entries, 1})[0],
                    wanted, dtype);
            if (target.x.dim() > 0 && wrong.empty()) {
                // The same by scatter with a number, over whole entries.
                Shape shape = target.x.shape();
                shape[target.dim] = entries.numel();
                std::vector<int64_t> strides(shape.size(), 0);
                strides[target.dim] = entries.strides()[0];
                const Tensor at = entries.asStrided(shape, strides, entries.offset());
                wrong = differenceOf(
                        callTorch(registry, "scatter", {target.x, target.written, at, 1})[0],
                        wanted, dtype);
            }
            QVERIFY2(wrong.empty(), (wrong + "\nof " + target.x.toString()).c_str());
        }
    }
};

QTEST_APPLESS_MAIN(TestGathering)
#include "tst_gathering.moc"
