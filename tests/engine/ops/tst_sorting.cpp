// SPDX-License-Identifier: GPL-3.0-or-later
// Sorting, choosing by order, counting and searching, of every type, against loops.
#include "engine/nn/families.h"
#include "tests/engine/ops/slow_reference.h"

#include <QObject>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

using namespace mrg;
using namespace mrg::test;

namespace {

using Row = std::vector<double>;

/// NaN is the largest.
bool isBefore(double a, double b) { return std::isnan(b) ? !std::isnan(a) : a < b; }
bool isSame(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

/// The places of a row in order; of equal ones the first comes first.
std::vector<size_t> orderOf(const Row &row, bool descending)
{
    std::vector<size_t> out(row.size());
    std::iota(out.begin(), out.end(), size_t{0});
    std::stable_sort(out.begin(), out.end(), [&](size_t a, size_t b) {
        return descending ? isBefore(row[b], row[a]) : isBefore(row[a], row[b]);
    });
    return out;
}

/// Calls visit(first place, row) for every row along a dimension.
template <typename Visit> void forEachRow(const Numbers &numbers, size_t dim, Visit visit)
{
    Shape starts = numbers.shape;
    if (!starts.empty())
        starts[dim] = std::min<int64_t>(starts[dim], 1);
    const int64_t length = numbers.shape.empty() ? 1 : numbers.shape[dim];
    forEachPlace(starts, [&](const Place &start) {
        Row row;
        for (int64_t i = 0; i < length; ++i)
            row.push_back(numbers.at(moved(start, dim, i)).real());
        visit(start, row);
    });
}

struct Drawn {
    Tensor x;
    size_t dim;
    int64_t written;
    int64_t length;
};
Drawn drawnRows(RandomStream &random, DType dtype)
{
    const Shape shape = randomShape(random, random.below(4), 6);
    const size_t dim = randomDim(random, shape);
    return {randomWithNan(random, shape, dtype), dim, written(random, dim, shape),
            shape.empty() ? 1 : shape[dim]};
}

} // namespace

class TestSorting : public QObject {
    Q_OBJECT

    const Registry registry = standardRegistry();

    static void same(const Tensor &got, const Numbers &wanted, DType dtype, const Tensor &of)
    {
        const std::string wrong = differenceOf(got, wanted, dtype);
        QVERIFY2(wrong.empty(), (wrong + "\nof " + of.toString()).c_str());
    }

private slots:
    void rowsAreSortedStably_data() { addTypes(notComplex); }
    void rowsAreSortedStably()
    {
        const DType dtype = fetchType();
        RandomStream random(111, fetchStream());
        for (int round = 0; round < 200; ++round) {
            const Drawn in = drawnRows(random, dtype);
            const bool descending = random.below(2) == 0;
            Numbers values(in.x.shape());
            Numbers places(in.x.shape());
            forEachRow(Numbers(in.x), in.dim, [&](const Place &start, const Row &row) {
                const std::vector<size_t> order = orderOf(row, descending);
                for (size_t i = 0; i < row.size(); ++i) {
                    const Place at = moved(start, in.dim, static_cast<int64_t>(i));
                    values.at(at) = row[order[i]];
                    places.at(at) = static_cast<double>(order[i]);
                }
            });
            const Arguments how{{"dim", in.written}, {"descending", descending}};
            const std::vector<Tensor> got = callTorch(registry, "sort", {in.x}, how);
            same(got[0], values, dtype, in.x);
            same(got[1], places, DType::Int64, in.x);
            same(callTorch(registry, "argsort", {in.x}, how)[0], places, DType::Int64, in.x);
            if (in.dim == 0 && !descending)
                same(callTorch(registry, "msort", {in.x})[0], values, dtype, in.x);
        }
    }

