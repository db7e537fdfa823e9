// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/einsum.h"

#include "engine/ops/declarations.h"
#include "engine/ops/families.h"
#include "engine/ops/linear_algebra.h"
#include "engine/ops/pattern_errors.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"
#include "engine/ops/views.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace mrg {

namespace {

/// Stands for an ellipsis among labels.
constexpr int64_t ellipsis = -1;
constexpr int64_t firstEllipsisLabel = 52;

using Labels = std::vector<int64_t>;

Error invalid(const std::string &got, const std::string &wanted,
              const std::string &fix = "write it as in 'ij,jk->ik'")
{
    return Error(ErrorCategory::Value, "einsum_error_invalid_equation", "einsum", got, wanted, fix);
}

std::string letter(int64_t label)
{
    return label >= firstEllipsisLabel
            ? "..."
            : std::string(1, static_cast<char>(label < 26 ? 'A' + label : 'a' + label - 26));
}

/// The labels of one operand or of the output.
Labels labelsOf(const std::string &term, const std::string &place)
{
    Labels out;
    for (size_t i = 0; i < term.size(); ++i) {
        const char c = term[i];
        if (c == ' ')
            continue;
        if (c == '.') {
            if (term.compare(i, 3, "...") != 0 || std::count(out.begin(), out.end(), ellipsis) > 0)
                throw invalid("'" + term + "' as " + place, "one ellipsis of three dots");
            out.push_back(ellipsis);
            i += 2;
        } else if (c >= 'A' && c <= 'Z') {
            out.push_back(c - 'A');
        } else if (c >= 'a' && c <= 'z') {
            out.push_back(c - 'a' + 26);
        } else {
            throw invalid(std::string("'") + c + "' in " + place,
                          "letters, an ellipsis, ',' and '->'");
        }
    }
    return out;
}

std::vector<std::string> splitAt(const std::string &text, char separator)
{
    std::vector<std::string> out(1);
    for (char c : text) {
        if (c == separator)
            out.emplace_back();
        else
            out.back() += c;
    }
    return out;
}

/// Puts labels of their own in place of each ellipsis, aligned at the last.
Labels withEllipsis(const Labels &labels, int64_t dims, int64_t most)
{
    Labels out;
    for (int64_t label : labels) {
        if (label != ellipsis) {
            out.push_back(label);
            continue;
        }
        for (int64_t i = most - dims; i < most; ++i)
            out.push_back(firstEllipsisLabel + i);
    }
    return out;
}

void learnSizes(EinsumPlan &plan, size_t operand, const Shape &shape)
{
    std::map<int64_t, int64_t> own;
    for (size_t d = 0; d < shape.size(); ++d) {
        const int64_t label = plan.operands[operand][d];
        const auto [entry, fresh] = own.try_emplace(label, shape[d]);
        if (!fresh && entry->second != shape[d]) {
            throw Error(ErrorCategory::Shape, "einsum_error_dimension_mismatch", "einsum",
                        "operand " + std::to_string(operand) + ": " + letter(label) + " is both "
                                + std::to_string(entry->second) + " and "
                                + std::to_string(shape[d]),
                        "one size for a repeated index",
                        "use two letters, or take the part that is square");
        }
    }
    for (const auto &[label, size] : own) {
        const auto [entry, fresh] = plan.sizes.try_emplace(label, size);
        if (fresh || entry->second == size || size == 1)
            continue;
        if (entry->second != 1) {
            throw Error(ErrorCategory::Shape, "einsum_error_dimension_mismatch", "einsum",
                        "operand " + std::to_string(operand) + " with " + letter(label)
                                + " of size " + std::to_string(size),
                        "size " + std::to_string(entry->second) + " or 1, as operands before it",
                        "check the order of the indices of operand " + std::to_string(operand));
        }
        entry->second = size;
    }
}

/// Without an arrow: what ellipses stand for, then the labels that occur once, in their order.
Labels implicitOutput(const EinsumPlan &plan, int64_t ellipsisDims)
{
    std::map<int64_t, int64_t> counts;
    for (const Labels &labels : plan.operands) {
        for (int64_t label : labels)
            ++counts[label];
    }
    Labels out = withEllipsis({ellipsis}, ellipsisDims, ellipsisDims);
    for (const auto &[label, count] : counts) {
        if (count == 1 && label < firstEllipsisLabel)
            out.push_back(label);
    }
    return out;
}

void checkOutput(const EinsumPlan &plan)
{
    std::set<int64_t> seen;
    for (int64_t label : plan.output) {
        if (!plan.sizes.contains(label)) {
            throw Error(ErrorCategory::Value, "einsum_error_unknown_output_index", "einsum",
                        "output index " + letter(label), "indices of the operands",
                        "remove " + letter(label) + " from the output, or name a dimension so");
        }
        if (!seen.insert(label).second)
            throw invalid("output index " + letter(label) + " twice", "every output index once");
    }
}

} // namespace

