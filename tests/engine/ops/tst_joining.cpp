// SPDX-License-Identifier: GPL-3.0-or-later
// Joining and splitting tensors of every type against loops over places.
#include "engine/nn/families.h"
#include "tests/engine/ops/slow_reference.h"

#include <QObject>

#include <algorithm>
#include <numeric>

using namespace mrg;
using namespace mrg::test;

namespace {

std::string joinedAlong(const Tensor &got, const std::vector<Numbers> &parts, size_t dim,
                        DType dtype)
{
    Shape shape = parts[0].shape;
    shape[dim] = 0;
    for (const Numbers &part : parts)
        shape[dim] += part.shape[dim];
    Numbers wanted(shape);
    int64_t before = 0;
    for (const Numbers &part : parts) {
        forEachPlace(part.shape, [&](const Place &place) {
            wanted.at(moved(place, dim, place[dim] + before)) = part.at(place);
        });
        before += part.shape[dim];
    }
    return differenceOf(got, wanted, dtype);
}

} // namespace

class TestJoining : public QObject {
    Q_OBJECT

    const Registry registry = standardRegistry();

private slots:
    void piecesLieOneBehindTheOther_data() { addTypes(); }
    void piecesLieOneBehindTheOther()
    {
        // Of several types the common one comes out.
        const DType dtype = fetchType();
        RandomStream random(157, fetchStream());
        for (int round = 0; round < 100; ++round) {
            const Shape shape = randomShape(random, 1 + random.below(3));
            const size_t dim = randomDim(random, shape);
            DType common = dtype;
            ValueList tensors;
            std::vector<Numbers> parts;
            for (int64_t count = 1 + random.below(3); count > 0; --count) {
                Shape own = shape;
                own[dim] = random.below(4);
                const DType type
                        = parts.empty() || random.below(2) == 0 ? dtype : oneOf(random, allTypes);
                common = promoteTypes(common, type);
                const Tensor x = randomView(random, own, type);
                tensors.emplace_back(x);
                parts.emplace_back(x);
            }
            const std::string wrong = joinedAlong(
                    callTorch(registry, "cat", {tensors, written(random, dim, shape)})[0], parts,
                    dim, common);
            QVERIFY2(wrong.empty(), wrong.c_str());
        }
    }

    void stackedOnesLieAlongANewDimension_data() { addTypes(); }
    void stackedOnesLieAlongANewDimension()
    {
        const DType dtype = fetchType();
        RandomStream random(163, fetchStream());
        for (int round = 0; round < 100; ++round) {
            const Shape shape = randomShape(random, random.below(4), 3);
            ValueList tensors;
            std::vector<Numbers> numbers;
            for (int64_t count = 1 + random.below(3); count > 0; --count) {
                const Tensor x = randomView(random, shape, dtype);
                tensors.emplace_back(x);
                numbers.emplace_back(x);
            }
            const auto check = [&](const char *name, const std::vector<Value> &arguments,
                                   const Shape &each, size_t dim) {
                std::vector<Numbers> parts = numbers;
                for (Numbers &part : parts)
                    part.shape = each;
                std::vector<Value> given{tensors};
                given.insert(given.end(), arguments.begin(), arguments.end());
                const std::string wrong
                        = joinedAlong(callTorch(registry, name, given)[0], parts, dim, dtype);
                QVERIFY2(wrong.empty(), (name + (": " + wrong)).c_str());
            };
            const int64_t dim = random.below(rankOf(shape) + 1);
            Shape each = shape;
            each.insert(each.begin() + dim, 1);
            check("stack", {dim - (random.below(2) == 0 ? rankOf(each) : 0)}, each,
                  static_cast<size_t>(dim));

            const Shape atLeast1 = shape.empty() ? Shape{1} : shape;
            check("hstack", {}, atLeast1, atLeast1.size() > 1 ? 1 : 0);
            const Shape row = shape.size() < 2 ? Shape{1, numel(shape)} : shape;
            check("vstack", {}, row, 0);
            Shape deep = row;
            if (deep.size() < 3)
                deep.push_back(1);
            check("dstack", {}, deep, 2);
            check("column_stack", {}, shape.size() < 2 ? Shape{numel(shape), 1} : shape, 1);
        }
    }

