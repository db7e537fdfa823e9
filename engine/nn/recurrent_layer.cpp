// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/recurrent_layer.h"

#include "engine/core/Launch.h"
#include "engine/nn/recurrent_steps.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace mrg {

namespace {

using kernels::RecurrentShape;

const char *nameOf(CellRule rule)
{
    switch (rule) {
    case CellRule::Tanh: return "rnn_tanh";
    case CellRule::Relu: return "rnn_relu";
    case CellRule::Lstm: return "lstm";
    case CellRule::Gru: return "gru";
    }
    return "";
}

/// The weights as they lie in memory; keeps what it had to copy.
struct CompactParameters {
    std::array<Tensor, 5> all;

    explicit CompactParameters(const std::array<Tensor, 5> &parameters)
    {
        std::transform(parameters.begin(), parameters.end(), all.begin(), [](const Tensor &tensor) {
            return tensor.defined() ? tensor.compact() : tensor;
        });
    }
    template <typename T> kernels::RecurrentWeights<T> pointers() const
    {
        const auto data = [](const Tensor &tensor) {
            return tensor.defined() ? tensor.data<T>() : nullptr;
        };
        return {data(all[0]), data(all[1]), data(all[2]), data(all[3]), data(all[4])};
    }
};

std::array<Tensor, 5> asArray(const RecurrentParameters &p)
{
    return {p.weight_ih, p.weight_hh, p.bias_ih, p.bias_hh, p.weight_hr};
}

/// What one direction keeps for backward; see kernels::RecurrentTrace.
struct Trace {
    Tensor gates, previous, previousCell, squashed, unprojected;

    Trace(const RecurrentShape &s, DType dtype, bool keep)
    {
        const auto rows = [&](int64_t width) { return Tensor::empty({s.rows, width}, dtype); };
        gates = rows(s.gates());
        if (!keep)
            return;
        previous = rows(s.state);
        if (s.rule == CellRule::Lstm)
            previousCell = rows(s.hidden);
        if (s.rule == CellRule::Lstm || s.rule == CellRule::Gru)
            squashed = rows(s.hidden);
        if (s.projected)
            unprojected = rows(s.hidden);
    }
    template <typename T> kernels::RecurrentTrace<T> pointers() const
    {
        const auto data = [](const Tensor &tensor) {
            return tensor.defined() ? tensor.data<T>() : nullptr;
        };
        return {data(gates), data(previous), data(previousCell), data(squashed), data(unprojected)};
    }
};

/// Part `direction` of a (directions, batch, width) tensor; null for an undefined one.
template <typename T> T *part(const Tensor &states, size_t direction, int64_t batch, int64_t width)
{
    return states.defined() ? states.data<T>() + static_cast<int64_t>(direction) * batch * width
                            : nullptr;
}

/// A copy to be worked on in place; zeros for an undefined tensor.
Tensor workingCopy(const Tensor &tensor, const Shape &shape, DType dtype)
{
    return tensor.defined() ? tensor.copy() : Tensor::zeros(shape, dtype);
}

/// Everything but the gradients that the way back needs.
struct Saved {
    SavedTensor rows, hidden, cell;
    std::vector<int64_t> batchSizes;
    std::vector<RecurrentShape> shapes;
    std::vector<Trace> traces;
    std::vector<std::array<SavedTensor, 5>> parameters;
    /// Which of rows, h_0, c_0 and the five parameters of every direction ask for a gradient.
    std::vector<bool> wanted;
};

/// The gradients for create_graph, which are recorded.
Gradients layerGradients(const Saved &saved, const Gradients &incoming)
{
    std::vector<Tensor> inputs{saved.rows.unpack(), saved.hidden.unpack(), saved.cell.unpack()};
    for (const std::array<SavedTensor, 5> &direction : saved.parameters) {
        for (const SavedTensor &parameter : direction)
            inputs.push_back(parameter.unpack());
    }
    return repeatedGradients(inputs, recurrentSteps(saved.shapes.front().rule, saved.batchSizes),
                             incoming);
}

Gradients layerBackward(const Saved &saved, const Gradients &incoming)
{
    const Tensor rows = saved.rows.unpack().compact();
    const DType dtype = rows.dtype();
    const RecurrentShape &first = saved.shapes.front();
    const auto directions = static_cast<int64_t>(saved.shapes.size());
    const Tensor output = incoming[0].defined() ? incoming[0].compact() : Tensor();
    const Tensor hidden = workingCopy(incoming[1], {directions, first.batch, first.state}, dtype);
    const Tensor cell = first.rule == CellRule::Lstm
            ? workingCopy(incoming[2], {directions, first.batch, first.hidden}, dtype)
            : Tensor();
    Gradients result(saved.wanted.size());
    if (saved.wanted[0])
        result[0] = Tensor::empty(rows.shape(), dtype);
    for (size_t d = 0; d < saved.shapes.size(); ++d) {
        const RecurrentShape &shape = saved.shapes[d];
        std::array<Tensor, 5> parameters;
        for (size_t i = 0; i < parameters.size(); ++i) {
            parameters[i] = saved.parameters[d][i].unpack();
            if (saved.wanted[3 + 5 * d + i])
                result[3 + 5 * d + i] = Tensor::empty(parameters[i].shape(), dtype);
        }
        const CompactParameters compact(parameters);
        dispatchFloating(dtype, nameOf(shape.rule), [&](auto tag) {
            using T = typename decltype(tag)::type;
            const Tensor scratch = Tensor::empty({kernels::backwardScratch<T>(shape)}, dtype);
            const auto gradient = [&](size_t i) {
                return result[i].defined() ? result[i].template data<T>() : nullptr;
            };
            const size_t at = 3 + 5 * d;
            const kernels::RecurrentGradients<T> gradients{gradient(0),
                                                           gradient(at),
                                                           gradient(at + 1),
                                                           gradient(at + 2),
                                                           gradient(at + 3),
                                                           gradient(at + 4),
                                                           d > 0};
            launch([shape, input = rows.data<T>(), weights = compact.pointers<T>(),
                    trace = saved.traces[d].pointers<T>(),
                    from = output.defined()
                            ? output.data<T>() + static_cast<int64_t>(d) * shape.state
                            : nullptr,
                    stride = directions * shape.state, working = scratch.data<T>(),
                    dh = part<T>(hidden, d, shape.batch, shape.state),
                    dc = part<T>(cell, d, shape.batch, shape.hidden), gradients] {
                kernels::recurrentBackward<T>(shape, input, weights, trace, from, stride, working,
                                              dh, dc, gradients);
            });
        });
    }
    if (saved.wanted[1])
        result[1] = hidden;
    if (saved.wanted[2])
        result[2] = cell;
    return result;
}

} // namespace

