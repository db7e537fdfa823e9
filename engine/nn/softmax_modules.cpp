// SPDX-License-Identifier: GPL-3.0-or-later
// Activations that look along a dimension.
#include "engine/ops/softmax.h"

#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/views.h"

namespace mrg {

namespace {

struct DimOptions {
    std::optional<int64_t> dim;
};

/// The dimension that is meant where none is given: 0 for 0-, 1- and 3-d tensors, else 1.
int64_t dimOf(const DimOptions &options, int64_t rank)
{
    return options.dim.value_or(rank == 0 || rank == 1 || rank == 3 ? 0 : 1);
}

/// torch.nn.Softmax, LogSoftmax and Softmin. F is a lambda without captures: (x, dim) to y.
template <typename F> class AlongDimension : public Module {
public:
    using Options = DimOptions;
    explicit AlongDimension(Options options_) : options(options_) { }
    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        return {F{}(inputs[0], dimOf(options, inputs[0].dim()))};
    }
    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        const auto rank = static_cast<int64_t>(in.at(0).size());
        wrapDim(dimOf(o, rank), in[0], "dim", "softmax_error_dim_out_of_range");
        return in;
    }

    Options options;
};

/// torch.nn.Softmax2d: over the channels of (N, C, H, W) or (C, H, W).
class Softmax2d : public Module {
public:
    struct Options { };
    explicit Softmax2d(Options) { }
    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        infer({}, {inputs[0].shape()}).value();
        return {softmax(inputs[0], -3)};
    }
    static Result<Shapes> infer(const Options &, const Shapes &in)
    {
        const size_t rank = in.at(0).size();
        if (rank == 3 || rank == 4)
            return in;
        return Error(ErrorCategory::Shape, "dimension_count_mismatch", "",
                     "input " + toString(in[0]), "3 or 4 dimensions");
    }
};

/// torch.nn.GLU: the first half of a dimension times the sigmoid of the second.
class GLU : public Module {
public:
    struct Options {
        int64_t dim = -1;
    };
    explicit GLU(Options options_) : options(options_) { }
    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const Tensor &x = inputs[0];
        if (!isDifferentiable(x.dtype())) {
            throw Error(ErrorCategory::DType, "dtype_not_supported", "GLU", dtypeName(x.dtype()),
                        "a floating type", "convert the input to float32");
        }
        const Shape half = infer(options, {x.shape()}).value().front();
        const int64_t dim = wrapDim(options.dim, x.shape(), "dim");
        const int64_t size = half[static_cast<size_t>(dim)];
        return {mul(narrow(x, dim, 0, size), sigmoid(narrow(x, dim, size, size)))};
    }
    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        Shape shape = in.at(0);
        const auto dim = static_cast<size_t>(wrapDim(o.dim, shape, "dim"));
        if (shape.empty() || shape[dim] % 2 != 0) {
            return Error(ErrorCategory::Shape, "odd_size", "", "input " + toString(shape),
                         "an even size of dimension " + std::to_string(dim));
        }
        shape[dim] /= 2;
        return Shapes{shape};
    }

    Options options;
};

template <typename F>
ModuleSpec alongDimension(const char *name, const char *summary, const char *formula, F)
{
    using M = AlongDimension<F>;
    return declare<M>(
            {.name = name,
             .group = Group::Activation,
             .summary = summary,
             .formula = formula,
             .source = std::string("torch.nn.") + name,
             .args
             = {arg("dim", &DimOptions::dim,
                    "The dimension to look along; none: 0 for 0-, 1- and 3-d inputs, else 1.")},
             .inputs = {{.name = "input", .pattern = "*"}},
             .outputs = {{.name = "output", .pattern = "*"}},
             .infer = M::infer,
             .samples = {{.args = {{"dim", 1}}, .inputs = {{4, 3}}},
                         {.inputs = {{2, 3, 2}}},
                         {.inputs = {{3}}}},
             .badSamples = {{.args = {{"dim", 2}},
                             .inputs = {{4, 3}},
                             .kind = "softmax_error_dim_out_of_range"}}});
}

} // namespace

std::vector<ModuleSpec> softmaxModules()
{
    return {alongDimension("Softmax", "Positive numbers that sum to 1 along a dimension.",
                           R"(\frac{e^{x_i}}{\sum_j e^{x_j}})",
                           [](const Tensor &x, int64_t dim) { return softmax(x, dim); }),
            alongDimension("LogSoftmax", "Logarithms of the softmax.",
                           R"(x_i - \ln \sum_j e^{x_j})",
                           [](const Tensor &x, int64_t dim) { return log_softmax(x, dim); }),
            alongDimension("Softmin", "The softmax of the negative input.",
                           R"(\frac{e^{-x_i}}{\sum_j e^{-x_j}})",
                           [](const Tensor &x, int64_t dim) { return softmax(neg(x), dim); }),
            declare<Softmax2d>(
                    {.name = "Softmax2d",
                     .group = Group::Activation,
                     .summary = "The softmax over the channels of every place.",
                     .formula = R"(\frac{e^{x_c}}{\sum_k e^{x_k}})",
                     .source = "torch.nn.Softmax2d",
                     .inputs = {{.name = "input", .pattern = "N C H W | C H W"}},
                     .outputs = {{.name = "output", .pattern = "N C H W | C H W"}},
                     .infer = Softmax2d::infer,
                     .samples = {{.inputs = {{2, 3, 2, 2}}}, {.inputs = {{3, 2, 2}}}},
                     .badSamples
                     = {{.args = {}, .inputs = {{4, 3}}, .kind = "dimension_count_mismatch"}}}),
            declare<GLU>(
                    {.name = "GLU",
                     .group = Group::Activation,
                     .summary = "One half of a dimension, let through by the other.",
                     .formula = R"(a \sigma(b))",
                     .source = "torch.nn.GLU; Dauphin et al., ICML 2017",
                     .args = {arg("dim", &GLU::Options::dim, "The dimension that is halved.")},
                     .inputs = {{.name = "input", .pattern = "*"}},
                     .outputs = {{.name = "output", .pattern = "*"}},
                     .infer = GLU::infer,
                     .samples = {{.inputs = {{4, 6}}}, {.args = {{"dim", 0}}, .inputs = {{2, 3}}}},
                     .badSamples = {{.args = {}, .inputs = {{4, 3}}, .kind = "odd_size"}}})};
}

} // namespace mrg
