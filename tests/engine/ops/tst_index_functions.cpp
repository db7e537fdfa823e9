// SPDX-License-Identifier: GPL-3.0-or-later
// gather, scatter, index_* and their like, of every type, against loops.
#include "engine/nn/families.h"
#include "tests/engine/ops/slow_reference.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <algorithm>
#include <map>

using namespace mrg;
using namespace mrg::test;

namespace {

using Row = std::vector<Complex>;

/// What an element becomes where others arrive, in that order; `self` is empty where it is left
/// out.
using Rule = std::function<Complex(const Row &self, const Row &arrivals, DType dtype)>;

Row joined(const Row &self, const Row &arrivals)
{
    Row out = self;
    out.insert(out.end(), arrivals.begin(), arrivals.end());
    return out;
}
Complex last(const Row &, const Row &arrivals, DType) { return arrivals.back(); }
Complex sum(const Row &self, const Row &arrivals, DType)
{
    Complex out = 0;
    for (Complex x : joined(self, arrivals))
        out += x;
    return out;
}
Complex product(const Row &self, const Row &arrivals, DType dtype)
{
    Complex out = 1;
    for (Complex x : joined(self, arrivals))
        out = asElement(out * x, dtype);
    return out;
}
Complex mean(const Row &self, const Row &arrivals, DType dtype)
{
    const Complex total = asElement(sum(self, arrivals, dtype), dtype);
    const auto count = static_cast<double>(self.size() + arrivals.size());
    return isIntegral(dtype) ? Complex(std::floor(total.real() / count)) : total / count;
}
Complex largest(const Row &self, const Row &arrivals, DType)
{
    double out = -std::numeric_limits<double>::infinity();
    for (Complex x : joined(self, arrivals))
        out = std::max(out, x.real());
    return out;
}
Complex smallest(const Row &self, const Row &arrivals, DType)
{
    double out = std::numeric_limits<double>::infinity();
    for (Complex x : joined(self, arrivals))
        out = std::min(out, x.real());
    return out;
}
Complex sumTwice(const Row &self, const Row &arrivals, DType dtype)
{
    return self.at(0) + 2.0 * sum({}, arrivals, dtype);
}

struct Case {
    const char *name;
    const char *function;
    Rule rule;
    int kinds = allKinds;
    std::vector<Value> reduction = {}; ///< the argument that says how they meet
    Arguments keywords = {};
    bool includesSelf = true;
};

constexpr int notBool = Integers | Floats | Complexes;

/// Those that take an index of as many dimensions as the input has.
const std::vector<Case> &scatters()
{
    static const std::vector<Case> all = [] {
        std::vector<Case> out{
                {"scatter", "scatter", last},
                {"scatter_add", "scatter_add", sum},
                {"scatter_reduce sum", "scatter_reduce", sum, allKinds, {"sum"}},
                {"scatter_reduce prod", "scatter_reduce", product, allKinds, {"prod"}},
                {"scatter_reduce mean", "scatter_reduce", mean, notBool, {"mean"}},
                {"scatter_reduce amax", "scatter_reduce", largest, notComplex, {"amax"}},
                {"scatter_reduce amin", "scatter_reduce", smallest, notComplex, {"amin"}}};
        for (size_t i = 2; i < 7; ++i) {
            Case without = out[i];
            without.includesSelf = false;
            out.push_back(without);
        }
        return out;
    }();
    return all;
}
/// Those that take a 1-d index of one dimension.
const std::vector<Case> &indexings()
{
    static const std::vector<Case> all = [] {
        std::vector<Case> out{
                {"index_copy", "index_copy", last},
                {"index_add", "index_add", sum},
                {"index_add twice", "index_add", sumTwice, allKinds, {}, {{"alpha", 2}}},
                {"index_reduce prod", "index_reduce", product, allKinds, {"prod"}},
                {"index_reduce mean", "index_reduce", mean, notBool, {"mean"}},
                {"index_reduce amax", "index_reduce", largest, notComplex, {"amax"}},
                {"index_reduce amin", "index_reduce", smallest, notComplex, {"amin"}}};
        for (size_t i = 3; i < 7; ++i) {
            Case without = out[i];
            without.includesSelf = false;
            out.push_back(without);
        }
        return out;
    }();
    return all;
}

/// Entries of a dimension of that size.
Tensor randomIndex(RandomStream &random, const Shape &shape, int64_t size)
{
    Tensor out = Tensor::empty(shape, DType::Int64);
    for (int64_t i = 0; i < out.numel(); ++i)
        out.data<int64_t>()[i] = random.below(size);
    return laidOut(random, out);
}

int64_t entryAt(const Numbers &index, const Place &place)
{
    return static_cast<int64_t>(index.at(place).real());
}

/// A random tensor, a dimension of it that is not empty, and how that is written.
struct Target {
    Tensor x;
    size_t dim;
    int64_t written;
    int64_t size;
};
Target randomTarget(RandomStream &random, DType dtype)
{
    const int64_t dims = random.below(4);
    const int64_t rank = std::max<int64_t>(dims, 1);
    const auto dim = static_cast<size_t>(random.below(rank));
    Shape shape = randomShape(random, dims);
    if (!shape.empty())
        shape[dim] = std::max<int64_t>(shape[dim], 1);
    return {randomView(random, shape, dtype), dim,
            static_cast<int64_t>(dim) - (random.below(2) == 0 ? rank : 0),
            shape.empty() ? 1 : shape[dim]};
}

/// The place with another entry in one dimension; a 0-d tensor has but one place.
Place moved(Place place, size_t dim, int64_t entry)
{
    if (!place.empty())
        place[dim] = entry;
    return place;
}

/// Applies the rule to every place of x where something arrives.
Numbers metAt(const Case &one, const Tensor &x, const std::map<Place, Row> &arrivals)
{
    Numbers out(x);
    for (const auto &[place, values] : arrivals)
        out.at(place) = one.rule(one.includesSelf ? Row{out.at(place)} : Row{}, values, x.dtype());
    return out;
}

} // namespace

