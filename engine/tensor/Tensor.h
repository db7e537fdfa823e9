// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/DType.h"
#include "engine/core/Shape.h"

#include <memory>
#include <vector>

namespace mrg {

class Storage;
class Node;
struct LeafHooks;
struct TensorImpl;

/// A strided view of shared memory with an element type, and its place in the gradient tape.
///
/// Copying a Tensor copies the handle: both see the same elements, as in PyTorch. A default
/// constructed Tensor is undefined and stands for "none".
///
/// What is here moves memory and never records; the differentiable functions are in engine/ops.
/// **Threads**: a tensor belongs to one thread at a time.
class Tensor {
public:
    Tensor() = default;

    /// Elements of any value.
    static Tensor empty(const Shape &shape, DType dtype = DType::Float32);
    static Tensor zeros(const Shape &shape, DType dtype = DType::Float32);
    static Tensor ones(const Shape &shape, DType dtype = DType::Float32);
    static Tensor full(const Shape &shape, double value, DType dtype = DType::Float32);
    static Tensor full(const Shape &shape, std::complex<double> value, DType dtype);
    /// A 0-d tensor.
    static Tensor scalar(double value, DType dtype = DType::Float32);
    /// A 0-d tensor that stands for a plain number (bool, int64, float64 or complex128): with other
    /// tensors it only decides the kind of the result's type, not its precision (see resultType()).
    static Tensor number(bool value);
    static Tensor number(int64_t value);
    static Tensor number(double value);
    static Tensor number(std::complex<double> value);
    /// A copy of `values`, row-major; throws Error (shape) if the counts differ.
    template <typename T>
    static Tensor fromVector(const std::vector<T> &values, const Shape &shape);
    /// 1-d copy of `values`.
    template <typename T> static Tensor fromVector(const std::vector<T> &values)
    {
        return fromVector(values, Shape{static_cast<int64_t>(values.size())});
    }

    bool defined() const { return m_impl != nullptr; }
    explicit operator bool() const { return defined(); }

    const Shape &shape() const;
    const std::vector<int64_t> &strides() const;
    /// Elements between the storage's start and this view's first element.
    int64_t offset() const;
    DType dtype() const;
    int64_t dim() const { return static_cast<int64_t>(shape().size()); }
    /// Size of a dimension; negative counts from the end.
    int64_t size(int64_t dim) const;
    int64_t numel() const;
    bool isContiguous() const;
    bool isFloatingPoint() const { return isFloating(dtype()); }
    bool isComplex() const { return mrg::isComplex(dtype()); }
    /// Made by number().
    bool isNumber() const;
    bool sharesStorageWith(const Tensor &other) const;
    /// Whether this handle is the only way to its elements.
    bool isSoleOwner() const;

    /// First element. T must match dtype(): throws Error (dtype) otherwise.
    template <typename T> T *data() const;
    void *rawData() const;
    /// The one element of a tensor with numel() == 1, as a double (the real part of a complex one);
    /// throws Error (value, `item_error_not_scalar`) otherwise.
    double item() const;
    /// The same as a complex number.
    std::complex<double> complexItem() const;
    /// All elements, row-major, converted to T.
    template <typename T> std::vector<T> toVector() const;

    /// Another view of the same memory. The caller answers for the bounds.
    Tensor asStrided(const Shape &shape, const std::vector<int64_t> &strides, int64_t offset) const;
    /// Itself if contiguous, else a compact copy. Not recorded: see contiguous() in ops.
    Tensor compact() const;
    /// A compact copy.
    Tensor copy() const;
    /// A copy in another type (itself if it is that type already). Not recorded.
    Tensor toType(DType dtype) const;
    /// Overwrites the elements by those of `source` (broadcast, converted) and bumps the version.
    void copyFrom(const Tensor &source);
    /// Sets every element and bumps the version.
    void fill(double value);
    void fill(std::complex<double> value);

    /// Number of in-place changes of the memory this tensor views.
    uint64_t version() const;
    void bumpVersion() const;

    /// Same memory, cut off from the tape.
    Tensor detach() const;
    bool requiresGrad() const;
    /// Makes a leaf ask for a gradient (or no longer); throws Error (dtype) for integral
    /// tensors, Error (state) for results of operations. Returns itself.
    Tensor &setRequiresGrad(bool requires_ = true);
    /// The gradient that backward() accumulated; undefined before.
    const Tensor &grad() const;
    void setGrad(const Tensor &grad) const;
    /// True unless recorded by an operation.
    bool isLeaf() const;
    /// The tape node that made this tensor (null for leaves) and which of its outputs this is.
    const std::shared_ptr<Node> &gradFn() const;
    int64_t outputNumber() const;
    void setGradFn(std::shared_ptr<Node> node, int64_t outputNumber) const;

    /// Identity of the handle's target, for maps.
    const TensorImpl *impl() const { return m_impl.get(); }
    TensorImpl *mutableImpl() const { return m_impl.get(); }
    std::weak_ptr<TensorImpl> weakImpl() const { return m_impl; }

    /// Whether tensors made in this thread are marked as made for inference alone; see
    /// InferenceMode.
    static bool inferenceMode();
    static void setInferenceMode(bool on);
    bool isInference() const;

    /// "tensor([[1.0000, 2.0000]], dtype=float64)", long tensors with an ellipsis.
    std::string toString() const;

private:
    explicit Tensor(std::shared_ptr<TensorImpl> impl) : m_impl(std::move(impl)) { }
    std::shared_ptr<TensorImpl> m_impl;
};

/// What a Tensor handle points to. Only engine/tensor and engine/autograd look inside.
struct TensorImpl {
    std::shared_ptr<Storage> storage;
    Shape shape;
    std::vector<int64_t> strides;
    int64_t offset = 0;
    int64_t numel = 0;
    DType dtype = DType::Float32;
    bool contiguous = true;
    bool number = false;
    bool inference = Tensor::inferenceMode();
    bool requiresGrad = false;
    int64_t outputNumber = 0;
    Tensor grad;
    std::shared_ptr<Node> gradFn;
    /// The node that adds into `grad`; made when first needed, kept alive by the graphs using it.
    std::weak_ptr<Node> accumulator;
    std::shared_ptr<LeafHooks> hooks; ///< of a leaf; mostly null
    /// Of a view made while operations are recorded: the tensor whose elements it shows, which is
    /// no view itself. A change in place of one is a change of all; see inPlace().
    std::shared_ptr<TensorImpl> base;
    std::vector<std::weak_ptr<TensorImpl>> views; ///< the views of this tensor
};

} // namespace mrg
