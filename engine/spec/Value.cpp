// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/spec/Value.h"

#include <charconv>
#include <cmath>

namespace mrg {

namespace {

std::string floatText(double value)
{
    if (std::isnan(value))
        return "nan";
    if (std::isinf(value))
        return value > 0 ? "inf" : "-inf";
    char buffer[64];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    std::string text(buffer, end);
    if (text.find_first_of(".en") == std::string::npos)
        text += ".0";
    return text;
}

template <typename T> Value listOf(const std::vector<T> &values)
{
    ValueList list;
    for (const T &value : values)
        list.emplace_back(value);
    return list;
}

template <typename T> Result<std::vector<T>> vectorFrom(const Value &value, const char *wanted)
{
    const ValueList *list = value.as<ValueList>();
    if (!list)
        return detail::wrongKind(value, wanted);
    std::vector<T> out;
    for (const Value &item : *list) {
        Result<T> element = ValueTraits<T>::from(item);
        if (!element)
            return detail::wrongKind(value, wanted);
        out.push_back(*element);
    }
    return out;
}

} // namespace

namespace detail {
Error wrongKind(const Value &got, const std::string &wanted)
{
    return Error(ErrorCategory::Value, "wrong_argument", "", got.toString(), wanted);
}
} // namespace detail

std::optional<double> Value::number() const
{
    if (const int64_t *whole = as<int64_t>())
        return static_cast<double>(*whole);
    if (const double *real = as<double>())
        return *real;
    return std::nullopt;
}

std::string Value::toString() const
{
    if (const bool *flag = as<bool>())
        return *flag ? "True" : "False";
    if (const int64_t *whole = as<int64_t>())
        return std::to_string(*whole);
    if (const double *real = as<double>())
        return floatText(*real);
    if (const auto *complex = as<std::complex<double>>()) {
        const bool negative = std::signbit(complex->imag());
        return "(" + floatText(complex->real()) + (negative ? "" : "+") + floatText(complex->imag())
                + "j)";
    }
    if (const std::string *text = as<std::string>())
        return "'" + *text + "'";
    if (const Tensor *tensor = as<Tensor>())
        return tensor->toString();
    if (const ValueList *list = as<ValueList>()) {
        std::string text = "[";
        for (size_t i = 0; i < list->size(); ++i)
            text += (i ? ", " : "") + (*list)[i].toString();
        return text + "]";
    }
    return "None";
}

bool operator==(const Value &a, const Value &b)
{
    const std::optional<double> x = a.number();
    const std::optional<double> y = b.number();
    if (x && y)
        return *x == *y;
    if (a.m_data.index() != b.m_data.index())
        return false;
    if (const Tensor *tensor = a.as<Tensor>()) {
        const Tensor &other = *b.as<Tensor>();
        if (tensor->defined() != other.defined())
            return false;
        return !tensor->defined()
                || (tensor->shape() == other.shape()
                    && tensor->toVector<std::complex<double>>()
                            == other.toVector<std::complex<double>>());
    }
    if (const ValueList *list = a.as<ValueList>())
        return *list == *b.as<ValueList>();
    if (const bool *flag = a.as<bool>())
        return *flag == *b.as<bool>();
    if (const std::string *text = a.as<std::string>())
        return *text == *b.as<std::string>();
    if (const auto *complex = a.as<std::complex<double>>())
        return *complex == *b.as<std::complex<double>>();
    return true;
}

Result<std::complex<double>> ValueTraits<std::complex<double>>::from(const Value &value)
{
    if (const auto *complex = value.as<std::complex<double>>())
        return *complex;
    if (const Result<double> real = ValueTraits<double>::from(value))
        return std::complex<double>(*real);
    return detail::wrongKind(value, "a number");
}

Result<DType> ValueTraits<DType>::from(const Value &value)
{
    const std::string *name = value.as<std::string>();
    if (!name)
        return detail::wrongKind(value, "the name of a dtype");
    try {
        return dtypeFromName(*name);
    } catch (const Error &error) {
        return error;
    }
}

Result<bool> ValueTraits<bool>::from(const Value &value)
{
    if (const bool *flag = value.as<bool>())
        return *flag;
    return detail::wrongKind(value, "true or false");
}

Result<int64_t> ValueTraits<int64_t>::from(const Value &value)
{
    if (const int64_t *whole = value.as<int64_t>())
        return *whole;
    const double *real = value.as<double>();
    if (real && std::nearbyint(*real) == *real && std::abs(*real) < 0x1p53)
        return static_cast<int64_t>(*real);
    return detail::wrongKind(value, "a whole number");
}

Result<double> ValueTraits<double>::from(const Value &value)
{
    if (const std::optional<double> real = value.number())
        return *real;
    if (value == Value("inf"))
        return std::numeric_limits<double>::infinity();
    if (value == Value("-inf"))
        return -std::numeric_limits<double>::infinity();
    if (value == Value("nan"))
        return std::numeric_limits<double>::quiet_NaN();
    return detail::wrongKind(value, "a number");
}

Result<std::string> ValueTraits<std::string>::from(const Value &value)
{
    if (const std::string *text = value.as<std::string>())
        return *text;
    return detail::wrongKind(value, "a text");
}

Value ValueTraits<std::vector<int64_t>>::to(const std::vector<int64_t> &v) { return listOf(v); }
Result<std::vector<int64_t>> ValueTraits<std::vector<int64_t>>::from(const Value &value)
{
    return vectorFrom<int64_t>(value, "a list of whole numbers");
}
Value ValueTraits<std::vector<double>>::to(const std::vector<double> &v) { return listOf(v); }
Result<std::vector<double>> ValueTraits<std::vector<double>>::from(const Value &value)
{
    return vectorFrom<double>(value, "a list of numbers");
}
Value ValueTraits<std::vector<std::string>>::to(const std::vector<std::string> &v)
{
    return listOf(v);
}
Result<std::vector<std::string>> ValueTraits<std::vector<std::string>>::from(const Value &value)
{
    return vectorFrom<std::string>(value, "a list of texts");
}

Result<Tensor> ValueTraits<Tensor>::from(const Value &value)
{
    if (value.isNull())
        return Tensor();
    if (const Tensor *tensor = value.as<Tensor>())
        return *tensor;
    if (const auto numbers = vectorFrom<double>(value, "a list of numbers"))
        return Tensor::fromVector(*numbers).toType(DType::Float32);
    return detail::wrongKind(value, "a tensor, a list of numbers or null");
}

} // namespace mrg
