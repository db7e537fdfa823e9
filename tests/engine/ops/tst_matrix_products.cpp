// SPDX-License-Identifier: GPL-3.0-or-later
// Products of matrices and vectors of every type and layout against sums of products.
#include "engine/nn/families.h"
#include "tests/engine/ops/slow_reference.h"

#include <QObject>

using namespace mrg;
using namespace mrg::test;

namespace {

/// A product of two tensors: the shapes it takes, and where its terms come from.
struct Product {
    const char *name;
    std::pair<Shape, Shape> (*shapes)(RandomStream &);
    Numbers (*reference)(const Numbers &, const Numbers &);
    bool takesBools = false;
};

int64_t size(RandomStream &random) { return random.below(8) == 0 ? 0 : 1 + random.below(4); }

/// Sums of products of matrices whose leading dimensions broadcast; vectors are rows on the left
/// and columns on the right, and their dimension goes.
Numbers matmul(const Numbers &a, const Numbers &b)
{
    const bool row = a.shape.size() == 1;
    const bool column = b.shape.size() == 1;
    const Shape left = row ? Shape{1, a.shape[0]} : a.shape;
    const Shape right = column ? Shape{b.shape[0], 1} : b.shape;
    const Shape batchA(left.begin(), left.end() - 2);
    const Shape batchB(right.begin(), right.end() - 2);
    Shape batch = batchA.size() > batchB.size() ? batchA : batchB;
    for (size_t back = 1; back <= std::min(batchA.size(), batchB.size()); ++back) {
        const int64_t other = batchA[batchA.size() - back];
        int64_t &one = batch[batch.size() - back];
        one = batchB[batchB.size() - back] == 1 ? other : batchB[batchB.size() - back];
    }
    Shape shape = batch;
    if (!row)
        shape.push_back(left[left.size() - 2]);
    if (!column)
        shape.push_back(right.back());
    Numbers out(shape);
    const auto shown = [](const Shape &part, const Place &place, size_t dims) {
        Place at(place.begin() + static_cast<std::ptrdiff_t>(dims - part.size()),
                 place.begin() + static_cast<std::ptrdiff_t>(dims));
        for (size_t d = 0; d < part.size(); ++d)
            at[d] = part[d] == 1 ? 0 : at[d];
        return at;
    };
    forEachPlace(shape, [&](const Place &place) {
        Place first = shown(batchA, place, batch.size());
        Place second = shown(batchB, place, batch.size());
        if (!row)
            first.push_back(place[batch.size()]);
        first.push_back(0);
        second.push_back(0);
        if (!column)
            second.push_back(place.back());
        for (int64_t k = 0; k < left.back(); ++k) {
            first.back() = k;
            second[batchB.size()] = k;
            out.at(place) += a.at(first) * b.at(second);
        }
    });
    return out;
}

std::pair<Shape, Shape> broadcastMatrices(RandomStream &random)
{
    const int64_t inner = size(random);
    Shape a{inner};
    Shape b{inner};
    if (random.below(4) > 0)
        a.insert(a.begin(), size(random));
    if (random.below(4) > 0)
        b.push_back(size(random));
    for (int64_t d = random.below(3); d > 0; --d) {
        const int64_t common = 1 + random.below(3);
        if (a.size() > 1)
            a.insert(a.begin(), random.below(3) == 0 ? 1 : common);
        if (b.size() > 1 && random.below(3) > 0)
            b.insert(b.begin(), random.below(3) == 0 ? 1 : common);
        if (a.size() != b.size() || random.below(3) == 0)
            break; // the rest would not lie side by side
    }
    return {a, b};
}

Numbers outer(const Numbers &a, const Numbers &b)
{
    Numbers out(Shape{a.shape[0], b.shape[0]});
    forEachPlace(out.shape,
                 [&](const Place &place) { out.at(place) = a.at({place[0]}) * b.at({place[1]}); });
    return out;
}

/// Every element of the one times all of the other.
Numbers kron(const Numbers &a, const Numbers &b)
{
    const size_t dims = std::max(a.shape.size(), b.shape.size());
    const auto padded = [dims](Shape shape) {
        shape.insert(shape.begin(), dims - shape.size(), 1);
        return shape;
    };
    Numbers left = a;
    Numbers right = b;
    left.shape = padded(a.shape);
    right.shape = padded(b.shape);
    Shape shape;
    for (size_t d = 0; d < dims; ++d)
        shape.push_back(left.shape[d] * right.shape[d]);
    Numbers out(shape);
    forEachPlace(shape, [&](const Place &place) {
        Place first;
        Place second;
        for (size_t d = 0; d < dims; ++d) {
            first.push_back(place[d] / right.shape[d]);
            second.push_back(place[d] % right.shape[d]);
        }
        out.at(place) = left.at(first) * right.at(second);
    });
    return out;
}

const std::vector<Product> &products()
{
    static const std::vector<Product> all{
            {"matmul", broadcastMatrices, matmul},
            {"mm",
             [](RandomStream &random) {
                 const int64_t inner = size(random);
                 return std::pair(Shape{size(random), inner}, Shape{inner, size(random)});
             },
             matmul},
            {"bmm",
             [](RandomStream &random) {
                 const int64_t inner = size(random);
                 const int64_t batch = size(random);
                 return std::pair(Shape{batch, size(random), inner},
                                  Shape{batch, inner, size(random)});
             },
             matmul},
            {"mv",
             [](RandomStream &random) {
                 const int64_t inner = size(random);
                 return std::pair(Shape{size(random), inner}, Shape{inner});
             },
             matmul},
            {"dot",
             [](RandomStream &random) {
                 const int64_t inner = size(random);
                 return std::pair(Shape{inner}, Shape{inner});
             },
             matmul},
            {"vdot",
             [](RandomStream &random) {
                 const int64_t inner = size(random);
                 return std::pair(Shape{inner}, Shape{inner});
             },
             [](const Numbers &a, const Numbers &b) {
                 Numbers conjugated = a;
                 for (Complex &value : conjugated.values)
                     value = std::conj(value);
                 return matmul(conjugated, b);
             }},
            {"outer",
             [](RandomStream &random) {
                 return std::pair(Shape{size(random)}, Shape{size(random)});
             },
             outer, true},
            {"kron",
             [](RandomStream &random) {
                 return std::pair(randomShape(random, random.below(4), 3),
                                  randomShape(random, random.below(4), 3));
             },
             kron, true}};
    return all;
}

} // namespace

class TestMatrixProducts : public QObject {
    Q_OBJECT

    const Registry registry = standardRegistry();

private slots:
    void areSumsOfProducts_data() { addRows(products()); }
    void areSumsOfProducts()
    {
        const Product product = fetchRow(products());
        RandomStream random(179, fetchStream());
        for (DType dtype : allTypes) {
            for (int round = 0; round < 60; ++round) {
                const auto [first, second] = product.shapes(random);
                const Tensor a = randomView(random, first, dtype);
                const Tensor b = randomView(random, second, dtype);
                const std::vector<Value> given{a, b};
                if (dtype == DType::Bool && !product.takesBools) {
                    QVERIFY(refusesTheType([&] { callTorch(registry, product.name, given); }));
                    continue;
                }
                const std::string wrong
                        = differenceOf(callTorch(registry, product.name, given)[0],
                                       product.reference(Numbers(a), Numbers(b)), dtype);
                QVERIFY2(wrong.empty(),
                         (wrong + "\nof " + a.toString() + "\nand " + b.toString()).c_str());
            }
        }
    }
};

QTEST_APPLESS_MAIN(TestMatrixProducts)
#include "tst_matrix_products.moc"
