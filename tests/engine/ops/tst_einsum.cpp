// SPDX-License-Identifier: GPL-3.0-or-later
// einsum of every type against sums over all values of all indices, on equations drawn at random.
#include "engine/nn/families.h"
#include "engine/ops/einsum.h"
#include "tests/engine/ops/slow_reference.h"

#include <QObject>

#include <map>

using namespace mrg;
using namespace mrg::test;

namespace {

/// Labels are the letters a to e, and A and B for the dimensions of an ellipsis.
struct Problem {
    std::vector<std::string> terms;
    std::vector<bool> ellipses; ///< whether a term is written with one, which may stand for nothing
    std::string output;
    bool outputHasEllipsis = false;
    bool implicit = false; ///< the output is left out
    std::map<char, int64_t> sizes;
    std::vector<Tensor> operands;
};

bool isEllipsis(char label) { return label == 'A' || label == 'B'; }

/// The ellipsis comes where its dimensions stand, or else in front.
std::string written(const std::string &labels, bool ellipsis, RandomStream &random)
{
    std::string out;
    bool done = !ellipsis;
    const bool empty = std::none_of(labels.begin(), labels.end(), isEllipsis);
    if (ellipsis && empty)
        out = "...";
    done |= empty;
    for (char label : labels) {
        if (!isEllipsis(label))
            out += label;
        else if (!std::exchange(done, true))
            out += "...";
        if (random.below(8) == 0)
            out += ' ';
    }
    return out;
}

std::string equationOf(const Problem &problem, RandomStream &random)
{
    std::string out;
    for (size_t i = 0; i < problem.terms.size(); ++i)
        out += (i == 0 ? "" : ",") + written(problem.terms[i], problem.ellipses[i], random);
    if (problem.implicit)
        return out;
    return out + "->" + written(problem.output, problem.outputHasEllipsis, random);
}

/// One to three operands; an index may be repeated within an operand.
Problem draw(RandomStream &random, DType dtype)
{
    Problem out;
    std::map<char, int> uses;
    const auto use = [&](std::string &term, Shape &shape, char label, int64_t size) {
        out.sizes.try_emplace(label, size);
        ++uses[label];
        term += label;
        shape.push_back(out.sizes.at(label));
    };
    const int64_t most = random.below(3);
    const int64_t count = 1 + random.below(3);
    int64_t longest = 0;
    for (int64_t i = 0; i < count; ++i) {
        std::string term;
        Shape shape;
        const bool ellipsis = random.below(3) == 0;
        const int64_t dims = random.below(4);
        const int64_t before = random.below(dims + 1);
        const int64_t hidden = ellipsis ? random.below(most + 1) : 0;
        longest = std::max(longest, hidden);
        for (int64_t d = 0; d <= dims; ++d) {
            if (d == before) {
                for (int64_t k = hidden; k > 0; --k) {
                    use(term, shape, k == 2 ? 'A' : 'B', 1 + random.below(3));
                    if (random.below(3) == 0)
                        shape.back() = 1; // is broadcast
                }
            }
            if (d < dims)
                use(term, shape, static_cast<char>('a' + random.below(5)),
                    random.below(12) == 0 ? 0 : 1 + random.below(3));
        }
        out.terms.push_back(term);
        out.ellipses.push_back(ellipsis);
        out.operands.push_back(randomView(random, shape, dtype));
    }
    // Where only sizes of 1 came, the common size is that.
    for (const char label : {'A', 'B'}) {
        int64_t size = 1;
        for (size_t i = 0; i < out.terms.size(); ++i) {
            const size_t at = out.terms[i].find(label);
            if (at != std::string::npos)
                size = std::max(size, out.operands[i].shape()[at]);
        }
        if (out.sizes.contains(label))
            out.sizes[label] = size;
    }
    const bool any
            = std::find(out.ellipses.begin(), out.ellipses.end(), true) != out.ellipses.end();
    std::string hidden;
    for (int64_t k = longest; k > 0; --k)
        hidden += k == 2 ? 'A' : 'B';
    out.implicit = random.below(4) == 0;
    // Left out, the output has the ellipsis and then what stands once, in order.
    out.outputHasEllipsis = any && (out.implicit || random.below(3) > 0);
    for (const auto &[label, times] : uses) {
        if (isEllipsis(label))
            continue;
        if (out.implicit && times == 1)
            out.output += label;
        else if (!out.implicit && random.below(2) == 0)
            out.output.insert(out.output.begin()
                                      + random.below(static_cast<int64_t>(out.output.size()) + 1),
                              label);
    }
    if (out.outputHasEllipsis) {
        const int64_t at
                = out.implicit ? 0 : random.below(static_cast<int64_t>(out.output.size()) + 1);
        out.output.insert(static_cast<size_t>(hidden.empty() ? 0 : at), hidden);
    }
    return out;
}

Numbers reference(const Problem &problem)
{
    std::string all;
    Shape sizes;
    for (const auto &[label, size] : problem.sizes) {
        all += label;
        sizes.push_back(size);
    }
    Shape shape;
    for (char label : problem.output)
        shape.push_back(problem.sizes.at(label));
    std::vector<Numbers> operands(problem.operands.begin(), problem.operands.end());
    Numbers out(shape);
    forEachPlace(sizes, [&](const Place &values) {
        const auto placeOf = [&](const std::string &labels, const Shape &in) {
            Place at;
            for (size_t d = 0; d < labels.size(); ++d)
                at.push_back(isEllipsis(labels[d]) && in[d] == 1 ? 0 : values[all.find(labels[d])]);
            return at;
        };
        Complex product = 1;
        for (size_t i = 0; i < operands.size(); ++i)
            product *= operands[i].at(placeOf(problem.terms[i], operands[i].shape));
        out.at(placeOf(problem.output, shape)) += product;
    });
    return out;
}

/// The type of the result; nothing where a product's sum does not take the types. From the left,
/// each operand is multiplied onto what there is: a label that one of the two has alone, or that
/// the other is repeated along, is summed over first, which makes integers int64.
std::optional<DType> typeOf(const Problem &problem)
{
    const auto sizesOf = [&](size_t i) {
        std::map<char, int64_t> out;
        for (size_t d = 0; d < problem.terms[i].size(); ++d)
            out[problem.terms[i][d]] = problem.operands[i].shape()[d];
        return out;
    };
    const auto summedType = [](DType dtype) { return isIntegral(dtype) ? DType::Int64 : dtype; };
    DType dtype = problem.operands[0].dtype();
    std::map<char, int64_t> have = sizesOf(0);
    for (size_t i = 1; i < problem.terms.size(); ++i) {
        std::string needed = problem.output;
        for (size_t later = i + 1; later < problem.terms.size(); ++later)
            needed += problem.terms[later];
        const std::map<char, int64_t> next = sizesOf(i);
        DType nextType = problem.operands[i].dtype();
        bool sumsProducts = false;
        std::map<char, int64_t> both = next;
        for (const auto &[label, size] : have) {
            if (size != 1 || !both.contains(label))
                both[label] = size;
        }
        for (const auto &[label, common] : both) {
            if (needed.find(label) != std::string::npos)
                continue;
            const bool left = have.contains(label) && have.at(label) != 1;
            const bool right = next.contains(label) && next.at(label) != 1;
            sumsProducts = sumsProducts || (left && right);
            if (left && !right)
                dtype = summedType(dtype);
            if (right && !left)
                nextType = summedType(nextType);
        }
        std::erase_if(both,
                      [&](const auto &one) { return needed.find(one.first) == std::string::npos; });
        have = both;
        if (sumsProducts && (dtype != nextType || dtype == DType::Bool))
            return {};
        dtype = promoteTypes(dtype, nextType);
    }
    const bool sums = std::any_of(have.begin(), have.end(), [&](const auto &one) {
        return problem.output.find(one.first) == std::string::npos;
    });
    return problem.terms.size() == 1 && sums ? summedType(dtype) : dtype;
}

} // namespace

