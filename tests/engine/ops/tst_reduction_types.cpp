// SPDX-License-Identifier: GPL-3.0-or-later
// Reductions and running reductions of every type, shape and choice of dimensions against loops
// over all elements.
#include "engine/nn/families.h"
#include "tests/engine/ops/slow_reference.h"

#include <QObject>

#include <algorithm>
#include <map>

using namespace mrg;
using namespace mrg::test;

namespace {

using Row = std::vector<Complex>;
using Rule = std::function<Complex(const Row &)>;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

Complex sumOf(const Row &row)
{
    Complex out = 0;
    for (Complex x : row)
        out += x;
    return out;
}
Complex productOf(const Row &row)
{
    Complex out = 1;
    for (Complex x : row)
        out *= x;
    return out;
}
Complex meanOf(const Row &row) { return sumOf(row) / static_cast<double>(row.size()); }
Row numbersOf(Row row)
{
    std::erase_if(row, isNan);
    return row;
}
bool hasNan(const Row &row) { return std::any_of(row.begin(), row.end(), isNan); }

Rule variance(double correction)
{
    return [correction](const Row &row) -> Complex {
        double squares = 0;
        for (Complex x : row)
            squares += std::norm(x - meanOf(row));
        return squares / std::max(0.0, static_cast<double>(row.size()) - correction);
    };
}
Rule deviation(double correction)
{
    return [correction](const Row &row) { return std::sqrt(variance(correction)(row)); };
}

bool isLess(Complex a, Complex b) { return a.real() < b.real(); }
bool isMore(Complex a, Complex b) { return a.real() > b.real(); }
using Order = bool (*)(Complex, Complex);
/// The place of the first element before which none comes; NaN comes before all.
size_t firstOf(const Row &row, Order before)
{
    size_t out = 0;
    for (size_t i = 1; i < row.size(); ++i) {
        if (!isNan(row[out]) && (isNan(row[i]) || before(row[i], row[out])))
            out = i;
    }
    return out;
}
Rule extreme(Order before)
{
    return [before](const Row &row) { return row[firstOf(row, before)]; };
}
Rule placeOf(Order before)
{
    return [before](const Row &row) { return static_cast<double>(firstOf(row, before)); };
}

Complex logSumExp(const Row &row)
{
    Complex out = 0;
    for (Complex x : row)
        out += std::exp(x);
    return std::log(out);
}

Rule norm(double p)
{
    return [p](const Row &row) -> Complex {
        double total = 0;
        std::vector<double> sizes;
        for (Complex x : row)
            sizes.push_back(std::abs(x));
        if (hasNan(row) && p != 0)
            return nan;
        if (sizes.empty())
            return 0;
        if (std::isinf(p))
            return p > 0 ? *std::max_element(sizes.begin(), sizes.end())
                         : *std::min_element(sizes.begin(), sizes.end());
        for (double size : sizes)
            total += p == 0 ? (size != 0) : std::pow(size, p);
        return p == 0 ? total : std::pow(total, 1 / p);
    };
}

/// The lower one in the middle.
Complex middleOf(Row row)
{
    if (row.empty() || hasNan(row))
        return nan;
    std::sort(row.begin(), row.end(), isLess);
    return row[(row.size() - 1) / 2];
}
/// The smallest of the most frequent ones.
Complex mostFrequent(const Row &row)
{
    std::map<double, int> counts;
    for (Complex x : row)
        ++counts[x.real()];
    return std::max_element(counts.begin(), counts.end(),
                            [](const auto &a, const auto &b) { return a.second < b.second; })
            ->first;
}
Rule quantile(double q)
{
    return [q](Row row) -> Complex {
        if (hasNan(row))
            return nan;
        std::sort(row.begin(), row.end(), isLess);
        const double place = q * static_cast<double>(row.size() - 1);
        const auto below = static_cast<size_t>(place);
        const size_t above = std::min(below + 1, row.size() - 1);
        return row[below] + (place - static_cast<double>(below)) * (row[above] - row[below]);
    };
}

DType same(DType dtype) { return dtype; }
DType summed(DType dtype) { return isIntegral(dtype) ? DType::Int64 : dtype; }
DType real(DType dtype) { return toReal(dtype); }
DType floating(DType dtype) { return isIntegral(dtype) ? DType::Float32 : dtype; }
DType truth(DType dtype) { return dtype == DType::UInt8 ? DType::UInt8 : DType::Bool; }
DType place(DType) { return DType::Int64; }

enum Options {
    NoNan = 1,
    OfSomething = 2,
    OneDim = 4,
    NeedsDim = 8,
    NoKeepdim = 16,
    Typed = 32,
    NanOfNothing = 64
};

struct Case {
    const char *name;
    const char *function;
    int kinds; ///< of the types that it takes
    DType (*typeOf)(DType);
    Rule rule;
    int options = 0;
    Arguments arguments = {};
    size_t output = 0;
};

const std::vector<Case> &reductions()
{
    constexpr int fine = Floats | Complexes;
    static const std::vector<Case> all{
            {"sum", "sum", allKinds, summed, sumOf, Typed},
            {"mean", "mean", fine, same, meanOf, Typed},
            {"prod", "prod", allKinds, summed, productOf, Typed},
            {"nansum", "nansum", notComplex, summed,
             [](const Row &row) { return sumOf(numbersOf(row)); }, Typed},
            {"nanmean", "nanmean", Floats, same,
             [](const Row &row) { return meanOf(numbersOf(row)); }},
            {"amax", "amax", notComplex, same, extreme(isMore), OfSomething},
            {"amin", "amin", notComplex, same, extreme(isLess), OfSomething},
            {"aminmax, min", "aminmax", notComplex, same, extreme(isLess), OfSomething | OneDim},
            {"aminmax, max",
             "aminmax",
             notComplex,
             same,
             extreme(isMore),
             OfSomething | OneDim,
             {},
             1},
            {"logsumexp", "logsumexp", notComplex, floating, logSumExp},
            {"all", "all", allKinds, truth,
             [](const Row &row) {
                 return std::all_of(row.begin(), row.end(), [](Complex x) { return x != 0.0; });
             }},
            {"any", "any", allKinds, truth,
             [](const Row &row) {
                 return std::any_of(row.begin(), row.end(), [](Complex x) { return x != 0.0; });
             }},
            {"count_nonzero", "count_nonzero", allKinds, place,
             [](const Row &row) {
                 return static_cast<double>(
                         std::count_if(row.begin(), row.end(), [](Complex x) { return x != 0.0; }));
             },
             NoKeepdim},
            {"var", "var_", fine, real, variance(1)},
            {"var, all of them", "var_", fine, real, variance(0), 0, {{"unbiased", false}}},
            {"std", "std", fine, real, deviation(1)},
            {"std, two less", "std", fine, real, deviation(2), 0, {{"correction", 2}}},
            {"var_mean, var", "var_mean", fine, real, variance(1)},
            {"var_mean, mean", "var_mean", fine, same, meanOf, 0, {}, 1},
            {"std_mean, std", "std_mean", fine, real, deviation(1)},
            {"std_mean, mean", "std_mean", fine, same, meanOf, 0, {}, 1},
            {"norm", "norm", fine, real, norm(2)},
            {"norm 0", "norm", fine, real, norm(0), 0, {{"p", 0}}},
            {"norm 1", "norm", fine, real, norm(1), 0, {{"p", 1}}},
            {"norm 3", "norm", fine, real, norm(3), 0, {{"p", 3}}},
            {"norm inf", "norm", fine, real, norm(infinity), 0, {{"p", infinity}}},
            {"norm -inf", "norm", fine, real, norm(-infinity), 0, {{"p", -infinity}}},
            {"max", "max", notComplex, same, extreme(isMore), OfSomething | OneDim},
            {"min", "min", notComplex, same, extreme(isLess), OfSomething | OneDim},
            {"max, where",
             "max",
             notComplex,
             place,
             placeOf(isMore),
             OfSomething | OneDim | NeedsDim,
             {},
             1},
            {"min, where",
             "min",
             notComplex,
             place,
             placeOf(isLess),
             OfSomething | OneDim | NeedsDim,
             {},
             1},
            {"argmax", "argmax", realNumbers, place, placeOf(isMore), OfSomething | OneDim},
            {"argmin", "argmin", realNumbers, place, placeOf(isLess), OfSomething | OneDim},
            {"median", "median", notComplex, same, middleOf, OfSomething | OneDim | NanOfNothing},
            {"nanmedian", "nanmedian", notComplex, same,
             [](const Row &row) { return middleOf(numbersOf(row)); },
             OfSomething | OneDim | NanOfNothing},
            {"mode", "mode", notComplex, same, mostFrequent,
             NoNan | OfSomething | OneDim | NeedsDim},
            {"quantile",
             "quantile",
             Floats,
             same,
             quantile(0.3),
             OfSomething | OneDim,
             {{"q", 0.3}}},
            {"nanquantile",
             "nanquantile",
             Floats,
             same,
             quantile(0.75),
             NoNan | OfSomething | OneDim,
             {{"q", 0.75}}}};
    return all;
}

/// Reductions of all elements up to each one.
const std::vector<Case> &runningReductions()
{
    static const std::vector<Case> all{{"cumsum", "cumsum", allKinds, summed, sumOf},
                                       {"cumprod", "cumprod", allKinds, summed, productOf},
                                       {"cummax", "cummax", notComplex, same, extreme(isMore)},
                                       {"cummin", "cummin", notComplex, same, extreme(isLess)},
                                       {"logcumsumexp", "logcumsumexp", Floats, same, logSumExp}};
    return all;
}

/// Numbers that no type holds exactly.
Tensor uneven(RandomStream &random, const Tensor &x)
{
    Numbers numbers(x);
    for (Complex &value : numbers.values)
        value *= random.normal();
    return laidOut(random, Tensor::fromVector(numbers.values, x.shape()).toType(x.dtype()));
}

/// Whether a double can tell the numbers apart.
bool isExact(const Numbers &numbers)
{
    return std::none_of(numbers.values.begin(), numbers.values.end(),
                        [](Complex x) { return std::abs(x) > 0x1p53; });
}

} // namespace

