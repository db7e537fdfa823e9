// SPDX-License-Identifier: GPL-3.0-or-later
// Elements that meet at the places which an index names (scatter, index_add and their like), of
// every type, against loops.
#include "engine/nn/families.h"
#include "tests/engine/ops/random_index.h"

#include <QObject>

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
    std::string name;
    const char *function;
    Rule rule;
    int kinds = allKinds;
    std::vector<Value> reduction = {}; ///< the argument that says how they meet
    Arguments keywords = {};
    bool includesSelf = true;
};

constexpr int notBool = Integers | Floats | Complexes;

/// Repeats the cases from number `first` on without the element that stands there.
std::vector<Case> withAndWithoutSelf(std::vector<Case> cases, size_t first)
{
    const size_t count = cases.size();
    for (size_t i = first; i < count; ++i) {
        Case without = cases[i];
        without.includesSelf = false;
        without.name += " without self";
        cases.push_back(without);
    }
    return cases;
}

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
        return withAndWithoutSelf(std::move(out), 2);
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
        return withAndWithoutSelf(std::move(out), 3);
    }();
    return all;
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

class TestScattering : public QObject {
    Q_OBJECT

    const Registry registry = standardRegistry();

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
        const Case one = fetchRow(scatters());
        RandomStream random(81, fetchStream());
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
        const Case one = fetchRow(indexings());
        RandomStream random(83, fetchStream());
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
};

QTEST_APPLESS_MAIN(TestScattering)
#include "tst_scattering.moc"
