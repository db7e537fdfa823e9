// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/autograd/Node.h"
#include "engine/core/Launch.h"
#include "engine/optim/Optimizer.h"

#include <array>
#include <span>

namespace mrg {

/// What an elementwise optimizer remembers of one parameter.
struct ParameterState {
    Tensor steps; ///< number of updates, int64
    std::vector<Tensor> slots; ///< like the parameter; undefined until needed
    std::vector<Tensor> numbers; ///< single numbers, float64
};

/// The names and the state of an elementwise optimizer, whatever its rule; see below.
class StatefulOptimizer : public Optimizer {
public:
    using Optimizer::step;
    void step() final;
    NamedTensors stateDict() const final;
    Result<void> loadStateDict(const NamedTensors &state) final;

protected:
    using Names = std::span<const char *const>;
    StatefulOptimizer(std::vector<Arg> args, std::vector<ParameterGroup> groups, Names slots,
                      Names numbers);

    /// Launches the update of one parameter.
    virtual void launchUpdate(size_t group, const Tensor &parameter, const Tensor &gradient,
                              ParameterState &state)
            = 0;
    /// The memory of a slot, made and set to `initial` if it is not there yet. Called while a
    /// kernel runs: an option that is switched on later finds its memory then, captured step or
    /// not.
    static void *slotMemory(Tensor &slot, int64_t count, DType dtype, double initial);

private:
    Tensor *entry(ParameterState &state, const std::string &name) const;

    Names m_slotNames;
    Names m_numberNames;
    std::vector<ParameterState>
            m_states; ///< by number of the parameter over all groups; never moves
};

/// Pointers to an element type's slots of one parameter.
template <typename T> using SlotPointers = std::array<T *, 4>;

/// What a rule is told about the update it makes.
struct UpdateContext {
    int64_t step; ///< counts from 1
    bool fresh; ///< slot 0 was made for this update
    double *numbers; ///< the rule's own numbers, kept between steps
};

/// An optimizer that updates every element by itself. Everything about it is its Rule:
///
///     struct Rule {
///         struct Options { double lr = 0.01; ... };
///         static constexpr std::array<const char *, 1> slots{"momentum_buffer"};
///         static constexpr std::array<const char *, 0> numbers{};
///         static bool needs(const Options &, size_t slot);     // whether a slot is used
///         static double initial(const Options &, size_t slot); // its value before the first
///         update template <typename T> struct Update {
///             Update(const Options &, UpdateContext);           // the numbers, once a parameter
///             void operator()(int64_t begin, int64_t end, T *p, const T *g, SlotPointers<T>)
///             const;
///         };
///     };
///
/// A parameter's update is one launched loop over parameter, gradient and slots. Options and step
/// counter are read when it runs.
template <typename Rule> class ElementwiseOptimizer final : public StatefulOptimizer {
public:
    using Options = typename Rule::Options;

    ElementwiseOptimizer(std::vector<Arg> args, std::vector<ParameterGroup> groups)
        : StatefulOptimizer(std::move(args), std::move(groups), Rule::slots, Rule::numbers),
          m_options(m_groups.size())
    {
        unpack();
    }

protected:
    void optionsChanged() override { unpack(); }

    void launchUpdate(size_t group, const Tensor &parameter, const Tensor &gradient,
                      ParameterState &state) override
    {
        dispatchFloating(parameter.dtype(), "optimizer", [&](auto tag) {
            using T = typename decltype(tag)::type;
            launch([options = &m_options[group], memory = &state, n = parameter.numel(),
                    p = parameter.data<T>(), g = gradient.data<T>()] {
                SlotPointers<T> slots{};
                bool fresh = false;
                for (size_t i = 0; i < Rule::slots.size(); ++i) {
                    if (!Rule::needs(*options, i))
                        continue;
                    fresh = fresh || (i == 0 && !memory->slots[i].defined());
                    slots[i] = static_cast<T *>(slotMemory(memory->slots[i], n, dtypeOf<T>,
                                                           Rule::initial(*options, i)));
                }
                std::array<double, 4> numbers{};
                for (size_t i = 0; i < Rule::numbers.size(); ++i)
                    numbers[i] = *memory->numbers[i].template data<double>();
                const int64_t step = ++*memory->steps.template data<int64_t>();
                const typename Rule::template Update<T> update(*options,
                                                               {step, fresh, numbers.data()});
                parallelFor(n, elementGrain,
                            [&](int64_t begin, int64_t end) { update(begin, end, p, g, slots); });
                for (size_t i = 0; i < Rule::numbers.size(); ++i)
                    *memory->numbers[i].template data<double>() = numbers[i];
            });
        });
    }

private:
    /// In place: launched kernels point to the options.
    void unpack()
    {
        for (size_t g = 0; g < m_groups.size(); ++g)
            m_options[g] = makeOptions<Options>(m_args, m_groups[g].options, "optimizer").value();
    }

    std::vector<Options> m_options;
};

} // namespace mrg
