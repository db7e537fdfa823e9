// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/einops.h"

#include "engine/ops/joining.h"
#include "engine/ops/pattern_errors.h"
#include "engine/ops/products.h"
#include "engine/ops/statistics.h"
#include "engine/ops/views.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace mrg {

namespace {

constexpr const char *ellipsis = "...";

/// One dimension of a side of a pattern: an axis, or several in brackets.
struct Term {
    std::vector<std::string> axes;
    bool bracketed = false;
};
using Side = std::vector<Term>;

Error invalid(const std::string &got, const std::string &wanted,
              const std::string &fix = "write it as in 'b (h w) -> b h w'")
{
    return Error(ErrorCategory::Value, "einops_error_invalid_pattern", "einops", got, wanted, fix);
}
Error sizeMismatch(const std::string &got, const std::string &wanted, const std::string &fix)
{
    return Error(ErrorCategory::Shape, "einops_error_dimension_mismatch", "einops", got, wanted,
                 fix);
}

bool isNumber(const std::string &axis)
{
    return std::isdigit(static_cast<unsigned char>(axis[0])) != 0;
}

/// The words, brackets and ellipses of a side.
std::vector<std::string> tokensOf(const std::string &text)
{
    std::vector<std::string> out;
    for (size_t i = 0; i < text.size();) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (std::isspace(c)) {
            ++i;
        } else if (c == '(' || c == ')') {
            out.emplace_back(1, text[i++]);
        } else if (text.compare(i, 3, ellipsis) == 0) {
            out.emplace_back(ellipsis);
            i += 3;
        } else if (std::isalnum(c) || c == '_') {
            size_t end = i;
            while (end < text.size()
                   && (std::isalnum(static_cast<unsigned char>(text[end])) || text[end] == '_'))
                ++end;
            out.push_back(text.substr(i, end - i));
            i = end;
        } else {
            throw invalid("'" + std::string(1, text[i]) + "' in '" + text + "'",
                          "names, numbers, (), and ...");
        }
    }
    return out;
}

Side parseSide(const std::string &text, const char *which)
{
    Side out;
    std::set<std::string> seen;
    bool open = false;
    for (const std::string &token : tokensOf(text)) {
        if (token == "(" || token == ")") {
            if (open == (token == "("))
                throw invalid("'" + text + "'" + which,
                              "brackets that are closed and not within each other");
            open = token == "(";
            if (open)
                out.push_back({{}, true});
            continue;
        }
        const bool number = isNumber(token);
        if (number && !std::all_of(token.begin(), token.end(), [](unsigned char c) {
                return std::isdigit(c);
            }))
            throw invalid("'" + token + "'" + which, "a name that starts with a letter");
        if (!number && !seen.insert(token).second)
            throw invalid("'" + token + "' twice" + which, "every axis once on a side");
        if (open)
            out.back().axes.push_back(token);
        else
            out.push_back({{token}, false});
    }
    if (open)
        throw invalid("'" + text + "'" + which, "a closing bracket");
    return out;
}

std::pair<Side, Side> parse(const std::string &pattern)
{
    const size_t arrow = pattern.find("->");
    if (arrow == std::string::npos || pattern.find("->", arrow + 2) != std::string::npos)
        throw invalid("the pattern", "two sides with one -> between them");
    return {parseSide(pattern.substr(0, arrow), " on the left"),
            parseSide(pattern.substr(arrow + 2), " on the right")};
}

std::set<std::string> axesOf(const Side &side)
{
    std::set<std::string> out;
    for (const Term &term : side)
        out.insert(term.axes.begin(), term.axes.end());
    return out;
}