Shape EinsumPlan::shape() const
{
    Shape out;
    for (int64_t label : output)
        out.push_back(sizes.at(label));
    return out;
}

namespace {

EinsumPlan planned(const std::string &equation, const Shapes &shapes)
{
    const size_t arrow = equation.find("->");
    const std::string left = equation.substr(0, arrow);
    std::vector<Labels> terms;
    for (const std::string &term : splitAt(left, ','))
        terms.push_back(labelsOf(term, "operand " + std::to_string(terms.size())));
    std::optional<Labels> output;
    if (arrow != std::string::npos)
        output = labelsOf(equation.substr(arrow + 2), "the output");
    if (terms.size() != shapes.size()) {
        throw Error(ErrorCategory::Shape, "einsum_error_operand_count_mismatch", "einsum",
                    std::to_string(shapes.size()) + " operands", std::to_string(terms.size()),
                    "write the indices of every operand, with commas between");
    }
    EinsumPlan plan;
    std::vector<int64_t> dims(terms.size(), 0);
    int64_t most = 0;
    for (size_t i = 0; i < terms.size(); ++i) {
        const auto rank = static_cast<int64_t>(shapes[i].size());
        const bool open = std::count(terms[i].begin(), terms[i].end(), ellipsis) > 0;
        const auto named = static_cast<int64_t>(terms[i].size()) - (open ? 1 : 0);
        if (open ? named > rank : named != rank) {
            throw Error(ErrorCategory::Shape, "einsum_error_subscript_rank_mismatch", "einsum",
                        "operand " + std::to_string(i) + " with " + std::to_string(rank)
                                + " dimensions",
                        std::to_string(named) + (open ? " or more" : ""),
                        "write an index for every dimension, or ... for some");
        }
        dims[i] = rank - named;
        most = std::max(most, dims[i]);
    }
    for (size_t i = 0; i < terms.size(); ++i) {
        plan.operands.push_back(withEllipsis(terms[i], dims[i], most));
        learnSizes(plan, i, shapes[i]);
    }
    plan.output = output ? withEllipsis(*output, most, most) : implicitOutput(plan, most);
    checkOutput(plan);
    return plan;
}

} // namespace

EinsumPlan planEinsum(const std::string &equation, const Shapes &shapes)
{
    return withinPattern(equation, shapes, [&] { return planned(equation, shapes); });
}

namespace {

/// A tensor whose dimensions carry labels, each once.
struct Labelled {
    Tensor tensor;
    Labels labels;

