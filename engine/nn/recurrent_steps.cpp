// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/recurrent_steps.h"

#include "engine/ops/joining.h"
#include "engine/ops/linear_algebra.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/views.h"

#include <algorithm>

namespace mrg {

namespace {

using kernels::CellRule;

/// One direction on its way along the steps.
class Direction {
public:
    /// `parameters` are the five of the direction.
    Direction(CellRule rule, std::span<const Tensor> parameters, Tensor hidden, Tensor cell)
        : m_rule(rule),
          m_parameters(parameters),
          m_hidden(std::move(hidden)),
          m_cell(std::move(cell))
    {
    }

    /// Takes the first rows of the states one step further; gives their new h.
    Tensor step(const Tensor &rows)
    {
        const int64_t count = rows.size(0);
        const Tensor before = narrow(m_hidden, 0, 0, count);
        const Tensor input = product(rows, 0);
        const Tensor state = product(before, 1);
        Tensor hidden;
        if (m_rule == CellRule::Lstm) {
            const Tensor gates = add(input, state);
            const Tensor kept = mul(sigmoid(gate(gates, 1)), narrow(m_cell, 0, 0, count));
            const Tensor cell = add(kept, mul(sigmoid(gate(gates, 0)), tanh(gate(gates, 2))));
            hidden = mul(sigmoid(gate(gates, 3)), tanh(cell));
            m_cell = replaced(m_cell, cell);
        } else if (m_rule == CellRule::Gru) {
            const Tensor reset = sigmoid(add(gate(input, 0), gate(state, 0)));
            const Tensor update = sigmoid(add(gate(input, 1), gate(state, 1)));
            const Tensor fresh = tanh(add(gate(input, 2), mul(reset, gate(state, 2))));
            hidden = add(fresh, mul(update, sub(before, fresh)));
        } else {
            const Tensor sum = add(input, state);
            hidden = m_rule == CellRule::Tanh ? tanh(sum) : relu(sum);
        }
        if (m_parameters[4].defined())
            hidden = matmul(hidden, t(m_parameters[4]));
        m_hidden = replaced(m_hidden, hidden);
        return hidden;
    }

    const Tensor &hidden() const { return m_hidden; }
    const Tensor &cell() const { return m_cell; }

private:
    /// x times a weight (0: of the input, 1: of the state), with its bias.
    Tensor product(const Tensor &x, size_t which) const
    {
        const Tensor out = matmul(x, t(m_parameters[which]));
        const Tensor &bias = m_parameters[2 + which];
        return bias.defined() ? add(out, bias) : out;
    }
    Tensor gate(const Tensor &gates, int64_t number) const
    {
        const int64_t hidden = gates.size(1) / kernels::gateCount(m_rule);
        return narrow(gates, 1, number * hidden, hidden);
    }
    /// The states with their first rows replaced.
    static Tensor replaced(const Tensor &states, const Tensor &first)
    {
        const int64_t count = first.size(0);
        const Tensor parts[] = {first, narrow(states, 0, count, states.size(0) - count)};
        return cat(parts, 0);
    }

    CellRule m_rule;
    std::span<const Tensor> m_parameters;
    Tensor m_hidden;
    Tensor m_cell;
};

std::vector<Tensor> runSteps(CellRule rule, const std::vector<int64_t> &batchSizes,
                             std::span<const Tensor> inputs)
{
    const Tensor &rows = inputs[0];
    const int64_t batch = batchSizes.empty() ? 0 : batchSizes.front();
    const size_t directions = (inputs.size() - 3) / 5;
    std::vector<Tensor> outputs;
    std::vector<Tensor> hidden;
    std::vector<Tensor> cells;
    for (size_t d = 0; d < directions; ++d) {
        const std::span<const Tensor> parameters = inputs.subspan(3 + 5 * d, 5);
        const auto first = [&](const Tensor &states, int64_t width) {
            return states.defined() ? select(states, 0, static_cast<int64_t>(d))
                                    : Tensor::zeros({batch, width}, rows.dtype());
        };
        Direction direction(rule, parameters, first(inputs[1], parameters[1].size(1)),
                            first(inputs[2], parameters[0].size(0) / kernels::gateCount(rule)));
        std::vector<Tensor> parts;
        for (const kernels::RecurrentStep &step : kernels::recurrentSteps(batchSizes, d == 1))
            parts.push_back(direction.step(narrow(rows, 0, step.firstRow, step.rows)));
        if (d == 1)
            std::reverse(parts.begin(), parts.end());
        outputs.push_back(parts.empty() ? Tensor::zeros({0, parameters[1].size(1)}, rows.dtype())
                                        : cat(parts, 0));
        hidden.push_back(direction.hidden());
        cells.push_back(direction.cell());
    }
    return {cat(outputs, 1), stack(hidden, 0), rule == CellRule::Lstm ? stack(cells, 0) : Tensor()};
}

} // namespace

Operations recurrentSteps(CellRule rule, std::vector<int64_t> batchSizes)
{
    return [rule, batchSizes = std::move(batchSizes)](std::span<const Tensor> inputs) {
        return runSteps(rule, batchSizes, inputs);
    };
}

} // namespace mrg
