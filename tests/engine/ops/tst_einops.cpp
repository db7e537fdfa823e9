// SPDX-License-Identifier: GPL-3.0-or-later
// rearrange, reduce and repeat of every type against loops over all axes, on patterns drawn at
// random; what pack joins unpack takes apart.
#include "engine/nn/families.h"
#include "tests/engine/ops/slow_reference.h"

#include <QObject>

#include <map>

using namespace mrg;
using namespace mrg::test;

namespace {

using Row = std::vector<Complex>;
/// One dimension of a side: one axis, several in brackets, or none, of size 1.
using Term = std::vector<std::string>;

enum class Kind { Rearrange, Reduce, Repeat };

struct Problem {
    std::map<std::string, int64_t>
            sizes; ///< of all axes; those of an ellipsis are called ...0, ...1
    std::vector<Term> left;
    std::vector<Term> right;
    std::string pattern;
    Arguments given; ///< sizes that shapes do not tell
};

bool isHidden(const std::string &axis) { return axis.starts_with("..."); }

/// A random order of axes in random brackets; hidden ones stay together and in order.
std::vector<Term> grouped(RandomStream &random, const std::vector<std::string> &axes,
                          const std::vector<std::string> &hidden)
{
    std::vector<Term> out;
    for (int64_t i : random.permutation(static_cast<int64_t>(axes.size()))) {
        const std::string &axis = axes[static_cast<size_t>(i)];
        if (!out.empty() && random.below(3) == 0)
            out.back().push_back(axis);
        else
            out.push_back({axis});
        if (random.below(10) == 0)
            out.emplace_back();
    }
    std::vector<Term> apart;
    for (const std::string &axis : hidden)
        apart.push_back({axis});
    out.insert(out.begin() + random.below(static_cast<int64_t>(out.size()) + 1), apart.begin(),
               apart.end());
    return out;
}

std::string written(const std::vector<Term> &terms, RandomStream &random, bool ellipsis)
{
    std::string out;
    bool shown = false;
    for (const Term &term : terms) {
        if (!term.empty() && isHidden(term[0])) {
            out += std::exchange(shown, true) ? "" : " ...";
            continue;
        }
        std::string inside;
        for (const std::string &axis : term)
            inside += (inside.empty() ? "" : " ") + axis;
        out += ' ';
        if (term.empty())
            out += random.below(2) == 0 ? "1" : "()";
        else
            out += term.size() == 1 && random.below(8) > 0 ? inside : "(" + inside + ")";
    }
    return ellipsis && !shown ? "... " + out : out;
}

Problem draw(RandomStream &random, Kind kind)
{
    Problem out;
    std::vector<std::string> all;
    for (const char *name : {"a", "b", "channels", "d_1"}) {
        if (random.below(4) > 0) {
            all.emplace_back(name);
            out.sizes[name] = random.below(20) == 0 ? 0 : 1 + random.below(3);
        }
    }
    std::vector<std::string> hidden;
    const bool ellipsis = random.below(3) == 0;
    for (int64_t k = ellipsis ? random.below(3) : 0; k > 0; --k) {
        hidden.push_back("..." + std::to_string(hidden.size()));
        out.sizes[hidden.back()] = 1 + random.below(3);
    }
    std::vector<std::string> some;
    for (const std::string &axis : all) {
        if (random.below(2) == 0)
            some.push_back(axis);
    }
    const bool drops = kind == Kind::Reduce && random.below(4) == 0;
    out.left = grouped(random, kind == Kind::Repeat ? some : all, hidden);
    out.right = grouped(random, kind == Kind::Reduce ? some : all,
                        drops ? std::vector<std::string>() : hidden);
    out.pattern = written(out.left, random, ellipsis) + " ->"
            + written(out.right, random, ellipsis && !drops);
    for (const Term &term : out.left) {
        // One axis in brackets follows from the others, unless one of them has the size 0.
        const bool none = std::any_of(term.begin(), term.end(), [&](const std::string &axis) {
            return out.sizes[axis] == 0;
        });
        const size_t told = none ? term.size() : static_cast<size_t>(random.below(2));
        for (size_t i = 0; i < term.size(); ++i) {
            if (!isHidden(term[i]) && (i != 0 || term.size() == 1 || told > 0)
                && (term.size() > 1 || random.below(3) == 0))
                out.given[term[i]] = out.sizes[term[i]];
        }
    }
    if (kind == Kind::Repeat) {
        for (const std::string &axis : all) {
            if (std::find(some.begin(), some.end(), axis) == some.end())
                out.given[axis] = out.sizes[axis];
        }
    }
    return out;
}

Shape shapeOf(const Problem &problem, const std::vector<Term> &terms)
{
    Shape out;
    for (const Term &term : terms) {
        out.push_back(1);
        for (const std::string &axis : term)
            out.back() *= problem.sizes.at(axis);
    }
    return out;
}

/// Where a side stands for values of all axes.
Place placeOf(const Problem &problem, const std::vector<Term> &terms,
              const std::map<std::string, int64_t> &values)
{
    Place out;
    for (const Term &term : terms) {
        out.push_back(0);
        for (const std::string &axis : term)
            out.back() = out.back() * problem.sizes.at(axis) + values.at(axis);
    }
    return out;
}

/// What arrives at each place of the right side, in the order of the axes' names.
std::map<Place, Row> arrivals(const Problem &problem, const Tensor &x)
{
    const Numbers numbers(x);
    Shape sizes;
    for (const auto &[axis, size] : problem.sizes)
        sizes.push_back(size);
    std::map<Place, Row> out;
    forEachPlace(sizes, [&](const Place &at) {
        std::map<std::string, int64_t> values;
        size_t i = 0;
        for (const auto &[axis, size] : problem.sizes)
            values[axis] = at[i++];
        out[placeOf(problem, problem.right, values)].push_back(
                numbers.at(placeOf(problem, problem.left, values)));
    });
    return out;
}

struct Reduction {
    const char *name;
    int kinds;
    Complex (*rule)(const Row &);
    bool widens = false; ///< integers to int64
    bool truth = false;
    bool ofNothing = true;
};

Complex sumOf(const Row &row)
{
    Complex out = 0;
    for (Complex x : row)
        out += x;
    return out;
}

const std::vector<Reduction> &reductions()
{
    static const std::vector<Reduction> all{
            {"sum", allKinds, sumOf, true},
            {"mean", Floats | Complexes,
             [](const Row &row) { return sumOf(row) / static_cast<double>(row.size()); }},
            {"prod", allKinds,
             [](const Row &row) {
                 Complex out = 1;
                 for (Complex x : row)
                     out *= x;
                 return out;
             },
             true},
            {"max", notComplex,
             [](const Row &row) {
                 return *std::max_element(row.begin(), row.end(),
                                          [](Complex a, Complex b) { return a.real() < b.real(); });
             },
             false, false, false},
            {"min", notComplex,
             [](const Row &row) {
                 return *std::min_element(row.begin(), row.end(),
                                          [](Complex a, Complex b) { return a.real() < b.real(); });
             },
             false, false, false},
            {"any", allKinds,
             [](const Row &row) {
                 return Complex(
                         std::any_of(row.begin(), row.end(), [](Complex x) { return x != 0.0; }));
             },
             false, true},
            {"all", allKinds,
             [](const Row &row) {
                 return Complex(
                         std::all_of(row.begin(), row.end(), [](Complex x) { return x != 0.0; }));
             },
             false, true}};
    return all;
}

DType typeOf(const Reduction &reduction, DType dtype)
{
    if (reduction.truth)
        return dtype == DType::UInt8 ? DType::UInt8 : DType::Bool;
    return reduction.widens && isIntegral(dtype) ? DType::Int64 : dtype;
}

} // namespace

