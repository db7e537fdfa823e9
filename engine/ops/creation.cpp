// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/creation.h"

#include "engine/autograd/Node.h"
#include "engine/core/Launch.h"
#include "engine/ops/gathering.h"
#include "engine/ops/joining.h"
#include "engine/ops/views.h"
#include "engine/tensor/result_type.h"
#include "engine/tensor/settings.h"

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {

/// value(i) for each element of a 1-d tensor.
template <typename F> Tensor sequence(int64_t count, DType dtype, F value)
{
    Tensor out = Tensor::empty({count}, dtype);
    dispatchAll(dtype, [&](auto tag) {
        using T = typename decltype(tag)::type;
        launchPointwise(count, [value, target = out.data<T>()](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i)
                target[i] = convertElement<T>(value(i));
        });
    });
    return out;
}

Error badStep(const std::string &got, const char *wanted)
{
    return {ErrorCategory::Value, "wrong_step", "arange", got, wanted};
}

/// From start in even steps, counted from the nearer end, so that both ends are met exactly.
struct EvenSteps {
    double start;
    double end;
    int64_t steps;
    double operator()(int64_t i) const
    {
        if (steps == 1)
            return start;
        const double step = (end - start) / static_cast<double>(steps - 1);
        return i < steps / 2 ? start + step * static_cast<double>(i)
                             : end - step * static_cast<double>(steps - i - 1);
    }
};

int64_t checkedSteps(const char *name, int64_t steps)
{
    if (steps < 0) {
        throw Error(ErrorCategory::Value, "negative_size", name, std::to_string(steps) + " steps",
                    "0 or more");
    }
    return steps;
}

/// Row and column numbers of the elements that belong to the part.
template <typename Belongs>
Tensor indicesWhere(const char *name, int64_t rows, int64_t columns, Belongs belongs)
{
    if (rows < 0 || columns < 0) {
        throw Error(ErrorCategory::Value, "negative_size", name, toString(Shape{rows, columns}),
                    "sizes of 0 or more");
    }
    std::vector<int64_t> rowNumbers;
    std::vector<int64_t> all;
    for (int64_t r = 0; r < rows; ++r) {
        for (int64_t c = 0; c < columns; ++c) {
            if (belongs(r, c)) {
                rowNumbers.push_back(r);
                all.push_back(c);
            }
        }
    }
    const auto count = static_cast<int64_t>(all.size());
    all.insert(all.begin(), rowNumbers.begin(), rowNumbers.end());
    return Tensor::fromVector(all, {2, count});
}

/// Numbers of nested lists, row-major, and how they are nested.
class Numbers {
public:
    explicit Numbers(const Value &data) : m_shape(nestingOf(data)) { read(data, 0); }

    Tensor tensor(std::optional<DType> dtype) const
    {
        const Tensor exact = m_kind == DType::Int64 ? Tensor::fromVector(m_integers, m_shape)
                                                    : Tensor::fromVector(m_numbers, m_shape);
        return exact.toType(dtype.value_or(m_kind == DType::Complex128 ? toComplex(defaultDType())
                                                   : m_kind == DType::Float64 || m_numbers.empty()
                                                   ? defaultDType()
                                                   : m_kind));
    }

private:
    /// Sizes of the lists on the way to the first number, which all others must have.
    static Shape nestingOf(const Value &data)
    {
        Shape out;
        for (const ValueList *list = data.as<ValueList>(); list;
             list = list->empty() ? nullptr : list->front().as<ValueList>())
            out.push_back(static_cast<int64_t>(list->size()));
        return out;
    }

    void read(const Value &value, size_t depth)
    {
        const ValueList *list = value.as<ValueList>();
        if (!list) {
            if (depth != m_shape.size())
                throw ragged("a number at depth " + std::to_string(depth),
                             "at depth " + std::to_string(m_shape.size()));
            return add(value);
        }
        if (depth == m_shape.size())
            throw ragged("a list at depth " + std::to_string(depth), "a number");
        if (m_shape[depth] != static_cast<int64_t>(list->size())) {
            throw ragged("a list of " + std::to_string(list->size()),
                         "one of " + std::to_string(m_shape[depth]) + " in dimension "
                                 + std::to_string(depth));
        }
        for (const Value &item : *list)
            read(item, depth + 1);
    }

