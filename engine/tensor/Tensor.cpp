// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/Tensor.h"

#include "engine/core/Launch.h"
#include "engine/tensor/Storage.h"
#include "engine/tensor/strided.h"

#include <algorithm>

namespace mrg {

namespace {

thread_local bool inference = false;

const TensorImpl &checked(const TensorImpl *impl)
{
    if (!impl)
        throw Error(ErrorCategory::State, "undefined_tensor", "Tensor", "no tensor", "a tensor");
    return *impl;
}

bool stridesAreCompact(const Shape &shape, const std::vector<int64_t> &strides)
{
    int64_t expected = 1;
    for (size_t i = shape.size(); i-- > 0;) {
        if (shape[i] == 0)
            return true;
        if (shape[i] != 1 && strides[i] != expected)
            return false;
        expected *= shape[i];
    }
    return true;
}

template <typename T> Tensor fullOf(const Shape &shape, T value)
{
    Tensor out = Tensor::empty(shape, dtypeOf<T>);
    launchPointwise(out.numel(), [target = out.data<T>(), value](int64_t begin, int64_t end) {
        std::fill(target + begin, target + end, value);
    });
    return out;
}

template <typename T> Tensor numberOf(T value)
{
    Tensor out = fullOf(Shape{}, value);
    out.mutableImpl()->number = true;
    return out;
}

template <typename T, typename S> void copyRow(int64_t count, T *to, const S *from)
{
    if constexpr (std::is_same_v<T, S>) {
        std::copy_n(from, count, to);
    } else {
        for (int64_t i = 0; i < count; ++i)
            to[i] = convertElement<T>(from[i]);
    }
}
template <typename T, typename S>
void copyRow(int64_t count, T *to, int64_t toStep, const S *from, int64_t fromStep)
{
    for (int64_t i = 0; i < count; ++i)
        to[i * toStep] = convertElement<T>(from[i * fromStep]);
}

/// Copies elements between two strided layouts of one shape, converting them.
template <typename T, typename S>
void copyElements(const Shape &shape, T *target, const std::vector<int64_t> &targetStrides,
                  const S *source, const std::vector<int64_t> &sourceStrides)
{
    launch([target, source,
            layouts = StridedLayouts<2>{shape, {targetStrides, sourceStrides}}.collapsed()] {
        const int64_t inner = layouts.shape.empty() ? 1 : layouts.shape.back();
        const int64_t rows = inner == 0 ? 0 : numel(layouts.shape) / inner;
        const int64_t targetStep = innerStride(layouts.strides[0]);
        const int64_t sourceStep = innerStride(layouts.strides[1]);
        parallelFor(rows, std::max<int64_t>(1, elementGrain / std::max<int64_t>(inner, 1)),
                    [&](int64_t begin, int64_t end) {
                        forEachRow<2>(layouts.shape, layouts.strides, begin, end,
                                      [=](const std::array<int64_t, 2> &offsets, int64_t count) {
                                          T *to = target + offsets[0];
                                          const S *from = source + offsets[1];
                                          if (targetStep == 1 && sourceStep == 1)
                                              copyRow(count, to, from);
                                          else
                                              copyRow(count, to, targetStep, from, sourceStep);
                                      });
                    });
    });
}

/// The same for compact memory.
template <typename T, typename S> void copyElements(int64_t count, T *target, const S *source)
{
    launchPointwise(count, [target, source](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i)
            target[i] = convertElement<T>(source[i]);
    });
}

} // namespace

Tensor Tensor::empty(const Shape &shape, DType dtype)
{
    auto impl = std::make_shared<TensorImpl>();
    for (int64_t size : shape) {
        if (size < 0) {
            throw Error(ErrorCategory::Value, "negative_size", "empty", mrg::toString(shape),
                        "sizes of 0 or more");
        }
    }
    impl->shape = shape;
    impl->strides = contiguousStrides(shape);
    impl->numel = mrg::numel(shape);
    impl->dtype = dtype;
    impl->storage = std::make_shared<Storage>(static_cast<size_t>(impl->numel * dtypeSize(dtype)));
    return Tensor(std::move(impl));
}

