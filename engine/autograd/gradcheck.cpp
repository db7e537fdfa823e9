// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/gradcheck.h"

#include "engine/autograd/backward.h"
#include "engine/core/Random.h"

#include <charconv>
#include <cmath>

namespace mrg {

namespace {

std::string numberText(double value)
{
    char buffer[64];
    return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

/// "[1, 2]" for element 5 of a tensor of shape [3, 3]; empty for a 0-d tensor.
std::string indexText(int64_t element, const Shape &shape)
{
    Shape index(shape.size());
    for (size_t d = shape.size(); d-- > 0;) {
        index[d] = element % shape[d];
        element /= shape[d];
    }
    return shape.empty() ? "" : toString(index);
}

/// Where each element lies, row-major, counted from the tensor's first.
std::vector<int64_t> offsetsOf(const Tensor &tensor)
{
    std::vector<int64_t> out;
    for (int64_t element = 0; element < tensor.numel(); ++element) {
        int64_t rest = element;
        int64_t offset = 0;
        for (size_t d = tensor.shape().size(); d-- > 0;) {
            offset += rest % tensor.shape()[d] * tensor.strides()[d];
            rest /= tensor.shape()[d];
        }
        out.push_back(offset);
    }
    return out;
}

bool overlaps(const Tensor &tensor)
{
    for (size_t d = 0; d < tensor.shape().size(); ++d) {
        if (tensor.shape()[d] > 1 && tensor.strides()[d] == 0)
            return true;
    }
    return false;
}

bool same(const std::vector<double> &a, const std::vector<double> &b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](double x, double y) {
        return x == y || (std::isnan(x) && std::isnan(y));
    });
}

class Check {
public:
    Check(const TensorFunction &function, const std::vector<Tensor> &inputs,
          GradcheckOptions options)
        : m_function(function),
          m_inputs(inputs),
          m_options(options)
    {
    }

    void run()
    {
        for (size_t i = 0; i < m_inputs.size(); ++i)
            checkInput(i);
        if (m_checked.empty()) {
            throw Error(ErrorCategory::Value, "nothing_to_check", "gradcheck",
                        "no input that asks for a gradient", "at least one",
                        "call setRequiresGrad() on it");
        }
        const std::vector<std::vector<double>> first = evaluate();
        const std::vector<std::vector<double>> second = evaluate();
        if (!std::equal(first.begin(), first.end(), second.begin(), second.end(), same)) {
            throw Error(ErrorCategory::Value, "function_not_repeatable", "gradcheck",
                        "other outputs in a second call", "the same outputs from the same inputs",
                        "draw from a stream that starts anew at every call");
        }
        const std::vector<Tensor> outputs = floating(m_function(m_inputs));
        for (size_t i : m_checked) {
            const Numeric numeric = differences(i);
            for (size_t o = 0; o < outputs.size(); ++o)
                compare(o, outputs[o], i, numeric);
        }
    }

private:
    /// numeric[element of the input][output][element of the output].
    using Numeric = std::vector<std::vector<std::vector<double>>>;

    static std::string nameOf(size_t input) { return "input " + std::to_string(input); }

    void checkInput(size_t i)
    {
        const Tensor &input = m_inputs[i];
        if (!input.defined() || !input.requiresGrad())
            return;
        if (input.dtype() != DType::Float64) {
            throw Error(ErrorCategory::DType, "gradcheck_needs_float64", nameOf(i),
                        dtypeName(input.dtype()), "float64",
                        "convert it: differences of float32 are too coarse");
        }
        if (overlaps(input)) {
            throw Error(ErrorCategory::Value, "overlapping_memory", nameOf(i),
                        "elements that share memory", "elements that can be shifted one by one",
                        "copy it");
        }
        m_checked.push_back(i);
    }

    static std::vector<Tensor> floating(std::vector<Tensor> tensors)
    {
        std::erase_if(tensors, [](const Tensor &tensor) {
            return !tensor.defined() || !tensor.isFloatingPoint();
        });
        return tensors;
    }

    std::vector<std::vector<double>> evaluate() const
    {
        const GradMode off(false);
        std::vector<std::vector<double>> out;
        for (const Tensor &tensor : floating(m_function(m_inputs)))
            out.push_back(tensor.toVector<double>());
        return out;
    }

    Numeric differences(size_t i) const
    {
        Numeric out;
        double *memory = m_inputs[i].data<double>();
        for (int64_t offset : offsetsOf(m_inputs[i])) {
            const double kept = memory[offset];
            memory[offset] = kept + m_options.eps;
            std::vector<std::vector<double>> slope = evaluate();
            memory[offset] = kept - m_options.eps;
            const std::vector<std::vector<double>> below = evaluate();
            memory[offset] = kept;
            for (size_t o = 0; o < slope.size(); ++o) {
                for (size_t k = 0; k < slope[o].size(); ++k)
                    slope[o][k] = (slope[o][k] - below[o][k]) / (2 * m_options.eps);
            }
            out.push_back(std::move(slope));
        }
        return out;
    }

