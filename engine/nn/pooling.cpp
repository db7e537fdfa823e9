// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/Node.h"
#include "engine/core/Parallel.h"
#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "engine/nn/spatial.h"

#include <cmath>
#include <limits>

namespace mrg {

namespace {

/// Planes of a (N, C, H, W) or (C, H, W) tensor.
int64_t planesOf(const Shape &shape)
{
    int64_t planes = 1;
    for (size_t d = 0; d + 2 < shape.size(); ++d)
        planes *= shape[d];
    return planes;
}

Result<void> checkDimensions(const Shape &x)
{
    if (x.size() == 3 || x.size() == 4)
        return {};
    return Error(ErrorCategory::Shape, "dimension_count_mismatch", "", "input " + toString(x),
                 "[N, C, H, W] or [C, H, W]");
}

/// The window of one output position along one dimension, clipped to the input.
struct Range {
    int64_t begin;
    int64_t end;
    int64_t size() const { return end - begin; }
};

/// Options that both window poolings share, by the same names.
template <typename O> Result<void> validateWindow(const O &o)
{
    if (Result<void> count = checkCount(o.kernel_size, 2); !count)
        return count;
    if (Result<void> count = checkCount(o.padding, 2); !count)
        return count;
    if (o.stride) {
        if (Result<void> count = checkCount(*o.stride, 2); !count)
            return count;
    }
    for (size_t i = 0; i < 2; ++i) {
        if (o.padding.at(i) * 2 > o.kernel_size.at(i)) {
            return Error(ErrorCategory::Value, "padding_more_than_half_the_kernel", "",
                         "padding " + std::to_string(o.padding.at(i)),
                         "at most half of kernel_size " + std::to_string(o.kernel_size.at(i)));
        }
    }
    return {};
}

template <typename O> int64_t strideOf(const O &o, size_t i)
{
    return o.stride ? o.stride->at(i) : o.kernel_size.at(i);
}

template <typename O> Result<Shape> windowShape(const O &o, const IntOrList &dilation, const Shape &x)
{
    if (Result<void> dimensions = checkDimensions(x); !dimensions)
        return dimensions.error();
    Shape out(x.begin(), x.end() - 2);
    for (size_t i = 0; i < 2; ++i) {
        const int64_t size = x[x.size() - 2 + i];
        const int64_t result = pooledSize(size, o.kernel_size.at(i), strideOf(o, i), o.padding.at(i),
                                          dilation.at(i), o.ceil_mode);
        if (result < 1) {
            return Error(ErrorCategory::Shape, "kernel_larger_than_input", "", "input " + toString(x),
                         "at least " + std::to_string(o.kernel_size.at(i))
                                 + " after padding in the last two dimensions",
                         "use a smaller kernel_size");
        }
        out.push_back(result);
    }
    return out;
}

struct MaxPoolOptions {
    IntOrList kernel_size = 2;
    std::optional<IntOrList> stride;
    IntOrList padding = 0;
    IntOrList dilation = 1;
    bool return_indices = false;
    bool ceil_mode = false;
};

/// torch.nn.MaxPool2d: padding counts as -inf, a NaN wins, the first of equals wins.
class MaxPool2d : public Module {
public:
    using Options = MaxPoolOptions;
    explicit MaxPool2d(Options options_) : options(std::move(options_)) {}

    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        const Result<Shape> shape = windowShape(o, o.dilation, in.at(0));
        if (!shape)
            return shape.error();
        return o.return_indices ? Shapes{*shape, *shape} : Shapes{*shape};
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const Tensor x = inputs[0].compact();
        const Shape shape = inferred("MaxPool2d", infer(options, {x.shape()}));
        Tensor y = Tensor::empty(shape, x.dtype());
        Tensor indices = Tensor::empty(shape, DType::Int64);
        dispatchFloating(x.dtype(), "MaxPool2d", [&](auto tag) {
            using T = typename decltype(tag)::type;
            pool<T>(x, y, indices);
        });
        if (shouldRecord({&inputs[0]})) {
            record("max_pool2d", {inputs[0]}, {y}, [indices, from = x.shape()](const Gradients &g) {
                const Tensor gradient = g[0].compact();
                Tensor back = Tensor::zeros(from, gradient.dtype());
                const int64_t plane = from[from.size() - 2] * from[from.size() - 1];
                const int64_t planes = planesOf(from);
                const int64_t points = planes == 0 ? 0 : gradient.numel() / planes;
                dispatchFloating(gradient.dtype(), "MaxPool2d", [&](auto tag) {
                    using T = typename decltype(tag)::type;
                    const T *values = gradient.data<T>();
                    const int64_t *at = indices.data<int64_t>();
                    T *target = back.data<T>();
                    for (int64_t i = 0; i < gradient.numel(); ++i)
                        target[i / points * plane + at[i]] += values[i];
                });
                return Gradients{back};
            });
        }
        if (options.return_indices)
            return {y, indices};
        return {y};
    }