/// What the sides may hold, whatever the shape.
void checkSides(EinopsKind kind, const Side &left, const Side &right, const AxisSizes &axes)
{
    const std::set<std::string> before = axesOf(left);
    const std::set<std::string> after = axesOf(right);
    const auto undefined = [](const std::string &axis, const std::string &wanted) {
        return Error(ErrorCategory::Value, "einops_error_undefined_axis", "einops",
                     "axis '" + axis + "'", wanted, "check the spelling");
    };
    for (const std::string &axis : before) {
        if (isNumber(axis)) {
            if (axis != "1" && kind != EinopsKind::Reduce)
                throw invalid("size " + axis + " on the left", "a name, or 1");
        } else if (kind != EinopsKind::Reduce && !after.contains(axis)) {
            throw undefined(axis,
                            "every axis of the left on the right too; use reduce to drop one");
        }
    }
    for (const std::string &axis : after) {
        if (isNumber(axis)) {
            if (axis != "1" && kind != EinopsKind::Repeat) {
                throw Error(ErrorCategory::Value, "einops_error_anonymous_in_output", "einops",
                            "size " + axis + " on the right", "names and 1",
                            "use repeat for new axes");
            }
        } else if (!before.contains(axis)) {
            if (axis == ellipsis)
                throw invalid("an ellipsis on the right only", "one on the left too");
            if (kind == EinopsKind::Rearrange)
                throw undefined(axis, "axes of the left");
            if (kind == EinopsKind::Reduce) {
                throw Error(ErrorCategory::Value, "einops_error_reduce_undefined_output", "einops",
                            "axis '" + axis + "' on the right", "axes of the left",
                            "use repeat for new axes");
            }
            if (!axes.contains(axis)) {
                throw Error(ErrorCategory::Value, "einops_error_repeat_missing_size", "einops",
                            "a new axis '" + axis + "'", "its size",
                            "pass " + axis + "=2 or another size");
            }
        }
    }
    for (const auto &[axis, size] : axes) {
        if (!before.contains(axis) && !after.contains(axis))
            throw undefined(axis, "sizes of axes of the pattern");
        if (size < 0)
            throw Error(ErrorCategory::Value, "negative_size", "einops",
                        axis + "=" + std::to_string(size), "0 or more");
    }
    for (const Term &term : left) {
        if (term.bracketed && std::count(term.axes.begin(), term.axes.end(), ellipsis) > 0)
            throw invalid("an ellipsis in brackets on the left", "an ellipsis outside of brackets");
    }
}

/// Axes of the left side with their sizes; those of the ellipsis as ...0, ...1.
using Axes = std::vector<std::pair<std::string, int64_t>>;

/// Sizes of the axes of one dimension.
void splitDimension(const Term &term, int64_t size, const AxisSizes &given, Axes &out)
{
    int64_t known = 1;
    std::optional<size_t> unknown;
    for (const std::string &axis : term.axes) {
        const auto entry = given.find(axis);
        if (isNumber(axis) || entry != given.end()) {
            out.emplace_back(axis, isNumber(axis) ? std::stoll(axis) : entry->second);
            known *= out.back().second;
            continue;
        }
        if (unknown) {
            throw Error(ErrorCategory::Value, "einops_error_ambiguous_decomposition", "einops",
                        "sizes of '" + out[*unknown].first + "' and '" + axis
                                + "' of a dimension of size " + std::to_string(size),
                        "all sizes but one", "pass " + axis + "=2 or another size");
        }
        unknown = out.size();
        out.emplace_back(axis, 0);
    }
    if (unknown && known > 0 && size % known == 0)
        out[*unknown].second = size / known;
    else if (unknown || known != size) {
        throw sizeMismatch("a dimension of size " + std::to_string(size),
                           (unknown ? "a multiple of " : "size ") + std::to_string(known),
                           "choose other sizes of axes");
    }
}

Axes leftAxes(const Side &left, const AxisSizes &given, const Shape &shape, int64_t &ellipsisDims)
{
    const bool open = axesOf(left).contains(ellipsis);
    const auto rank = static_cast<int64_t>(shape.size());
    const int64_t named = static_cast<int64_t>(left.size()) - (open ? 1 : 0);
    if (open ? rank < named : rank != named) {
        throw sizeMismatch(std::to_string(rank) + " dimensions",
                           std::to_string(named) + (open ? " or more" : ""),
                           "name every dimension once");
    }
    ellipsisDims = rank - named;
    Axes out;
    size_t d = 0;
    for (const Term &term : left) {
        if (!term.bracketed && term.axes[0] == ellipsis) {
            for (int64_t i = 0; i < ellipsisDims; ++i)
                out.emplace_back(ellipsis + std::to_string(i), shape[d++]);
        } else {
            splitDimension(term, shape[d++], given, out);
        }
    }
    return out;
}

} // namespace