class TestIndexFunctions : public QObject {
    Q_OBJECT

    const Registry registry = standardRegistry();

    static void addRows(const std::vector<Case> &cases)
    {
        QTest::addColumn<int>("index");
        for (int i = 0; const Case &one : cases)
            QTest::addRow("%s%s", one.name, one.includesSelf ? "" : " without self") << i++;
    }
    static void addTypes()
    {
        QTest::addColumn<int>("type");
        for (DType dtype : allTypes)
            QTest::newRow(dtypeName(dtype)) << static_cast<int>(dtype);
    }
    static DType fetchType()
    {
        QFETCH(int, type);
        return static_cast<DType>(type);
    }

    Tensor met(const Case &one, const Target &target, const Tensor &index,
               const Tensor &source) const
    {
        std::vector<Value> positional{target.x, target.written, index, source};
        positional.insert(positional.end(), one.reduction.begin(), one.reduction.end());
        Arguments keywords = one.keywords;
        if (!one.includesSelf)
            keywords["include_self"] = false;
        return callTorch(registry, one.function, positional, keywords).at(0);
    }

    /// Whether it refuses a type that it has no meaning for.
    bool refuses(const Case &one, DType dtype) const
    {
        const Tensor x = Tensor::ones({2}, dtype);
        return refusesTheType([&] { met(one, {x, 0, 0, 2}, Tensor::zeros({2}, DType::Int64), x); });
    }

private slots:
    void whatMeetsAtAnIndexIsCombined_data() { addRows(scatters()); }
    void whatMeetsAtAnIndexIsCombined()
    {
        QFETCH(int, index);
        const Case &one = scatters()[static_cast<size_t>(index)];
        RandomStream random(81, static_cast<uint64_t>(index));
        for (DType dtype : allTypes) {
            if (!(one.kinds & kindOf(dtype))) {
                QVERIFY2(refuses(one, dtype), dtypeName(dtype));
                continue;
            }
            for (int round = 0; round < 100; ++round) {
                const Target target = randomTarget(random, dtype);
                Shape shape = target.x.shape();
                Shape sourceShape;
                for (size_t d = 0; d < shape.size(); ++d) {
                    shape[d] = random.below((d == target.dim ? 4 : shape[d]) + 1);
                    sourceShape.push_back(shape[d] + random.below(2));
                }
                const Tensor at = randomIndex(random, shape, target.size);
                const Tensor source = randomView(random, sourceShape, dtype);
                const Numbers places(at);
                const Numbers values(source);
                std::map<Place, Row> arrivals;
                forEachPlace(shape, [&](const Place &place) {
                    arrivals[moved(place, target.dim, entryAt(places, place))].push_back(
                            values.at(place));
                });
                const std::string wrong = differenceOf(met(one, target, at, source),
                                                       metAt(one, target.x, arrivals), dtype);
                QVERIFY2(wrong.empty(),
                         (wrong + "\nof " + target.x.toString() + "\nat " + at.toString()
                          + "\nfrom " + source.toString())
                                 .c_str());
            }
        }
    }