    Options options;

private:
    template <typename T> void pool(const Tensor &x, Tensor &y, Tensor &indices) const
    {
        const Shape &in = x.shape();
        const Shape &out = y.shape();
        const int64_t height = in[in.size() - 2];
        const int64_t width = in.back();
        const int64_t outHeight = out[out.size() - 2];
        const int64_t outWidth = out.back();
        parallelFor(planesOf(in), 4, [&](int64_t begin, int64_t end) {
            for (int64_t plane = begin; plane < end; ++plane) {
                const T *source = x.data<T>() + plane * height * width;
                T *target = y.data<T>() + plane * outHeight * outWidth;
                int64_t *where = indices.data<int64_t>() + plane * outHeight * outWidth;
                for (int64_t oh = 0; oh < outHeight; ++oh) {
                    for (int64_t ow = 0; ow < outWidth; ++ow)
                        window(source, height, width, oh, ow, *target++, *where++);
                }
            }
        });
    }

    template <typename T>
    void window(const T *source, int64_t height, int64_t width, int64_t oh, int64_t ow, T &best,
                int64_t &at) const
    {
        const int64_t dh = options.dilation.at(0);
        const int64_t dw = options.dilation.at(1);
        int64_t h0 = oh * strideOf(options, 0) - options.padding.at(0);
        int64_t w0 = ow * strideOf(options, 1) - options.padding.at(1);
        const int64_t h1 = std::min(h0 + (options.kernel_size.at(0) - 1) * dh + 1, height);
        const int64_t w1 = std::min(w0 + (options.kernel_size.at(1) - 1) * dw + 1, width);
        while (h0 < 0)
            h0 += dh;
        while (w0 < 0)
            w0 += dw;
        best = -std::numeric_limits<T>::infinity();
        at = h0 * width + w0;
        for (int64_t h = h0; h < h1; h += dh) {
            for (int64_t w = w0; w < w1; w += dw) {
                const T value = source[h * width + w];
                if (value > best || std::isnan(value)) {
                    best = value;
                    at = h * width + w;
                }
            }
        }
    }
};

/// A mean over windows: what AvgPool2d and AdaptiveAvgPool2d share. `rows` and `columns` are the
/// windows of each output position, `divisor(row, column)` what their sum is divided by.
Tensor averagePool(const char *name, const Tensor &input, const Shape &shape, std::vector<Range> rows,
                   std::vector<Range> columns, std::vector<double> divisors)
{
    const Tensor x = input.compact();
    const int64_t width = x.shape().back();
    const int64_t plane = width * x.shape()[x.shape().size() - 2];
    const auto walk = [planes = planesOf(x.shape()), width, plane, rows = std::move(rows),
                       columns = std::move(columns), divisors = std::move(divisors)](auto visit) {
        const int64_t points = static_cast<int64_t>(divisors.size());
        parallelFor(planes, 4, [&](int64_t begin, int64_t end) {
            for (int64_t p = begin; p < end; ++p) {
                int64_t point = 0;
                for (const Range &row : rows) {
                    for (const Range &column : columns) {
                        visit(p * points + point, p * plane, row, column, width,
                              divisors[static_cast<size_t>(point)]);
                        ++point;
                    }
                }
            }
        });
    };
    Tensor y = Tensor::empty(shape, x.dtype());
    dispatchFloating(x.dtype(), name, [&](auto tag) {
        using T = typename decltype(tag)::type;
        const T *source = x.data<T>();
        T *target = y.data<T>();
        walk([=](int64_t point, int64_t base, Range row, Range column, int64_t rowSize, double divisor) {
            T sum = 0;
            for (int64_t h = row.begin; h < row.end; ++h) {
                for (int64_t w = column.begin; w < column.end; ++w)
                    sum += source[base + h * rowSize + w];
            }
            target[point] = sum / static_cast<T>(divisor);
        });
    });
    if (shouldRecord({&input})) {
        record(name, {input}, {y}, [walk, name, from = x.shape()](const Gradients &g) {
            const Tensor gradient = g[0].compact();
            Tensor back = Tensor::zeros(from, gradient.dtype());
            dispatchFloating(gradient.dtype(), name, [&](auto tag) {
                using T = typename decltype(tag)::type;
                const T *values = gradient.data<T>();
                T *target = back.data<T>();
                walk([=](int64_t point, int64_t base, Range row, Range column, int64_t rowSize,
                         double divisor) {
                    const T share = values[point] / static_cast<T>(divisor);
                    for (int64_t h = row.begin; h < row.end; ++h) {
                        for (int64_t w = column.begin; w < column.end; ++w)
                            target[base + h * rowSize + w] += share;
                    }
                });
            });
            return Gradients{back};
        });
    }
    return y;
}

struct AvgPoolOptions {
    IntOrList kernel_size = 2;
    std::optional<IntOrList> stride;
    IntOrList padding = 0;
    bool ceil_mode = false;
    bool count_include_pad = true;
    std::optional<int64_t> divisor_override;
};

/// torch.nn.AvgPool2d.
class AvgPool2d : public Module {
public:
    using Options = AvgPoolOptions;
    explicit AvgPool2d(Options options_) : options(std::move(options_)) {}

    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        const Result<Shape> shape = windowShape(o, IntOrList(1), in.at(0));
        if (!shape)
            return shape.error();
        return Shapes{*shape};
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const Shape &in = inputs[0].shape();
        const Shape shape = inferred("AvgPool2d", infer(options, {in}));
        std::vector<Range> windows[2];
        std::vector<int64_t> paddedSizes[2];
        for (size_t i = 0; i < 2; ++i) {
            const int64_t size = in[in.size() - 2 + i];
            for (int64_t o = 0; o < shape[shape.size() - 2 + i]; ++o) {
                const int64_t begin = o * strideOf(options, i) - options.padding.at(i);
                const int64_t end = std::min(begin + options.kernel_size.at(i),
                                             size + options.padding.at(i));
                paddedSizes[i].push_back(end - begin);
                windows[i].push_back({std::max<int64_t>(begin, 0), std::min(end, size)});
            }
        }
        std::vector<double> divisors;
        for (size_t row = 0; row < windows[0].size(); ++row) {
            for (size_t column = 0; column < windows[1].size(); ++column) {
                const int64_t count = options.divisor_override ? *options.divisor_override
                        : options.count_include_pad
                        ? paddedSizes[0][row] * paddedSizes[1][column]
                        : windows[0][row].size() * windows[1][column].size();
                divisors.push_back(static_cast<double>(count));
            }
        }
        return {averagePool("avg_pool2d", inputs[0], shape, windows[0], windows[1], divisors)};
    }

