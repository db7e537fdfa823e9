// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/recurrent.h"

#include "engine/core/Parallel.h"
#include "engine/kernels/gemm.h"
#include "engine/kernels/packed_product.h"
#include "engine/kernels/recurrent_cells.h"

#include <algorithm>

namespace mrg::kernels {

namespace {

/// Sequences that one thread takes through all steps.
constexpr int64_t sequenceGrain = 16;

/// Calls use(Cell{}) with the rule's arithmetic.
template <typename Use> void withCell(CellRule rule, Use use)
{
    switch (rule) {
    case CellRule::Tanh: return use(TanhCell());
    case CellRule::Relu: return use(ReluCell());
    case CellRule::Lstm: return use(LstmCell());
    case CellRule::Gru: return use(GruCell());
    }
}

/// Hands out the parts of a working memory one after the other; without memory it only counts.
template <typename T> class Parts {
public:
    explicit Parts(T *memory) : m_memory(memory) { }
    T *take(int64_t count)
    {
        // Each begins at a whole number of cache lines.
        const int64_t line = 64 / static_cast<int64_t>(sizeof(T));
        T *out = m_memory ? m_memory + m_used : nullptr;
        m_used += (count + line - 1) / line * line;
        return out;
    }
    int64_t used() const { return m_used; }

private:
    T *m_memory;
    int64_t m_used = 0;
};

template <typename T> struct ForwardParts {
    T *bias;
    T *stateBias;
    T *hiddenWeight;
    T *recurrent = nullptr;
    T *projection = nullptr;
    T *unprojected = nullptr;
    int64_t used;

    ForwardParts(const RecurrentShape &s, T *memory)
    {
        Parts<T> parts(memory);
        bias = parts.take(s.gates());
        stateBias = parts.take(s.hidden);
        hiddenWeight = parts.take(packedSize<T>(s.state, s.gates()));
        if (s.rule == CellRule::Gru)
            recurrent = parts.take(s.batch * s.gates());
        if (s.projected) {
            projection = parts.take(packedSize<T>(s.hidden, s.state));
            unprojected = parts.take(s.batch * s.hidden);
        }
        used = parts.used();
    }
};

template <typename T> struct BackwardParts {
    T *hiddenWeight;
    T *inputGates;
    T *stateGates;
    T *projection = nullptr;
    T *projected = nullptr; ///< gradient of h in all rows
    T *unprojected = nullptr; ///< gradient of h before the projection in one step
    int64_t used;

    BackwardParts(const RecurrentShape &s, T *memory)
    {
        Parts<T> parts(memory);
        hiddenWeight = parts.take(packedSize<T>(s.gates(), s.state));
        inputGates = parts.take(s.rows * s.gates());
        stateGates = s.rule == CellRule::Gru ? parts.take(s.rows * s.gates()) : inputGates;
        if (s.projected) {
            projection = parts.take(packedSize<T>(s.state, s.hidden));
            projected = parts.take(s.rows * s.state);
            unprojected = parts.take(s.batch * s.hidden);
        }
        used = parts.used();
    }
};

/// The biases as the cells want them.
template <typename T>
void joinBiases(const RecurrentShape &s, const RecurrentWeights<T> &w, T *bias, T *stateBias)
{
    const int64_t apart = s.rule == CellRule::Gru ? 2 * s.hidden : s.gates();
    for (int64_t i = 0; i < s.gates(); ++i) {
        bias[i] = w.inputBias ? w.inputBias[i] : T(0);
        if (w.hiddenBias && i < apart)
            bias[i] += w.hiddenBias[i];
        else if (i >= apart)
            stateBias[i - apart] = w.hiddenBias ? w.hiddenBias[i] : T(0);
    }
}

/// Where row `row` of a matrix of `width` columns begins; null stays null.
template <typename T> T *at(T *matrix, int64_t row, int64_t width)
{
    return matrix ? matrix + row * width : nullptr;
}

template <typename T> void copyRows(const T *from, int64_t count, T *to)
{
    if (to)
        std::copy_n(from, count, to);
}

/// Sequences [begin, end) through all steps.
template <typename Cell, typename T>
void runForward(const RecurrentShape &s, const ForwardParts<T> &parts,
                const RecurrentTrace<T> &trace, T *hidden, T *cell, T *output, int64_t outputStride,
                int64_t begin, int64_t end)
{
    const int64_t width = s.gates();
    T *h = hidden + begin * s.state;
    T *c = at(cell, begin, s.hidden);
    for (const RecurrentStep &step : s.steps) {
        const int64_t rows = std::min(end, step.rows) - begin;
        if (rows <= 0)
            continue;
        const int64_t first = step.firstRow + begin;
        T *gates = trace.gates + first * width;
        copyRows(h, rows * s.state, at(trace.previous, first, s.state));
        copyRows(c, rows * s.hidden, at(trace.previousCell, first, s.hidden));
        T *recurrent = at(parts.recurrent, begin, width);
        packedProduct<T>(rows, width, s.state, {h, s.state}, parts.hiddenWeight,
                         recurrent ? recurrent : gates, width, !recurrent);
        T *unprojected = at(parts.unprojected, begin, s.hidden);
        for (int64_t row = 0; row < rows; ++row) {
            Cell::forward(s.hidden,
                          CellRow<T>{gates + row * width, at(recurrent, row, width), parts.bias,
                                     parts.stateBias, h + row * s.state, at(c, row, s.hidden),
                                     at(trace.squashed, first + row, s.hidden),
                                     (unprojected ? unprojected : h) + row * s.hidden});
        }
        if (unprojected) {
            copyRows(unprojected, rows * s.hidden, at(trace.unprojected, first, s.hidden));
            packedProduct<T>(rows, s.state, s.hidden, {unprojected, s.hidden}, parts.projection, h,
                             s.state);
        }
        for (int64_t row = 0; row < rows; ++row)
            std::copy_n(h + row * s.state, s.state, output + (first + row) * outputStride);
    }
}

template <typename Cell, typename T>
void runBackward(const RecurrentShape &s, const BackwardParts<T> &parts,
                 const RecurrentTrace<T> &trace, const T *outputGradient, int64_t outputStride,
                 T *hidden, T *cell, int64_t begin, int64_t end)
{
    const int64_t width = s.gates();
    T *dh = hidden + begin * s.state;
    T *dc = at(cell, begin, s.hidden);
    for (auto step = s.steps.rbegin(); step != s.steps.rend(); ++step) {
        const int64_t rows = std::min(end, step->rows) - begin;
        if (rows <= 0)
            continue;
        const int64_t first = step->firstRow + begin;
        for (int64_t row = 0; outputGradient && row < rows; ++row) {
            const T *from = outputGradient + (first + row) * outputStride;
            for (int64_t j = 0; j < s.state; ++j)
                dh[row * s.state + j] += from[j];
        }
        T *unprojected = at(parts.unprojected, begin, s.hidden);
        if (unprojected) {
            copyRows(dh, rows * s.state, parts.projected + first * s.state);
            packedProduct<T>(rows, s.hidden, s.state, {dh, s.state}, parts.projection, unprojected,
                             s.hidden);
        }
        for (int64_t row = 0; row < rows; ++row) {
            Cell::backward(
                    s.hidden,
                    CellRowBack<T>{trace.gates + (first + row) * width,
                                   trace.previous + (first + row) * s.state,
                                   at(trace.previousCell, first + row, s.hidden),
                                   at(trace.squashed, first + row, s.hidden),
                                   (unprojected ? unprojected : dh) + row * s.hidden,
                                   at(dc, row, s.hidden), parts.inputGates + (first + row) * width,
                                   parts.stateGates + (first + row) * width, dh + row * s.state});
        }
        packedProduct<T>(rows, s.state, width, {parts.stateGates + first * width, width},
                         parts.hiddenWeight, dh, s.state, s.rule == CellRule::Gru);
    }
}

} // namespace

int64_t gateCount(CellRule rule)
{
    return rule == CellRule::Lstm ? 4 : rule == CellRule::Gru ? 3 : 1;
}

std::vector<RecurrentStep> recurrentSteps(const std::vector<int64_t> &batchSizes, bool reverse)
{
    std::vector<RecurrentStep> steps;
    int64_t row = 0;
    for (const int64_t size : batchSizes) {
        steps.push_back({row, size});
        row += size;
    }
    if (reverse)
        std::reverse(steps.begin(), steps.end());
    return steps;
}

template <typename T> int64_t forwardScratch(const RecurrentShape &shape)
{
    return ForwardParts<T>(shape, nullptr).used;
}

template <typename T> int64_t backwardScratch(const RecurrentShape &shape)
{
    return BackwardParts<T>(shape, nullptr).used;
}

template <typename T>
void recurrentForward(const RecurrentShape &shape, const T *input, RecurrentWeights<T> weights,
                      RecurrentTrace<T> trace, T *scratch, T *hidden, T *cell, T *output,
                      int64_t outputStride)
{
    const ForwardParts<T> parts(shape, scratch);
    joinBiases(shape, weights, parts.bias, parts.stateBias);
    pack(Layout::Transposed, shape.state, shape.gates(), weights.hiddenWeight, shape.state,
         parts.hiddenWeight);
    if (shape.projected)
        pack(Layout::Transposed, shape.hidden, shape.state, weights.projection, shape.hidden,
             parts.projection);
    gemm(Layout::Plain, Layout::Transposed, shape.rows, shape.gates(), shape.input, input,
         weights.inputWeight, trace.gates);
    withCell(shape.rule, [&](auto rule) {
        parallelFor(shape.batch, sequenceGrain, [&](int64_t begin, int64_t end) {
            runForward<decltype(rule)>(shape, parts, trace, hidden, cell, output, outputStride,
                                       begin, end);
        });
    });
}

template <typename T>
void recurrentBackward(const RecurrentShape &shape, const T *input, RecurrentWeights<T> weights,
                       RecurrentTrace<T> trace, const T *outputGradient, int64_t outputStride,
                       T *scratch, T *hidden, T *cell, RecurrentGradients<T> gradients)
{
    const BackwardParts<T> parts(shape, scratch);
    const int64_t width = shape.gates();
    pack(Layout::Plain, width, shape.state, weights.hiddenWeight, shape.state, parts.hiddenWeight);
    if (shape.projected)
        pack(Layout::Plain, shape.state, shape.hidden, weights.projection, shape.hidden,
             parts.projection);
    withCell(shape.rule, [&](auto rule) {
        parallelFor(shape.batch, sequenceGrain, [&](int64_t begin, int64_t end) {
            runBackward<decltype(rule)>(shape, parts, trace, outputGradient, outputStride, hidden,
                                        cell, begin, end);
        });
    });
    const auto product
            = [](int64_t m, int64_t n, int64_t k, const T *left, const T *right, T *out) {
                  if (out)
                      gemm(Layout::Transposed, Layout::Plain, m, n, k, left, right, out);
              };
    if (gradients.input) {
        gemm(Layout::Plain, Layout::Plain, shape.rows, shape.input, width, parts.inputGates,
             weights.inputWeight, gradients.input, gradients.accumulateInput);
    }
    product(width, shape.input, shape.rows, parts.inputGates, input, gradients.inputWeight);
    product(width, shape.state, shape.rows, parts.stateGates, trace.previous,
            gradients.hiddenWeight);
    product(shape.state, shape.hidden, shape.rows, parts.projected, trace.unprojected,
            gradients.projection);
    if (gradients.inputBias)
        sumRows(shape.rows, width, parts.inputGates, gradients.inputBias);
    if (gradients.hiddenBias)
        sumRows(shape.rows, width, parts.stateGates, gradients.hiddenBias);
}

template int64_t forwardScratch<float>(const RecurrentShape &);
template int64_t forwardScratch<double>(const RecurrentShape &);
template int64_t backwardScratch<float>(const RecurrentShape &);
template int64_t backwardScratch<double>(const RecurrentShape &);
template void recurrentForward(const RecurrentShape &, const float *, RecurrentWeights<float>,
                               RecurrentTrace<float>, float *, float *, float *, float *, int64_t);
template void recurrentForward(const RecurrentShape &, const double *, RecurrentWeights<double>,
                               RecurrentTrace<double>, double *, double *, double *, double *,
                               int64_t);
template void recurrentBackward(const RecurrentShape &, const float *, RecurrentWeights<float>,
                                RecurrentTrace<float>, const float *, int64_t, float *, float *,
                                float *, RecurrentGradients<float>);
template void recurrentBackward(const RecurrentShape &, const double *, RecurrentWeights<double>,
                                RecurrentTrace<double>, const double *, int64_t, double *, double *,
                                double *, RecurrentGradients<double>);

} // namespace mrg::kernels