    void add(const Value &value)
    {
        if (const bool *flag = value.as<bool>())
            put(DType::Bool, *flag, *flag);
        else if (const int64_t *whole = value.as<int64_t>())
            put(DType::Int64, static_cast<double>(*whole), *whole);
        else if (const double *real = value.as<double>())
            put(DType::Float64, *real, 0);
        else if (const auto *complex = value.as<std::complex<double>>())
            put(DType::Complex128, *complex, 0);
        else if (const Tensor *tensor = value.as<Tensor>(); tensor && tensor->numel() == 1)
            put(tensor->dtype(), tensor->complexItem(), static_cast<int64_t>(tensor->item()));
        else
            throw Error(ErrorCategory::Value, "not_a_number", "tensor", value.toString(),
                        "numbers, bools, or lists of them");
    }
    void put(DType kind, std::complex<double> number, int64_t whole)
    {
        m_kind = promoteTypes(m_kind, kind);
        m_numbers.push_back(number);
        m_integers.push_back(whole);
    }
    static Error ragged(const std::string &got, const std::string &wanted)
    {
        return {ErrorCategory::Shape,
                "ragged_list",
                "tensor",
                got,
                wanted,
                "make all lists of a dimension as long as each other"};
    }

    Shape m_shape;
    DType m_kind = DType::Bool;
    std::vector<std::complex<double>> m_numbers;
    std::vector<int64_t> m_integers; ///< the same where all are whole: a double would round them
};

} // namespace

Tensor arange(Number start, Number end, Number step, std::optional<DType> dtype)
{
    const bool whole
            = isIntegral(start.dtype()) && isIntegral(end.dtype()) && isIntegral(step.dtype());
    const DType type = dtype.value_or(whole ? DType::Int64 : defaultDType());
    if (type == DType::Bool || isComplex(type)) {
        throw Error(ErrorCategory::DType, "dtype_not_supported", "arange", dtypeName(type),
                    "an integral or floating type");
    }
    const double first = start.to<double>();
    const double last = end.to<double>();
    // Whole numbers are stepped through in whole steps.
    const double by = isIntegral(type) ? std::trunc(step.to<double>()) : step.to<double>();
    if (by == 0 || std::isnan(by))
        throw badStep("step " + Value(by).toString(), "a step that is not 0");
    if (!std::isfinite(first) || !std::isfinite(last))
        throw badStep(Value(first).toString() + " to " + Value(last).toString(), "finite bounds");
    if ((last - first) * by < 0) {
        throw badStep(Value(first).toString() + " to " + Value(last).toString() + " in steps of "
                              + Value(by).toString(),
                      "a step towards the end");
    }
    const auto count = static_cast<int64_t>(std::ceil((last - first) / by));
    if (whole) {
        return sequence(count, type,
                        [first = start.to<int64_t>(), by = step.to<int64_t>()](int64_t i) {
                            return first + by * i;
                        });
    }
    return sequence(count, type,
                    [first, by](int64_t i) { return first + by * static_cast<double>(i); });
}

/// Steps between false and true there are none.
static DType steppedType(const char *name, int64_t steps, std::optional<DType> dtype)
{
    if (dtype == DType::Bool && steps > 1) {
        throw Error(ErrorCategory::DType, "dtype_not_supported", name, "bool", "numbers");
    }
    return dtype.value_or(defaultDType());
}

Tensor linspace(double start, double end, int64_t steps, std::optional<DType> dtype)
{
    return sequence(checkedSteps("linspace", steps), steppedType("linspace", steps, dtype),
                    EvenSteps{start, end, steps});
}

Tensor logspace(double start, double end, int64_t steps, double base, std::optional<DType> dtype)
{
    return sequence(checkedSteps("logspace", steps), steppedType("logspace", steps, dtype),
                    [base, exponent = EvenSteps{start, end, steps}](int64_t i) {
                        return std::pow(base, exponent(i));
                    });
}

Tensor eye(int64_t n, int64_t m, std::optional<DType> dtype)
{
    if (n < 0 || m < 0) {
        throw Error(ErrorCategory::Value, "negative_size", "eye", toString(Shape{n, m}),
                    "sizes of 0 or more");
    }
    return reshape(sequence(n * m, dtype.value_or(defaultDType()),
                            [m](int64_t i) { return i / m == i % m; }),
                   {n, m});
}

Tensor full(const Shape &shape, Number value, std::optional<DType> dtype)
{
    const DType kind = value.dtype();
    const DType own = isComplex(kind) ? toComplex(defaultDType())
            : isFloating(kind)        ? defaultDType()
                                      : kind;
    const DType type = dtype.value_or(own);
    if (std::any_of(shape.begin(), shape.end(), [](int64_t size) { return size < 0; }))
        throw Error(ErrorCategory::Value, "negative_size", "full", toString(shape),
                    "sizes of 0 or more");
    // By a 0-d tensor, because large integers are not exact as floating numbers.
    return expand(value.tensor().detach().toType(type), shape).copy();
}

