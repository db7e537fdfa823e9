// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/recurrent.h"

#include "engine/nn/families.h"
#include "engine/nn/init.h"
#include "engine/ops/dropout.h"
#include "engine/ops/joining.h"
#include "engine/ops/views.h"

#include <cmath>

namespace mrg {

void RecurrentModule::registerDirection(RecurrentParameters &parameters, const std::string &suffix,
                                        const Sizes &sizes)
{
    m_hidden = sizes.hidden;
    const int64_t gates = kernels::gateCount(sizes.rule) * sizes.hidden;
    const auto add = [&](const char *name, Tensor &member, const Shape &shape) {
        registerParameter((name + suffix).c_str(), member, shape);
    };
    add("weight_ih", parameters.weight_ih, {gates, sizes.input});
    add("weight_hh", parameters.weight_hh, {gates, sizes.state});
    if (sizes.bias) {
        add("bias_ih", parameters.bias_ih, {gates});
        add("bias_hh", parameters.bias_hh, {gates});
    }
    if (sizes.state != sizes.hidden)
        add("weight_hr", parameters.weight_hr, {sizes.state, sizes.hidden});
}

void RecurrentModule::resetParameters(RandomStream &random)
{
    const double bound = 1 / std::sqrt(static_cast<double>(m_hidden));
    for (const Tensor &parameter : parameters())
        init::uniform(parameter, random, -bound, bound);
}

namespace {

using Options = RNNBase::Options;

int64_t directionsOf(const Options &o) { return o.bidirectional ? 2 : 1; }
int64_t stateSize(const Options &o) { return o.proj_size > 0 ? o.proj_size : o.hidden_size; }

Result<void> validate(const Options &o)
{
    if (o.proj_size >= o.hidden_size) {
        return Error(ErrorCategory::Value, "proj_size_too_large", "",
                     "proj_size " + std::to_string(o.proj_size),
                     "less than hidden_size " + std::to_string(o.hidden_size));
    }
    if (o.proj_size > 0 && o.mode != RecurrentMode::Lstm) {
        return Error(ErrorCategory::Value, "proj_size_needs_lstm", "",
                     "proj_size " + std::to_string(o.proj_size), "0, unless the mode is LSTM");
    }
    return {};
}

Error wrongDimensions(const char *what, const Shape &got, const std::string &wanted)
{
    return Error(ErrorCategory::Shape, "dimension_count_mismatch", "",
                 std::string(what) + " " + toString(got), wanted);
}

/// Shapes of output, h_n and (mode LSTM) c_n.
Result<Shapes> inferRecurrent(const Options &o, const Shapes &in)
{
    const Shape &input = in[0];
    if (input.size() != 2 && input.size() != 3) {
        return wrongDimensions("input", input,
                               "(L, N, input_size), or (L, input_size) for a single sequence");
    }
    if (input.back() != o.input_size) {
        Error error(ErrorCategory::Shape, "size_mismatch", "", "input " + toString(input),
                    "a last dimension of input_size " + std::to_string(o.input_size),
                    "set input_size to " + std::to_string(input.back()));
        error.fixArgument = "input_size";
        error.fixValue = {input.back()};
        return error;
    }
    const bool batched = input.size() == 3;
    if (input[batched && o.batch_first ? 1 : 0] == 0) {
        return Error(ErrorCategory::Shape, "empty_sequence", "", "input " + toString(input),
                     "at least one step");
    }
    Shape output = input;
    output.back() = directionsOf(o) * stateSize(o);
    Shape state{directionsOf(o) * o.num_layers};
    if (batched)
        state.push_back(input[o.batch_first ? 0 : 1]);
    Shapes out{output};
    for (const int64_t size : {stateSize(o), o.hidden_size}) {
        const size_t number = out.size();
        if (number == 2 && o.mode != RecurrentMode::Lstm)
            break;
        Shape shape = state;
        shape.push_back(size);
        if (number < in.size() && in[number] != shape) {
            const char *name = number == 1 ? "the first hidden state" : "the first cell state";
            if (in[number].size() != shape.size())
                return wrongDimensions(name, in[number], toString(shape));
            return Error(ErrorCategory::Shape, "size_mismatch", "",
                         std::string(name) + " " + toString(in[number]), toString(shape),
                         "its sizes are (directions * num_layers, N, size)");
        }
        out.push_back(shape);
    }
    return out;
}

const char *nameOf(const Options &o)
{
    return o.mode == RecurrentMode::Lstm ? "LSTM" : o.mode == RecurrentMode::Gru ? "GRU" : "RNN";
}

} // namespace

RNNBase::RNNBase(Options options_) : options(options_)
{
    m_parameters.resize(static_cast<size_t>(options.num_layers * directionsOf(options)));
    for (int64_t layer = 0; layer < options.num_layers; ++layer) {
        for (int64_t direction = 0; direction < directionsOf(options); ++direction) {
            registerDirection(
                    m_parameters[static_cast<size_t>(layer * directionsOf(options) + direction)],
                    "_l" + std::to_string(layer) + (direction == 1 ? "_reverse" : ""),
                    {rule(),
                     layer == 0 ? options.input_size : directionsOf(options) * stateSize(options),
                     options.hidden_size, stateSize(options), options.bias});
        }
    }
    initialize(RandomStream());
}

CellRule RNNBase::rule() const
{
    switch (options.mode) {
    case RecurrentMode::RnnTanh: return CellRule::Tanh;
    case RecurrentMode::RnnRelu: return CellRule::Relu;
    case RecurrentMode::Lstm: return CellRule::Lstm;
    case RecurrentMode::Gru: return CellRule::Gru;
    }
    return CellRule::Tanh;
}

RecurrentResult RNNBase::run(Tensor rows, const std::vector<int64_t> &batchSizes, const Tensor &h_0,
                             const Tensor &c_0)
{
    const int64_t directions = directionsOf(options);
    RecurrentResult result;
    std::vector<Tensor> lastHidden;
    std::vector<Tensor> lastCell;
    for (int64_t layer = 0; layer < options.num_layers; ++layer) {
        const auto ofLayer = [&](const Tensor &states) {
            return states.defined() && options.num_layers > 1
                    ? narrow(states, 0, layer * directions, directions)
                    : states;
        };
        const std::span all(m_parameters);
        result = recurrentLayer(rule(), rows, batchSizes, ofLayer(h_0), ofLayer(c_0),
                                all.subspan(static_cast<size_t>(layer * directions),
                                            static_cast<size_t>(directions)));
        lastHidden.push_back(result.h_n);
        lastCell.push_back(result.c_n);
        rows = result.output;
        if (layer + 1 < options.num_layers)
            rows = dropout(rows, options.dropout, training(), random());
    }
    if (options.num_layers > 1) {
        result.h_n = cat(lastHidden, 0);
        if (rule() == CellRule::Lstm)
            result.c_n = cat(lastCell, 0);
    }
    return result;
}

void RNNBase::checkPacked(const Shape &data, int64_t batch, const Tensor &h_0,
                          const Tensor &c_0) const
{
    if (data.size() != 2)
        throw wrongDimensions("packed data", data, "(rows, input_size)").within(nameOf(options));
    // As a batch of one step: what is particular to packed sequences is their maker's to check.
    Shapes shapes{options.batch_first ? Shape{batch, 1, data[1]} : Shape{1, batch, data[1]}};
    for (const Tensor *state : {&h_0, &c_0}) {
        if (state->defined())
            shapes.push_back(state->shape());
    }
    if (const Result<Shapes> fit = inferRecurrent(options, shapes); !fit)
        throw fit.error().within(nameOf(options));
}

std::vector<Tensor> RNNBase::forward(std::span<const Tensor> inputs)
{
    const Tensor &input = inputs[0];
    Shapes shapes{input.shape()};
    for (size_t i = 1; i < inputs.size() && inputs[i].defined(); ++i)
        shapes.push_back(inputs[i].shape());
    if (const Result<Shapes> wanted = inferRecurrent(options, shapes); !wanted)
        throw wanted.error().within(nameOf(options));
    const bool batched = input.dim() == 3;
    // Steps lead, as the layers want it; a single sequence is a batch of one.
    const Tensor steps = !batched ? reshape(input, {input.size(0), 1, input.size(1)})
            : options.batch_first ? transpose(input, 0, 1)
                                  : input;
    const auto state = [&](size_t i) {
        if (i >= inputs.size() || !inputs[i].defined() || batched)
            return i < inputs.size() ? inputs[i] : Tensor();
        return reshape(inputs[i], {inputs[i].size(0), 1, inputs[i].size(1)});
    };
    const int64_t length = steps.size(0);
    const int64_t batch = steps.size(1);
    const RecurrentResult result
            = run(reshape(steps, {length * batch, options.input_size}),
                  std::vector<int64_t>(static_cast<size_t>(length), batch), state(1), state(2));
    const auto withoutBatch = [batched](const Tensor &tensor) {
        return batched ? tensor : reshape(tensor, {tensor.size(0), tensor.size(2)});
    };
    const Tensor output = reshape(result.output, {length, batch, result.output.size(1)});
    std::vector<Tensor> out{batched && options.batch_first ? transpose(output, 0, 1)
                                                           : withoutBatch(output),
                            withoutBatch(result.h_n)};
    if (rule() == CellRule::Lstm)
        out.push_back(withoutBatch(result.c_n));
    return out;
}

namespace {

RNNBase::Options inMode(RNNBase::Options options, RecurrentMode mode)
{
    options.mode = mode;
    return options;
}

class RNN : public RNNBase {
public:
    explicit RNN(Options o)
        : RNNBase(inMode(o,
                         o.nonlinearity == RecurrentNonlinearity::Tanh ? RecurrentMode::RnnTanh
                                                                       : RecurrentMode::RnnRelu))
    {
    }
};
class GRU : public RNNBase {
public:
    explicit GRU(Options o) : RNNBase(inMode(o, RecurrentMode::Gru)) { }
};

/// torch.nn.RNNBase itself, which has no forward.
class BareRNNBase : public RNNBase {
public:
    using RNNBase::RNNBase;
    std::vector<Tensor> forward(std::span<const Tensor>) override
    {
        throw Error(ErrorCategory::Value, "forward_missing", "RNNBase", "a call",
                    "RNN, LSTM or GRU", "make one of them instead");
    }
};

/// What is particular to one of the declarations.
struct Particulars {
    RecurrentMode mode;
    const char *name;
    const char *summary;
    const char *formula;
    std::vector<Arg> first; ///< before the sizes
    std::vector<Arg> afterLayers;
    std::vector<Arg> last;
    std::vector<Sample> samples;
    std::vector<BadSample> badSamples;
};

std::vector<Arg> argsOf(const Particulars &p)
{
    using O = RNNBase::Options;
    std::vector<Arg> args = p.first;
    const auto append = [&args](const std::vector<Arg> &more) {
        args.insert(args.end(), more.begin(), more.end());
    };
    append({requiredArg("input_size", &O::input_size, "Size of the input at each step.",
                        atLeast(0)),
            requiredArg("hidden_size", &O::hidden_size, "Size of the hidden state.", atLeast(1)),
            arg("num_layers", &O::num_layers, "Layers stacked on one another.", atLeast(1))});
    append(p.afterLayers);
    append({arg("bias", &O::bias, "Whether to add learnt offsets."),
            arg("batch_first", &O::batch_first, "Whether input and output are (N, L, size)."),
            arg("dropout", &O::dropout, "Dropout after every layer but the last.", between(0, 1)),
            arg("bidirectional", &O::bidirectional, "Whether to run from the end as well.")});
    append(p.last);
    return args;
}

template <typename M> ModuleSpec recurrentSpec(Particulars p)
{
    std::vector<Port> inputs{{.name = "input", .pattern = "*"}};
    std::vector<Port> outputs{{.name = "output", .pattern = "*"}, {.name = "h_n", .pattern = "*"}};
    if (p.mode == RecurrentMode::Lstm) {
        inputs.push_back({.name = "h_0", .pattern = "*", .optional = true, .tuple = "hx"});
        inputs.push_back({.name = "c_0", .pattern = "*", .optional = true, .tuple = "hx"});
        outputs.push_back({.name = "c_n", .pattern = "*"});
    } else {
        inputs.push_back({.name = "hx", .pattern = "*", .optional = true});
    }
    return declare<M>(
            {.name = p.name,
             .group = Group::Recurrent,
             .summary = p.summary,
             .formula = p.formula,
             .source = std::string("torch.nn.") + p.name,
             .args = argsOf(p),
             .inputs = std::move(inputs),
             .outputs = std::move(outputs),
             .infer
             = [mode = p.mode](const RNNBase::Options &o,
                               const Shapes &in) { return inferRecurrent(inMode(o, mode), in); },
             .validate
             = [mode = p.mode](const RNNBase::Options &o) { return validate(inMode(o, mode)); },
             .samples = std::move(p.samples),
             .badSamples = std::move(p.badSamples)});
}

Arguments withSizes(Arguments more = {})
{
    more.emplace("input_size", 3);
    more.emplace("hidden_size", 2);
    return more;
}

std::vector<BadSample> commonBadSamples()
{
    return {{.args = withSizes(), .inputs = {{4, 2, 5}}, .kind = "size_mismatch"},
            {.args = withSizes(), .inputs = {{3}}, .kind = "dimension_count_mismatch"},
            {.args = withSizes(), .inputs = {{4, 2, 3}, {2, 2, 2}}, .kind = "size_mismatch"},
            {.args = withSizes(),
             .inputs = {{4, 2, 3}, {1, 2}},
             .kind = "dimension_count_mismatch"},
            {.args = withSizes(), .inputs = {{0, 2, 3}}, .kind = "empty_sequence"},
            {.args = withSizes({{"dropout", 1.5}}),
             .inputs = {{4, 2, 3}},
             .kind = "wrong_argument"}};
}

/// RNNBase by itself: parameters, their names and checks.
ModuleSpec bareSpec(const Arg &projection)
{
    using O = RNNBase::Options;
    const Particulars particulars{
            .first = {requiredArg("mode", &O::mode, "The cell: RNN_TANH, RNN_RELU, LSTM or GRU.")},
            .last = {projection}};
    return declare<BareRNNBase>(
            {.name = "RNNBase",
             .group = Group::Recurrent,
             .summary = "What RNN, LSTM and GRU share: parameters, their names and checks.",
             .source = "torch.nn.RNNBase",
             .args = argsOf(particulars),
             .validate = validate,
             .samples
             = {{.args = withSizes({{"mode", "LSTM"}, {"proj_size", 1}, {"bidirectional", true}})},
                {.args = withSizes({{"mode", "GRU"}, {"num_layers", 2}})}},
             .badSamples = {{.args = withSizes({{"mode", "ELMAN"}}), .kind = "wrong_argument"},
                            {.args = withSizes({{"mode", "GRU"}, {"proj_size", 1}}),
                             .kind = "proj_size_needs_lstm"}}});
}

} // namespace

std::vector<ModuleSpec> recurrentModules()
{
    using O = RNNBase::Options;
    std::vector<BadSample> lstmBad = commonBadSamples();
    lstmBad.push_back({.args = withSizes({{"proj_size", 2}}),
                       .inputs = {{4, 2, 3}},
                       .kind = "proj_size_too_large"});
    const Arg projection
            = arg("proj_size", &O::proj_size,
                  "Size to which the hidden state is projected; 0: it is not.", atLeast(0));
    return {recurrentSpec<RNN>(
                    {.mode = RecurrentMode::RnnTanh,
                     .name = "RNN",
                     .summary
                     = "Stacked Elman layers run along a sequence, in one or both directions.",
                     .formula = R"(h_t = \tanh(W_{ih}x_t + b_{ih} + W_{hh}h_{t-1} + b_{hh}))",
                     .first = {},
                     .afterLayers = {arg("nonlinearity", &O::nonlinearity, "tanh or relu.")},
                     .last = {},
                     .samples = {{.args = withSizes(), .inputs = {{4, 2, 3}}},
                                 {.args = withSizes({{"num_layers", 2},
                                                     {"bidirectional", true},
                                                     {"nonlinearity", "relu"},
                                                     {"dropout", 0.4}}),
                                  .inputs = {{3, 2, 3}, {4, 2, 2}}},
                                 {.args = withSizes({{"bias", false}, {"batch_first", true}}),
                                  .inputs = {{3, 3}, {1, 2}}}},
                     .badSamples = commonBadSamples()}),
            recurrentSpec<RNNBase>(
                    {.mode = RecurrentMode::Lstm,
                     .name = "LSTM",
                     .summary
                     = "Stacked LSTM layers run along a sequence, in one or both directions.",
                     .formula = R"(i,f,g,o = \sigma,\sigma,\tanh,\sigma(Wx+Uh+b);\ )"
                                R"(c_t = f c_{t-1} + i g;\ h_t = o\tanh c_t)",
                     .first = {},
                     .afterLayers = {},
                     .last = {projection},
                     .samples = {{.args = withSizes(), .inputs = {{4, 2, 3}}},
                                 {.args = withSizes({{"num_layers", 2},
                                                     {"bidirectional", true},
                                                     {"proj_size", 1},
                                                     {"dropout", 0.4}}),
                                  .inputs = {{3, 2, 3}, {4, 2, 1}, {4, 2, 2}}},
                                 {.args = withSizes({{"bias", false}, {"batch_first", true}}),
                                  .inputs = {{2, 3, 3}, {1, 2, 2}, {1, 2, 2}}},
                                 {.args = withSizes({{"batch_first", true}}),
                                  .inputs = {{3, 3}, {1, 2}, {1, 2}}}},
                     .badSamples = std::move(lstmBad)}),
            recurrentSpec<GRU>(
                    {.mode = RecurrentMode::Gru,
                     .name = "GRU",
                     .summary
                     = "Stacked GRU layers run along a sequence, in one or both directions.",
                     .formula = R"(r,z = \sigma(\cdot);\ n = \tanh(W_{in}x + b_{in} + r(W_{hn}h + )"
                                R"(b_{hn}));\ h_t = (1-z)n + z h_{t-1})",
                     .first = {},
                     .afterLayers = {},
                     .last = {},
                     .samples
                     = {{.args = withSizes(), .inputs = {{4, 2, 3}}},
                        {.args = withSizes({{"num_layers", 2},
                                            {"bidirectional", true},
                                            {"batch_first", true},
                                            {"dropout", 0.4}}),
                         .inputs = {{2, 3, 3}, {4, 2, 2}}},
                        {.args = withSizes({{"bias", false}}), .inputs = {{3, 3}, {1, 2}}}},
                     .badSamples = commonBadSamples()}),
            bareSpec(projection)};
}

} // namespace mrg
