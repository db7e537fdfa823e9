// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Random.h"
#include "engine/nn/Parameter.h"
#include "engine/nn/hooks.h"
#include "engine/spec/Value.h"
#include "engine/tensor/Tensor.h"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace mrg {

class Module;
struct MarginStatistics;

/// Tensors by name, in order of registration, as PyTorch's OrderedDict.
using NamedTensors = std::vector<std::pair<std::string, Tensor>>;
using NamedModules = std::vector<std::pair<std::string, std::shared_ptr<Module>>>;

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
    static bool active();

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
/// A lazy module registers what it can't size yet by registerUninitializedParameter() and sizes it
/// in initializeParameters(), which the first call() makes with the shapes of its inputs.
///
/// **Threads**: a module belongs to one thread at a time.
class Module : public std::enable_shared_from_this<Module> {
public:
    Module() = default;
    virtual ~Module() = default;
    Module(const Module &) = delete;
    Module &operator=(const Module &) = delete;

    /// The computation itself: outputs for one input a port (undefined, or missing at the end,
    /// where an optional one is left out), recorded on the tape; an undefined output is None.
    /// Throws Error (shape, dtype, value, index).
    virtual std::vector<Tensor> forward(std::span<const Tensor> inputs) = 0;
    /// The same with the arguments that are no tensors (ModuleSpec::forwardArgs); by default there
    /// are none. **Errors** (value): `unknown_argument`.
    virtual std::vector<Tensor> forward(std::span<const Tensor> inputs, const Arguments &keywords);

    /// Runs the module, as calling it in PyTorch does: hooks, forward, hooks; a lazy one takes its
    /// sizes from the inputs first.
    std::vector<Tensor> call(std::span<const Tensor> inputs, const Arguments &keywords = {});
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

    /// "Linear": the name it is declared under, or its class's.
    std::string typeName() const;
    void setTypeName(std::string name) { m_typeName = std::move(name); }

    /// Own and children's, named "0.weight" and so on; those that are shared once.
    /// **Errors**: state `uninitialized_parameter` while a lazy module has no sizes.
    NamedTensors namedParameters(bool recurse = true) const;
    NamedTensors namedBuffers(bool recurse = true) const;
    std::vector<Tensor> parameters(bool recurse = true) const;
    std::vector<Tensor> buffers(bool recurse = true) const;
    int64_t parameterCount() const;
    NamedModules namedChildren() const;
    std::vector<std::shared_ptr<Module>> children() const;
    /// Itself under the empty name, then its children and theirs, each once, depth first.
    NamedModules namedModules();
    std::vector<std::shared_ptr<Module>> modules();
    /// By dotted path. **Errors** (value): `no_such_parameter`, `no_such_buffer`, `no_such_module`.
    Tensor getParameter(const std::string &path) const;
    Tensor getBuffer(const std::string &path) const;
    std::shared_ptr<Module> getSubmodule(const std::string &path);
    /// Calls the function on every module below, children first, and on itself.
    void apply(const std::function<void(Module &)> &function);

    /// Adds a tensor or child, or replaces that of the same name and kind.
    /// **Errors** (value): `bad_name` (empty or with a dot), `name_taken` by another kind.
    void registerParameter(const std::string &name, const Parameter &parameter);
    void registerParameter(const std::string &name, const UninitializedParameter &parameter);
    void registerBuffer(const std::string &name, const Buffer &buffer);
    void registerBuffer(const std::string &name, const UninitializedBuffer &buffer);
    void registerModule(const std::string &name, std::shared_ptr<Module> child);
    void addModule(const std::string &name, std::shared_ptr<Module> child)
    {
        registerModule(name, std::move(child));
    }

    RemovableHandle registerForwardPreHook(ForwardPreHook hook, bool prepend = false);
    RemovableHandle registerForwardHook(ForwardHook hook, bool prepend = false);
    RemovableHandle registerFullBackwardPreHook(BackwardPreHook hook, bool prepend = false);
    RemovableHandle registerFullBackwardHook(BackwardHook hook, bool prepend = false);
    /// The old form, which sees the gradients of the operation that made the output only.
    /// **Errors** (state): `two_kinds_of_backward_hook` beside full ones.
    RemovableHandle registerBackwardHook(BackwardHook hook);

    /// Parameters and persistent buffers; the tensors share memory with the module.
    NamedTensors stateDict() const;
    /// Copies values in. Strict: throws Error (state) naming missing and unexpected keys; shapes
    /// that differ throw Error (shape) naming key and both shapes. Nothing changes on error. What
    /// has no size yet takes that of the state.
    StateDictReport loadStateDict(const NamedTensors &state, bool strict = true);

