// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/Tensor.h"

#include "engine/tensor/settings.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

namespace mrg {

namespace {

using Numbers = std::vector<std::complex<double>>;

/// Writes the elements of one tensor by this thread's print options.
class Printer {
public:
    Printer(const Tensor &tensor, const Numbers &values)
        : m_tensor(tensor),
          m_values(values),
          m_strides(contiguousStrides(tensor.shape())),
          m_summarize(tensor.numel() > m_options.threshold)
    {
        if (!isIntegral(tensor.dtype()))
            m_scientific = m_options.sciMode.value_or(needsPowersOfTen());
    }

    std::string text() const
    {
        std::string out;
        print(out, 0, 0);
        return out;
    }

private:
    /// Numbers too large or too far apart for a fixed number of digits.
    bool needsPowersOfTen() const
    {
        double largest = 0;
        double smallest = std::numeric_limits<double>::infinity();
        for (const std::complex<double> value : m_values) {
            for (double part : {value.real(), value.imag()}) {
                if (part == 0 || !std::isfinite(part))
                    continue;
                largest = std::max(largest, std::abs(part));
                smallest = std::min(smallest, std::abs(part));
            }
        }
        return largest > 0 && (largest / smallest > 1000 || largest > 1e8 || smallest < 1e-4);
    }

    std::string number(double value, bool sign = false) const
    {
        char buffer[400];
        const char *format = m_scientific ? (sign ? "%+.*e" : "%.*e") : (sign ? "%+.*f" : "%.*f");
        std::snprintf(buffer, sizeof buffer, format,
                      static_cast<int>(std::min<int64_t>(m_options.precision, 60)), value);
        return buffer;
    }

    std::string element(std::complex<double> value) const
    {
        if (m_tensor.isComplex())
            return number(value.real()) + number(value.imag(), true) + "j";
        if (m_tensor.dtype() == DType::Bool)
            return value.real() != 0 ? "true" : "false";
        return isFloating(m_tensor.dtype()) ? number(value.real())
                                            : std::to_string(static_cast<int64_t>(value.real()));
    }

    /// Lists longer than a line are broken between their entries.
    void print(std::string &out, size_t dim, int64_t base) const
    {
        if (dim == m_tensor.shape().size()) {
            out += element(m_values[static_cast<size_t>(base)]);
            return;
        }
        const int64_t size = m_tensor.shape()[dim];
        const int64_t edge = m_options.edgeitems;
        out += "[";
        for (int64_t i = 0; i < size; ++i) {
            if (i)
                separate(out, dim);
            if (m_summarize && size > 2 * edge && i == edge) {
                out += "...";
                separate(out, dim);
                i = size - edge;
            }
            print(out, dim + 1, base + i * m_strides[dim]);
        }
        out += "]";
    }

    void separate(std::string &out, size_t dim) const
    {
        const size_t line = out.rfind('\n') == std::string::npos ? 0 : out.rfind('\n') + 1;
        const bool full = static_cast<int64_t>(out.size() - line) + m_options.precision + 8
                > m_options.linewidth;
        out += full ? ",\n" + std::string(8 + dim, ' ') : ", ";
    }

    const PrintOptions m_options = settings().print;
    const Tensor &m_tensor;
    const Numbers &m_values;
    const std::vector<int64_t> m_strides;
    const bool m_summarize;
    bool m_scientific = false;
};

} // namespace

std::string Tensor::toString() const
{
    if (!defined())
        return "tensor(undefined)";
    const Numbers values = toVector<std::complex<double>>();
    std::string text = "tensor(" + Printer(*this, values).text();
    if (dtype() != DType::Float32)
        text += std::string(", dtype=") + dtypeName(dtype());
    return text + ")";
}

} // namespace mrg