namespace {

EinopsPlan planned(EinopsKind kind, const std::string &pattern, const AxisSizes &axes,
                   const Shape &shape)
{
    const auto [left, right] = parse(pattern);
    checkSides(kind, left, right, axes);
    int64_t ellipsisDims = 0;
    const Axes have = leftAxes(left, axes, shape, ellipsisDims);
    EinopsPlan plan;
    const std::set<std::string> wanted = axesOf(right);
    std::map<std::string, int64_t> places;
    for (const auto &[axis, size] : have) {
        // A 1 is no axis: there is nothing to reduce.
        if (isNumber(axis) && size == 1)
            continue;
        plan.split.push_back(size);
        const std::string name = axis.starts_with(ellipsis) ? ellipsis : axis;
        if (isNumber(name) || !wanted.contains(name)) {
            plan.reduced.push_back(static_cast<int64_t>(plan.split.size()) - 1);
        } else {
            const auto place = static_cast<int64_t>(places.size());
            places[axis] = place;
        }
    }
    std::map<std::string, int64_t> sizes(have.begin(), have.end());
    const auto add = [&](const std::string &axis, int64_t &product) {
        const bool isNew = isNumber(axis) || !places.contains(axis);
        const int64_t size = isNumber(axis) ? std::stoll(axis)
                : isNew                     ? axes.at(axis)
                                            : sizes.at(axis);
        plan.apart.push_back(size);
        plan.repeated.push_back(isNew);
        if (!isNew)
            plan.order.push_back(places.at(axis));
        product *= size;
    };
    for (const Term &term : right) {
        int64_t product = 1;
        for (const std::string &axis : term.axes) {
            if (axis != ellipsis) {
                add(axis, product);
                continue;
            }
            for (int64_t i = 0; i < ellipsisDims; ++i) {
                int64_t size = 1;
                add(ellipsis + std::to_string(i), size);
                product *= size;
                if (!term.bracketed)
                    plan.shape.push_back(size);
            }
        }
        if (term.bracketed || term.axes[0] != ellipsis)
            plan.shape.push_back(product);
    }
    return plan;
}

} // namespace

EinopsPlan planEinops(EinopsKind kind, const std::string &pattern, const AxisSizes &axes,
                      const Shape &shape)
{
    return withinPattern(pattern, {shape}, [&] { return planned(kind, pattern, axes, shape); });
}

namespace {

/// What follows once the dimensions that go are gone.
Tensor arranged(const EinopsPlan &plan, const Tensor &x)
{
    Shape inserted = plan.apart;
    for (size_t i = 0; i < inserted.size(); ++i) {
        if (plan.repeated[i])
            inserted[i] = 1;
    }
    return reshape(expand(reshape(permute(x, plan.order), inserted), plan.apart), plan.shape);
}

/// The split tensor without its dimensions of size 1 that go.
Tensor dropped(const EinopsPlan &plan, const Tensor &x)
{
    return squeeze(reshape(x, plan.split), plan.reduced);
}

Tensor reduced(const Tensor &x, EinopsReduction reduction, const Dims &dims)
{
    switch (reduction) {
    case EinopsReduction::Mean: return mean(x, dims);
    case EinopsReduction::Max: return amax(x, dims);
    case EinopsReduction::Min: return amin(x, dims);
    case EinopsReduction::Sum: return sum(x, dims);
    case EinopsReduction::Prod: return prod(x, dims);
    case EinopsReduction::Any: return any(x, dims);
    case EinopsReduction::All: return all(x, dims);
    }
    return x;
}

} // namespace

Tensor rearrange(const Tensor &x, const std::string &pattern, const AxisSizes &axes)
{
    const EinopsPlan plan = planEinops(EinopsKind::Rearrange, pattern, axes, x.shape());
    return arranged(plan, dropped(plan, x));
}

Tensor repeat(const Tensor &x, const std::string &pattern, const AxisSizes &axes)
{
    const EinopsPlan plan = planEinops(EinopsKind::Repeat, pattern, axes, x.shape());
    return arranged(plan, dropped(plan, x));
}

Tensor reduce(const Tensor &x, const std::string &pattern, EinopsReduction reduction,
              const AxisSizes &axes)
{
    const EinopsPlan plan = planEinops(EinopsKind::Reduce, pattern, axes, x.shape());
    const Tensor split = reshape(x, plan.split);
    return arranged(plan, plan.reduced.empty() ? split : reduced(split, reduction, plan.reduced));
}

