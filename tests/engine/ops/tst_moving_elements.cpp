// SPDX-License-Identifier: GPL-3.0-or-later
// Functions that move elements without changing them, of every type, against loops over places.
#include "engine/nn/families.h"
#include "tests/engine/ops/slow_reference.h"

#include <QObject>

#include <algorithm>
#include <numeric>

using namespace mrg;
using namespace mrg::test;

namespace {

/// What a function that moves elements makes of a tensor: for each place of the result the place
/// that its element comes from, or none for 0.
struct Move {
    std::vector<Value> arguments; ///< behind the tensor
    Shape shape;
    std::function<std::optional<Place>(const Place &)> source;
};

struct Mover {
    const char *name;
    int64_t leastDims;
    Move (*draw)(RandomStream &, const Shape &);
    int64_t mostDims = 4;
};

int64_t modulo(int64_t a, int64_t n) { return n == 0 ? 0 : ((a % n) + n) % n; }

/// The place of element number `number` in a shape.
Place placeOf(int64_t number, const Shape &shape)
{
    Place out(shape.size());
    for (size_t d = shape.size(); d-- > 0;) {
        out[d] = number % shape[d];
        number /= shape[d];
    }
    return out;
}
int64_t numberOf(const Place &place, const Shape &shape)
{
    int64_t out = 0;
    for (size_t d = 0; d < shape.size(); ++d)
        out = out * shape[d] + place[d];
    return out;
}

Move reordered(std::vector<Value> arguments, const Shape &shape, const std::vector<int64_t> &order)
{
    Shape out;
    for (int64_t d : order)
        out.push_back(shape[static_cast<size_t>(d)]);
    return {std::move(arguments), out, [order](const Place &place) {
                Place source(place.size());
                for (size_t d = 0; d < order.size(); ++d)
                    source[static_cast<size_t>(order[d])] = place[d];
                return std::optional(source);
            }};
}
Move swapped(RandomStream &random, const Shape &shape)
{
    const size_t a = randomDim(random, shape);
    const size_t b = randomDim(random, shape);
    std::vector<int64_t> order(shape.size());
    std::iota(order.begin(), order.end(), 0);
    std::swap(order[a], order[b]);
    return reordered({written(random, a, shape), written(random, b, shape)}, shape, order);
}
Move permuted(RandomStream &random, const Shape &shape)
{
    const std::vector<int64_t> order = random.permutation(rankOf(shape));
    ValueList dims;
    for (int64_t d : order)
        dims.push_back(written(random, static_cast<size_t>(d), shape));
    return reordered({dims}, shape, order);
}
Move dimensionMoved(RandomStream &random, const Shape &shape)
{
    const size_t from = randomDim(random, shape);
    const size_t to = randomDim(random, shape);
    std::vector<int64_t> order(shape.size());
    std::iota(order.begin(), order.end(), 0);
    order.erase(order.begin() + static_cast<std::ptrdiff_t>(from));
    order.insert(order.begin() + static_cast<std::ptrdiff_t>(to), static_cast<int64_t>(from));
    return reordered({written(random, from, shape), written(random, to, shape)}, shape, order);
}

/// The same elements in the same order in another shape.
Move reshaped(std::vector<Value> arguments, const Shape &from, const Shape &to)
{
    return {std::move(arguments), to,
            [=](const Place &place) { return std::optional(placeOf(numberOf(place, to), from)); }};
}
Move flattened(RandomStream &random, const Shape &shape)
{
    size_t first = randomDim(random, shape);
    size_t last = randomDim(random, shape);
    if (first > last)
        std::swap(first, last);
    Shape out(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(first));
    out.push_back(1);
    for (size_t d = first; d <= last; ++d)
        out.back() *= shape[d];
    out.insert(out.end(), shape.begin() + static_cast<std::ptrdiff_t>(last) + 1, shape.end());
    return reshaped({written(random, first, shape), written(random, last, shape)}, shape, out);
}
Move unsqueezed(RandomStream &random, const Shape &shape)
{
    const int64_t dim = random.below(rankOf(shape) + 1);
    Shape out = shape;
    out.insert(out.begin() + dim, 1);
    return reshaped({dim - (random.below(2) == 0 ? rankOf(out) : 0)}, shape, out);
}
Move squeezed(RandomStream &random, const Shape &shape)
{
    Shape out;
    std::vector<Value> arguments;
    const bool all = random.below(2) == 0;
    const size_t dim = randomDim(random, shape);
    for (size_t d = 0; d < shape.size(); ++d) {
        if (shape[d] != 1 || (!all && d != dim))
            out.push_back(shape[d]);
    }
    if (!all)
        arguments.push_back(written(random, dim, shape));
    return reshaped(arguments, shape, out);
}

Move narrowed(RandomStream &random, const Shape &shape)
{
    const size_t dim = randomDim(random, shape);
    const int64_t start = random.below(shape[dim] + 1);
    const int64_t length = random.below(shape[dim] - start + 1);
    Shape out = shape;
    out[dim] = length;
    return {{written(random, dim, shape), start, length}, out, [=](const Place &place) {
                return std::optional(moved(place, dim, place[dim] + start));
            }};
}
Move expanded(RandomStream &random, const Shape &shape)
{
    Shape out = shape;
    for (int64_t &size : out)
        size = size == 1 && random.below(2) == 0 ? random.below(4) : size;
    for (int64_t more = random.below(3); more > 0; --more)
        out.insert(out.begin(), 1 + random.below(3));
    return {{ValueList(out.begin(), out.end())}, out, [=](const Place &place) {
                Place source(place.end() - rankOf(shape), place.end());
                for (size_t d = 0; d < shape.size(); ++d)
                    source[d] = shape[d] == 1 ? 0 : source[d];
                return std::optional(source);
            }};
}
Move tiled(RandomStream &random, const Shape &shape)
{
    // Fewer numbers than dimensions stand for the last ones, more make new ones.
    const int64_t count = random.below(rankOf(shape) + 2);
    ValueList times;
    Shape out(static_cast<size_t>(std::max<int64_t>(0, count - rankOf(shape))), 1);
    out.insert(out.end(), shape.begin(), shape.end());
    for (int64_t i = 0; i < count; ++i) {
        times.push_back(random.below(4));
        out[out.size() - static_cast<size_t>(count - i)] *= *times.back().as<int64_t>();
    }
    return {{times}, out, [=](const Place &place) {
                Place source(place.end() - rankOf(shape), place.end());
                for (size_t d = 0; d < shape.size(); ++d)
                    source[d] = modulo(source[d], shape[d]);
                return std::optional(source);
            }};
}
Move flipped(RandomStream &random, const Shape &shape)
{
    ValueList dims;
    std::vector<bool> turns(shape.size(), false);
    for (size_t d = 0; d < shape.size(); ++d) {
        if (random.below(2) == 0) {
            turns[d] = true;
            dims.push_back(written(random, d, shape));
        }
    }
    return {{dims}, shape, [=](Place place) {
                for (size_t d = 0; d < shape.size(); ++d)
                    place[d] = turns[d] ? shape[d] - 1 - place[d] : place[d];
                return std::optional(place);
            }};
}
Move rolled(RandomStream &random, const Shape &shape)
{
    const int64_t shift = random.below(9) - 4;
    if (random.below(3) == 0) {
        return {{shift}, shape, [=](const Place &place) {
                    return std::optional(
                            placeOf(modulo(numberOf(place, shape) - shift, numel(shape)), shape));
                }};
    }
    const size_t dim = randomDim(random, shape);
    return {{shift, written(random, dim, shape)}, shape, [=](const Place &place) {
                return std::optional(moved(place, dim, modulo(place[dim] - shift, shape[dim])));
            }};
}
Move turned(RandomStream &random, const Shape &shape)
{
    const int64_t times = random.below(9) - 4;
    const std::vector<int64_t> order = random.permutation(rankOf(shape));
    const auto a = static_cast<size_t>(order[0]);
    const auto b = static_cast<size_t>(order[1]);
    const int64_t quarter = modulo(times, 4);
    Shape out = shape;
    if (quarter % 2 == 1)
        std::swap(out[a], out[b]);
    return {{times, ValueList{order[0], order[1]}}, out, [=](Place place) {
                // From a towards b, one quarter back at a time.
                Shape size = out;
                for (int64_t i = 0; i < quarter; ++i) {
                    const int64_t row = place[a];
                    const int64_t column = place[b];
                    place[a] = column;
                    place[b] = size[a] - 1 - row;
                    std::swap(size[a], size[b]);
                }
                return std::optional(place);
            }};
}
Move repeated(RandomStream &random, const Shape &shape)
{
    const int64_t times = random.below(4);
    const size_t dim = randomDim(random, shape);
    Shape out = shape;
    out[dim] *= times;
    return {{times, written(random, dim, shape)}, out, [=](const Place &place) {
                return std::optional(moved(place, dim, place[dim] / times));
            }};
}

template <bool Lower> Move triangle(RandomStream &random, const Shape &shape)
{
    const int64_t diagonal = random.below(7) - 3;
    return {{diagonal}, shape, [=](const Place &place) {
                const int64_t above = place[place.size() - 1] - place[place.size() - 2];
                const bool stays = Lower ? above <= diagonal : above >= diagonal;
                return stays ? std::optional(place) : std::nullopt;
            }};
}
Move diagonalOf(RandomStream &random, const Shape &shape)
{
    const int64_t offset = random.below(7) - 3;
    const int64_t down = std::max<int64_t>(-offset, 0);
    const int64_t across = std::max<int64_t>(offset, 0);
    if (shape.size() == 1) {
        const int64_t size = shape[0] + std::abs(offset);
        return {{offset}, {size, size}, [=](const Place &place) {
                    return place[1] - place[0] == offset ? std::optional(Place{place[0] - down})
                                                         : std::nullopt;
                }};
    }
    const int64_t size = std::max<int64_t>(0, std::min(shape[0] - down, shape[1] - across));
    return {{offset}, {size}, [=](const Place &place) {
                return std::optional(Place{place[0] + down, place[0] + across});
            }};
}
Move diagonalMatrix(RandomStream &random, const Shape &shape)
{
    const int64_t offset = random.below(5) - 2;
    const int64_t down = std::max<int64_t>(-offset, 0);
    const int64_t size = numel(shape) + std::abs(offset);
    return {{offset}, {size, size}, [=](const Place &place) {
                return place[1] - place[0] == offset
                        ? std::optional(placeOf(place[0] - down, shape))
                        : std::nullopt;
            }};
}
Move diagonalsInside(RandomStream &random, const Shape &shape)
{
    const int64_t offset = random.below(5) - 2;
    const int64_t down = std::max<int64_t>(-offset, 0);
    Shape out = shape;
    out.back() += std::abs(offset);
    out.push_back(out.back());
    return {{offset}, out, [=](Place place) -> std::optional<Place> {
                const int64_t column = place.back();
                place.pop_back();
                if (column - place.back() != offset)
                    return {};
                place.back() -= down;
                return place;
            }};
}

const std::vector<Mover> &movers()
{
    static const std::vector<Mover> all{{"transpose", 1, swapped},
                                        {"swapaxes", 1, swapped},
                                        {"permute", 0, permuted},
                                        {"movedim", 1, dimensionMoved},
                                        {"flatten", 1, flattened},
                                        {"unsqueeze", 0, unsqueezed},
                                        {"squeeze", 1, squeezed},
                                        {"narrow", 1, narrowed},
                                        {"narrow_copy", 1, narrowed},
                                        {"expand", 0, expanded},
                                        {"broadcast_to", 0, expanded},
                                        {"tile", 0, tiled},
                                        {"flip", 0, flipped},
                                        {"roll", 1, rolled},
                                        {"rot90", 2, turned},
                                        {"repeat_interleave", 1, repeated},
                                        {"tril", 2, triangle<true>},
                                        {"triu", 2, triangle<false>},
                                        {"diag", 1, diagonalOf, 2},
                                        {"diagflat", 0, diagonalMatrix, 3},
                                        {"diag_embed", 1, diagonalsInside, 3}};
    return all;
}

} // namespace