    /// d output[k] / d input i as backward says; undefined: no gradient flows there.
    Tensor analytic(const Tensor &output, int64_t k, size_t i) const
    {
        if (!output.requiresGrad())
            return {};
        Tensor seed = Tensor::zeros(output.shape(), output.dtype());
        dispatchFloating(output.dtype(), "gradcheck",
                         [&](auto tag) { seed.data<typename decltype(tag)::type>()[k] = 1; });
        return grad({&output, 1}, {&m_inputs[i], 1}, {&seed, 1}, {.retainGraph = true}).front();
    }

    void compare(size_t o, const Tensor &output, size_t i, const Numeric &numeric) const
    {
        const Shape &shape = m_inputs[i].shape();
        for (int64_t k = 0; k < output.numel(); ++k) {
            const Tensor gradient = analytic(output, k, i);
            if (gradient.defined() && gradient.shape() != shape) {
                throw Error(ErrorCategory::Shape, "gradient_shape_mismatch", nameOf(i),
                            "a gradient " + toString(gradient.shape()), toString(shape));
            }
            if (gradient.defined() && gradient.dtype() != DType::Float64) {
                throw Error(ErrorCategory::DType, "gradient_dtype_mismatch", nameOf(i),
                            std::string("a gradient of ") + dtypeName(gradient.dtype()), "float64");
            }
            const std::vector<double> slopes
                    = gradient.defined() ? gradient.toVector<double>() : std::vector<double>();
            for (size_t element = 0; element < numeric.size(); ++element) {
                const double wanted = numeric[element][o][static_cast<size_t>(k)];
                const double got = gradient.defined() ? slopes[element] : 0;
                // Written so that a NaN on either side is a mismatch.
                if (std::abs(got - wanted) <= m_options.atol + m_options.rtol * std::abs(wanted))
                    continue;
                throw Error(ErrorCategory::Value,
                            gradient.defined() ? "gradient_mismatch" : "gradient_missing",
                            "output " + std::to_string(o) + indexText(k, output.shape()) + " by "
                                    + nameOf(i) + indexText(static_cast<int64_t>(element), shape),
                            gradient.defined() ? "analytic " + numberText(got) : "no gradient",
                            "numeric " + numberText(wanted));
            }
        }
    }

    const TensorFunction &m_function;
    const std::vector<Tensor> &m_inputs;
    GradcheckOptions m_options;
    std::vector<size_t> m_checked; ///< numbers of the inputs that ask for a gradient
};

} // namespace

Result<void> gradcheck(const TensorFunction &function, const std::vector<Tensor> &inputs,
                       GradcheckOptions options)
{
    try {
        Check(function, inputs, options).run();
        return {};
    } catch (const Error &error) {
        return error;
    }
}

namespace {
/// The floating outputs through which gradients flow.
std::vector<Tensor> differentiable(std::vector<Tensor> outputs)
{
    std::erase_if(outputs, [](const Tensor &tensor) {
        return !tensor.defined() || !tensor.isFloatingPoint() || !tensor.requiresGrad();
    });
    return outputs;
}

Tensor drawn(const Shape &shape, RandomStream &random)
{
    Tensor out = Tensor::empty(shape, DType::Float64);
    for (int64_t i = 0; i < out.numel(); ++i)
        out.data<double>()[i] = random.normal();
    return out.setRequiresGrad();
}
} // namespace

Result<void> gradgradcheck(const TensorFunction &function, const std::vector<Tensor> &inputs,
                           GradcheckOptions options)
{
    try {
        RandomStream random(1);
        std::vector<Tensor> all = inputs;
        for (const Tensor &output : differentiable(function(inputs)))
            all.push_back(drawn(output.shape(), random));
        const size_t own = inputs.size();
        const TensorFunction gradients = [&](std::span<const Tensor> given) {
            const GradMode on(true);
            const std::vector<Tensor> outputs = differentiable(function(given.first(own)));
            std::vector<Tensor> wanted;
            for (const Tensor &input : given.first(own)) {
                if (input.defined() && input.requiresGrad())
                    wanted.push_back(input);
            }
            std::vector<Tensor> out
                    = grad(outputs, wanted, given.subspan(own), {.createGraph = true});
            for (size_t i = 0; i < out.size(); ++i) {
                if (!out[i].defined())
                    out[i] = Tensor::zeros(wanted[i].shape(), DType::Float64);
            }
            return out;
        };
        return gradcheck(gradients, all, options);
    } catch (const Error &error) {
        return error;
    }
}

} // namespace mrg
