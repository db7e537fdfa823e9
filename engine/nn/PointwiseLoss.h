// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Launch.h"
#include "engine/nn/Dual.h"
#include "engine/nn/Loss.h"
#include "engine/nn/spatial.h"
#include "engine/ops/views.h"

#include <array>
#include <memory>

namespace mrg {

/// The kernels of a pointwise loss. A Rule says what happens at one element:
///
///     struct Rule {
///         struct Options { Reduction reduction = Reduction::Mean; ... };
///         static constexpr const char *name = "MSELoss", *function = "mse_loss";
///         static constexpr size_t inputs = 2;         // tensors that forward is given
///         static constexpr size_t differentiable = 2; // the first so many get gradients
///         static constexpr size_t operands = 2;       // inputs and the weights among the buffers
///         template <typename V> using Operands = std::array<V, operands>; // 1 where a weight is
///         missing template <typename V> static V value(const Options &, const Operands<V> &);
///         template <typename V> static std::array<V, differentiable> slopes(const Options &, const
///         Operands<V> &);
///     };
///
/// Value and slopes are generic over numbers, so that the slopes of slopes follow (Dual).
template <typename Rule, typename T> struct PointwiseKernel {
    static constexpr size_t operands = Rule::operands;
    static constexpr size_t differentiable = Rule::differentiable;
    using Options = typename Rule::Options;
    using Pointers = std::array<const T *, operands>;
    using Targets = std::array<T *, differentiable>;

    template <typename V> static std::array<V, operands> at(const Pointers &x, int64_t i)
    {
        std::array<V, operands> out;
        for (size_t k = 0; k < operands; ++k) {
            if (k < Rule::inputs)
                out[k] = V(x[k][i]);
            else
                out[k] = x[k] ? V(x[k][i]) : V(T(1));
        }
        return out;
    }

    /// Values (null: not wanted) and slopes times `factor` of some elements; gives the values' sum.
    static double forward(const Options &o, const Pointers &x, T *values, const Targets &slopes,
                          T factor, int64_t begin, int64_t end)
    {
        constexpr int64_t width = 64;
        constexpr int64_t parts = 8; // sums side by side, so that they need not wait for each other
        T found[width] = {};
        double sums[parts] = {};
        for (int64_t start = begin; start < end; start += width) {
            const int64_t count = std::min(width, end - start);
            for (int64_t j = 0; j < count; ++j)
                found[j] = Rule::template value<T>(o, at<T>(x, start + j));
            std::fill(found + count, found + width, T(0));
            if (values)
                std::copy_n(found, count, values + start);
            for (int64_t j = 0; j < width; j += parts) {
                for (int64_t part = 0; part < parts; ++part)
                    sums[part] += static_cast<double>(found[j + part]);
            }
            for (size_t k = 0; k < differentiable; ++k) {
                if (!slopes[k])
                    continue;
                for (int64_t j = 0; j < count; ++j)
                    slopes[k][start + j]
                            = Rule::template slopes<T>(o, at<T>(x, start + j))[k] * factor;
            }
        }
        return sumOf(sums, parts);
    }

    /// The slopes times `factor` and the upstream gradient; `step` 0: one of it for all.
    static void slopes(const Options &o, const Pointers &x, const T *upstream, int64_t step,
                       const Targets &out, T factor, int64_t begin, int64_t end)
    {
        for (int64_t i = begin; i < end; ++i) {
            const auto slope = Rule::template slopes<T>(o, at<T>(x, i));
            for (size_t k = 0; k < differentiable; ++k) {
                if (out[k])
                    out[k][i] = slope[k] * factor * upstream[i * step];
            }
        }
    }

    /// Backward of slopes(): `h` are the gradients that arrive at them (null: none). Writes the
    /// gradients of the operands, and of the upstream gradient where there is one per element;
    /// gives the sum of the latter.
    static double secondSlopes(const Options &o, const Pointers &x, const T *upstream, int64_t step,
                               const Pointers &h, const Targets &out, T *perElement, T factor,
                               int64_t begin, int64_t end)
    {
        double total = 0;
        for (int64_t i = begin; i < end; ++i) {
            const T scale = factor * upstream[i * step];
            T along = 0;
            for (size_t j = 0; j < differentiable; ++j) {
                std::array<Dual<T>, operands> point = at<Dual<T>>(x, i);
                point[j].slope = 1;
                const auto slope = Rule::template slopes<Dual<T>>(o, point);
                T bent = 0;
                for (size_t k = 0; k < differentiable; ++k) {
                    if (!h[k])
                        continue;
                    bent += h[k][i] * slope[k].slope;
                    if (j == 0)
                        along += h[k][i] * slope[k].value;
                }
                if (out[j])
                    out[j][i] = bent * scale;
            }
            along *= factor;
            if (perElement)
                perElement[i] = along;
            total += static_cast<double>(along);
        }
        return total;
    }
};

/// Runs sumPiece(begin, end) over fixed pieces in parallel and adds up what they give, in order.
template <typename Piece> double sumPieces(int64_t count, Piece piece)
{
    if (count <= elementGrain)
        return count > 0 ? piece(int64_t(0), count) : 0.0;
    std::vector<double> sums(static_cast<size_t>((count + elementGrain - 1) / elementGrain));
    parallelFor(count, elementGrain, [&](int64_t begin, int64_t end) {
        sums[static_cast<size_t>(begin / elementGrain)] = piece(begin, end);
    });
    return sumOf(sums.data(), static_cast<int64_t>(sums.size()));
}

/// A pointwise loss over tensors of one shape: value and gradients in one pass, gradients of
/// gradients on demand.
template <typename Rule> class PointwiseComputation {
public:
    using Options = typename Rule::Options;
    static constexpr size_t operands = Rule::operands;
    static constexpr size_t differentiable = Rule::differentiable;

    /// `operands` of one shape and type (undefined: a weight that is missing); the first
    /// `differentiable` ones may ask for gradients. `reduced`: one number, sum / divisor.
    PointwiseComputation(std::shared_ptr<const Options> options, std::array<Tensor, operands> x,
                         bool reduced, double divisor)
        : m_options(std::move(options)),
          m_x(std::move(x)),
          m_reduced(reduced),
          m_divisor(divisor)
    {
    }

    Tensor operator()() const
    {
        const std::vector<Tensor> inputs(m_x.begin(), m_x.begin() + differentiable);
        const bool recorded = shouldRecord(inputs);
        Gradients gradients = recorded ? emptyGradients() : Gradients(differentiable);
        const Tensor out = Tensor::empty(m_reduced ? Shape{} : m_x[0].shape(), m_x[0].dtype());
        run(out, gradients);
        if (recorded) {
            ClassLayout layout;
            layout.outer = m_reduced ? 1 : m_x[0].numel();
            // Operands as they were, or an error that they were changed.
            const auto restored = [self = *this, saved = savedOperands()] {
                PointwiseComputation out_ = self;
                for (size_t k = 0; k < operands; ++k)
                    out_.m_x[k] = saved[k].defined() ? saved[k].unpack() : Tensor();
                return out_;
            };
            const auto known = std::make_shared<LossGradients>(
                    std::move(gradients), layout, [restored] { return restored().gradients(); });
            record(Rule::function, inputs, {out}, [known, restored](const Gradients &g) {
                return gradEnabled() ? restored().slopes(g[0]) : known->times(g[0]);
            });
        }
        return out;
    }

private:
    template <typename T> using Kernel = PointwiseKernel<Rule, T>;

    std::array<SavedTensor, operands> savedOperands() const
    {
        std::array<SavedTensor, operands> out;
        for (size_t k = 0; k < operands; ++k)
            out[k] = m_x[k].defined() ? SavedTensor(m_x[k]) : SavedTensor();
        return out;
    }

    /// Memory for the gradients that are wanted.
    Gradients emptyGradients() const
    {
        Gradients out(differentiable);
        for (size_t k = 0; k < differentiable; ++k) {
            if (m_x[k].requiresGrad())
                out[k] = Tensor::empty(m_x[k].shape(), m_x[k].dtype());
        }
        return out;
    }

    /// The gradients for an upstream gradient of 1.
    Gradients gradients() const
    {
        Gradients out = emptyGradients();
        run(Tensor::empty(m_reduced ? Shape{} : m_x[0].shape(), m_x[0].dtype()), out);
        return out;
    }

    template <typename T>
    typename Kernel<T>::Pointers pointers(const std::array<Tensor, operands> &compact) const
    {
        typename Kernel<T>::Pointers out{};
        for (size_t k = 0; k < operands; ++k)
            out[k] = compact[k].defined() ? compact[k].template data<T>() : nullptr;
        return out;
    }
    template <typename T> static typename Kernel<T>::Targets targets(const Gradients &gradients)
    {
        typename Kernel<T>::Targets out{};
        for (size_t k = 0; k < differentiable; ++k)
            out[k] = gradients[k].defined() ? gradients[k].template data<T>() : nullptr;
        return out;
    }
    std::array<Tensor, operands> compact() const
    {
        std::array<Tensor, operands> out;
        for (size_t k = 0; k < operands; ++k)
            out[k] = m_x[k].defined() ? m_x[k].compact() : Tensor();
        return out;
    }

    void run(const Tensor &out, const Gradients &gradients) const
    {
        const std::array<Tensor, operands> source = compact();
        dispatchFloating(out.dtype(), Rule::name, [&](auto tag) {
            using T = typename decltype(tag)::type;
            const auto body
                    = [o = m_options.get(), x = pointers<T>(source), to = targets<T>(gradients),
                       values = m_reduced ? nullptr : out.template data<T>(),
                       factor = static_cast<T>(1 / m_divisor)](int64_t begin, int64_t end) {
                          return Kernel<T>::forward(*o, x, values, to, factor, begin, end);
                      };
            const int64_t n = m_x[0].numel();
            if (m_reduced) {
                launch([body, n, divisor = m_divisor, to = out.template data<T>()] {
                    *to = static_cast<T>(sumPieces(n, body)
                                         / divisor); // 0 / 0: the mean of nothing
                });
            } else {
                launchPointwise(n, [body](int64_t begin, int64_t end) { body(begin, end); });
            }
        });
    }

    /// The gradients of the operands, themselves recorded.
    Gradients slopes(const Tensor &upstream) const
    {
        const std::array<Tensor, operands> source = compact();
        const Tensor g = upstream.compact();
        const int64_t n = m_x[0].numel();
        std::vector<Tensor> inputs{upstream};
        inputs.insert(inputs.end(), m_x.begin(), m_x.begin() + differentiable);
        const Gradients out = emptyGradients();
        dispatchFloating(g.dtype(), Rule::name, [&](auto tag) {
            using T = typename decltype(tag)::type;
            launch([o = m_options.get(), x = pointers<T>(source), to = targets<T>(out),
                    up = g.data<T>(), step = m_reduced ? 0 : 1,
                    factor = static_cast<T>(1 / m_divisor), n] {
                parallelFor(n, elementGrain, [&](int64_t begin, int64_t end) {
                    Kernel<T>::slopes(*o, x, up, step, to, factor, begin, end);
                });
            });
        });
        recordSlopes(inputs, out);
        return out;
    }

    /// One node per gradient: which of them a second backward reaches is not known.
    void recordSlopes(const std::vector<Tensor> &inputs, const Gradients &out) const
    {
        if (!shouldRecord(inputs))
            return;
        for (size_t k = 0; k < differentiable; ++k) {
            if (!out[k].defined())
                continue;
            record(Rule::function, inputs, {out[k]},
                   [self = *this, upstream = inputs[0], k](const Gradients &h) {
                       return self.secondSlopes(upstream, h[0], k);
                   });
        }
    }

    Gradients secondSlopes(const Tensor &upstream, const Tensor &arrived, size_t which) const
    {
        const std::array<Tensor, operands> source = compact();
        const Tensor g = upstream.compact();
        const Tensor h = arrived.compact();
        const int64_t n = m_x[0].numel();
        Gradients out = emptyGradients();
        const Tensor forUpstream = Tensor::empty(upstream.shape(), upstream.dtype());
        dispatchFloating(g.dtype(), Rule::name, [&](auto tag) {
            using T = typename decltype(tag)::type;
            typename Kernel<T>::Pointers arriving{};
            arriving[which] = h.data<T>();
            launch([o = m_options.get(), x = pointers<T>(source), to = targets<T>(out),
                    up = g.data<T>(), reduced = m_reduced, factor = static_cast<T>(1 / m_divisor),
                    n, arriving, upTo = forUpstream.data<T>()] {
                const double sum = sumPieces(n, [&](int64_t begin, int64_t end) {
                    return Kernel<T>::secondSlopes(*o, x, up, reduced ? 0 : 1, arriving, to,
                                                   reduced ? nullptr : upTo, factor, begin, end);
                });
                if (reduced)
                    *upTo = static_cast<T>(sum);
            });
        });
        out.insert(out.begin(), forUpstream);
        std::vector<Tensor> sources{upstream, arrived};
        sources.insert(sources.end(), m_x.begin(), m_x.begin() + differentiable);
        refuseDerivatives(Rule::name, sources, out);
        return out;
    }

    std::shared_ptr<const Options> m_options;
    std::array<Tensor, operands> m_x;
    bool m_reduced;
    double m_divisor;
};

/// What a Rule may say beside its elements: shapes and buffers. The defaults are a target of the
/// input's shape and no buffers.
template <typename O> struct PointwiseRule {
    using Options = O;
    /// The common shape of the inputs, or what is wrong with them or with the weights.
    static Result<Shape> shape(const O &, const Shapes &in)
    {
        if (Result<void> same = checkSameShape(in.at(0), in.at(1)); !same)
            return same.error();
        return in[0];
    }
    /// The type in which it is computed; throws Error (dtype) for types that have no such loss.
    static DType type(const char *name, const O &, std::span<const Tensor> inputs)
    {
        return meetingType(name, inputs);
    }
    /// The inputs as they are broadcast.
    static std::vector<Tensor> aligned(std::span<const Tensor> inputs)
    {
        return {inputs.begin(), inputs.end()};
    }
    /// Weights by name and option, in the order of the operands after the inputs.
    static std::vector<std::pair<const char *, Tensor O::*>> buffers() { return {}; }
    /// What the mean is divided by, for inputs that broadcast to `shape` and the first of them.
    static double divisor(const O &, const Shape &shape, const Shape &)
    {
        return static_cast<double>(numel(shape));
    }
    static bool reduced(const O &o) { return o.reduction != Reduction::None; }
    static bool mean(const O &o) { return o.reduction == Reduction::Mean; }
};

/// Inputs that broadcast as PyTorch's do.
template <typename O> struct BroadcastRule : PointwiseRule<O> {
    static Result<Shape> shape(const O &, const Shapes &in)
    {
        Shape common = in.at(0);
        for (size_t i = 1; i < in.size(); ++i) {
            const Result<Shape> both = broadcastShapes(common, in[i]);
            if (!both) {
                return Error(ErrorCategory::Shape, "size_mismatch", "", "target " + toString(in[i]),
                             "the input's shape " + toString(in[0]));
            }
            common = *both;
        }
        return common;
    }
};

/// The module of a pointwise loss.
template <typename Rule> class PointwiseLoss : public Module {
public:
    using Options = typename Rule::Options;
    explicit PointwiseLoss(Options options)
        : m_options(std::make_shared<const Options>(std::move(options))),
          m_weights(Rule::buffers().size())
    {
        size_t number = 0;
        for (const auto &[name, option] : Rule::buffers())
            registerBuffer(name, m_weights[number++], lossBuffer((*m_options).*option));
    }

    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        const Result<Shape> shape = Rule::shape(o, in);
        if (!shape)
            return shape.error();
        return Shapes{Rule::reduced(o) ? Shape{} : *shape};
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const DType dtype = Rule::type(Rule::name, *m_options, inputs);
        Shapes shapes;
        for (const Tensor &input : inputs)
            shapes.push_back(input.shape());
        inferred(Rule::name, infer(*m_options, shapes));
        const Shape shape = Rule::shape(*m_options, shapes).value();
        std::array<Tensor, Rule::operands> x;
        size_t number = 0;
        for (const Tensor &input : Rule::aligned(inputs))
            x[number++] = spread(input, shape, dtype);
        for (const Tensor &weight : m_weights)
            x[number++] = weight.defined() ? spread(weight, shape, dtype) : Tensor();
        const double divisor
                = Rule::mean(*m_options) ? Rule::divisor(*m_options, shape, shapes[0]) : 1;
        return {PointwiseComputation<Rule>(m_options, x, Rule::reduced(*m_options), divisor)()};
    }

private:
    static Tensor spread(const Tensor &x, const Shape &shape, DType dtype)
    {
        const Tensor cast = x.isFloatingPoint() ? castFloating(x, dtype) : x.toType(dtype);
        return cast.shape() == shape ? cast : expand(cast, shape);
    }

    std::shared_ptr<const Options> m_options;
    std::vector<Tensor> m_weights;
};

/// Completes the declaration of a pointwise loss with what its Rule knows.
template <typename Rule>
ModuleSpec declarePointwise(Declaration<typename Rule::Options> declaration)
{
    using M = PointwiseLoss<Rule>;
    declaration.name = Rule::name;
    declaration.group = Group::Loss;
    declaration.outputs = {{.name = "loss", .pattern = "*"}};
    declaration.infer = M::infer;
    return declare<M>(std::move(declaration));
}

} // namespace mrg