class TestMovingElements : public QObject {
    Q_OBJECT

    const Registry registry = standardRegistry();

private slots:
    void elementsComeFromTheirPlaces_data() { addRows(movers()); }
    void elementsComeFromTheirPlaces()
    {
        const Mover mover = fetchRow(movers());
        RandomStream random(151, fetchStream());
        for (int round = 0; round < 300; ++round) {
            const DType dtype = oneOf(random, allTypes);
            const Shape shape = randomShape(
                    random, mover.leastDims + random.below(mover.mostDims - mover.leastDims + 1));
            const Tensor x = randomView(random, shape, dtype);
            const Move move = mover.draw(random, shape);
            const Numbers numbers(x);
            Numbers wanted(move.shape);
            forEachPlace(move.shape, [&](const Place &place) {
                if (const std::optional<Place> source = move.source(place))
                    wanted.at(place) = numbers.at(*source);
            });
            std::vector<Value> given{x};
            given.insert(given.end(), move.arguments.begin(), move.arguments.end());
            const std::string wrong
                    = differenceOf(callTorch(registry, mover.name, given)[0], wanted, dtype);
            QVERIFY2(wrong.empty(),
                     (wrong + "\nof " + x.toString() + Value(move.arguments).toString()).c_str());
        }
    }
};

QTEST_APPLESS_MAIN(TestMovingElements)
#include "tst_moving_elements.moc"