    bool has(int64_t label) const
    {
        return std::find(labels.begin(), labels.end(), label) != labels.end();
    }
    int64_t sizeOf(int64_t label) const
    {
        return tensor.size(std::find(labels.begin(), labels.end(), label) - labels.begin());
    }
};

/// Repeated labels are the diagonal of their dimensions.
Labelled withoutRepeats(Labelled x)
{
    for (size_t i = 0; i < x.labels.size(); ++i) {
        for (size_t j = i + 1; j < x.labels.size();) {
            if (x.labels[j] != x.labels[i]) {
                ++j;
                continue;
            }
            // The diagonal comes last; it is put back where the first of the two was.
            x.tensor = movedim(
                    diagonal(x.tensor, 0, static_cast<int64_t>(i), static_cast<int64_t>(j)), {-1},
                    {static_cast<int64_t>(i)});
            x.labels.erase(x.labels.begin() + static_cast<std::ptrdiff_t>(j));
        }
    }
    return x;
}

/// Sums over the labels that `needed` does not hold, as torch.sum does: integers become int64.
/// Beside other operands labels of size 1 are dropped, which leaves the type.
Labelled summed(const Labelled &x, const std::set<int64_t> &needed, bool alone)
{
    Labelled out;
    Dims gone;
    bool sums = alone;
    for (size_t d = 0; d < x.labels.size(); ++d) {
        const auto dim = static_cast<int64_t>(d);
        if (needed.contains(x.labels[d])) {
            out.labels.push_back(x.labels[d]);
        } else {
            gone.push_back(dim);
            sums = sums || x.tensor.size(dim) != 1;
        }
    }
    out.tensor = gone.empty() ? x.tensor : sums ? sum(x.tensor, gone) : squeeze(x.tensor, gone);
    return out;
}

/// x with its dimensions in the order of `labels`, all of which it has, at their full sizes.
Tensor inOrder(const Labelled &x, const Labels &labels, const std::map<int64_t, int64_t> &sizes)
{
    std::vector<int64_t> order;
    Shape shape;
    for (int64_t label : labels) {
        order.push_back(std::find(x.labels.begin(), x.labels.end(), label) - x.labels.begin());
        shape.push_back(sizes.at(label));
    }
    return expand(permute(x.tensor, order), shape);
}

Labels joined(Labels first, const Labels &second)
{
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

/// The product of two, summed over what is not needed afterwards. Without a sum over both it is a
/// plain product, which converts types and takes masks.
Labelled contracted(Labelled a, Labelled b, const std::set<int64_t> &needed)
{
    // What only one of them has, or is more than repeated in, is summed over in that one alone.
    std::set<int64_t> kept = needed;
    for (int64_t label : a.labels) {
        if (b.has(label) && a.sizeOf(label) != 1 && b.sizeOf(label) != 1)
            kept.insert(label);
    }
    a = summed(a, kept, false);
    b = summed(b, kept, false);
    std::map<int64_t, int64_t> sizes;
    for (const Labelled *x : {&a, &b}) {
        for (int64_t label : x->labels) {
            if (x->sizeOf(label) != 1 || !sizes.contains(label))
                sizes[label] = x->sizeOf(label);
        }
    }
    Labels batch;
    Labels inner;
    Labels left;
    Labels right;
    for (int64_t label : a.labels)
        (!b.has(label) ? left : needed.contains(label) ? batch : inner).push_back(label);
    for (int64_t label : b.labels) {
        if (!a.has(label))
            right.push_back(label);
    }
    const auto count = [&](const Labels &labels) {
        int64_t out = 1;
        for (int64_t label : labels)
            out *= sizes.at(label);
        return out;
    };
    const Tensor first = reshape(inOrder(a, joined(joined(batch, left), inner), sizes),
                                 {count(batch), count(left), count(inner)});
    const Tensor second = reshape(inOrder(b, joined(joined(batch, inner), right), sizes),
                                  {count(batch), count(inner), count(right)});
    Labelled out{{}, joined(joined(batch, left), right)};
    Shape shape;
    for (int64_t label : out.labels)
        shape.push_back(sizes.at(label));
    out.tensor = reshape(inner.empty() ? mul(first, second) : bmm(first, second), shape);
    return out;
}

} // namespace

Tensor einsum(const std::string &equation, std::span<const Tensor> operands)
{
    Shapes shapes;
    for (const Tensor &operand : operands)
        shapes.push_back(operand.shape());
    const EinsumPlan plan = planEinsum(equation, shapes);
    const std::set<int64_t> output(plan.output.begin(), plan.output.end());
    Labelled result;
    for (size_t i = 0; i < operands.size(); ++i) {
        const Labelled next = withoutRepeats({operands[i], plan.operands[i]});
        std::set<int64_t> needed = output;
        for (size_t later = i + 1; later < operands.size(); ++later)
            needed.insert(plan.operands[later].begin(), plan.operands[later].end());
        result = i == 0 ? summed(next, needed, operands.size() == 1)
                        : contracted(result, next, needed);
    }
    return inOrder(result, plan.output, plan.sizes);
}

namespace {

struct EinsumOptions {
    std::string equation = "...->...";
};

/// The equation that a call with a list of numbers behind every operand means.
Result<Call> bindSublists(std::span<const Value> positional)
{
    Call call;
    std::string equation;
    const auto termOf = [](const Value &value, const std::string &place) {
        std::string term;
        const ValueList *list = value.as<ValueList>();
        if (!list)
            throw Error(ErrorCategory::Value, "einsum_error_invalid_sublist_element", "einsum",
                        value.toString() + place, "a list of numbers",
                        "write one number for every dimension");
        for (const Value &item : *list) {
            if (item == Value("...")) {
                term += "...";
                continue;
            }
            const int64_t *label = item.as<int64_t>();
            if (!label) {
                throw Error(ErrorCategory::Value, "einsum_error_invalid_sublist_element", "einsum",
                            item.toString() + place, "whole numbers or an ellipsis",
                            "write one number for every dimension");
            }
            if (*label < 0 || *label >= firstEllipsisLabel) {
                throw Error(ErrorCategory::Value, "einsum_error_index_out_of_range", "einsum",
                            "index " + item.toString() + place, "0 to 51",
                            "use smaller numbers: only which are equal matters");
            }
            term += letter(*label);
        }
        return term;
    };
    size_t i = 0;
    for (; i + 1 < positional.size(); i += 2) {
        const Tensor *operand = positional[i].as<Tensor>();
        if (!operand) {
            return Error(ErrorCategory::Value, "wrong_argument", "einsum", positional[i].toString(),
                         "an operand and a list of its indices in turns");
        }
        equation += (i > 0 ? "," : "")
                + termOf(positional[i + 1],
                         " for operand " + std::to_string(i / 2) + " "
                                 + toString(operand->shape()));
        call.inputs.push_back(*operand);
    }
    if (i < positional.size())
        equation += "->" + termOf(positional[i], " for the output");
    call.args["equation"] = equation;
    return call;
}

Result<Call> bindEinsum(std::span<const Value> positional, const Arguments &keywords)
{
    if (!keywords.empty() && !(keywords.size() == 1 && keywords.contains("equation"))) {
        return Error(ErrorCategory::Value, "unknown_argument", "einsum", keywords.begin()->first,
                     "an equation and operands by position");
    }
    const Value *equation = keywords.empty() ? nullptr : &keywords.begin()->second;
    if (!equation && !positional.empty() && positional[0].as<std::string>()) {
        equation = &positional[0];
        positional = positional.subspan(1);
    }
    try {
        if (!equation)
            return bindSublists(positional);
    } catch (const Error &error) {
        return error;
    }
    Call call{{{"equation", *equation}}, {}};
    const ValueList *list = positional.size() == 1 ? positional[0].as<ValueList>() : nullptr;
    for (const Value &value : list ? std::span<const Value>(*list) : positional) {
        const Tensor *operand = value.as<Tensor>();
        if (!operand)
            return Error(ErrorCategory::Value, "wrong_argument", "einsum", value.toString(),
                         "a tensor");
        call.inputs.push_back(*operand);
    }
    return call;
}

} // namespace

std::vector<FunctionSpec> einsumFunctions()
{
    using O = EinsumOptions;
    const auto use = [](const char *equation, Shapes inputs) {
        return Sample{.args = {{"equation", equation}}, .inputs = std::move(inputs)};
    };
    const auto bad = [](const char *equation, Shapes inputs, const char *kind) {
        return BadSample{
                .args = {{"equation", equation}}, .inputs = std::move(inputs), .kind = kind};
    };
    FunctionSpec spec = tensorFunction<O>(
            Group::Einsum,
            {"einsum",
             "Sums of products over dimensions named by letters: ij,jk->ik is a product of "
             "matrices."},
            {variadicPort("operands")},
            {requiredArg("equation", &O::equation,
                         "Letters for the dimensions of every operand, then those of the result.")},
            [](const O &o, const Shapes &in) { return planEinsum(o.equation, in).shape(); },
            [](const O &o, std::span<const Tensor> in) { return einsum(o.equation, in); },
            {.good = {use("ij,jk->ik", {{2, 3}, {3, 2}}), use("ii->i", {{3, 3}}),
                      use("...ij,...jk->...ik", {{2, 1, 2, 3}, {3, 3, 2}}),
                      use("bn,anm,bm->ba", {{2, 3}, {2, 3, 2}, {2, 2}}), use("ba", {{2, 3}}),
                      use("ij->", {{2, 3}}), use("i,j->ij", {{2}, {3}}), use(",->", {{}, {}})},
             .bad = {bad("ij,jk->il", {{2, 3}, {3, 2}}, "einsum_error_unknown_output_index"),
                     bad("ij,jk->ik", {{2, 3}, {2, 2}}, "einsum_error_dimension_mismatch"),
                     bad("ij,jk->ik", {{2, 3}}, "einsum_error_operand_count_mismatch"),
                     bad("ijk->i", {{2, 3}}, "einsum_error_subscript_rank_mismatch"),
                     bad("i1->i", {{2, 3}}, "einsum_error_invalid_equation"),
                     bad("ij->ii", {{2, 3}}, "einsum_error_invalid_equation")}});
    spec.bind = bindEinsum;
    spec.order = {"equation", "operands"};
    return {spec};
}

} // namespace mrg