Tensor tensorOf(const Value &data, std::optional<DType> dtype)
{
    if (const Tensor *tensor = data.as<Tensor>())
        return tensor->detach().toType(dtype.value_or(tensor->dtype())).copy();
    return Numbers(data).tensor(dtype);
}

Tensor trilIndices(int64_t rows, int64_t columns, int64_t offset)
{
    return indicesWhere("tril_indices", rows, columns,
                        [offset](int64_t r, int64_t c) { return c - r <= offset; });
}

Tensor triuIndices(int64_t rows, int64_t columns, int64_t offset)
{
    return indicesWhere("triu_indices", rows, columns,
                        [offset](int64_t r, int64_t c) { return c - r >= offset; });
}

std::vector<Tensor> meshgrid(std::span<const Tensor> tensors, bool xy)
{
    if (tensors.empty())
        throw Error(ErrorCategory::Value, "no_tensors", "meshgrid", "no tensors", "one or more");
    Shape grid;
    for (const Tensor &tensor : tensors) {
        if (tensor.dim() > 1) {
            throw Error(ErrorCategory::Shape, "dimension_count_mismatch", "meshgrid",
                        toString(tensor.shape()), "1-d tensors");
        }
        if (tensor.dtype() != tensors[0].dtype()) {
            throw Error(ErrorCategory::DType, "dtype_mismatch", "meshgrid",
                        dtypeName(tensor.dtype()),
                        std::string(dtypeName(tensors[0].dtype())) + ", as the first");
        }
        grid.push_back(tensor.numel());
    }
    std::vector<Tensor> out;
    for (size_t d = 0; d < grid.size(); ++d) {
        Shape own(grid.size(), 1);
        own[d] = grid[d];
        const Tensor coordinates = expand(reshape(tensors[d], own), grid);
        out.push_back(xy && grid.size() > 1 ? transpose(coordinates, 0, 1) : coordinates);
    }
    return out;
}

Tensor cartesianProduct(std::span<const Tensor> tensors)
{
    for (const Tensor &tensor : tensors) {
        if (tensor.dim() != 1) {
            throw Error(ErrorCategory::Shape, "dimension_count_mismatch", "cartesian_prod",
                        toString(tensor.shape()), "1-d tensors");
        }
    }
    if (tensors.size() == 1)
        return tensors[0];
    std::vector<Tensor> columns;
    for (const Tensor &coordinates : meshgrid(tensors))
        columns.push_back(reshape(coordinates, {-1}));
    return stack(columns, 1);
}

Shape combinationsShape(const Shape &x, int64_t r, bool withReplacement)
{
    if (x.size() != 1)
        throw Error(ErrorCategory::Shape, "dimension_count_mismatch", "combinations", toString(x),
                    "a 1-d tensor");
    if (r < 0)
        throw Error(ErrorCategory::Value, "wrong_argument", "combinations",
                    "r=" + std::to_string(r), "0 or more");
    if (r == 0)
        return {0};
    // n over r, factor by factor; with replacement there are as many as of n + r - 1 without.
    const int64_t n = withReplacement && x[0] > 0 ? x[0] + r - 1 : x[0];
    if (n < r)
        return {0, r};
    constexpr double most = 1e15;
    int64_t count = 1;
    for (int64_t k = 1; k <= std::min(r, n - r); ++k) {
        if (static_cast<double>(count) * static_cast<double>(n - k + 1) > most) {
            throw Error(ErrorCategory::Value, "too_many_combinations", "combinations",
                        toString(x) + " with r=" + std::to_string(r), "fewer of them");
        }
        count = count * (n - k + 1) / k;
    }
    return {count, r};
}

Tensor combinations(const Tensor &x, int64_t r, bool withReplacement)
{
    const Shape shape = combinationsShape(x.shape(), r, withReplacement);
    if (r == 0)
        return Tensor::empty(shape, x.dtype());
    const Tensor indices = Tensor::empty({numel(shape)}, DType::Int64);
    launch([to = indices.data<int64_t>(), count = shape[0], r, n = x.numel(),
            step = withReplacement ? int64_t(0) : int64_t(1)] {
        // All rising sequences of element numbers, as an odometer counts.
        for (int64_t i = 0; i < count; ++i) {
            int64_t *row = to + i * r;
            if (i == 0) {
                for (int64_t k = 0; k < r; ++k)
                    row[k] = k * step;
                continue;
            }
            std::copy_n(row - r, r, row);
            int64_t wheel = r;
            while (wheel > 0 && row[wheel - 1] + (r - wheel) * step + 1 >= n)
                --wheel;
            ++row[wheel - 1];
            for (int64_t k = wheel; k < r; ++k)
                row[k] = row[k - 1] + step;
        }
    });
    return reshape(indexSelect(x, 0, indices), shape);
}

} // namespace mrg
