// SPDX-License-Identifier: GPL-3.0-or-later
// x[indices] and x[indices] = values against a loop, on indices drawn at random; what views share.
#include "engine/autograd/backward.h"
#include "engine/autograd/gradcheck.h"
#include "engine/ops/indexing.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"
#include "engine/ops/views.h"
#include "tests/engine/ops/random_tensors.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <numeric>
#include <set>

using namespace mrg;
using test::element;

namespace {

/// What one dimension of the source is read at, for each place of the result: a number for each of
/// the result's dimensions in turn.
struct Axis {
    std::vector<int64_t> entries; ///< of this dimension of the source
    int64_t along = -1; ///< the result's dimension that chooses among them; -1: there is one
};

/// Plain indices (entries, slices, None) and one tensor of entries or mask at most: enough for a
/// reference that is obvious.
struct Problem {
    Tensor source;
    std::vector<Index> indices;
    std::vector<Axis> axes;
    Shape shape;
};

Slice randomSlice(RandomStream &random, int64_t size)
{
    Slice out;
    if (random.below(2) == 0)
        out.start = random.below(2 * size + 3) - size - 1;
    if (random.below(2) == 0)
        out.end = random.below(2 * size + 3) - size - 1;
    out.step = 1 + random.below(3);
    return out;
}

std::vector<int64_t> entriesOf(const Slice &slice, int64_t size)
{
    const auto bounded
            = [size](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + size : at, 0, size); };
    std::vector<int64_t> out;
    for (int64_t i = bounded(slice.start.value_or(0)); i < bounded(slice.end.value_or(size));
         i += slice.step)
        out.push_back(i);
    return out;
}

Problem draw(RandomStream &random)
{
    Problem out;
    const int64_t dims = 1 + random.below(3);
    Shape shape;
    for (int64_t d = 0; d < dims; ++d)
        shape.push_back(1 + random.below(4));
    out.source = test::randomTensor(random, shape);
    bool advanced = false;
    for (int64_t size : shape) {
        Axis axis;
        if (random.below(5) == 0) {
            out.indices.emplace_back(NewAxis{});
            out.shape.push_back(1);
        }
        const int64_t kind = random.below(advanced ? 2 : 4);
        if (kind == 0 && !advanced) {
            const int64_t entry = random.below(size);
            out.indices.emplace_back(random.below(2) == 0 ? entry : entry - size);
            axis.entries = {entry};
        } else if (kind <= 1) {
            const Slice slice = randomSlice(random, size);
            axis.entries = entriesOf(slice, size);
            out.indices.emplace_back(slice);
        } else if (kind == 2) {
            const int64_t count = random.below(4);
            std::vector<int64_t> entries;
            for (int64_t i = 0; i < count; ++i) {
                axis.entries.push_back(random.below(size));
                entries.push_back(random.below(2) == 0 ? axis.entries.back()
                                                       : axis.entries.back() - size);
            }
            out.indices.emplace_back(Tensor::fromVector(entries));
            advanced = true;
        } else {
            std::vector<bool> mask;
            for (int64_t i = 0; i < size; ++i) {
                mask.push_back(random.below(2) == 0);
                if (mask.back())
                    axis.entries.push_back(i);
            }
            out.indices.emplace_back(Tensor::fromVector(mask));
            advanced = true;
        }
        if (!std::holds_alternative<int64_t>(out.indices.back())) {
            axis.along = static_cast<int64_t>(out.shape.size());
            out.shape.push_back(static_cast<int64_t>(axis.entries.size()));
        }
        out.axes.push_back(axis);
    }
    if (random.below(3) == 0)
        out.indices.emplace_back(Ellipsis{});
    return out;
}

std::vector<int64_t> sourcePlace(const Problem &problem, const std::vector<int64_t> &at)
{
    std::vector<int64_t> out;
    for (const Axis &axis : problem.axes)
        out.push_back(axis.entries[static_cast<size_t>(
                axis.along < 0 ? 0 : at[static_cast<size_t>(axis.along)])]);
    return out;
}

} // namespace

class TestIndexing : public QObject {
    Q_OBJECT

private slots:
    void readsWhatALoopReads()
    {
        RandomStream random(31);
        for (int round = 0; round < 500; ++round) {
            const Problem problem = draw(random);
            const Tensor got = index(problem.source, problem.indices);
            QCOMPARE(got.shape(), problem.shape);
            test::forEachPlace(problem.shape, [&](const std::vector<int64_t> &at) {
                QCOMPARE(element(got, at), element(problem.source, sourcePlace(problem, at)));
            });
        }
    }

    void writesWhereItReads()
    {
        RandomStream random(37);
        for (int round = 0; round < 500; ++round) {
            const Problem problem = draw(random);
            const Tensor values = test::randomTensor(random, problem.shape);
            Tensor wanted = problem.source.copy();
            test::forEachPlace(problem.shape, [&](const std::vector<int64_t> &at) {
                element(wanted, sourcePlace(problem, at)) = element(values, at);
            });
            Tensor changed = problem.source.copy();
            assignIndexed(changed, problem.indices, values);
            QCOMPARE(changed.toVector<double>(), wanted.toVector<double>());
            QCOMPARE(withIndexed(problem.source, problem.indices, values).toVector<double>(),
                     wanted.toVector<double>());
        }
    }