class TestReductionTypes : public QObject {
    Q_OBJECT

    const Registry registry = standardRegistry();

    /// One call on a random tensor of a type; says what was wrong.
    std::string tried(const Case &one, RandomStream &random, DType dtype) const
    {
        const Shape shape = randomShape(random, random.below(5), 3);
        Tensor x = one.options & NoNan ? randomView(random, shape, dtype)
                                       : randomWithNan(random, shape, dtype);
        if (!isIntegral(dtype) && random.below(3) == 0)
            x = uneven(random, x);
        std::vector<bool> reduced(shape.size(), true);
        Arguments arguments = one.arguments;
        const bool named = (one.options & NeedsDim) || random.below(4) > 0;
        if (named) {
            reduced.assign(shape.size(), false);
            ValueList dims;
            const int64_t rank = std::max<int64_t>(x.dim(), 1);
            for (int64_t d : random.permutation(rank)) {
                if (!dims.empty() && ((one.options & OneDim) || random.below(2) == 0))
                    break;
                dims.push_back(random.below(2) == 0 ? d : d - rank);
                if (x.dim() > 0)
                    reduced[static_cast<size_t>(d)] = true;
            }
            arguments["dim"] = dims.size() == 1 ? dims[0] : Value(dims);
        }
        // Without dimensions max, min and median take no other argument.
        const bool takesKeepdim = !(one.options & NoKeepdim) && (named || !(one.options & OneDim));
        const bool keepdim = takesKeepdim && random.below(2) == 0;
        if (keepdim)
            arguments["keepdim"] = true;
        Tensor source = x;
        DType type = one.typeOf(dtype);
        if ((one.options & Typed) && random.below(3) == 0) {
            type = isComplex(dtype) ? DType::Complex128 : DType::Float64;
            arguments["dtype"] = dtypeName(type);
            source = x.toType(type);
        }

        std::map<Place, Row> rows;
        int64_t count = 1;
        Shape kept;
        Shape squeezed;
        for (size_t d = 0; d < shape.size(); ++d) {
            count *= reduced[d] ? shape[d] : 1;
            kept.push_back(reduced[d] ? 1 : shape[d]);
            if (!reduced[d])
                squeezed.push_back(shape[d]);
        }
        const Numbers numbers(source);
        forEachPlace(shape, [&](Place at) {
            const Complex value = numbers.at(at);
            for (size_t d = 0; d < at.size(); ++d)
                at[d] = reduced[d] ? 0 : at[d];
            rows[at].push_back(value);
        });
        // Of integers there is no NaN; theirs is nobody's promise.
        if (count == 0 && !named && (one.options & NanOfNothing) && isIntegral(dtype))
            return {};
        if (count == 0 && (one.options & OfSomething) && (named || !(one.options & NanOfNothing))) {
            try {
                callTorch(registry, one.function, {x}, arguments);
            } catch (const Error &error) {
                return error.kind == "empty_reduction" ? "" : error.text();
            }
            return "something comes of nothing: " + toString(shape);
        }
        Numbers wanted(kept);
        forEachPlace(kept, [&](const Place &at) { wanted.at(at) = one.rule(rows[at]); });
        if (!keepdim)
            wanted.shape = squeezed;
        const std::vector<Tensor> got = callTorch(registry, one.function, {x}, arguments);
        if (!isExact(wanted))
            return {};
        const std::string difference = differenceOf(got.at(one.output), wanted, type);
        return difference.empty() ? difference : difference + "\nof " + x.toString();
    }

private slots:
    void giveWhatALoopGives_data() { addRows(reductions()); }
    void giveWhatALoopGives()
    {
        const Case one = fetchRow(reductions());
        RandomStream random(61, fetchStream());
        for (DType dtype : allTypes) {
            if (!(one.kinds & kindOf(dtype))) {
                QVERIFY2(refusesTheType([&] {
                             Arguments arguments = one.arguments;
                             if (one.options & NeedsDim)
                                 arguments["dim"] = 0;
                             callTorch(registry, one.function, {Tensor::ones({2, 2}, dtype)},
                                       arguments);
                         }),
                         dtypeName(dtype));
                continue;
            }
            for (int round = 0; round < 150; ++round) {
                const std::string wrong = tried(one, random, dtype);
                QVERIFY2(wrong.empty(), (std::string(dtypeName(dtype)) + ": " + wrong).c_str());
            }
        }
    }