class TestEinops : public QObject {
    Q_OBJECT

    const Registry registry = standardRegistry();

private slots:
    void elementsMoveWithTheirAxes_data() { addTypes(); }
    void elementsMoveWithTheirAxes()
    {
        const DType dtype = fetchType();
        RandomStream random(101, fetchStream());
        for (int round = 0; round < 200; ++round) {
            const Kind kind = round % 2 == 0 ? Kind::Rearrange : Kind::Repeat;
            const Problem problem = draw(random, kind);
            const Tensor x = randomView(random, shapeOf(problem, problem.left), dtype);
            Numbers wanted(shapeOf(problem, problem.right));
            for (const auto &[place, row] : arrivals(problem, x))
                wanted.at(place) = row.at(0);
            const Tensor got = callTorch(registry, kind == Kind::Repeat ? "repeat" : "rearrange",
                                         {x, problem.pattern}, problem.given)[0];
            const std::string wrong = differenceOf(got, wanted, dtype);
            QVERIFY2(wrong.empty(), (problem.pattern + ": " + wrong).c_str());
        }
    }

    void axesThatGoAreReduced_data() { addRows(reductions()); }
    void axesThatGoAreReduced()
    {
        const Reduction reduction = fetchRow(reductions());
        RandomStream random(103, fetchStream());
        for (DType dtype : allTypes) {
            if (!(reduction.kinds & kindOf(dtype))) {
                QVERIFY2(refusesTheType([&] {
                             callTorch(registry, "reduce",
                                       {Tensor::ones({2, 2}, dtype), "a b -> a", reduction.name});
                         }),
                         dtypeName(dtype));
                continue;
            }
            for (int round = 0; round < 60; ++round) {
                const Problem problem = draw(random, Kind::Reduce);
                const Tensor x = randomView(random, shapeOf(problem, problem.left), dtype);
                const auto count = [](const std::vector<Term> &terms) {
                    size_t out = 0;
                    for (const Term &term : terms)
                        out += term.size();
                    return out;
                };
                const bool reduces = count(problem.left) > count(problem.right);
                if (x.numel() == 0 && !reduction.ofNothing)
                    continue;
                Numbers wanted(shapeOf(problem, problem.right), reduction.rule({0.0, 1.0}));
                const auto rows = arrivals(problem, x);
                forEachPlace(wanted.shape, [&](const Place &place) {
                    const auto row = rows.find(place);
                    wanted.at(place) = !reduces ? row->second.at(0)
                            : row == rows.end() ? reduction.rule({})
                                                : reduction.rule(row->second);
                });
                const Tensor got = callTorch(
                        registry, "reduce", {x, problem.pattern, reduction.name}, problem.given)[0];
                const std::string wrong
                        = differenceOf(got, wanted, reduces ? typeOf(reduction, dtype) : dtype);
                QVERIFY2(wrong.empty(),
                         (problem.pattern + ": " + wrong + "\nof " + x.toString()).c_str());
            }
        }
    }

