// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/result_type.h"

#include "engine/tensor/settings.h"

#include <optional>

namespace mrg {

namespace {

/// What the tensors of one rank of precedence agree on; empty: there are none.
using Agreed = std::optional<DType>;

void meet(Agreed &agreed, DType dtype) { agreed = agreed ? promoteTypes(*agreed, dtype) : dtype; }

/// The higher rank's type unless the lower one's is of a higher kind.
Agreed combine(Agreed higher, Agreed lower)
{
    if (!higher || !lower)
        return higher ? higher : lower;
    if (isComplex(*higher))
        return higher;
    if (isFloating(*higher))
        return isComplex(*lower) ? toComplex(*higher) : *higher;
    if (*higher == DType::Bool || !isIntegral(*lower))
        return promoteTypes(*higher, *lower);
    return higher;
}

class Meeting {
public:
    void add(const Tensor &tensor)
    {
        if (!tensor.defined())
            return;
        if (tensor.isNumber()) {
            // A plain float is of the default type, in whatever precision it came.
            const DType dtype = tensor.dtype();
            meet(m_numbers,
                 isComplex(dtype)            ? toComplex(defaultDType())
                         : isFloating(dtype) ? defaultDType()
                                             : dtype);
        } else {
            meet(tensor.dim() == 0 ? m_scalars : m_tensors, tensor.dtype());
        }
    }
    DType result() const
    {
        return combine(m_tensors, combine(m_scalars, m_numbers)).value_or(defaultDType());
    }

private:
    Agreed m_tensors;
    Agreed m_scalars;
    Agreed m_numbers;
};

} // namespace

DType resultType(std::initializer_list<const Tensor *> tensors)
{
    Meeting meeting;
    for (const Tensor *tensor : tensors)
        meeting.add(*tensor);
    return meeting.result();
}

DType resultType(std::span<const Tensor> tensors)
{
    Meeting meeting;
    for (const Tensor &tensor : tensors)
        meeting.add(tensor);
    return meeting.result();
}

} // namespace mrg
