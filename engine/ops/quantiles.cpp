// SPDX-License-Identifier: GPL-3.0-or-later
// Quantiles: between which elements of a sorted row they lie, and what is made of those two.
#include "engine/autograd/Node.h"
#include "engine/ops/declarations.h"
#include "engine/ops/families.h"
#include "engine/ops/gathering.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/sorting.h"
#include "engine/ops/views.h"

#include <cmath>

namespace mrg {

namespace {

constexpr Group group = Group::Reduction;
using Inputs = std::span<const Tensor>;

enum class Interpolation { Linear, Lower, Higher, Nearest, Midpoint };

} // namespace

template <> struct EnumTexts<Interpolation> {
    static constexpr std::array texts{std::pair{Interpolation::Linear, "linear"},
                                      std::pair{Interpolation::Lower, "lower"},
                                      std::pair{Interpolation::Higher, "higher"},
                                      std::pair{Interpolation::Nearest, "nearest"},
                                      std::pair{Interpolation::Midpoint, "midpoint"}};
};

namespace {

struct QuantileOptions {
    std::optional<int64_t> dim;
    bool keepdim = false;
    Interpolation interpolation = Interpolation::Linear;
};

/// For every row and every q: the places of the elements below and above, and the share of the
/// upper one.
struct Ranks {
    Tensor below;
    Tensor above;
    Tensor weight;
};

/// `sorted`: rows (R, N) in order, NaNs last. Rows with a NaN have the rank of the last element,
/// unless NaNs are passed over.
Ranks ranksOf(const Tensor &sorted, const Tensor &q, Interpolation way, bool ignoreNan)
{
    const int64_t rows = sorted.size(0);
    const int64_t count = q.numel();
    Ranks out{Tensor::empty({rows, count}, DType::Int64),
              Tensor::empty({rows, count}, DType::Int64),
              Tensor::empty({rows, count}, sorted.dtype())};
    // How the rank grows with q, for q's gradient.
    Tensor slope = Tensor::empty({rows, 1}, sorted.dtype());
    const Tensor levels = q.detach().compact();
    dispatchFloating(sorted.dtype(), "quantile", [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([=, length = sorted.size(1), from = sorted.template data<T>(),
                level = levels.template data<T>(), below = out.below.data<int64_t>(),
                above = out.above.data<int64_t>(), weight = out.weight.template data<T>(),
                slopes = slope.template data<T>()] {
            for (int64_t row = 0; row < rows; ++row) {
                const T *values = from + row * length;
                int64_t numbers = length;
                while (numbers > 0 && std::isnan(values[numbers - 1]))
                    --numbers;
                const bool fixed = !ignoreNan && numbers < length;
                const int64_t last = std::max<int64_t>(0, (ignoreNan ? numbers : length) - 1);
                slopes[row] = fixed ? T(0) : static_cast<T>(last);
                for (int64_t i = 0; i < count; ++i) {
                    if (!(level[i] >= 0 && level[i] <= 1)) {
                        throw Error(ErrorCategory::Value, "quantile_out_of_range", "quantile",
                                    "q = " + std::to_string(level[i]), "0 to 1");
                    }
                    T rank = fixed ? static_cast<T>(last) : level[i] * static_cast<T>(last);
                    if (way == Interpolation::Lower)
                        rank = std::floor(rank);
                    else if (way == Interpolation::Higher)
                        rank = std::ceil(rank);
                    else if (way == Interpolation::Nearest)
                        rank = std::nearbyint(rank);
                    const int64_t at = row * count + i;
                    below[at] = static_cast<int64_t>(std::floor(rank));
                    above[at] = static_cast<int64_t>(std::ceil(rank));
                    weight[at] = way == Interpolation::Midpoint ? T(0.5)
                                                                : rank - static_cast<T>(below[at]);
                }
            }
        });
    });
    if (way == Interpolation::Linear && shouldRecord({&q})) {
        record("quantile", {q}, {out.weight},
               [slope, ignoreNan, shape = q.shape()](const Gradients &g) {
                   // Where a NaN fixes the rank nothing flows, not even the NaN.
                   const Tensor flowing = mul(g[0], slope);
                   const Tensor moving = ignoreNan ? flowing : where(eq(slope, 0), 0, flowing);
                   return Gradients{reshape(sum(moving, {0}), shape)};
               });
    }
    return out;
}

Shape quantileShape(const QuantileOptions &o, const Shape &x, const Shape &q)
{
    if (q.size() > 1) {
        throw Error(ErrorCategory::Shape, "dimension_count_mismatch", "quantile",
                    "q " + toString(q), "a number or a 1-d tensor");
    }
    const Reduced reduced = reduceShape(x, o.dim ? Dims{*o.dim} : Dims{}, o.keepdim, "quantile");
    requireElements(x, reduced, "quantile");
    Shape out = reduced.shape();
    if (!q.empty())
        out.insert(out.begin(), q[0]);
    return out;
}

Tensor quantileOf(const Tensor &x, const Tensor &q_, const QuantileOptions &o, bool ignoreNan)
{
    if (!x.isFloatingPoint() || (!q_.isNumber() && q_.dtype() != x.dtype())) {
        throw Error(ErrorCategory::DType, "dtype_not_supported", "quantile",
                    std::string(dtypeName(x.dtype())) + " with q in " + dtypeName(q_.dtype()),
                    "float32 or float64, the same for both");
    }
    const Shape shape = quantileShape(o, x.shape(), q_.shape());
    const Tensor q = q_.isNumber() ? q_.toType(x.dtype()) : q_;
    // Rows along the dimension, which goes last.
    const Tensor moved
            = o.dim && x.dim() > 0 ? movedim(x, {*o.dim}, {-1}) : reshape(x, {x.numel()});
    Shape outer = moved.shape();
    outer.pop_back();
    const Tensor sorted = sort(reshape(moved, {numel(outer), moved.size(-1)}), -1).values;
    const Ranks ranks = ranksOf(contiguous(sorted.detach()), reshape(q, {q.numel()}),
                                o.interpolation, ignoreNan);
    Tensor result = gather(sorted, -1, ranks.below);
    if (o.interpolation == Interpolation::Linear || o.interpolation == Interpolation::Midpoint)
        result = add(result, mul(ranks.weight, sub(gather(sorted, -1, ranks.above), result)));
    return reshape(transpose(result, 0, 1), shape);
}

FunctionSpec quantileFunction(Title title, bool ignoreNan)
{
    FunctionSpec spec = tensorFunction<QuantileOptions>(
            group, title,
            {tensorPort("input"),
             {.name = "q",
              .pattern = "*",
              .dtype = "float",
              .number = true,
              .domain = {.low = 0, .high = 1}}},
            {arg("dim", &QuantileOptions::dim, "The dimension; none: all elements."),
             arg("keepdim", &QuantileOptions::keepdim, "Whether the dimension stays, with size 1."),
             arg("interpolation", &QuantileOptions::interpolation,
                 "What a quantile between two elements is.")},
            [](const QuantileOptions &o, const Shapes &in) {
                return quantileShape(o, in.at(0), in.at(1));
            },
            [ignoreNan](const QuantileOptions &o, Inputs in) {
                return quantileOf(in[0], in[1], o, ignoreNan);
            },
            {.good
             = {{.args = {{"interpolation", "midpoint"}, {"dim", 1}}, .inputs = {{2, 5}, {}}},
                {.args = {{"interpolation", "lower"}, {"keepdim", true}}, .inputs = {{2, 3}, {}}}},
             .bad
             = {{.args = {{"dim", 2}},
                 .inputs = {{2, 3}, {}},
                 .kind = "dimension_error_out_of_range"},
                {.args = {}, .inputs = {{2, 3}, {2, 2}}, .kind = "dimension_count_mismatch"}}});
    return spec;
}

} // namespace

std::vector<FunctionSpec> quantileFunctions()
{
    return {quantileFunction({"quantile", "Elements below which a share q of all lies."}, false),
            quantileFunction({"nanquantile", "The same of those that are not NaN."}, true)};
}

} // namespace mrg
