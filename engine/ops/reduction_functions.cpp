// SPDX-License-Identifier: GPL-3.0-or-later
// Declarations of the reductions.
#include "engine/ops/conversion.h"
#include "engine/ops/declarations.h"
#include "engine/ops/families.h"
#include "engine/ops/nuclear_norm.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/products.h"
#include "engine/ops/statistics.h"
#include "engine/ops/views.h"

#include <cmath>

namespace mrg {

namespace {

constexpr Group group = Group::Reduction;
using Inputs = std::span<const Tensor>;

struct ReduceOptions {
    std::optional<IntOrList> dim;
    bool keepdim = false;
    std::optional<DType> dtype;
    Dims dims() const { return dim ? dim->values : Dims{}; }
};
struct MomentOptions {
    std::optional<IntOrList> dim;
    bool unbiased = true;
    bool keepdim = false;
    std::optional<double> correction;
    Dims dims() const { return dim ? dim->values : Dims{}; }
    double taken() const { return correction.value_or(unbiased ? 1 : 0); }
};
struct NormOptions {
    std::variant<double, std::string> p = std::string("fro");
    std::optional<IntOrList> dim;
    bool keepdim = false;
    std::optional<DType> dtype;
    Dims dims() const { return dim ? dim->values : Dims{}; }
};
struct DistOptions {
    double p = 2;
};
struct CovOptions {
    int64_t correction = 1;
};

template <typename O> Arg dimArg()
{
    return arg("dim", &O::dim, "One dimension or several; none: all of them.");
}
template <typename O> Arg keepdimArg()
{
    return arg("keepdim", &O::keepdim, "Whether reduced dimensions stay, with size 1.");
}
template <typename O> Arg dtypeArg()
{
    return arg("dtype", &O::dtype, "The type in which it is computed.");
}

template <typename O> Shape reducedShape(const O &o, const Shapes &in, const char *name)
{
    return reduceShape(in.at(0), o.dims(), o.keepdim, name).shape();
}

const std::vector<Sample> reductionSamples{
        {.args = {}, .inputs = {{2, 3}}},
        {.args = {{"dim", 1}, {"keepdim", true}}, .inputs = {{2, 3, 2}}},
        {.args = {{"dim", ValueList{0, -1}}}, .inputs = {{2, 3, 2}}},
};
const std::vector<BadSample> reductionErrors{
        {.args = {{"dim", 2}}, .inputs = {{2, 3}}, .kind = "dimension_error_out_of_range"},
        {.args = {{"dim", ValueList{0, 0}}}, .inputs = {{2, 3}}, .kind = "dimension_given_twice"},
};

/// A reduction of any dimensions, with or without a choice of type. `needsElements`: has no value
/// for nothing.
template <typename Operation>
FunctionSpec reduction(Title title, bool dtype, bool needsElements, Operation operation)
{
    using O = ReduceOptions;
    std::vector<Arg> args{dimArg<O>(), keepdimArg<O>()};
    if (dtype)
        args.push_back(dtypeArg<O>());
    return tensorFunction<O>(
            group, title, {tensorPort("input")}, std::move(args),
            [title, needsElements](const O &o, const Shapes &in) {
                const Reduced reduced = reduceShape(in.at(0), o.dims(), o.keepdim, title.name);
                if (needsElements)
                    requireElements(in[0], reduced, title.name);
                return reduced.shape();
            },
            [operation](const O &o, Inputs in) { return operation(in[0], o); },
            {.good = reductionSamples, .bad = reductionErrors});
}

FunctionSpec typed(FunctionSpec spec, const char *dtype)
{
    spec.outputs[0].dtype = dtype;
    spec.differentiable = false;
    return spec;
}

std::vector<Arg> momentArgs()
{
    using O = MomentOptions;
    return {dimArg<O>(),
            arg("unbiased", &O::unbiased, "Divides by one less than the number of elements."),
            keepdimArg<O>(),
            arg("correction", &O::correction, "How much less, in place of unbiased.")};
}

const std::vector<Sample> momentSamples{
        {.args = {}, .inputs = {{2, 3}}},
        {.args = {{"dim", 1}, {"keepdim", true}, {"unbiased", false}}, .inputs = {{2, 3, 2}}},
        {.args = {{"dim", ValueList{0, -1}}, {"correction", 2}}, .inputs = {{2, 3, 2}}},
};

/// A bool by position after the input is `unbiased`, as in var(x, False).
FunctionSpec withUnbiasedByPosition(FunctionSpec spec)
{
    const auto plain = std::make_shared<const FunctionSpec>(spec);
    spec.bind = [plain](std::span<const Value> positional,
                        const Arguments &keywords) -> Result<Call> {
        if (positional.size() != 2 || !positional[1].as<bool>())
            return bindCall(*plain, positional, keywords);
        Arguments all = keywords;
        all["unbiased"] = positional[1];
        return bindCall(*plain, positional.first(1), all);
    };
    return spec;
}

template <typename Operation> FunctionSpec moment(Title title, Operation operation)
{
    return withUnbiasedByPosition(tensorFunction<MomentOptions>(
            group, title, {tensorPort("input")}, momentArgs(),
            [title](const MomentOptions &o, const Shapes &in) {
                return reducedShape(o, in, title.name);
            },
            [operation](const MomentOptions &o, Inputs in) {
                return operation(varMean(in[0], o.dims(), o.taken(), o.keepdim));
            },
            {.good = momentSamples, .bad = reductionErrors}));
}

template <typename Operation>
FunctionSpec momentPair(Title title, const char *first, Operation operation)
{
    FunctionSpec spec = tensorFunction<MomentOptions>(
            group, title, {tensorPort("input")}, momentArgs(),
            [title](const MomentOptions &o, const Shapes &in) {
                return Shapes(2, reducedShape(o, in, title.name));
            },
            [operation](const MomentOptions &o, Inputs in) {
                const MomentsResult moments = varMean(in[0], o.dims(), o.taken(), o.keepdim);
                return std::vector<Tensor>{operation(moments), moments.mean};
            },
            {.good = momentSamples, .bad = reductionErrors});
    spec.outputs = outputPorts({{first, "any"}, {"mean", "any"}});
    return withUnbiasedByPosition(spec);
}

std::vector<BadSample> normErrors()
{
    std::vector<BadSample> out = reductionErrors;
    out.insert(out.end(),
               {{.args = {{"p", "spectral"}}, .inputs = {{2, 2}}, .kind = "wrong_argument"},
                {.args = {{"p", "nuc"}}, .inputs = {{2, 2, 2}}, .kind = "linalg_error_requires_2d"},
                {.args = {{"p", "nuc"}, {"dim", 0}},
                 .inputs = {{2, 2}},
                 .kind = "dimension_count_mismatch"}});
    return out;
}

bool isNuclear(const NormOptions &o)
{
    const std::string *name = std::get_if<std::string>(&o.p);
    return name && *name == "nuc";
}
double exponentOf(const NormOptions &o)
{
    if (o.dtype && std::holds_alternative<std::string>(o.p)) {
        throw Error(ErrorCategory::Value, "dtype_with_frobenius_norm", "norm",
                    "dtype with p = 'fro'", "p as a number", "write p=2");
    }
    if (const double *number = std::get_if<double>(&o.p))
        return *number;
    if (std::get<std::string>(o.p) == "fro")
        return 2;
    throw Error(ErrorCategory::Value, "wrong_argument", "norm > p",
                "'" + std::get<std::string>(o.p) + "'", "a number, 'fro' or 'nuc'");
}

std::optional<Dims> dimsGiven(const NormOptions &o)
{
    return o.dim ? std::optional(o.dim->values) : std::nullopt;
}

std::vector<FunctionSpec> normFunctions()
{
    const auto normRule = [](const NormOptions &o, const Shapes &in) {
        if (isNuclear(o))
            return nuclearNormShape(in.at(0), dimsGiven(o), o.keepdim).shape();
        exponentOf(o);
        const Reduced reduced = reduceShape(in.at(0), o.dims(), o.keepdim, "norm");
        return reduced.shape();
    };
    return {tensorFunction<NormOptions>(
                    group, {"norm", "The length of vectors.", R"(\left(\sum |x|^p\right)^{1/p})"},
                    {tensorPort("input")},
                    {arg("p", &NormOptions::p,
                         "The exponent; 'fro' is 2; 'nuc': the sum of the singular values of "
                         "matrices, which dim names the two dimensions of."),
                     dimArg<NormOptions>(), keepdimArg<NormOptions>(), dtypeArg<NormOptions>()},
                    normRule,
                    [](const NormOptions &o, Inputs in) {
                        const Tensor x = o.dtype ? to(in[0], *o.dtype) : in[0];
                        return isNuclear(o) ? nuclearNorm(x, dimsGiven(o), o.keepdim)
                                            : vectorNorm(x, exponentOf(o), o.dims(), o.keepdim);
                    },
                    {.good = {{.args = {}, .inputs = {{2, 3}}},
                              {.args = {{"p", 1}, {"dim", 1}}, .inputs = {{2, 3}}},
                              {.args = {{"p", 3}, {"dim", ValueList{0, -1}}, {"keepdim", true}},
                               .inputs = {{2, 3, 2}}},
                              {.args = {{"p", 0.5}, {"dim", 0}}, .inputs = {{2, 3}}},
                              {.args = {{"p", "inf"}, {"dim", 1}}, .inputs = {{2, 3}}},
                              {.args = {{"p", "-inf"}, {"dim", 1}}, .inputs = {{2, 3}}},
                              {.args = {{"p", "nuc"}}, .inputs = {{3, 2}}},
                              {.args = {{"p", "nuc"}, {"dim", ValueList{2, 0}}, {"keepdim", true}},
                               .inputs = {{2, 2, 3}}}},
                     .bad = normErrors()}),
            tensorFunction<DistOptions>(
                    group,
                    {"dist", "The length of the difference of two tensors.", R"(\|x - y\|_p)"},
                    {tensorPort("input"), tensorPort("other")},
                    {arg("p", &DistOptions::p, "The exponent of the norm.")},
                    [](const DistOptions &, const Shapes &in) {
                        broadcastShapes(in.at(0), in.at(1)).value();
                        return Shape{};
                    },
                    [](const DistOptions &o, Inputs in) {
                        return vectorNorm(sub(in[0], in[1]), o.p);
                    },
                    {.good = {{.args = {}, .inputs = {{2, 3}, {3}}},
                              {.args = {{"p", 3}}, .inputs = {{2, 3}, {2, 3}}}},
                     .bad = {{.args = {},
                              .inputs = {{2}, {3}},
                              .kind = "broadcast_error_incompatible_dimensions"}}})};
}

std::vector<FunctionSpec> covarianceFunctions()
{
    const auto square = [](const Shape &x, const char *name) {
        if (x.size() > 2) {
            throw Error(ErrorCategory::Shape, "dimension_count_mismatch", name, toString(x),
                        "at most 2 dimensions: variables and observations");
        }
        return x.size() == 2 && x[0] != 1 ? Shape{x[0], x[0]} : Shape{};
    };
    const BadSample threeDims{
            .args = {}, .inputs = {{2, 2, 2}}, .kind = "dimension_count_mismatch"};
    FunctionSpec covSpec = tensorFunction<CovOptions>(
            group,
            {"cov", "Covariances of variables (rows) over observations (columns).",
             R"(\frac{1}{N-c}\sum_k (x_{ik}-\bar x_i)(x_{jk}-\bar x_j))"},
            {tensorPort("input"),
             {.name = "fweights", .pattern = "*", .dtype = "int64", .optional = true},
             optionalPort("aweights")},
            {arg("correction", &CovOptions::correction,
                 "How much less than the number of observations it is divided by.")},
            [square](const CovOptions &, const Shapes &in) { return square(in.at(0), "cov"); },
            [](const CovOptions &o, Inputs in) {
                return cov(in[0], o.correction, in.size() > 1 ? in[1] : Tensor(),
                           in.size() > 2 ? in[2] : Tensor());
            },
            {.good
             = {{.args = {}, .inputs = {{3, 4}}}, {.args = {{"correction", 0}}, .inputs = {{4}}}},
             .bad = {threeDims}});
    covSpec.order = {"input", "correction", "fweights", "aweights"};
    return {covSpec,
            tensorFunction<NoOptions>(
                    group,
                    {"corrcoef", "Correlations of variables (rows) over observations (columns)."},
                    {tensorPort("input")}, {},
                    [square](const NoOptions &, const Shapes &in) {
                        return square(in.at(0), "corrcoef");
                    },
                    [](const NoOptions &, Inputs in) { return corrcoef(in[0]); },
                    {.good = {{.args = {}, .inputs = {{3, 4}}}}, .bad = {threeDims}})};
}

} // namespace

std::vector<FunctionSpec> reductionFunctions()
{
    using O = ReduceOptions;
    std::vector<FunctionSpec> out{
            reduction({"sum", "Adds elements.", R"(\sum_i x_i)"}, true, false,
                      [](const Tensor &x, const O &o) {
                          return sum(x, o.dims(), o.keepdim, o.dtype);
                      }),
            reduction({"mean", "Averages elements.", R"(\frac1N\sum_i x_i)"}, true, false,
                      [](const Tensor &x, const O &o) {
                          return mean(x, o.dims(), o.keepdim, o.dtype);
                      }),
            reduction({"prod", "Multiplies elements.", R"(\prod_i x_i)"}, true, false,
                      [](const Tensor &x, const O &o) {
                          return prod(x, o.dims(), o.keepdim, o.dtype);
                      }),
            reduction({"nansum", "Adds elements that are not NaN."}, true, false,
                      [](const Tensor &x, const O &o) {
                          return nansum(x, o.dims(), o.keepdim, o.dtype);
                      }),
            reduction({"nanmean", "Averages elements that are not NaN."}, true, false,
                      [](const Tensor &x, const O &o) {
                          return nanmean(x, o.dims(), o.keepdim, o.dtype);
                      }),
            reduction({"amax", "The largest elements; equal ones share the gradient."}, false, true,
                      [](const Tensor &x, const O &o) { return amax(x, o.dims(), o.keepdim); }),
            reduction({"amin", "The smallest elements; equal ones share the gradient."}, false,
                      true,
                      [](const Tensor &x, const O &o) { return amin(x, o.dims(), o.keepdim); }),
            reduction(
                    {"logsumexp", "The logarithm of the sum of powers of e, without overflow.",
                     R"(\log\sum_i e^{x_i})"},
                    false, false,
                    [](const Tensor &x, const O &o) { return logsumexp(x, o.dims(), o.keepdim); }),
            typed(reduction(
                          {"all", "Whether all elements are not 0."}, false, false,
                          [](const Tensor &x, const O &o) { return all(x, o.dims(), o.keepdim); }),
                  "bool"),
            typed(reduction(
                          {"any", "Whether any element is not 0."}, false, false,
                          [](const Tensor &x, const O &o) { return any(x, o.dims(), o.keepdim); }),
                  "bool"),
            typed(tensorFunction<O>(
                          group, {"count_nonzero", "How many elements are not 0."},
                          {tensorPort("input")}, {dimArg<O>()},
                          [](const O &o, const Shapes &in) {
                              return reduceShape(in.at(0), o.dims(), false, "count_nonzero")
                                      .shape();
                          },
                          [](const O &o, Inputs in) { return countNonzero(in[0], o.dims()); },
                          {.good = {{.args = {}, .inputs = {{2, 3}}},
                                    {.args = {{"dim", ValueList{0, 1}}}, .inputs = {{2, 3}}}},
                           .bad = reductionErrors}),
                  "int64"),
            moment({"var_", "Variances.", R"(\frac{1}{N-1}\sum_i (x_i - \bar x)^2)"},
                   [](const MomentsResult &m) { return m.variance; }),
            moment({"std", "Standard deviations.",
                    R"(\sqrt{\frac{1}{N-1}\sum_i (x_i - \bar x)^2})"},
                   [](const MomentsResult &m) { return standardDeviation(m.variance); }),
            momentPair({"var_mean", "Variances and means."}, "var",
                       [](const MomentsResult &m) { return m.variance; }),
            momentPair({"std_mean", "Standard deviations and means."}, "std",
                       [](const MomentsResult &m) { return standardDeviation(m.variance); })};
    FunctionSpec both = tensorFunction<O>(
            group, {"aminmax", "The smallest and the largest elements."}, {tensorPort("input")},
            {dimArg<O>(), keepdimArg<O>()},
            [](const O &o, const Shapes &in) {
                const Reduced reduced = reduceShape(in.at(0), o.dims(), o.keepdim, "aminmax");
                requireElements(in[0], reduced, "aminmax");
                return Shapes(2, reduced.shape());
            },
            [](const O &o, Inputs in) {
                return std::vector<Tensor>{amin(in[0], o.dims(), o.keepdim),
                                           amax(in[0], o.dims(), o.keepdim)};
            },
            {.good = {{.args = {}, .inputs = {{2, 3}}},
                      {.args = {{"dim", 1}, {"keepdim", true}}, .inputs = {{2, 3}}}},
             .bad = {{.args = {}, .inputs = {{0}}, .kind = "empty_reduction"}}});
    both.outputs = outputPorts({{"min", "any"}, {"max", "any"}});
    out.push_back(both);
    for (const auto &family : {normFunctions(), covarianceFunctions()})
        out.insert(out.end(), family.begin(), family.end());
    return out;
}

} // namespace mrg