    void whatIsPackedIsUnpackedAgain_data() { addTypes(); }
    void whatIsPackedIsUnpackedAgain()
    {
        const DType dtype = fetchType();
        RandomStream random(107, fetchStream());
        for (int round = 0; round < 100; ++round) {
            const Shape before = randomShape(random, random.below(3));
            const Shape after = randomShape(random, random.below(2));
            std::string pattern;
            for (size_t d = 0; d < before.size(); ++d)
                pattern += "b" + std::to_string(d) + " ";
            pattern += "*";
            for (size_t d = 0; d < after.size(); ++d)
                pattern += " a" + std::to_string(d);
            ValueList tensors;
            ValueList shapes;
            std::vector<Numbers> parts;
            int64_t joined = 0;
            for (int64_t count = 1 + random.below(3); count > 0; --count) {
                const Shape own = randomShape(random, random.below(3));
                Shape shape = before;
                shape.insert(shape.end(), own.begin(), own.end());
                shape.insert(shape.end(), after.begin(), after.end());
                const Tensor x = randomView(random, shape, dtype);
                parts.emplace_back(x);
                tensors.emplace_back(x);
                shapes.emplace_back(ValueList(own.begin(), own.end()));
                joined += numel(own);
            }
            const Tensor packed = callTorch(registry, "pack", {tensors, pattern})[0];
            Shape shape = before;
            shape.push_back(joined);
            shape.insert(shape.end(), after.begin(), after.end());
            QCOMPARE(packed.shape(), shape);
            const std::vector<Tensor> back
                    = callTorch(registry, "unpack", {packed, shapes, pattern});
            QCOMPARE(back.size(), parts.size());
            for (size_t i = 0; i < back.size(); ++i) {
                const std::string wrong = differenceOf(back[i], parts[i], dtype);
                QVERIFY2(wrong.empty(), (pattern + ": " + wrong).c_str());
            }
        }
    }
};

QTEST_APPLESS_MAIN(TestEinops)
#include "tst_einops.moc"