    void theFirstOfAnOrderAreChosen_data() { addTypes(notComplex); }
    void theFirstOfAnOrderAreChosen()
    {
        const DType dtype = fetchType();
        RandomStream random(113, fetchStream());
        for (int round = 0; round < 200; ++round) {
            const Drawn in = drawnRows(random, dtype);
            const int64_t k = random.below(in.length + 1);
            const bool largest = random.below(2) == 0;
            const std::vector<Tensor> top = callTorch(registry, "topk", {in.x, k},
                                                      {{"dim", in.written}, {"largest", largest}});
            const Numbers numbers(in.x);
            const Numbers chosen(top[1]);
            Shape shape = in.x.shape();
            if (!shape.empty())
                shape[in.dim] = k;
            Numbers values(shape);
            forEachRow(numbers, in.dim, [&](const Place &start, const Row &row) {
                const std::vector<size_t> order = orderOf(row, largest);
                std::set<double> used;
                for (int64_t i = 0; i < (shape.empty() ? 1 : k); ++i) {
                    const Place at = moved(start, in.dim, i);
                    values.at(at) = row[order[static_cast<size_t>(i)]];
                    const double place = chosen.at(at).real();
                    QVERIFY(used.insert(place).second);
                    QVERIFY(isSame(row.at(static_cast<size_t>(place)), values.at(at).real()));
                }
            });
            same(top[0], values, dtype, in.x);
            QCOMPARE(top[1].dtype(), DType::Int64);
            if (k == 0)
                continue;

            const std::vector<Tensor> kth = callTorch(registry, "kthvalue", {in.x, k},
                                                      {{"dim", in.written}, {"keepdim", true}});
            if (!shape.empty())
                shape[in.dim] = 1;
            Numbers one(shape);
            const Numbers where(kth[1]);
            forEachRow(numbers, in.dim, [&](const Place &start, const Row &row) {
                one.at(start) = row[orderOf(row, false)[static_cast<size_t>(k - 1)]];
                QVERIFY(isSame(row.at(static_cast<size_t>(where.at(start).real())),
                               one.at(start).real()));
            });
            same(kth[0], one, dtype, in.x);
        }
    }

    void placesAreThoseOfTheValues_data() { addTypes(notComplex); }
    void placesAreThoseOfTheValues()
    {
        const DType dtype = fetchType();
        RandomStream random(127, fetchStream());
        for (int round = 0; round < 200; ++round) {
            const Drawn in = drawnRows(random, dtype);
            if (in.length == 0)
                continue;
            for (const char *name :
                 {"median", "nanmedian", "mode", "max", "min", "cummax", "cummin"}) {
                const bool running = std::string(name).starts_with("cum");
                Arguments how{{"dim", in.written}};
                if (!running)
                    how["keepdim"] = true;
                const std::vector<Tensor> got = callTorch(registry, name, {in.x}, how);
                const Numbers values(got[0]);
                const Numbers places(got[1]);
                const Numbers numbers(in.x);
                forEachPlace(values.shape, [&](const Place &at) {
                    const auto place = static_cast<int64_t>(places.at(at).real());
                    QVERIFY2(isSame(numbers.at(moved(at, in.dim, place)).real(),
                                    values.at(at).real()),
                             (name + (" " + in.x.toString())).c_str());
                });
            }
        }
    }

    void uniqueOnesAreSortedAndCounted_data() { addTypes(notComplex); }
    void uniqueOnesAreSortedAndCounted()
    {
        const DType dtype = fetchType();
        RandomStream random(131, fetchStream());
        for (int round = 0; round < 100; ++round) {
            const Tensor x = randomView(random, randomShape(random, random.below(4)), dtype);
            const Numbers numbers(x);
            for (const bool consecutive : {false, true}) {
                Row values;
                Row counts;
                Numbers inverse(x.shape());
                for (size_t i = 0; i < numbers.values.size(); ++i) {
                    const double value = numbers.values[i].real();
                    auto found = consecutive
                            ? (values.empty() || values.back() != value ? values.end()
                                                                        : values.end() - 1)
                            : std::find(values.begin(), values.end(), value);
                    if (found == values.end()) {
                        values.push_back(value);
                        counts.push_back(0);
                        found = values.end() - 1;
                    }
                    ++counts[static_cast<size_t>(found - values.begin())];
                    inverse.values[i] = static_cast<double>(found - values.begin());
                }
                if (!consecutive) {
                    const std::vector<size_t> order = orderOf(values, false);
                    Row sorted;
                    Row sortedCounts;
                    std::map<double, double> rank;
                    for (size_t place : order) {
                        rank[static_cast<double>(place)] = static_cast<double>(sorted.size());
                        sorted.push_back(values[place]);
                        sortedCounts.push_back(counts[place]);
                    }
                    for (Complex &one : inverse.values)
                        one = rank[one.real()];
                    values = sorted;
                    counts = sortedCounts;
                }
                Numbers wantedValues(Shape{static_cast<int64_t>(values.size())});
                std::copy(values.begin(), values.end(), wantedValues.values.begin());
                Numbers wantedCounts(wantedValues.shape);
                std::copy(counts.begin(), counts.end(), wantedCounts.values.begin());
                const std::vector<Tensor> got
                        = callTorch(registry, consecutive ? "unique_consecutive" : "unique", {x},
                                    {{"return_inverse", true}, {"return_counts", true}});
                same(got[0], wantedValues, dtype, x);
                same(got[1], inverse, DType::Int64, x);
                same(got[2], wantedCounts, DType::Int64, x);
            }
        }
    }

