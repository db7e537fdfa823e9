// SPDX-License-Identifier: GPL-3.0-or-later
// One step of a recurrent network as a module of its own.
#include "engine/nn/families.h"
#include "engine/nn/recurrent.h"
#include "engine/ops/views.h"

namespace mrg {

namespace {

struct CellOptions {
    int64_t input_size = 16;
    int64_t hidden_size = 16;
    bool bias = true;
    RecurrentNonlinearity nonlinearity = RecurrentNonlinearity::Tanh;
};

/// Shapes of h' and, for an LSTM, c'.
Result<Shapes> inferCell(const CellOptions &o, const Shapes &in, bool withCell)
{
    const Shape &input = in[0];
    if (input.size() != 1 && input.size() != 2) {
        return Error(ErrorCategory::Shape, "dimension_count_mismatch", "",
                     "input " + toString(input), "(N, input_size) or (input_size)");
    }
    if (input.back() != o.input_size) {
        Error error(ErrorCategory::Shape, "size_mismatch", "", "input " + toString(input),
                    "a last dimension of input_size " + std::to_string(o.input_size),
                    "set input_size to " + std::to_string(input.back()));
        error.fixArgument = "input_size";
        error.fixValue = {input.back()};
        return error;
    }
    Shape state = input;
    state.back() = o.hidden_size;
    for (size_t i = 1; i < in.size(); ++i) {
        if (in[i] != state) {
            return Error(ErrorCategory::Shape,
                         in[i].size() == state.size() ? "size_mismatch"
                                                      : "dimension_count_mismatch",
                         "", "state " + toString(in[i]), toString(state));
        }
    }
    return withCell ? Shapes{state, state} : Shapes{state};
}

/// torch.nn.RNNCell, LSTMCell and GRUCell: a recurrent layer over one step.
class RecurrentCell : public RecurrentModule {
public:
    using Options = CellOptions;

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const Tensor &input = inputs[0];
        Shapes shapes{input.shape()};
        for (size_t i = 1; i < inputs.size() && inputs[i].defined(); ++i)
            shapes.push_back(inputs[i].shape());
        const Result<Shapes> wanted = inferCell(options, shapes, m_rule == CellRule::Lstm);
        if (!wanted)
            throw wanted.error().within(m_name);
        const int64_t batch = input.dim() == 2 ? input.size(0) : 1;
        const auto state = [&](size_t i) {
            return i < inputs.size() && inputs[i].defined()
                    ? reshape(inputs[i], {1, batch, options.hidden_size})
                    : Tensor();
        };
        const RecurrentResult result
                = recurrentLayer(m_rule, reshape(input, {batch, options.input_size}), {batch},
                                 state(1), state(2), {&m_parameters, 1});
        std::vector<Tensor> out{reshape(result.h_n, wanted->front())};
        if (result.c_n.defined())
            out.push_back(reshape(result.c_n, wanted->front()));
        return out;
    }

    const Options options;

protected:
    RecurrentCell(const char *name, CellRule rule, Options options_)
        : options(options_),
          m_name(name),
          m_rule(rule)
    {
        registerDirection(
                m_parameters, "",
                {rule, options.input_size, options.hidden_size, options.hidden_size, options.bias});
        initialize(RandomStream());
    }

private:
    const char *m_name;
    CellRule m_rule;
    RecurrentParameters m_parameters;
};

class RNNCell : public RecurrentCell {
public:
    explicit RNNCell(Options o)
        : RecurrentCell(
                "RNNCell",
                o.nonlinearity == RecurrentNonlinearity::Tanh ? CellRule::Tanh : CellRule::Relu, o)
    {
    }
};
class LSTMCell : public RecurrentCell {
public:
    explicit LSTMCell(Options o) : RecurrentCell("LSTMCell", CellRule::Lstm, o) { }
};
class GRUCell : public RecurrentCell {
public:
    explicit GRUCell(Options o) : RecurrentCell("GRUCell", CellRule::Gru, o) { }
};

} // namespace

namespace {

template <typename M>
ModuleSpec cellSpec(const char *name, const char *summary, const char *formula,
                    std::vector<Arg> more, bool withCell)
{
    using O = CellOptions;
    std::vector<Arg> args{
            requiredArg("input_size", &O::input_size, "Size of the input.", atLeast(0)),
            requiredArg("hidden_size", &O::hidden_size, "Size of the hidden state.", atLeast(1)),
            arg("bias", &O::bias, "Whether to add learnt offsets.")};
    args.insert(args.end(), more.begin(), more.end());
    std::vector<Port> inputs{{.name = "input", .pattern = "N input_size | input_size"}};
    std::vector<Port> outputs{{.name = "h_1", .pattern = "N hidden_size | hidden_size"}};
    const std::string state = "N hidden_size | hidden_size";
    Arguments options{{"input_size", 3}, {"hidden_size", 2}};
    Arguments plain = options;
    plain["bias"] = false;
    if (!more.empty())
        plain["nonlinearity"] = "relu";
    Shapes batched{{4, 3}, {4, 2}};
    Shapes single{{3}, {2}};
    Shapes uneven{{4, 3}, {3, 2}};
    if (withCell) {
        inputs.push_back({.name = "h_0", .pattern = state, .optional = true, .tuple = "hx"});
        inputs.push_back({.name = "c_0", .pattern = state, .optional = true, .tuple = "hx"});
        outputs.push_back({.name = "c_1", .pattern = state});
        for (Shapes *shapes : {&batched, &single, &uneven})
            shapes->push_back(shapes->back());
    } else {
        inputs.push_back({.name = "hx", .pattern = state, .optional = true});
    }
    return declare<M>(
            {.name = name,
             .group = Group::Recurrent,
             .summary = summary,
             .formula = formula,
             .source = std::string("torch.nn.") + name,
             .args = std::move(args),
             .inputs = std::move(inputs),
             .outputs = std::move(outputs),
             .infer
             = [withCell](const O &o, const Shapes &in) { return inferCell(o, in, withCell); },
             .samples = {{.args = options, .inputs = batched},
                         {.args = plain, .inputs = single},
                         {.args = options, .inputs = {{2, 3}}}},
             .badSamples
             = {{.args = options, .inputs = {{4, 5}}, .kind = "size_mismatch"},
                {.args = options, .inputs = uneven, .kind = "size_mismatch"},
                {.args = options, .inputs = {{2, 4, 3}}, .kind = "dimension_count_mismatch"}}});
}

} // namespace

std::vector<ModuleSpec> recurrentCells()
{
    return {cellSpec<RNNCell>("RNNCell", "One step of an Elman network.",
                              R"(h' = \tanh(W_{ih}x + b_{ih} + W_{hh}h + b_{hh}))",
                              {arg("nonlinearity", &CellOptions::nonlinearity, "tanh or relu.")},
                              false),
            cellSpec<LSTMCell>("LSTMCell", "One step of an LSTM.",
                               R"(i,f,g,o = \sigma,\sigma,\tanh,\sigma(Wx+Uh+b);\ )"
                               R"(c' = f c + i g;\ h' = o\tanh c')",
                               {}, true),
            cellSpec<GRUCell>("GRUCell", "One step of a GRU.",
                              R"(r,z = \sigma(\cdot);\ n = \tanh(W_{in}x + b_{in} + r(W_{hn}h + )"
                              R"(b_{hn}));\ h' = (1-z)n + z h)",
                              {}, false)};
}

} // namespace mrg