Tensor Tensor::zeros(const Shape &shape, DType dtype) { return full(shape, 0, dtype); }
Tensor Tensor::ones(const Shape &shape, DType dtype) { return full(shape, 1, dtype); }

Tensor Tensor::full(const Shape &shape, double value, DType dtype)
{
    return dispatchAll(dtype, [&](auto tag) {
        return fullOf(shape, convertElement<typename decltype(tag)::type>(value));
    });
}

Tensor Tensor::full(const Shape &shape, std::complex<double> value, DType dtype)
{
    return dispatchAll(dtype, [&](auto tag) {
        return fullOf(shape, convertElement<typename decltype(tag)::type>(value));
    });
}

Tensor Tensor::scalar(double value, DType dtype) { return full({}, value, dtype); }

Tensor Tensor::number(bool value) { return numberOf(value); }
Tensor Tensor::number(int64_t value) { return numberOf(value); }
Tensor Tensor::number(double value) { return numberOf(value); }
Tensor Tensor::number(std::complex<double> value) { return numberOf(value); }

template <typename T> Tensor Tensor::fromVector(const std::vector<T> &values, const Shape &shape)
{
    if (static_cast<int64_t>(values.size()) != mrg::numel(shape)) {
        throw Error(ErrorCategory::Shape, "element_count_mismatch", "fromVector",
                    std::to_string(values.size()) + " elements",
                    std::to_string(mrg::numel(shape)) + " for shape " + mrg::toString(shape));
    }
    Tensor out = empty(shape, dtypeOf<T>);
    if (LaunchRecorder::current())
        launch([values, target = out.data<T>()] {
            std::copy(values.begin(), values.end(), target);
        });
    else
        std::copy(values.begin(), values.end(), out.data<T>());
    return out;
}
template Tensor Tensor::fromVector(const std::vector<bool> &, const Shape &);
template Tensor Tensor::fromVector(const std::vector<uint8_t> &, const Shape &);
template Tensor Tensor::fromVector(const std::vector<std::complex<float>> &, const Shape &);
template Tensor Tensor::fromVector(const std::vector<std::complex<double>> &, const Shape &);
template Tensor Tensor::fromVector(const std::vector<int8_t> &, const Shape &);
template Tensor Tensor::fromVector(const std::vector<int16_t> &, const Shape &);
template Tensor Tensor::fromVector(const std::vector<int32_t> &, const Shape &);
template Tensor Tensor::fromVector(const std::vector<int64_t> &, const Shape &);
template Tensor Tensor::fromVector(const std::vector<float> &, const Shape &);
template Tensor Tensor::fromVector(const std::vector<double> &, const Shape &);

const Shape &Tensor::shape() const { return checked(m_impl.get()).shape; }
const std::vector<int64_t> &Tensor::strides() const { return checked(m_impl.get()).strides; }
int64_t Tensor::offset() const { return checked(m_impl.get()).offset; }
DType Tensor::dtype() const { return checked(m_impl.get()).dtype; }
int64_t Tensor::numel() const { return checked(m_impl.get()).numel; }
bool Tensor::isContiguous() const { return checked(m_impl.get()).contiguous; }

int64_t Tensor::size(int64_t dimension) const
{
    if (dim() == 0) {
        throw Error(ErrorCategory::Index, "dimension_error_out_of_range", "size",
                    "dim " + std::to_string(dimension), "a tensor with dimensions");
    }
    return shape()[static_cast<size_t>(wrapDim(dimension, dim(), "size"))];
}

bool Tensor::sharesStorageWith(const Tensor &other) const
{
    return m_impl && other.m_impl && m_impl->storage == other.m_impl->storage;
}

bool Tensor::isSoleOwner() const
{
    return m_impl && m_impl.use_count() == 1 && m_impl->storage.use_count() == 1;
}

