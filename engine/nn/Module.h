// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Random.h"
#include "engine/tensor/Tensor.h"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace mrg {

struct MarginStatistics;

/// Tensors by name, in order of registration, as PyTorch's OrderedDict.
using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

/// What loadStateDict() found amiss in the names.
struct StateDictReport {
    std::vector<std::string> missing;
    std::vector<std::string> unexpected;
};

/// While one lives, modules made in this thread have parameters of the right shapes but without
/// memory or values: for counting and listing them, however large.
class ShapesOnly {
public:
    ShapesOnly();
    ~ShapesOnly();
    ShapesOnly(const ShapesOnly &) = delete;
    ShapesOnly &operator=(const ShapesOnly &) = delete;

private:
    bool m_previous;
};

/// The base of everything in torch.nn: parameters, buffers, children and a forward.
///
/// A module holds its tensors as public members named as in PyTorch and registers them in its
/// constructor; the names make the state_dict:
///
///     Linear::Linear(Options options_) : options(options_)
///     {
///         registerParameter("weight", weight, {options.out_features, options.in_features});
///         if (options.bias)
///             registerParameter("bias", bias, {options.out_features});
///         initialize(RandomStream());
///     }
///
/// **Threads**: a module belongs to one thread at a time.
class Module {
public:
    Module() = default;
    virtual ~Module() = default;
    Module(const Module &) = delete;
    Module &operator=(const Module &) = delete;

    /// Outputs for inputs, recorded on the tape. Throws Error (shape, dtype, value, index).
    virtual std::vector<Tensor> forward(std::span<const Tensor> inputs) = 0;
    /// For modules of one output.
    Tensor operator()(const Tensor &input);
    Tensor operator()(const Tensor &first, const Tensor &second);

    /// Draws the initial parameters as PyTorch's reset_parameters() does, children included, and
    /// keys the module's own random choices (dropout). Equal streams give equal parameters.
    void initialize(const RandomStream &random);

    /// Training or evaluation mode, for this module and its children. True at construction.
    void train(bool on = true);
    void eval() { train(false); }
    bool training() const { return m_training; }

    /// Own and children's, named "0.weight" and so on.
    NamedTensors namedParameters() const;
    NamedTensors namedBuffers() const;
    std::vector<Tensor> parameters() const;
    std::vector<std::pair<std::string, std::shared_ptr<Module>>> namedChildren() const;
    int64_t parameterCount() const;

    /// Parameters and persistent buffers; the tensors share memory with the module.
    NamedTensors stateDict() const;
    /// Copies values in. Strict: throws Error (state) naming missing and unexpected keys; shapes
    /// that differ throw Error (shape) naming key and both shapes. Nothing changes on error.
    StateDictReport loadStateDict(const NamedTensors &state, bool strict = true);

    /// Converts floating parameters and buffers.
    void to(DType dtype);
    /// Drops the gradients of all parameters.
    void zeroGrad();

    /// Where a margin loss adds what it saw in each forward; null (the default): it need not look.
    /// Ignored by modules that have no margins. The statistics must outlive the module or be unset.
    void watchMargins(MarginStatistics *statistics) { m_margins = statistics; }

    /// Continues the module's random choices at a step of a run, so that a replay makes the same.
    void seekRandom(uint64_t step);

protected:
    /// Draws this module's own parameters; the default does nothing.
    virtual void resetParameters(RandomStream &) {}

    /// Makes `member` an uninitialised float32 parameter of that shape and registers it.
    void registerParameter(const char *name, Tensor &member, const Shape &shape);
    /// Registers a buffer with its initial value; a non-persistent one is not in the state_dict.
    void registerBuffer(const char *name, Tensor &member, Tensor initial, bool persistent = true);
    void registerModule(const std::string &name, std::shared_ptr<Module> child);

    /// The stream of this module's own random choices.
    RandomStream &random() { return m_random; }
    MarginStatistics *margins() const { return m_margins; }

private:
    struct Entry {
        std::string name;
        Tensor *tensor;
        bool persistent;
    };
    void collect(const std::string &prefix, bool parameters, bool persistentOnly,
                 NamedTensors &out) const;
    void visit(const std::function<void(Module &)> &action);

    std::vector<Entry> m_parameters;
    std::vector<Entry> m_buffers;
    std::vector<std::pair<std::string, std::shared_ptr<Module>>> m_children;
    RandomStream m_random;
    MarginStatistics *m_margins = nullptr;
    bool m_training = true;
};

} // namespace mrg