    void indexTensorsApartComeFirst()
    {
        const Tensor x = Tensor::zeros({2, 3, 4, 5});
        const Tensor two = Tensor::fromVector<int64_t>({0, 1});
        const Tensor column = Tensor::fromVector<int64_t>({0, 1, 2}, {3, 1});
        const std::vector<Index> together{Slice{}, two, column};
        QCOMPARE(index(x, together).shape(), (Shape{2, 3, 2, 5}));
        const std::vector<Index> apart{two, Slice{}, column};
        QCOMPARE(index(x, apart).shape(), (Shape{3, 2, 3, 5}));
        const std::vector<Index> inside{Slice{}, two, Slice{}, two};
        QCOMPARE(index(x, inside).shape(), (Shape{2, 2, 4}));
    }

    void aMaskOverSeveralDimensionsGivesOne()
    {
        const Tensor x = Tensor::fromVector<double>({1, 2, 3, 4, 5, 6}, {2, 3});
        const std::vector<Index> mask{
                Tensor::fromVector<bool>({true, false, true, false, true, false}, {2, 3})};
        QCOMPARE(index(x, mask).toVector<double>(), (std::vector<double>{1, 3, 5}));
    }

    void gradientsAreTheDerivatives()
    {
        RandomStream random(41);
        for (int round = 0; round < 60; ++round) {
            const Problem problem = draw(random);
            Tensor x = problem.source.copy();
            Tensor values = test::randomTensor(random, problem.shape).copy();
            if (x.numel() == 0 || values.numel() == 0)
                continue;
            // Of several values for one place the last stays, but all get its gradient, as in
            // PyTorch.
            std::vector<int64_t> numbers(static_cast<size_t>(x.numel()));
            std::iota(numbers.begin(), numbers.end(), 0);
            const std::vector<int64_t> places
                    = index(Tensor::fromVector(numbers, x.shape()), problem.indices)
                              .toVector<int64_t>();
            const bool repeated
                    = std::set<int64_t>(places.begin(), places.end()).size() < places.size();
            std::vector<Tensor> leaves{x.setRequiresGrad()};
            if (!repeated)
                leaves.push_back(values.setRequiresGrad());
            const Result<void> right = gradcheck(
                    [&](std::span<const Tensor> in) {
                        std::vector<Tensor> out{square(index(in[0], problem.indices))};
                        if (!repeated)
                            out.push_back(square(withIndexed(in[0], problem.indices, in[1])));
                        return out;
                    },
                    leaves);
            QVERIFY2(right.ok(), right.ok() ? "" : right.error().what());
        }
    }

    void anAssignmentCutsTheGradientOfWhatItReplaces()
    {
        Tensor x = Tensor::ones({3}, DType::Float64);
        x.setRequiresGrad();
        Tensor value = Tensor::full({}, 5, DType::Float64);
        value.setRequiresGrad();
        Tensor y = mul(x, 2.0);
        const std::vector<Index> second{int64_t(1)};
        assignIndexed(y, second, value);
        backward(sum(mul(y, y)));
        QCOMPARE(x.grad().toVector<double>(), (std::vector<double>{8, 0, 8}));
        QCOMPARE(value.grad().item(), 10.0);
        // A leaf is not changed behind the tape's back.
        QVERIFY_THROWS_EXCEPTION(Error, assignIndexed(x, second, value));
    }

    void viewsShareMemoryAndItsVersion()
    {
        Tensor x = Tensor::zeros({2, 6});
        for (const Tensor &view :
             {reshape(x, {3, 4}), transpose(x, 0, 1), select(x, 0, 1), slice(x, 1, 0, {}, 2),
              narrow(x, 1, 2, 2), unsqueeze(x, 0), expand(x, {4, 2, 6}), diagonal(x),
              permute(x, {1, 0}), flatten(x), asStrided(x, {2, 2}, {1, 2}), squeeze(x)}) {
            QVERIFY(view.sharesStorageWith(x));
            const uint64_t before = x.version();
            Tensor changed = view;
            changed.bumpVersion();
            QCOMPARE(x.version(), before + 1);
        }
        QVERIFY(!reshape(transpose(x, 0, 1), {12}).sharesStorageWith(x));
        QVERIFY_THROWS_EXCEPTION(Error, view(transpose(x, 0, 1), {12}));
    }

    void aSavedTensorThatAViewChangedIsNoticed()
    {
        Tensor x = Tensor::ones({3}, DType::Float64);
        x.setRequiresGrad();
        const Tensor y = mul(x, 3.0);
        const Tensor z = mul(y, y);
        Tensor part = select(y.detach(), 0, 0);
        part.fill(7);
        QVERIFY_THROWS_EXCEPTION(Error, backward(sum(z)));
    }
};

QTEST_APPLESS_MAIN(TestIndexing)
#include "tst_indexing.moc"