    /// Converts floating parameters and buffers.
    void to(DType dtype);
    /// Moves to a device; there is "cpu". **Errors** (value): `unknown_device`.
    void to(const std::string &device);
    /// Whether its parameters ask for gradients.
    void requiresGrad(bool on = true);
    /// Drops the gradients of all parameters.
    void zeroGrad();

    /// Whether it, children included, has tensors without a size yet.
    bool hasUninitialized() const;
    /// Whether the parameter or buffer of that dotted name lacks its size.
    bool isUninitializedParameter(const std::string &name) const;
    bool isUninitializedBuffer(const std::string &name) const;
    /// Sizes what has no size yet for inputs of these shapes, and draws it.
    void materializeUninitialized(const std::vector<Shape> &inputs);

    /// Where a margin loss adds what it saw in each forward; null (the default): it need not look.
    /// Ignored by modules that have no margins. The statistics must outlive the module or be unset.
    void watchMargins(MarginStatistics *statistics) { m_margins = statistics; }

    /// Continues the module's random choices at a step of a run, so that a replay makes the same.
    void seekRandom(uint64_t step);

protected:
    /// Draws this module's own parameters; the default does nothing.
    virtual void resetParameters(RandomStream &) { }
    /// Changes what its children have drawn, after they did (Transformer draws all matrices its own
    /// way); the default leaves them alone.
    virtual void resetDescendants(RandomStream &) { }
    /// For lazy modules: completes the options from the inputs' shapes and sizes each tensor by
    /// materialize(). Called once, before the first forward.
    virtual void initializeParameters(const std::vector<Shape> &) { }

    /// Makes `member` an uninitialised float32 parameter of that shape and registers it.
    void registerParameter(const char *name, Tensor &member, const Shape &shape);
    /// Registers a buffer with its initial value; a non-persistent one is not in the state_dict.
    void registerBuffer(const char *name, Tensor &member, Tensor initial, bool persistent = true);
    /// Registers a tensor without a size; `member` stays undefined until materialize().
    void registerUninitializedParameter(const char *name, Tensor &member);
    void registerUninitializedBuffer(const char *name, Tensor &member);
    /// Gives it its size: a parameter any values, a buffer `value`. One that a state_dict has sized
    /// already stays; throws Error (shape) if its size is another.
    void materialize(const char *name, const Shape &shape, double value = 0);

    // For containers, whose entries come and go.
    const NamedModules &ownChildren() const { return m_children; }
    void setOwnChildren(NamedModules children);
    NamedTensors ownParameters() const;
    void setOwnParameters(const NamedTensors &parameters);

    /// The stream of this module's own random choices.
    RandomStream &random() { return m_random; }
    /// Where it stands who is watching the margins (null: nobody), for kernels to look when they
    /// run.
    MarginStatistics *const *marginsSlot() const { return &m_margins; }

private:
    struct Entry {
        std::string name;
        std::shared_ptr<Tensor> tensor; ///< a member of the module, or its own
        bool parameter = true;
        bool persistent = true;
        bool uninitialized = false;
        DType dtype = DType::Float32; ///< of one that is uninitialised: what it will get
    };
    using Visitor = std::function<void(const std::string &name, const Entry &entry)>;
    /// Own entries, then the children's, with their dotted names.
    void forEachEntry(const std::string &prefix, std::vector<Entry> Module::*entries,
                      const Visitor &action) const;
    /// Those of the state_dict of `self` in its order.
    template <typename Self, typename Action>
    static void forEachStateEntry(Self &self, const std::string &prefix, const Action &action);
    NamedTensors collected(std::vector<Entry> Module::*entries, bool recurse) const;
    Tensor found(std::vector<Entry> Module::*entries, const std::string &path,
                 const char *kind) const;
    Module *walk(const std::string &path);
    void checkName(const std::string &name, const void *kind) const;
    Entry &entryFor(std::vector<Entry> &entries, const std::string &name);
    std::vector<Tensor> callHooked(std::span<const Tensor> inputs, const Arguments &keywords);
    ModuleHooks &hooks();
    void visit(const std::function<void(Module &)> &action);
    void collectModules(const std::string &prefix, NamedModules &out);
    static void giveSize(Entry &entry, const Shape &shape, double value = 0);

    std::string m_typeName;
    std::vector<Entry> m_parameters;
    std::vector<Entry> m_buffers;
    NamedModules m_children;
    std::unique_ptr<ModuleHooks> m_hooks; ///< null: none
    RandomStream m_random;
    RandomStream m_initial; ///< what a lazy module's parameters will be drawn from
    MarginStatistics *m_margins = nullptr;
    bool m_training = true;
    bool m_awaitsInputs = false;
};

/// Input number `i` of a forward; undefined where it is left out.
inline Tensor inputAt(std::span<const Tensor> inputs, size_t i)
{
    return i < inputs.size() ? inputs[i] : Tensor();
}

} // namespace mrg