    Options options;
};

struct AdaptivePoolOptions {
    /// One size, or a list of two; null keeps that dimension.
    Value output_size = 1;
};

/// torch.nn.AdaptiveAvgPool2d: window i is floor(i L / O) to ceil((i + 1) L / O).
class AdaptiveAvgPool2d : public Module {
public:
    using Options = AdaptivePoolOptions;
    explicit AdaptiveAvgPool2d(Options options_) : options(std::move(options_)) {}

    /// The size asked for in dimension i of two; nothing where it is kept.
    static Result<std::optional<int64_t>> sizeOf(const Options &o, size_t i)
    {
        const Value *value = &o.output_size;
        if (const ValueList *list = value->as<ValueList>()) {
            if (list->size() != 2)
                return detail::wrongKind(*value, "one size or a list of two");
            value = &(*list)[i];
        }
        return ValueTraits<std::optional<int64_t>>::from(*value);
    }

    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        const Shape &x = in.at(0);
        if (Result<void> dimensions = checkDimensions(x); !dimensions)
            return dimensions.error();
        Shape out = x;
        for (size_t i = 0; i < 2; ++i) {
            const Result<std::optional<int64_t>> size = sizeOf(o, i);
            if (!size)
                return size.error();
            if (*size)
                out[x.size() - 2 + i] = **size;
        }
        return Shapes{out};
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const Shape &in = inputs[0].shape();
        const Shape shape = inferred("AdaptiveAvgPool2d", infer(options, {in}));
        std::vector<Range> windows[2];
        for (size_t i = 0; i < 2; ++i) {
            const int64_t size = in[in.size() - 2 + i];
            const int64_t count = shape[shape.size() - 2 + i];
            for (int64_t o = 0; o < count; ++o)
                windows[i].push_back({o * size / count, ((o + 1) * size + count - 1) / count});
        }
        std::vector<double> divisors;
        for (const Range &row : windows[0]) {
            for (const Range &column : windows[1])
                divisors.push_back(static_cast<double>(row.size() * column.size()));
        }
        return {averagePool("adaptive_avg_pool2d", inputs[0], shape, windows[0], windows[1], divisors)};
    }

    Options options;
};

} // namespace

