// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/check.h"
#include "engine/nn/Module.h"

namespace mrg {

/// A network made of modules, ready to run. A ModuleProfiler sees every node as a module whose path
/// is its number, "3", with its own modules below, "3.Linear".
class BuiltNetwork {
public:
    /// The scores (what goes into the loss) for a batch of inputs; shape as check() said.
    Tensor scores(const Tensor &input);
    /// The loss for scores and targets; what else it takes (variances, second inputs) comes from
    /// the last call of scores().
    Tensor loss(const Tensor &scores, const Tensor &target);

    void train(bool on);
    void zeroGrad();
    void to(DType dtype);
    /// Parameters in node order, named "<node id>.weight"; those of a loss that learns come last.
    NamedTensors namedParameters() const;
    std::vector<Tensor> parameters() const;
    NamedTensors stateDict() const;
    void loadStateDict(const NamedTensors &state);
    /// The module of a node; null for data sources and functions.
    Module *module(NodeId node) const;
    Module &lossModule() const;
    /// The form in which the loss wants its targets.
    TargetForm targetForm() const { return m_targetForm; }
    /// Replaces the loss by one with other options, in mid-run. Throws Error (value).
    void setLoss(std::shared_ptr<Module> loss);
    /// Lets the modules' random streams, and of this thread that of the random functions, stand
    /// where they belong at the beginning of a step.
    void seekRandom(uint64_t step);

private:
    friend Result<BuiltNetwork> build(const Network &, const CheckedNetwork &, const Vocabulary &,
                                      uint64_t);
    struct Step {
        /// Slot of an input that is left out.
        static constexpr size_t none = static_cast<size_t>(-1);
        NodeId node = 0;
        std::shared_ptr<Module> module; ///< null: a function
        const FunctionSpec *function = nullptr;
        Arguments args;
        std::vector<size_t> inputs; ///< slots
        std::vector<size_t> outputs;
    };
    /// Calls action(node, module) for every module and for a loss that has parameters.
    template <typename Action> void forEachLearning(Action action) const;
    std::vector<Step> m_steps;
    /// Stands among the loss's inputs for the target.
    static constexpr size_t targetSlot = Step::none - 1;
    std::shared_ptr<Module> m_loss;
    size_t m_lossOutput = 0; ///< which of its outputs the loss is
    std::vector<size_t> m_lossInputs; ///< slots, targetSlot or none
    std::vector<Tensor> m_lossValues; ///< of those that are neither scores nor target
    NodeId m_lossNode = 0;
    TargetForm m_targetForm = TargetForm::None;
    bool m_oneSign = false; ///< the loss takes the last column of the signs
    uint64_t m_seed = 0;
    bool m_callsFunctions = false; ///< which may draw random numbers
    size_t m_slots = 0;
    size_t m_scoreSlot = 0;
    std::vector<Tensor> m_values;
};

/// Builds what check() found sound. Initial parameters come from streams keyed by seed and node
/// id, so that adding a node leaves the others' parameters as they were.
Result<BuiltNetwork> build(const Network &network, const CheckedNetwork &checked,
                           const Vocabulary &vocabulary, uint64_t seed);

} // namespace mrg