void *Tensor::rawData() const
{
    const TensorImpl &impl = checked(m_impl.get());
    return impl.storage->data() + impl.offset * dtypeSize(impl.dtype);
}

template <typename T> T *Tensor::data() const
{
    if (dtype() != dtypeOf<T>) {
        throw Error(ErrorCategory::DType, "dtype_mismatch", "data", dtypeName(dtype()),
                    dtypeName(dtypeOf<T>));
    }
    return static_cast<T *>(rawData());
}
template bool *Tensor::data<bool>() const;
template uint8_t *Tensor::data<uint8_t>() const;
template std::complex<float> *Tensor::data<std::complex<float>>() const;
template std::complex<double> *Tensor::data<std::complex<double>>() const;
template int8_t *Tensor::data<int8_t>() const;
template int16_t *Tensor::data<int16_t>() const;
template int32_t *Tensor::data<int32_t>() const;
template int64_t *Tensor::data<int64_t>() const;
template float *Tensor::data<float>() const;
template double *Tensor::data<double>() const;

std::complex<double> Tensor::complexItem() const
{
    if (numel() != 1) {
        throw Error(ErrorCategory::Value, "item_error_not_scalar", "item", mrg::toString(shape()),
                    "one element: size 1 in every dimension", "reduce it, or select one element");
    }
    readsElements("item");
    return dispatchAll(dtype(), [&](auto tag) {
        return convertElement<std::complex<double>>(*data<typename decltype(tag)::type>());
    });
}

double Tensor::item() const
{
    // Integers beyond 2^53 take the same way: a double is what is asked for.
    return complexItem().real();
}

bool Tensor::isNumber() const { return checked(m_impl.get()).number; }

template <typename T> std::vector<T> Tensor::toVector() const
{
    readsElements("toVector");
    std::vector<T> out;
    out.reserve(static_cast<size_t>(numel()));
    dispatchAll(dtype(), [&](auto tag) {
        using S = typename decltype(tag)::type;
        const S *source = data<S>();
        const int64_t step = innerStride(strides());
        forEachRow<1>(shape(), {strides()},
                      [&](const std::array<int64_t, 1> &offsets, int64_t count) {
                          for (int64_t i = 0; i < count; ++i)
                              out.push_back(convertElement<T>(source[offsets[0] + i * step]));
                      });
    });
    return out;
}
template std::vector<uint8_t> Tensor::toVector() const;
template std::vector<std::complex<float>> Tensor::toVector() const;
template std::vector<std::complex<double>> Tensor::toVector() const;
template std::vector<bool> Tensor::toVector() const;
template std::vector<int8_t> Tensor::toVector() const;
template std::vector<int16_t> Tensor::toVector() const;
template std::vector<int32_t> Tensor::toVector() const;
template std::vector<int64_t> Tensor::toVector() const;
template std::vector<float> Tensor::toVector() const;
template std::vector<double> Tensor::toVector() const;

Tensor Tensor::asStrided(const Shape &shape, const std::vector<int64_t> &strides,
                         int64_t offset) const
{
    auto impl = std::make_shared<TensorImpl>();
    impl->storage = checked(m_impl.get()).storage;
    impl->dtype = m_impl->dtype;
    impl->shape = shape;
    impl->strides = strides;
    impl->offset = offset;
    impl->numel = mrg::numel(shape);
    impl->contiguous = stridesAreCompact(shape, strides);
    return Tensor(std::move(impl));
}

Tensor Tensor::compact() const { return isContiguous() ? *this : copy(); }

Tensor Tensor::copy() const
{
    Tensor out = empty(shape(), dtype());
    dispatchAll(dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        if (isContiguous())
            copyElements(numel(), out.data<T>(), data<T>());
        else
            copyElements(shape(), out.data<T>(), out.strides(), data<T>(), strides());
    });
    return out;
}

Tensor Tensor::toType(DType wanted) const
{
    if (wanted == dtype())
        return *this;
    Tensor out = empty(shape(), wanted);
    out.copyFrom(*this);
    return out;
}

