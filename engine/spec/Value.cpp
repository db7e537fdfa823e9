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

Value::Value(ModuleDescription value)
    : m_data(std::make_shared<const ModuleDescription>(std::move(value)))
{
}
Value::Value(FunctionValue value) : m_data(std::make_shared<const FunctionValue>(std::move(value)))
{
}

const ModuleDescription *Value::module() const
{
    const auto *held = as<std::shared_ptr<const ModuleDescription>>();
    return held ? held->get() : nullptr;
}

const FunctionValue *Value::function() const
{
    const auto *held = as<std::shared_ptr<const FunctionValue>>();
    return held ? held->get() : nullptr;
}

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
    if (const ModuleDescription *description = module()) {
        std::string text;
        for (const auto &[name, value] : description->args)
            text += (text.empty() ? "" : ", ") + name + "=" + value.toString();
        return "nn." + description->name + "(" + text + ")";
    }
    if (const FunctionValue *held = function())
        return held->name.empty() ? "<function>" : held->name;
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
    if (const ModuleDescription *description = a.module())
        return *description == *b.module();
    // Functions without a name are equal only to themselves.
    if (const FunctionValue *held = a.function())
        return held == b.function() || (!held->name.empty() && held->name == b.function()->name);
    return true;
}

Value ValueTraits<Number>::to(const Number &value)
{
    switch (value.dtype()) {
    case DType::Bool: return value.to<bool>();
    case DType::Int64: return value.to<int64_t>();
    case DType::Float64: return value.to<double>();
    default: return value.to<std::complex<double>>();
    }
}

Result<Number> ValueTraits<Number>::from(const Value &value)
{
    if (const bool *flag = value.as<bool>())
        return Number(*flag);
    if (const int64_t *whole = value.as<int64_t>())
        return Number(*whole);
    if (const double *real = value.as<double>())
        return Number(*real);
    if (const auto *complex = value.as<std::complex<double>>())
        return Number(*complex);
    return detail::wrongKind(value, "a number");
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

Result<ModuleDescription> ValueTraits<ModuleDescription>::from(const Value &value)
{
    if (const ModuleDescription *description = value.module())
        return *description;
    return detail::wrongKind(value, "a module");
}

Value ValueTraits<ModuleMembers>::to(const ModuleMembers &value)
{
    ValueList named;
    ValueList plain;
    bool numbered = true;
    for (const auto &[name, description] : value.entries) {
        numbered = numbered && name == std::to_string(plain.size());
        named.push_back(ValueList{name, description});
        plain.emplace_back(description);
    }
    return numbered ? plain : named;
}

Result<ModuleMembers> ValueTraits<ModuleMembers>::from(const Value &value)
{
    const Error wrong = detail::wrongKind(value, "a list of modules or of [name, module] pairs");
    const ValueList *list = value.as<ValueList>();
    if (!list)
        return wrong;
    ModuleMembers out;
    for (const Value &item : *list) {
        const ValueList *pair = item.as<ValueList>();
        const bool named = pair && pair->size() == 2 && (*pair)[0].as<std::string>();
        const ModuleDescription *description = (named ? (*pair)[1] : item).module();
        if (!description)
            return wrong;
        out.entries.emplace_back(named ? *(*pair)[0].as<std::string>()
                                       : std::to_string(out.entries.size()),
                                 *description);
    }
    return out;
}

Value ValueTraits<std::vector<ModuleDescription>>::to(const std::vector<ModuleDescription> &v)
{
    return listOf(v);
}
Result<std::vector<ModuleDescription>>
ValueTraits<std::vector<ModuleDescription>>::from(const Value &value)
{
    return vectorFrom<ModuleDescription>(value, "a list of modules");
}
Value ValueTraits<std::vector<Tensor>>::to(const std::vector<Tensor> &v) { return listOf(v); }
Result<std::vector<Tensor>> ValueTraits<std::vector<Tensor>>::from(const Value &value)
{
    return vectorFrom<Tensor>(value, "a list of tensors");
}

using TensorPairs = std::vector<std::pair<std::string, Tensor>>;

Value ValueTraits<TensorPairs>::to(const TensorPairs &value)
{
    ValueList list;
    for (const auto &[name, tensor] : value)
        list.push_back(ValueList{name, tensor});
    return list;
}

Result<TensorPairs> ValueTraits<TensorPairs>::from(const Value &value)
{
    const Error wrong = detail::wrongKind(value, "a list of [name, tensor] pairs");
    const ValueList *list = value.as<ValueList>();
    if (!list)
        return wrong;
    TensorPairs out;
    for (const Value &item : *list) {
        const ValueList *pair = item.as<ValueList>();
        const std::string *name
                = pair && pair->size() == 2 ? (*pair)[0].as<std::string>() : nullptr;
        const Tensor *tensor = name ? (*pair)[1].as<Tensor>() : nullptr;
        if (!tensor)
            return wrong;
        out.emplace_back(*name, *tensor);
    }
    return out;
}

Result<FunctionValue> ValueTraits<FunctionValue>::from(const Value &value)
{
    if (const FunctionValue *held = value.function())
        return *held;
    return detail::wrongKind(value, "a function");
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
