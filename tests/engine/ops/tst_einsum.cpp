// SPDX-License-Identifier: GPL-3.0-or-later
// einsum against sums over all values of all indices, on equations drawn at random.
#include "engine/ops/einsum.h"
#include "tests/engine/ops/random_tensors.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <cmath>
#include <map>

using namespace mrg;

namespace {

struct Problem {
    std::vector<std::string> terms;
    std::string output;
    std::map<char, int64_t> sizes;
    std::vector<Tensor> operands;

    std::string equation() const
    {
        std::string out;
        for (const std::string &term : terms)
            out += (out.empty() && &term == &terms[0] ? "" : ",") + term;
        return out + "->" + output;
    }
};

/// One to three operands over the indices a to e; an index may be repeated within an operand.
Problem draw(RandomStream &random)
{
    Problem out;
    std::string used;
    const int64_t count = 1 + random.below(3);
    for (int64_t i = 0; i < count; ++i) {
        std::string term;
        Shape shape;
        const int64_t dims = random.below(4);
        for (int64_t d = 0; d < dims; ++d) {
            const char index = static_cast<char>('a' + random.below(5));
            out.sizes.try_emplace(index, 1 + random.below(3));
            term += index;
            shape.push_back(out.sizes.at(index));
            if (used.find(index) == std::string::npos)
                used += index;
        }
        out.terms.push_back(term);
        out.operands.push_back(test::randomTensor(random, shape));
    }
    for (char index : used) {
        if (random.below(2) == 0)
            out.output.insert(out.output.begin()
                                      + random.below(static_cast<int64_t>(out.output.size()) + 1),
                              index);
    }
    return out;
}

Tensor reference(const Problem &problem)
{
    std::string all;
    Shape sizes;
    for (const auto &[index, size] : problem.sizes) {
        all += index;
        sizes.push_back(size);
    }
    Shape shape;
    for (char index : problem.output)
        shape.push_back(problem.sizes.at(index));
    Tensor out = Tensor::zeros(shape, DType::Float64);
    test::forEachPlace(sizes, [&](const std::vector<int64_t> &values) {
        const auto placeOf = [&](const std::string &indices) {
            std::vector<int64_t> at;
            for (char index : indices)
                at.push_back(values[all.find(index)]);
            return at;
        };
        double product = 1;
        for (size_t i = 0; i < problem.terms.size(); ++i)
            product *= test::element(problem.operands[i], placeOf(problem.terms[i]));
        test::element(out, placeOf(problem.output)) += product;
    });
    return out;
}

} // namespace

class TestEinsum : public QObject {
    Q_OBJECT

private slots:
    void givesTheSumOverAllIndices()
    {
        RandomStream random(23);
        for (int round = 0; round < 300; ++round) {
            const Problem problem = draw(random);
            const Tensor got = einsum(problem.equation(), problem.operands);
            const Tensor wanted = reference(problem);
            QVERIFY2(got.shape() == wanted.shape(), problem.equation().c_str());
            const std::vector<double> a = got.toVector<double>();
            const std::vector<double> b = wanted.toVector<double>();
            for (size_t i = 0; i < a.size(); ++i)
                QVERIFY2(std::abs(a[i] - b[i]) < 1e-12 * (1 + std::abs(b[i])),
                         problem.equation().c_str());
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