namespace {

/// How many dimensions stand before and behind the `*` of a pattern.
std::pair<int64_t, int64_t> packDims(const std::string &pattern)
{
    std::vector<std::string> words(1);
    for (char c : pattern) {
        if (std::isspace(static_cast<unsigned char>(c)))
            words.emplace_back();
        else
            words.back() += c;
    }
    std::erase(words, "");
    const std::set<std::string> distinct(words.begin(), words.end());
    const auto star = std::find(words.begin(), words.end(), "*");
    const bool named = std::all_of(words.begin(), words.end(), [](const std::string &word) {
        return word == "*" || std::isalpha(static_cast<unsigned char>(word[0])) || word[0] == '_';
    });
    if (star == words.end() || distinct.size() != words.size() || !named)
        throw invalid("the pattern", "names of dimensions and one *", "write it as in 'b *'");
    return {star - words.begin(), words.end() - star - 1};
}

Shape middle(const Shape &shape, int64_t before, int64_t after)
{
    if (static_cast<int64_t>(shape.size()) < before + after) {
        throw sizeMismatch(std::to_string(shape.size()) + " dimensions",
                           "at least " + std::to_string(before + after),
                           "name fewer dimensions beside the *");
    }
    return {shape.begin() + before, shape.end() - after};
}

/// A shape with what stands for the * replaced.
Shape withMiddle(const Shape &shape, int64_t before, int64_t after, const Shape &part)
{
    Shape out(shape.begin(), shape.begin() + before);
    out.insert(out.end(), part.begin(), part.end());
    out.insert(out.end(), shape.end() - after, shape.end());
    return out;
}

/// A shape with one dimension in place of what stands for the *.
Shape packedShape(const Shape &shape, int64_t before, int64_t after)
{
    return withMiddle(shape, before, after, {numel(middle(shape, before, after))});
}

/// How unpack cuts the packed dimension, and what each piece becomes there.
struct Pieces {
    int64_t dim = 0;
    std::vector<int64_t> sizes;
    Shapes shapes; ///< of the whole tensors
};

Pieces cutInto(const Shapes &packed, const Shape &shape, const std::string &pattern)
{
    const auto [before, after] = packDims(pattern);
    if (static_cast<int64_t>(shape.size()) != before + after + 1) {
        throw sizeMismatch(std::to_string(shape.size()) + " dimensions",
                           std::to_string(before + after + 1),
                           "name every dimension but the packed one, which is *");
    }
    const int64_t whole = shape[static_cast<size_t>(before)];
    Pieces out{before, {}, {}};
    // One of the shapes may hold a -1: it takes what the others leave.
    int64_t known = 0;
    std::optional<size_t> open;
    for (size_t i = 0; i < packed.size(); ++i) {
        const bool unknown = std::count(packed[i].begin(), packed[i].end(), -1) > 0;
        if (unknown && open) {
            throw Error(ErrorCategory::Value, "einops_error_ambiguous_decomposition", "unpack",
                        "two shapes with -1", "at most one", "write the sizes of one of them");
        }
        if (unknown)
            open = i;
        out.sizes.push_back(unknown ? 0 : numel(packed[i]));
        known += out.sizes.back();
    }
    if (open)
        out.sizes[*open] = std::max<int64_t>(0, whole - known);
    else if (known != whole) {
        throw sizeMismatch("shapes of " + std::to_string(known) + " entries",
                           std::to_string(whole) + ", the size of dimension "
                                   + std::to_string(before),
                           "pass the shapes that pack gave");
    }
    for (size_t i = 0; i < packed.size(); ++i)
        out.shapes.push_back(
                withMiddle(shape, before, after, resolvedShape(out.sizes[i], packed[i], "unpack")));
    return out;
}

Pieces piecesOf(const Shape &shape, const Shapes &packed, const std::string &pattern)
{
    return withinPattern(pattern, {shape}, [&] { return cutInto(packed, shape, pattern); });
}

} // namespace

Shape packShape(const Shapes &shapes, const std::string &pattern)
{
    return withinPattern(pattern, shapes, [&] {
        const auto [before, after] = packDims(pattern);
        Shapes parts;
        for (const Shape &shape : shapes)
            parts.push_back(packedShape(shape, before, after));
        return catShape(parts, before);
    });
}

Packed pack(std::span<const Tensor> tensors, const std::string &pattern)
{
    Shapes shapes;
    for (const Tensor &tensor : tensors)
        shapes.push_back(tensor.shape());
    packShape(shapes, pattern);
    const auto [before, after] = packDims(pattern);
    Packed out;
    std::vector<Tensor> parts;
    for (const Tensor &tensor : tensors) {
        out.shapes.push_back(middle(tensor.shape(), before, after));
        parts.push_back(reshape(tensor, packedShape(tensor.shape(), before, after)));
    }
    out.tensor = cat(parts, before);
    return out;
}

Shapes unpackShapes(const Shape &shape, const Shapes &shapes, const std::string &pattern)
{
    return piecesOf(shape, shapes, pattern).shapes;
}

std::vector<Tensor> unpack(const Tensor &x, const Shapes &shapes, const std::string &pattern)
{
    const Pieces pieces = piecesOf(x.shape(), shapes, pattern);
    std::vector<Tensor> out = split(x, pieces.sizes, pieces.dim);
    for (size_t i = 0; i < out.size(); ++i)
        out[i] = reshape(out[i], pieces.shapes[i]);
    return out;
}

} // namespace mrg