    void piecesMakeUpTheWhole_data() { addTypes(); }
    void piecesMakeUpTheWhole()
    {
        const DType dtype = fetchType();
        RandomStream random(167, fetchStream());
        for (int round = 0; round < 100; ++round) {
            const Shape shape = randomShape(random, 1 + random.below(3), 6);
            const size_t dim = randomDim(random, shape);
            const int64_t size = shape[dim];
            const Tensor x = randomView(random, shape, dtype);
            const Numbers numbers(x);
            const auto check = [&](const char *name, const Value &how,
                                   const std::vector<int64_t> &sizes) {
                const std::vector<Tensor> got
                        = callTorch(registry, name, {x, how, written(random, dim, shape)});
                QCOMPARE(got.size(), sizes.size());
                int64_t before = 0;
                for (size_t i = 0; i < sizes.size(); ++i) {
                    Shape own = shape;
                    own[dim] = sizes[i];
                    Numbers wanted(own);
                    forEachPlace(own, [&](const Place &place) {
                        wanted.at(place) = numbers.at(moved(place, dim, place[dim] + before));
                    });
                    before += sizes[i];
                    const std::string wrong = differenceOf(got[i], wanted, dtype);
                    QVERIFY2(wrong.empty(), (name + (": " + wrong)).c_str());
                    QVERIFY(got[i].numel() == 0 || got[i].sharesStorageWith(x));
                }
            };
            const int64_t piece = 1 + random.below(4);
            std::vector<int64_t> sizes;
            for (int64_t left = size; left > 0 || sizes.empty(); left -= piece)
                sizes.push_back(std::min(left, piece));
            check("split", piece, sizes);

            const int64_t chunks = 1 + random.below(4);
            const int64_t each = (size + chunks - 1) / chunks;
            sizes.clear();
            for (int64_t left = size; left > 0; left -= each)
                sizes.push_back(std::min(left, each));
            if (size == 0)
                sizes.assign(static_cast<size_t>(chunks), 0);
            check("chunk", chunks, sizes);

            sizes.assign(static_cast<size_t>(chunks), size / chunks);
            for (int64_t i = 0; i < size % chunks; ++i)
                ++sizes[static_cast<size_t>(i)];
            check("tensor_split", chunks, sizes);

            std::vector<int64_t> edges{0, random.below(size + 1), random.below(size + 1), size};
            std::sort(edges.begin(), edges.end());
            sizes = {edges[1], edges[2] - edges[1], size - edges[2]};
            check("split", ValueList(sizes.begin(), sizes.end()), sizes);
            check("tensor_split", ValueList{edges[1], edges[2]}, sizes);

            const std::vector<Tensor> entries
                    = callTorch(registry, "unbind", {x, static_cast<int64_t>(dim)});
            QCOMPARE(static_cast<int64_t>(entries.size()), size);
            Shape rest = shape;
            rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(dim));
            for (size_t i = 0; i < entries.size(); ++i) {
                Numbers wanted(rest);
                forEachPlace(rest, [&](Place place) {
                    const Place to = place;
                    place.insert(place.begin() + static_cast<std::ptrdiff_t>(dim),
                                 static_cast<int64_t>(i));
                    wanted.at(to) = numbers.at(place);
                });
                const std::string wrong = differenceOf(entries[i], wanted, dtype);
                QVERIFY2(wrong.empty(), wrong.c_str());
                const Tensor selected = callTorch(
                        registry, "select",
                        {x, static_cast<int64_t>(dim), static_cast<int64_t>(i) - size})[0];
                QVERIFY(differenceOf(selected, wanted, dtype).empty());
            }
        }
    }
};

QTEST_APPLESS_MAIN(TestJoining)
#include "tst_joining.moc"