void Tensor::copyFrom(const Tensor &source)
{
    if (isInference() && !inferenceMode()) {
        throw Error(ErrorCategory::State, "inference_tensor_changed", "inplace",
                    "a tensor made in inference mode", "one made outside of it",
                    "clone() it first");
    }
    const Result<Shape> common = broadcastShapes(shape(), source.shape());
    if (!common || *common != shape()) {
        throw Error(ErrorCategory::Shape, "broadcast_error_incompatible_dimensions", "copyFrom",
                    mrg::toString(source.shape()),
                    "a shape that broadcasts to " + mrg::toString(shape()));
    }
    // A source that overlaps its target (a view of itself) is copied first.
    const Tensor from = sharesStorageWith(source) ? source.copy() : source;
    dispatchAll(dtype(), [&](auto targetTag) {
        using T = typename decltype(targetTag)::type;
        dispatchAll(from.dtype(), [&](auto sourceTag) {
            using S = typename decltype(sourceTag)::type;
            if (isContiguous() && from.isContiguous() && from.shape() == shape()) {
                copyElements(numel(), data<T>(), from.data<S>());
            } else {
                copyElements(shape(), data<T>(), strides(), from.data<S>(),
                             broadcastStrides(from.shape(), from.strides(), shape()));
            }
        });
    });
    bumpVersion();
}

void Tensor::fill(double value) { copyFrom(Tensor::scalar(value, dtype())); }
void Tensor::fill(std::complex<double> value) { copyFrom(Tensor::full({}, value, dtype())); }

uint64_t Tensor::version() const { return checked(m_impl.get()).storage->version(); }
void Tensor::bumpVersion() const { checked(m_impl.get()).storage->bumpVersion(); }

bool Tensor::inferenceMode() { return inference; }
void Tensor::setInferenceMode(bool on) { inference = on; }
bool Tensor::isInference() const { return checked(m_impl.get()).inference; }

Tensor Tensor::detach() const
{
    auto impl = std::make_shared<TensorImpl>();
    const TensorImpl &own = checked(m_impl.get());
    impl->storage = own.storage;
    impl->shape = own.shape;
    impl->strides = own.strides;
    impl->offset = own.offset;
    impl->numel = own.numel;
    impl->dtype = own.dtype;
    impl->contiguous = own.contiguous;
    return Tensor(std::move(impl));
}

bool Tensor::requiresGrad() const
{
    const TensorImpl &impl = checked(m_impl.get());
    return impl.requiresGrad || impl.gradFn != nullptr;
}

Tensor &Tensor::setRequiresGrad(bool requires_)
{
    if (requires_ && !isDifferentiable(dtype())) {
        throw Error(ErrorCategory::DType, "only_floating_tensors_require_gradients",
                    "requires_grad_", dtypeName(dtype()), "a floating or complex type");
    }
    if (!isLeaf()) {
        throw Error(ErrorCategory::State, "requires_grad_of_a_non_leaf", "requires_grad_",
                    "a result of an operation", "a leaf", "call detach() first");
    }
    m_impl->requiresGrad = requires_;
    return *this;
}

const Tensor &Tensor::grad() const { return checked(m_impl.get()).grad; }
void Tensor::setGrad(const Tensor &grad) const
{
    checked(m_impl.get());
    m_impl->grad = grad;
}
bool Tensor::isLeaf() const { return checked(m_impl.get()).gradFn == nullptr; }
const std::shared_ptr<Node> &Tensor::gradFn() const { return checked(m_impl.get()).gradFn; }
int64_t Tensor::outputNumber() const { return checked(m_impl.get()).outputNumber; }

void Tensor::setGradFn(std::shared_ptr<Node> node, int64_t outputNumber) const
{
    checked(m_impl.get());
    m_impl->gradFn = std::move(node);
    m_impl->outputNumber = outputNumber;
}

} // namespace mrg
