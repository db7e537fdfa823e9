// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/Tensor.h"

#include <cstdio>

namespace mrg {

namespace {

constexpr int64_t edgeItems = 3;
constexpr int64_t summarizeAbove = 1000;

std::string element(std::complex<double> number, DType dtype)
{
    const double value = number.real();
    if (isComplex(dtype)) {
        char buffer[64];
        std::snprintf(buffer, sizeof buffer, "%.4f%+.4fj", value, number.imag());
        return buffer;
    }
    if (dtype == DType::Bool)
        return value != 0 ? "true" : "false";
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, !isFloating(dtype) ? "%.0f" : "%.4f", value);
    return buffer;
}

void print(std::string &text, const std::vector<std::complex<double>> &values, const Tensor &tensor, size_t dim,
           int64_t base, bool summarize)
{
    if (dim == tensor.shape().size()) {
        text += element(values[static_cast<size_t>(base)], tensor.dtype());
        return;
    }
    const int64_t size = tensor.shape()[dim];
    const int64_t stride = contiguousStrides(tensor.shape())[dim];
    text += "[";
    for (int64_t i = 0; i < size; ++i) {
        if (i)
            text += ", ";
        if (summarize && size > 2 * edgeItems && i == edgeItems) {
            text += "..., ";
            i = size - edgeItems;
        }
        print(text, values, tensor, dim + 1, base + i * stride, summarize);
    }
    text += "]";
}

} // namespace

std::string Tensor::toString() const
{
    if (!defined())
        return "tensor(undefined)";
    std::string text = "tensor(";
    print(text, toVector<std::complex<double>>(), *this, 0, 0, numel() > summarizeAbove);
    if (dtype() != DType::Float32)
        text += std::string(", dtype=") + dtypeName(dtype());
    return text + ")";
}

} // namespace mrg
