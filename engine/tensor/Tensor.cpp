// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/Tensor.h"

#include "engine/tensor/Storage.h"

#include <algorithm>

namespace mrg {

namespace {

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

/// Calls f(elementOffset) for every element in row-major order.
template <typename F>
void forEachOffset(const Shape &shape, const std::vector<int64_t> &strides, F &&f)
{
    const int64_t count = numel(shape);
    std::vector<int64_t> index(shape.size(), 0);
    int64_t offset = 0;
    for (int64_t n = 0; n < count; ++n) {
        f(offset);
        for (size_t d = shape.size(); d-- > 0;) {
            offset += strides[d];
            if (++index[d] < shape[d])
                break;
            offset -= strides[d] * shape[d];
            index[d] = 0;
        }
    }
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
    Tensor out = empty(shape, dtype);
    dispatchAll(dtype, [&](auto tag) {
        using T = typename decltype(tag)::type;
        std::fill_n(out.data<T>(), out.numel(), static_cast<T>(value));
    });
    return out;
}

Tensor Tensor::scalar(double value, DType dtype) { return full({}, value, dtype); }

template <typename T>
Tensor Tensor::fromVector(const std::vector<T> &values, const Shape &shape)
{
    if (static_cast<int64_t>(values.size()) != mrg::numel(shape)) {
        throw Error(ErrorCategory::Shape, "element_count_mismatch", "fromVector",
                    std::to_string(values.size()) + " elements",
                    std::to_string(mrg::numel(shape)) + " for shape " + mrg::toString(shape));
    }
    Tensor out = empty(shape, dtypeOf<T>);
    std::copy(values.begin(), values.end(), out.data<T>());
    return out;
}
template Tensor Tensor::fromVector(const std::vector<bool> &, const Shape &);
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

void *Tensor::rawData() const
{
    const TensorImpl &impl = checked(m_impl.get());
    return impl.storage->data() + impl.offset * dtypeSize(impl.dtype);
}

template <typename T>
T *Tensor::data() const
{
    if (dtype() != dtypeOf<T>) {
        throw Error(ErrorCategory::DType, "dtype_mismatch", "data", dtypeName(dtype()),
                    dtypeName(dtypeOf<T>));
    }
    return static_cast<T *>(rawData());
}
template bool *Tensor::data<bool>() const;
template int32_t *Tensor::data<int32_t>() const;
template int64_t *Tensor::data<int64_t>() const;
template float *Tensor::data<float>() const;
template double *Tensor::data<double>() const;

double Tensor::item() const
{
    if (numel() != 1) {
        throw Error(ErrorCategory::Value, "item_needs_one_element", "item", mrg::toString(shape()),
                    "a tensor of one element");
    }
    return dispatchAll(dtype(), [&](auto tag) {
        return static_cast<double>(*data<typename decltype(tag)::type>());
    });
}

template <typename T>
std::vector<T> Tensor::toVector() const
{
    std::vector<T> out;
    out.reserve(static_cast<size_t>(numel()));
    dispatchAll(dtype(), [&](auto tag) {
        using S = typename decltype(tag)::type;
        const S *source = data<S>();
        forEachOffset(shape(), strides(),
                      [&](int64_t offset) { out.push_back(static_cast<T>(source[offset])); });
    });
    return out;
}
template std::vector<bool> Tensor::toVector() const;
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
        const T *source = data<T>();
        T *target = out.data<T>();
        if (isContiguous())
            std::copy_n(source, numel(), target);
        else
            forEachOffset(shape(), strides(), [&](int64_t offset) { *target++ = source[offset]; });
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
    const Result<Shape> common = broadcastShapes(shape(), source.shape());
    if (!common || *common != shape()) {
        throw Error(ErrorCategory::Shape, "broadcast_error_incompatible_dimensions", "copyFrom",
                    mrg::toString(source.shape()), "a shape that broadcasts to "
                    + mrg::toString(shape()));
    }
    // A source that overlaps its target (a view of itself) is copied first.
    const Tensor from = sharesStorageWith(source) ? source.copy() : source;
    std::vector<int64_t> fromStrides(shape().size(), 0);
    const size_t lead = shape().size() - from.shape().size();
    for (size_t i = 0; i < from.shape().size(); ++i)
        fromStrides[lead + i] = from.shape()[i] == 1 ? 0 : from.strides()[i];
    dispatchAll(dtype(), [&](auto targetTag) {
        using T = typename decltype(targetTag)::type;
        T *target = data<T>();
        dispatchAll(from.dtype(), [&](auto sourceTag) {
            using S = typename decltype(sourceTag)::type;
            const S *values = from.data<S>();
            if (isContiguous() && from.isContiguous() && from.shape() == shape()) {
                std::transform(values, values + numel(), target,
                               [](S value) { return static_cast<T>(value); });
                return;
            }
            std::vector<int64_t> offsets;
            offsets.reserve(static_cast<size_t>(numel()));
            forEachOffset(shape(), fromStrides, [&](int64_t offset) { offsets.push_back(offset); });
            size_t n = 0;
            forEachOffset(shape(), strides(), [&](int64_t offset) {
                target[offset] = static_cast<T>(values[offsets[n++]]);
            });
        });
    });
    bumpVersion();
}

void Tensor::fill(double value) { copyFrom(Tensor::scalar(value, dtype())); }

uint64_t Tensor::version() const { return checked(m_impl.get()).storage->version(); }
void Tensor::bumpVersion() const { checked(m_impl.get()).storage->bumpVersion(); }

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
    if (requires_ && !isFloatingPoint()) {
        throw Error(ErrorCategory::DType, "only_floating_tensors_require_gradients",
                    "requires_grad_", dtypeName(dtype()), "float32 or float64");
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