RecurrentResult recurrentLayer(CellRule rule, const Tensor &rows,
                               const std::vector<int64_t> &batchSizes, const Tensor &h_0,
                               const Tensor &c_0, std::span<const RecurrentParameters> directions)
{
    const RecurrentParameters &front = directions.front();
    const DType dtype = front.weight_ih.dtype();
    for (const Tensor *tensor : {&rows, &h_0, &c_0}) {
        if (tensor->defined() && tensor->dtype() != dtype) {
            throw Error(ErrorCategory::DType, "dtype_mismatch", nameOf(rule),
                        dtypeName(tensor->dtype()), dtypeName(dtype),
                        "convert the input or the module");
        }
    }
    RecurrentShape shape{.rule = rule,
                         .input = front.weight_ih.size(1),
                         .hidden = front.weight_ih.size(0) / kernels::gateCount(rule),
                         .state = front.weight_hh.size(1),
                         .batch = batchSizes.empty() ? 0 : batchSizes.front(),
                         .rows = std::accumulate(batchSizes.begin(), batchSizes.end(), int64_t(0)),
                         .projected = front.weight_hr.defined(),
                         .steps = {}};
    std::vector<Tensor> inputs{rows, h_0, c_0};
    for (const RecurrentParameters &parameters : directions) {
        for (const Tensor &tensor : asArray(parameters))
            inputs.push_back(tensor);
    }
    const bool recorded = shouldRecord(inputs);
    const auto count = static_cast<int64_t>(directions.size());
    const Tensor x = rows.compact();
    RecurrentResult result;
    result.output = Tensor::empty({shape.rows, count * shape.state}, dtype);
    result.h_n = workingCopy(h_0, {count, shape.batch, shape.state}, dtype);
    if (rule == CellRule::Lstm)
        result.c_n = workingCopy(c_0, {count, shape.batch, shape.hidden}, dtype);
    Saved saved;
    for (size_t d = 0; d < directions.size(); ++d) {
        shape.steps = kernels::recurrentSteps(batchSizes, d == 1);
        const std::array<Tensor, 5> parameters = asArray(directions[d]);
        const CompactParameters compact(parameters);
        const Trace trace(shape, dtype, recorded);
        dispatchFloating(dtype, nameOf(rule), [&](auto tag) {
            using T = typename decltype(tag)::type;
            const Tensor scratch = Tensor::empty({kernels::forwardScratch<T>(shape)}, dtype);
            launch([shape, input = x.data<T>(), weights = compact.pointers<T>(),
                    kept = trace.pointers<T>(), working = scratch.data<T>(),
                    h = part<T>(result.h_n, d, shape.batch, shape.state),
                    c = part<T>(result.c_n, d, shape.batch, shape.hidden),
                    to = result.output.data<T>() + static_cast<int64_t>(d) * shape.state,
                    stride = count * shape.state] {
                kernels::recurrentForward<T>(shape, input, weights, kept, working, h, c, to,
                                             stride);
            });
        });
        if (recorded) {
            saved.shapes.push_back(shape);
            saved.traces.push_back(trace);
            saved.parameters.emplace_back();
            std::copy(parameters.begin(), parameters.end(), saved.parameters.back().begin());
        }
    }
    if (recorded) {
        saved.rows = SavedTensor(rows);
        saved.hidden = SavedTensor(h_0);
        saved.cell = SavedTensor(c_0);
        saved.batchSizes = batchSizes;
        for (const Tensor &input : inputs)
            saved.wanted.push_back(input.defined() && input.requiresGrad());
        record(nameOf(rule), inputs, {result.output, result.h_n, result.c_n},
               [saved = std::move(saved)](const Gradients &g) {
                   return gradEnabled() ? layerGradients(saved, g) : layerBackward(saved, g);
               });
    }
    return result;
}

} // namespace mrg