    void runningOnesGiveWhatALoopGives_data() { addRows(runningReductions()); }
    void runningOnesGiveWhatALoopGives()
    {
        const Case one = fetchRow(runningReductions());
        RandomStream random(67, fetchStream());
        for (DType dtype : allTypes) {
            if (!(one.kinds & kindOf(dtype))) {
                QVERIFY2(refusesTheType([&] {
                             callTorch(registry, one.function, {Tensor::ones({2, 2}, dtype), 0});
                         }),
                         dtypeName(dtype));
                continue;
            }
            for (int round = 0; round < 100; ++round) {
                const Shape shape = randomShape(random, random.below(5));
                const Tensor x = randomWithNan(random, shape, dtype);
                const size_t dim = randomDim(random, shape);
                const Numbers numbers(x);
                Numbers wanted(shape);
                forEachPlace(shape, [&](Place at) {
                    const Place target = at;
                    Row row;
                    for (int64_t i = 0; i <= (at.empty() ? 0 : target[dim]); ++i) {
                        if (!at.empty())
                            at[dim] = i;
                        row.push_back(numbers.at(at));
                    }
                    wanted.at(target) = one.rule(row);
                });
                const std::vector<Tensor> got
                        = callTorch(registry, one.function, {x, written(random, dim, shape)});
                if (!isExact(wanted))
                    continue;
                const std::string wrong = differenceOf(got[0], wanted, one.typeOf(dtype));
                QVERIFY2(wrong.empty(), (wrong + "\nof " + x.toString()).c_str());
            }
        }
    }
};

QTEST_APPLESS_MAIN(TestReductionTypes)
#include "tst_reduction_types.moc"