template <> struct ValueTraits<Value> {
    static std::string type() { return "int, null or tuple"; }
    static Value to(const Value &value) { return value; }
    static Result<Value> from(const Value &value) { return value; }
};

std::vector<ModuleSpec> poolingModules()
{
    using M = MaxPoolOptions;
    using A = AvgPoolOptions;
    const std::vector<Port> input{{.name = "input", .pattern = "N C H W | C H W"}};
    const std::vector<Port> output{{.name = "output", .pattern = "N C H W | C H W"}};
    const char *windowSize = "Height and width of the windows.";
    const char *step = "Step between windows; none: the kernel's size.";
    const char *ceil = "Round output sizes up instead of down.";
    return {
            declare<MaxPool2d>(
                    {.name = "MaxPool2d",
                     .group = Group::Pooling,
                     .summary = "The largest value of every window.",
                     .formula = R"(out = \max_{m < k} x[s\,i + d\,m - p])",
                     .source = "torch.nn.MaxPool2d",
                     .args = {requiredArg("kernel_size", &M::kernel_size, windowSize, atLeast(1)),
                              arg("stride", &M::stride, step, atLeast(1)),
                              arg("padding", &M::padding, "Border of -infinity on each side.", atLeast(0)),
                              arg("dilation", &M::dilation, "Distance between a window's points.", atLeast(1)),
                              arg("return_indices", &M::return_indices,
                                  "Whether to give the place of each maximum as well."),
                              arg("ceil_mode", &M::ceil_mode, ceil)},
                     .inputs = input,
                     .outputs = {output[0],
                                 {.name = "indices",
                                  .pattern = "N C H W | C H W",
                                  .dtype = "int64",
                                  .summary = "Place of each maximum in its plane.",
                                  .optional = true}},
                     .infer = MaxPool2d::infer,
                     .validate = validateWindow<M>,
                     .samples = {{.args = {{"kernel_size", 2}}, .inputs = {{2, 3, 4, 6}}},
                                 {.args = {{"kernel_size", 3}, {"stride", 2}, {"padding", 1}, {"ceil_mode", true}},
                                  .inputs = {{3, 6, 5}}},
                                 {.args = {{"kernel_size", ValueList{2, 3}},
                                           {"stride", 1},
                                           {"padding", ValueList{1, 0}},
                                           {"dilation", ValueList{2, 1}},
                                           {"return_indices", true}},
                                  .inputs = {{2, 1, 4, 5}}}},
                     .badSamples = {{.args = {{"kernel_size", 9}},
                                     .inputs = {{1, 1, 4, 4}},
                                     .kind = "kernel_larger_than_input"}}}),
            declare<AvgPool2d>(
                    {.name = "AvgPool2d",
                     .group = Group::Pooling,
                     .summary = "The mean of every window.",
                     .formula = R"(out = \frac{1}{k} \sum_{m<k} x[s\,i + m - p])",
                     .source = "torch.nn.AvgPool2d",
                     .args = {requiredArg("kernel_size", &A::kernel_size, windowSize, atLeast(1)),
                              arg("stride", &A::stride, step, atLeast(1)),
                              arg("padding", &A::padding, "Border of zeros on each side.", atLeast(0)),
                              arg("ceil_mode", &A::ceil_mode, ceil),
                              arg("count_include_pad", &A::count_include_pad,
                                  "Whether the border counts in the mean."),
                              arg("divisor_override", &A::divisor_override,
                                  "Divide by this instead of the window's size.", atLeast(1))},
                     .inputs = input,
                     .outputs = output,
                     .infer = AvgPool2d::infer,
                     .validate = validateWindow<A>,
                     .samples = {{.args = {{"kernel_size", 2}}, .inputs = {{2, 3, 4, 6}}},
                                 {.args = {{"kernel_size", 3}, {"padding", 1}, {"count_include_pad", false}},
                                  .inputs = {{3, 6, 5}}},
                                 {.args = {{"kernel_size", ValueList{2, 3}},
                                           {"stride", ValueList{2, 2}},
                                           {"padding", ValueList{1, 0}},
                                           {"ceil_mode", true}},
                                  .inputs = {{2, 1, 4, 6}}},
                                 {.args = {{"kernel_size", 2}, {"divisor_override", 3}},
                                  .inputs = {{1, 4, 4}}}},
                     .badSamples = {{.args = {{"kernel_size", 2}, {"padding", 2}},
                                     .inputs = {{1, 1, 5, 5}},
                                     .kind = "padding_more_than_half_the_kernel"}}}),
            declare<AdaptiveAvgPool2d>(
                    {.name = "AdaptiveAvgPool2d",
                     .group = Group::Pooling,
                     .summary = "Means over windows chosen so that the output has the asked size.",
                     .formula = R"(window\ i = [\lfloor iL/O \rfloor, \lceil (i+1)L/O \rceil))",
                     .source = "torch.nn.AdaptiveAvgPool2d",
                     .args = {requiredArg("output_size", &AdaptivePoolOptions::output_size,
                                          "One size, or height and width; none keeps that dimension.",
                                          atLeast(0))},
                     .inputs = input,
                     .outputs = output,
                     .infer = AdaptiveAvgPool2d::infer,
                     .samples = {{.args = {{"output_size", 2}}, .inputs = {{2, 3, 5, 4}}},
                                 {.args = {{"output_size", ValueList{3, Value()}}}, .inputs = {{3, 5, 4}}}},
                     .badSamples = {{.args = {{"output_size", 2}},
                                     .inputs = {{4}},
                                     .kind = "dimension_count_mismatch"},
                                    {.args = {{"output_size", "two"}},
                                     .inputs = {{2, 5, 4}},
                                     .kind = "wrong_argument"},
                                    {.args = {{"output_size", ValueList{2, 2, 2}}},
                                     .inputs = {{2, 5, 4}},
                                     .kind = "wrong_argument"}}})};
}

} // namespace mrg
