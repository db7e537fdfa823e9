// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/spatial.h"

#include "engine/ops/views.h"

namespace mrg {

Shape inferred(const char *where, const Result<Shapes> &shapes)
{
    if (!shapes)
        throw shapes.error().within(where);
    return shapes->front();
}

Tensor unsqueezed(const Tensor &x)
{
    Shape shape = x.shape();
    shape.insert(shape.begin(), 1);
    return reshape(x, shape);
}

Result<void> checkCount(const IntOrList &values, size_t count)
{
    if (values.values.size() == 1 || values.values.size() == count)
        return {};
    return Error(ErrorCategory::Value, "wrong_number_of_sizes", "", toString(values.values),
                 "one number or " + std::to_string(count));
}

int64_t pooledSize(int64_t size, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation,
                   bool ceilMode)
{
    const int64_t room = size + 2 * padding - dilation * (kernel - 1) - 1;
    if (room < 0 && !ceilMode)
        return 0;
    int64_t out = (room + (ceilMode ? stride - 1 : 0)) / stride + 1;
    if (ceilMode && (out - 1) * stride >= size + padding)
        --out;
    return out;
}

} // namespace mrg