    void whatMeetsAtAnEntryIsCombined_data() { addRows(indexings()); }
    void whatMeetsAtAnEntryIsCombined()
    {
        QFETCH(int, index);
        const Case &one = indexings()[static_cast<size_t>(index)];
        RandomStream random(83, static_cast<uint64_t>(index));
        for (DType dtype : allTypes) {
            if (!(one.kinds & kindOf(dtype))) {
                QVERIFY2(refuses(one, dtype), dtypeName(dtype));
                continue;
            }
            for (int round = 0; round < 100; ++round) {
                const Target target = randomTarget(random, dtype);
                const int64_t count = target.x.dim() == 0 ? 1 : random.below(5);
                const Tensor at = randomIndex(random, {count}, target.size);
                Shape shape = target.x.shape();
                if (!shape.empty())
                    shape[target.dim] = count;
                const Tensor source = randomView(random, shape, dtype);
                const Numbers places(at);
                const Numbers values(source);
                std::map<Place, Row> arrivals;
                forEachPlace(shape, [&](const Place &place) {
                    const int64_t entry = entryAt(places, {place.empty() ? 0 : place[target.dim]});
                    arrivals[moved(place, target.dim, entry)].push_back(values.at(place));
                });
                const std::string wrong = differenceOf(met(one, target, at, source),
                                                       metAt(one, target.x, arrivals), dtype);
                QVERIFY2(wrong.empty(),
                         (wrong + "\nof " + target.x.toString() + "\nat " + at.toString()
                          + "\nfrom " + source.toString())
                                 .c_str());
            }
        }
    }

    void readingAtAnIndexGivesWhatStandsThere_data() { addTypes(); }
    void readingAtAnIndexGivesWhatStandsThere()
    {
        const DType dtype = fetchType();
        RandomStream random(87, static_cast<uint64_t>(dtype));
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
        RandomStream random(89, static_cast<uint64_t>(dtype));
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
        RandomStream random(91, static_cast<uint64_t>(dtype));
        for (int round = 0; round < 100; ++round) {
            const Shape shape = randomShape(random, random.below(4));
            const Tensor x = randomView(random, shape, dtype);
            const Tensor other = randomView(random, shape, dtype);
            const Tensor mask = randomView(random, shape, DType::Bool);
            const Numbers numbers(x);
            const Numbers others(other);
            const Numbers flags(mask);
            Numbers mixed(shape);
            Row chosen;
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
        RandomStream random(93, static_cast<uint64_t>(dtype));
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

QTEST_APPLESS_MAIN(TestIndexFunctions)
#include "tst_index_functions.moc"
