// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/convolution.h"

#include "engine/autograd/Node.h"
#include "engine/core/Launch.h"
#include "engine/kernels/convolution.h"
#include "engine/ops/reductions.h"
#include "engine/ops/windows.h"

#include <array>
#include <memory>
#include <numeric>

namespace mrg {

namespace {

/// The places of the trilinear form sum(output * convolution(input, weight)).
enum Place { Input, Weight, Output };
using Places = std::array<Tensor, 3>;

/// One convolution's sizes, shared by all its derivatives.
struct Form {
    const char *name;
    kernels::Convolution sizes;
    std::array<Shape, 3> shapes;
};
using SharedForm = std::shared_ptr<const Form>;

Tensor biasGradient(const Tensor &gradient)
{
    if (gradEnabled()) {
        std::vector<int64_t> dims(gradient.shape().size() - 1);
        std::iota(dims.begin(), dims.end(), 1);
        dims[0] = 0;
        return sum(gradient, dims);
    }
    const Tensor g = gradient.compact();
    const int64_t batch = g.size(0);
    const int64_t channels = g.size(1);
    const int64_t points = batch * channels == 0 ? 0 : g.numel() / (batch * channels);
    Tensor out = Tensor::empty({channels}, g.dtype());
    dispatchFloating(g.dtype(), "convolution", [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([=, from = g.data<T>(), to = out.data<T>()] {
            kernels::sumChannels<T>(batch, channels, points, from, to);
        });
    });
    return out;
}

/// The derivative of the form by one place, from the tensors in the two others; `places[wanted]` is
/// not looked at. By Output it is the convolution, by Input the transposed convolution, to both of
/// which a bias may be added. It is linear in each of the two, and its own derivatives are again
/// derivatives of the form.
Tensor derivative(const SharedForm &form, Place wanted, const Places &places,
                  const Tensor &bias = {})
{
    const Place first = wanted == Input ? Weight : Input;
    const Place second = wanted == Output ? Weight : Output;
    const Tensor a = places[first].compact();
    const Tensor b = places[second].compact();
    Tensor out = Tensor::empty(form->shapes[wanted], a.dtype());
    dispatchFloating(a.dtype(), form->name, [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([c = form->sizes, wanted, x = a.data<T>(), y = b.data<T>(), to = out.data<T>(),
                offset = bias.defined() ? bias.data<T>() : nullptr] {
            if (wanted == Output)
                kernels::convolve<T>(c, x, y, offset, to);
            else if (wanted == Input)
                kernels::convolveInputGradient<T>(c, x, y, offset, to);
            else
                kernels::convolveWeightGradient<T>(c, x, y, to);
        });
    });
    if (shouldRecord({&places[first], &places[second], &bias})) {
        record(form->name, {places[first], places[second], bias}, {out},
               [form, wanted, first, second, savedA = SavedTensor(places[first]),
                savedB = SavedTensor(places[second]),
                needBias = bias.defined() && bias.requiresGrad()](const Gradients &g) {
                   Places all;
                   all[wanted] = g[0];
                   all[first] = savedA.unpack();
                   all[second] = savedB.unpack();
                   Gradients back(3);
                   if (all[first].requiresGrad())
                       back[0] = derivative(form, first, all);
                   if (all[second].requiresGrad())
                       back[1] = derivative(form, second, all);
                   if (needBias)
                       back[2] = biasGradient(g[0]);
                   return back;
               });
    }
    return out;
}

SharedForm formOf(const char *name, const Sliding &sliding, const Shape &input, const Shape &weight,
                  const Shape &output)
{
    const size_t dimensions = weight.size() - 2;
    kernels::Convolution c{.batch = input[0],
                           .channels = input[1],
                           .outChannels = output[1],
                           .groups = sliding.groups,
                           .windows = {.input = spatialExtents(input, dimensions),
                                       .kernel = spatialExtents(weight, dimensions),
                                       .stride = extents(sliding.stride),
                                       .dilation = extents(sliding.dilation),
                                       .padding = extents(sliding.before, 0),
                                       .output = spatialExtents(output, dimensions)}};
    return std::make_shared<const Form>(Form{name, c, {input, weight, output}});
}

} // namespace

Tensor convolution(const Tensor &input, const Tensor &weight, const Tensor &bias,
                   const Sliding &sliding)
{
    Shape output{input.size(0), weight.size(0)};
    for (size_t i = 0; i + 2 < input.shape().size(); ++i) {
        const int64_t reach = sliding.dilation[i] * (weight.shape()[i + 2] - 1) + 1;
        output.push_back((input.shape()[i + 2] + sliding.before[i] + sliding.after[i] - reach)
                                 / sliding.stride[i]
                         + 1);
    }
    return derivative(formOf("convolution", sliding, input.shape(), weight.shape(), output), Output,
                      {input, weight, Tensor()}, bias);
}

Tensor transposedConvolution(const Tensor &input, const Tensor &weight, const Tensor &bias,
                             const Sliding &sliding, const std::vector<int64_t> &size)
{
    Shape space{input.size(0), weight.size(1) * sliding.groups};
    space.insert(space.end(), size.begin(), size.end());
    return derivative(
            formOf("transposed_convolution", sliding, space, weight.shape(), input.shape()), Input,
            {Tensor(), weight, input}, bias);
}

} // namespace mrg