    void searchingFindsWhereToInsert_data() { addTypes(realNumbers); }
    void searchingFindsWhereToInsert()
    {
        const DType dtype = fetchType();
        RandomStream random(137, fetchStream());
        for (int round = 0; round < 200; ++round) {
            Shape shape = randomShape(random, random.below(3));
            const bool one = random.below(2) == 0; // for all rows
            Shape batch = one ? Shape{} : shape;
            batch.push_back(random.below(6));
            const Tensor sequence
                    = callTorch(registry, "sort", {randomNumbers(random, batch, dtype)})[0];
            if (!one)
                shape.push_back(random.below(4));
            const Tensor x = randomView(random, shape, dtype);
            const bool right = random.below(2) == 0;
            const bool narrow = random.below(4) == 0;
            const Numbers edges(sequence);
            const Numbers numbers(x);
            Numbers wanted(shape);
            forEachPlace(shape, [&](const Place &at) {
                Place start = one ? Place{} : at;
                if (one)
                    start.push_back(0);
                int64_t found = 0;
                for (int64_t i = 0; i < batch.back(); ++i) {
                    start.back() = i;
                    const double edge = edges.at(start).real();
                    const double value = numbers.at(at).real();
                    found += right ? edge <= value : edge < value;
                }
                wanted.at(at) = static_cast<double>(found);
            });
            const Arguments how{{"right", right}, {"out_int32", narrow}};
            const DType type = narrow ? DType::Int32 : DType::Int64;
            const Tensor view = laidOut(random, sequence);
            same(callTorch(registry, "searchsorted", {view, x}, how)[0], wanted, type, x);
            if (one)
                same(callTorch(registry, "bucketize", {x, view}, how)[0], wanted, type, x);
        }
    }

    void membersAreFound_data() { addTypes(realNumbers); }
    void membersAreFound()
    {
        const DType dtype = fetchType();
        RandomStream random(139, fetchStream());
        for (int round = 0; round < 100; ++round) {
            const Tensor x = randomView(random, randomShape(random, random.below(4)), dtype);
            const Tensor among = randomView(random, randomShape(random, random.below(3), 2), dtype);
            const Numbers members(among);
            const bool invert = random.below(2) == 0;
            Numbers wanted(x);
            for (Complex &value : wanted.values) {
                const bool found = std::find(members.values.begin(), members.values.end(), value)
                        != members.values.end();
                value = found != invert;
            }
            same(callTorch(registry, "isin", {x, among}, {{"invert", invert}})[0], wanted,
                 DType::Bool, x);
        }
    }

    void occurrencesAreCounted_data() { addTypes(Integers); }
    void occurrencesAreCounted()
    {
        const DType dtype = fetchType();
        RandomStream random(149, fetchStream());
        for (int round = 0; round < 100; ++round) {
            Numbers numbers(Shape{random.below(12)});
            for (Complex &value : numbers.values)
                value = static_cast<double>(random.below(6));
            const Tensor x = laidOut(
                    random, Tensor::fromVector(numbers.values, numbers.shape).toType(dtype));
            const int64_t least = random.below(9);
            int64_t length = least;
            for (Complex value : numbers.values)
                length = std::max(length, static_cast<int64_t>(value.real()) + 1);
            const Tensor weights = randomView(random, numbers.shape, DType::Float64);
            const Numbers weighed(weights);
            Numbers counts(Shape{length});
            Numbers sums(Shape{length});
            for (size_t i = 0; i < numbers.values.size(); ++i) {
                counts.values[static_cast<size_t>(numbers.values[i].real())] += 1;
                sums.values[static_cast<size_t>(numbers.values[i].real())] += weighed.values[i];
            }
            same(callTorch(registry, "bincount", {x}, {{"minlength", least}})[0], counts,
                 DType::Int64, x);
            // Of nothing they are int64 all the same, as in PyTorch.
            same(callTorch(registry, "bincount", {x, weights}, {{"minlength", least}})[0], sums,
                 x.numel() == 0 ? DType::Int64 : DType::Float64, x);
        }
    }
};

QTEST_APPLESS_MAIN(TestSorting)
#include "tst_sorting.moc"
