// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/nn/Module.h"
#include "engine/nn/recurrent_layer.h"
#include "engine/spec/Value.h"

namespace mrg {

struct PackedSequence;
struct PackedResult;

/// torch.nn.RNNBase.mode.
enum class RecurrentMode { RnnTanh, RnnRelu, Lstm, Gru };
template <> struct EnumTexts<RecurrentMode> {
    static constexpr std::array texts{std::pair{RecurrentMode::RnnTanh, "RNN_TANH"},
                                      std::pair{RecurrentMode::RnnRelu, "RNN_RELU"},
                                      std::pair{RecurrentMode::Lstm, "LSTM"},
                                      std::pair{RecurrentMode::Gru, "GRU"}};
};

/// The nonlinearity of an Elman network.
enum class RecurrentNonlinearity { Tanh, Relu };
template <> struct EnumTexts<RecurrentNonlinearity> {
    static constexpr std::array texts{std::pair{RecurrentNonlinearity::Tanh, "tanh"},
                                      std::pair{RecurrentNonlinearity::Relu, "relu"}};
};

/// What recurrent modules and cells share: weights by torch's names, drawn within
/// 1 / sqrt(hidden_size).
class RecurrentModule : public Module {
protected:
    struct Sizes {
        CellRule rule;
        int64_t input;
        int64_t hidden;
        int64_t state; ///< hidden, or what it is projected to
        bool bias;
    };
    /// Registers weight_ih + suffix and so on.
    void registerDirection(RecurrentParameters &parameters, const std::string &suffix,
                           const Sizes &sizes);
    void resetParameters(RandomStream &random) override;

private:
    int64_t m_hidden = 1;
};

/// torch.nn.RNNBase: stacked recurrent layers in one or two directions; RNN, LSTM and GRU are it in
/// one mode each.
///
/// **Shapes**: input (L, N, input_size), (N, L, input_size) with batch_first, or (L, input_size);
/// states (directions * num_layers, N, size) or without N; output (L, N, directions * size), h_n
/// and, in mode LSTM, c_n as the states.
/// **Errors**: shape `dimension_count_mismatch`, `size_mismatch`, `empty_sequence`; dtype.
class RNNBase : public RecurrentModule {
public:
    struct Options {
        RecurrentMode mode = RecurrentMode::Lstm;
        int64_t input_size = 16;
        int64_t hidden_size = 16;
        int64_t num_layers = 1;
        RecurrentNonlinearity nonlinearity = RecurrentNonlinearity::Tanh;
        bool bias = true;
        bool batch_first = false;
        double dropout = 0;
        bool bidirectional = false;
        int64_t proj_size = 0;
    };
    explicit RNNBase(Options options);

    /// Output and last states for the input and, if given, the first states h_0 (and c_0).
    std::vector<Tensor> forward(std::span<const Tensor> inputs) override;

    /// The same for sequences of different lengths: see packed_sequence.h.
    PackedResult forward(const PackedSequence &input, const Tensor &h_0 = {},
                         const Tensor &c_0 = {});

    const Options options;

protected:
    CellRule rule() const;

private:
    void checkPacked(const Shape &data, int64_t batch, const Tensor &h_0, const Tensor &c_0) const;
    RecurrentResult run(Tensor rows, const std::vector<int64_t> &batchSizes, const Tensor &h_0,
                        const Tensor &c_0);

    std::vector<RecurrentParameters> m_parameters; ///< by layer, then direction
};

} // namespace mrg