class TestEinsum : public QObject {
    Q_OBJECT

    const Registry registry = standardRegistry();

private slots:
    void givesTheSumOverAllIndices_data() { addTypes(); }
    void givesTheSumOverAllIndices()
    {
        const DType dtype = fetchType();
        RandomStream random(23, fetchStream());
        for (int round = 0; round < 400; ++round) {
            const Problem problem = draw(random, dtype);
            const std::string equation = equationOf(problem, random);
            std::vector<Value> given{equation};
            given.insert(given.end(), problem.operands.begin(), problem.operands.end());
            const std::optional<DType> type = typeOf(problem);
            if (!type) {
                QVERIFY2(refusesTheType([&] { callTorch(registry, "einsum", given); }),
                         equation.c_str());
                continue;
            }
            const std::string wrong = differenceOf(callTorch(registry, "einsum", given)[0],
                                                   reference(problem), *type);
            QVERIFY2(wrong.empty(), (equation + ": " + wrong).c_str());
        }
    }

    void anEllipsisThatTheOutputLacksIsSummedOver()
    {
        const Tensor x = Tensor::ones({2, 3, 4}, DType::Float64);
        QCOMPARE(einsum("...i->i", std::vector{x}).toVector<double>(), std::vector<double>(4, 6));
    }
};

QTEST_APPLESS_MAIN(TestEinsum)
#include "tst_einsum.moc"
