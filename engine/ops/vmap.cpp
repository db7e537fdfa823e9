// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/vmap.h"

#include "engine/ops/families.h"
#include "engine/ops/joining.h"
#include "engine/ops/views.h"
#include "engine/spec/Spec.h"

#include <algorithm>

namespace mrg {

namespace {

Error wrongCount(size_t count, const char *which, size_t wanted, const char *ofWhat)
{
    return {ErrorCategory::Value,
            "wrong_argument",
            "vmap",
            std::to_string(count) + " " + which,
            "one for all " + std::string(ofWhat) + ", or one for each of " + std::to_string(wanted),
            "give as many"};
}

/// One a tensor, where one may stand for all.
template <typename Dim>
std::vector<Dim> oneEach(std::vector<Dim> dims, size_t count, const char *which, const char *ofWhat)
{
    if (dims.size() == 1)
        return std::vector<Dim>(count, dims[0]);
    if (dims.size() != count)
        throw wrongCount(dims.size(), which, count, ofWhat);
    return dims;
}

Shapes shapesOf(std::span<const Tensor> tensors)
{
    Shapes out;
    for (const Tensor &tensor : tensors)
        out.push_back(tensor.defined() ? tensor.shape() : leftOut);
    return out;
}

/// Number of calls: the size that all mapped dimensions have.
int64_t mappedSize(const Shapes &inputs, const std::vector<MappedDim> &dims)
{
    std::optional<int64_t> size;
    for (size_t i = 0; i < inputs.size(); ++i) {
        if (!dims[i])
            continue;
        if (inputs[i].empty()) {
            throw Error(ErrorCategory::Value, "nothing_to_map", "vmap",
                        "dim " + std::to_string(*dims[i]) + " of input " + std::to_string(i)
                                + ", which is a 0-d tensor []",
                        "a dimension to map over", "set its entry of in_dims to None");
        }
        const int64_t own = inputs[i][static_cast<size_t>(wrapDim(*dims[i], inputs[i], "vmap"))];
        if (size && own != *size) {
            throw Error(ErrorCategory::Shape, "size_mismatch", "vmap",
                        "size " + std::to_string(own) + " at dim " + std::to_string(*dims[i])
                                + " of input " + std::to_string(i) + " " + toString(inputs[i]),
                        "size " + std::to_string(*size) + ", as the inputs before it",
                        "map over dimensions of one size");
        }
        size = own;
    }
    if (!size || *size == 0) {
        throw Error(ErrorCategory::Value, "nothing_to_map", "vmap",
                    size ? "a mapped dimension of size 0" : "no dimension to map over",
                    "one of size 1 or more, of one of the inputs",
                    size ? "leave empty batches out" : "give one in in_dims");
    }
    return *size;
}

struct MapOptions {
    std::string func = "dot";
    std::variant<std::optional<int64_t>, ValueList> in_dims = std::optional<int64_t>(0);
    std::variant<int64_t, ValueList> out_dims = int64_t{0};
};

} // namespace

TensorFunction vmap(TensorFunction function, std::vector<MappedDim> inDims,
                    std::vector<int64_t> outDims)
{
    return [=](std::span<const Tensor> inputs) {
        const std::vector<MappedDim> dims = oneEach(inDims, inputs.size(), "in_dims", "inputs");
        std::vector<std::vector<Tensor>> results;
        for (int64_t k = 0, size = mappedSize(shapesOf(inputs), dims); k < size; ++k) {
            std::vector<Tensor> entries;
            for (size_t i = 0; i < inputs.size(); ++i)
                entries.push_back(dims[i] ? select(inputs[i], *dims[i], k) : inputs[i]);
            const std::vector<Tensor> outputs = function(entries);
            results.resize(outputs.size());
            for (size_t o = 0; o < outputs.size(); ++o)
                results[o].push_back(outputs[o]);
        }
        const std::vector<int64_t> places = oneEach(outDims, results.size(), "out_dims", "outputs");
        std::vector<Tensor> joined;
        for (size_t o = 0; o < results.size(); ++o)
            joined.push_back(stack(results[o], places[o]));
        return joined;
    };
}

namespace {

std::vector<MappedDim> inDimsOf(const MapOptions &options)
{
    if (const auto *all = std::get_if<std::optional<int64_t>>(&options.in_dims))
        return {*all};
    std::vector<MappedDim> out;
    for (const Value &value : std::get<ValueList>(options.in_dims))
        out.push_back(ValueTraits<MappedDim>::from(value).value());
    return out;
}

std::vector<int64_t> outDimsOf(const MapOptions &options)
{
    if (const auto *all = std::get_if<int64_t>(&options.out_dims))
        return {*all};
    return ValueTraits<std::vector<int64_t>>::from(std::get<ValueList>(options.out_dims)).value();
}

/// The function of torch of that name, which must give tensors of the same shape for every entry,
/// by the entries alone.
FunctionSpec functionNamed(const std::string &name)
{
    const auto refused = [&name](const char *why, const char *fix) {
        return Error(ErrorCategory::Value, "not_mappable", "vmap", name + ", which " + why,
                     "a function that gives tensors of one shape for all entries", fix);
    };
    std::vector<FunctionSpec> all = allFunctions();
    const auto found = [&all](std::string_view wanted) {
        return std::find_if(all.begin(), all.end(),
                            [wanted](const FunctionSpec &spec) { return spec.name == wanted; });
    };
    if (const auto own = found(name); own != all.end()) {
        FunctionSpec &spec = *own;
        constexpr std::string_view suffix = "_async";
        const auto plain = name.ends_with(suffix)
                ? found(std::string_view(name).substr(0, name.size() - suffix.size()))
                : own;
        if (!spec.call)
            throw refused("gives no tensors", "call it on every entry");
        if (spec.shapeFromElements)
            throw refused("gives shapes that depend on elements", "call it on every entry");
        if (plain != all.end() && plain->group == Group::Random)
            throw refused("draws random numbers", "draw them for the whole batch at once");
        return std::move(spec);
    }
    throw Error(ErrorCategory::Value, "unknown_function", "vmap", name,
                "the name of a function of tensors", "check the spelling");
}

/// It, with the defaults of its options.
TensorFunction callOf(const FunctionSpec &spec)
{
    return [spec](std::span<const Tensor> in) {
        checkInputCount(spec, shapesOf(in)).value();
        return spec.call({}, in);
    };
}

Result<Shapes> inferMap(const MapOptions &options, const Shapes &in)
{
    const FunctionSpec spec = functionNamed(options.func);
    const std::vector<MappedDim> dims = oneEach(inDimsOf(options), in.size(), "in_dims", "inputs");
    const int64_t size = mappedSize(in, dims);
    Shapes entries = in;
    for (size_t i = 0; i < in.size(); ++i) {
        if (dims[i])
            entries[i].erase(entries[i].begin() + wrapDim(*dims[i], in[i], "vmap"));
    }
    Result<Shapes> out = spec.infer({}, entries);
    if (!out)
        return out.error().within("vmap");
    const std::vector<int64_t> places
            = oneEach(outDimsOf(options), out->size(), "out_dims", "outputs");
    for (size_t o = 0; o < out->size(); ++o) {
        Shape &shape = (*out)[o];
        const auto rank = static_cast<int64_t>(shape.size());
        if (places[o] < -rank - 1 || places[o] > rank) {
            return Error(ErrorCategory::Index, "dimension_error_out_of_range", "vmap",
                         "out_dims " + std::to_string(places[o]) + " for results " + toString(shape)
                                 + " of entries of " + toString(in[0]),
                         std::to_string(-rank - 1) + " to " + std::to_string(rank),
                         "choose one of the dimensions there are, or the one behind");
        }
        shape.insert(shape.begin() + wrapNewDim(places[o], shape, "vmap"), size);
    }
    return out;
}

} // namespace

std::vector<FunctionSpec> mappingFunctions()
{
    using O = MapOptions;
    // What is mapped decides about gradients: vmap itself promises none.
    FunctionSpec spec = declareValueFunction<O>(
            {.name = "vmap",
             .group = Group::Settings,
             .summary
             = "Applies a function to the entries of a dimension of its inputs, one by one.",
             .formula = R"(out_i = func(x_i, y_i, \dots))",
             .source = "torch.vmap",
             .args
             = {requiredArg("func", &O::func, "Name of the function that is applied."),
                arg("in_dims", &O::in_dims,
                    "The dimension mapped over, for all inputs or for each; null: not."),
                arg("out_dims", &O::out_dims,
                    "The dimension along which the results are joined, for all outputs or each.")},
             .inputs = {{.name = "tensors", .dtype = "any", .variadic = true}},
             .outputs = {{.name = "output", .dtype = "any"}},
             .infer = inferMap,
             .samples
             = {{.args = {{"func", "mul"}}, .inputs = {{3, 2}, {3, 2}}},
                {.args = {{"func", "mul"}, {"in_dims", ValueList{0, Value()}}, {"out_dims", 1}},
                 .inputs = {{3, 2}, {2}}}},
             .badSamples
             = {{.args = {{"func", "mul"}}, .inputs = {{3, 2}, {2, 2}}, .kind = "size_mismatch"},
                {.args = {{"func", "nonzero"}}, .inputs = {{3, 2}}, .kind = "not_mappable"},
                {.args = {{"func", "mul"}, {"in_dims", Value()}},
                 .inputs = {{3, 2}, {3, 2}},
                 .kind = "nothing_to_map"},
                {.args = {{"func", "mul"}, {"in_dims", ValueList{0}}, {"out_dims", 3}},
                 .inputs = {{3, 2}, {3, 2}},
                 .kind = "dimension_error_out_of_range"}},
             .differentiable = false},
            [](const O &options, std::span<const Tensor> in) {
                inferMap(options, shapesOf(in)).value();
                const std::vector<Tensor> out = vmap(callOf(functionNamed(options.func)),
                                                     inDimsOf(options), outDimsOf(options))(in);
                return ValueList(out.begin(), out.end());
            });
    // Tensors are what is mapped; the function, which a call by position leaves out, is dot.
    spec.bind = [](std::span<const Value> positional, const Arguments &keywords) -> Result<Call> {
        Call call{keywords, {}};
        const std::vector<std::string> names{"func", "in_dims", "out_dims"};
        size_t next = 0;
        for (const Value &value : positional) {
            if (const Tensor *tensor = value.as<Tensor>())
                call.inputs.push_back(*tensor);
            else if (next < names.size())
                call.args[names[next++]] = value;
            else
                return Error(ErrorCategory::Value, "too_many_arguments", "vmap", value.toString(),
                             "func, in_dims, out_dims and tensors");
        }
        return call;
    };
    return {std::move(spec)};
}

} // namespace mrg
