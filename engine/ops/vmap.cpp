// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/vmap.h"

#include "engine/ops/families.h"
#include "engine/ops/joining.h"
#include "engine/ops/views.h"
#include "engine/spec/Spec.h"

#include <algorithm>

namespace mrg {

namespace {

/// Number of calls: the size that all mapped dimensions have.
int64_t mappedSize(std::span<const Tensor> inputs, const std::vector<MappedDim> &dims)
{
    std::optional<int64_t> size;
    for (size_t i = 0; i < inputs.size(); ++i) {
        if (!dims[i])
            continue;
        const int64_t own = inputs[i].size(*dims[i]);
        if (size && own != *size) {
            throw Error(ErrorCategory::Shape, "size_mismatch", "vmap",
                        "a mapped dimension of size " + std::to_string(own),
                        "size " + std::to_string(*size) + ", as the others");
        }
        size = own;
    }
    if (!size)
        throw Error(ErrorCategory::Value, "nothing_to_map", "vmap", "no dimension to map over",
                    "one, of one of the inputs");
    return *size;
}

struct MapOptions {
    std::string func = "dot";
    std::variant<std::optional<int64_t>, ValueList> in_dims = std::optional<int64_t>(0);
    int64_t out_dims = 0;
};

} // namespace

TensorFunction vmap(TensorFunction function, std::vector<MappedDim> inDims, int64_t outDim)
{
    return [=](std::span<const Tensor> inputs) {
        std::vector<MappedDim> dims = inDims;
        if (dims.size() == 1)
            dims.resize(inputs.size(), inDims[0]);
        if (dims.size() != inputs.size()) {
            throw Error(ErrorCategory::Value, "wrong_argument", "vmap",
                        std::to_string(dims.size()) + " in_dims",
                        "one for all inputs, or one for each of " + std::to_string(inputs.size()));
        }
        std::vector<std::vector<Tensor>> results;
        for (int64_t k = 0, size = mappedSize(inputs, dims); k < size; ++k) {
            std::vector<Tensor> entries;
            for (size_t i = 0; i < inputs.size(); ++i)
                entries.push_back(dims[i] ? select(inputs[i], *dims[i], k) : inputs[i]);
            const std::vector<Tensor> outputs = function(entries);
            results.resize(outputs.size());
            for (size_t o = 0; o < outputs.size(); ++o)
                results[o].push_back(outputs[o]);
        }
        std::vector<Tensor> joined;
        for (const std::vector<Tensor> &parts : results)
            joined.push_back(stack(parts, outDim));
        return joined;
    };
}

namespace {

std::vector<MappedDim> dimsOf(const MapOptions &options)
{
    if (const auto *all = std::get_if<std::optional<int64_t>>(&options.in_dims))
        return {*all};
    std::vector<MappedDim> out;
    for (const Value &value : std::get<ValueList>(options.in_dims)) {
        const Result<std::optional<int64_t>> dim = ValueTraits<std::optional<int64_t>>::from(value);
        out.push_back(dim.value());
    }
    return out;
}

/// A function of torch of that name, with the defaults of its options.
TensorFunction functionNamed(const std::string &name)
{
    for (const FunctionSpec &spec : allFunctions()) {
        if (spec.name != name || !spec.call)
            continue;
        return [spec](std::span<const Tensor> in) {
            Shapes shapes;
            for (const Tensor &input : in)
                shapes.push_back(input.shape());
            checkInputCount(spec, shapes).value();
            return spec.call({}, in);
        };
    }
    throw Error(ErrorCategory::Value, "unknown_function", "vmap", name,
                "the name of a function of tensors");
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
                arg("out_dims", &O::out_dims, "The dimension along which the results are joined.")},
             .inputs = {{.name = "tensors", .dtype = "any", .variadic = true}},
             .outputs = {{.name = "output", .dtype = "any"}},
             .infer = [](const O &options, const Shapes &in) -> Result<Shapes> {
                 std::vector<Tensor> stand;
                 for (const Shape &shape : in)
                     stand.push_back(Tensor::scalar(0).asStrided(
                             shape, std::vector<int64_t>(shape.size(), 0), 0));
                 Shapes out;
                 for (const Tensor &output :
                      vmap(functionNamed(options.func), dimsOf(options), options.out_dims)(stand))
                     out.push_back(output.shape());
                 return out;
             },
             .samples
             = {{.args = {{"func", "mul"}}, .inputs = {{3, 2}, {3, 2}}},
                {.args = {{"func", "mul"}, {"in_dims", ValueList{0, Value()}}, {"out_dims", 1}},
                 .inputs = {{3, 2}, {2}}}},
             .badSamples
             = {{.args = {{"func", "mul"}}, .inputs = {{3, 2}, {2, 2}}, .kind = "size_mismatch"}},
             .differentiable = false},
            [](const O &options, std::span<const Tensor> in) {
                const std::vector<Tensor> out
                        = vmap(functionNamed(options.func), dimsOf(options), options.out_dims)(in);
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
