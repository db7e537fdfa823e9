// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Result.h"
#include "engine/tensor/Number.h"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace mrg {

class Value;
using ValueList = std::vector<Value>;
struct ModuleDescription;
struct FunctionValue;

/// An argument as a person, a file or a widget gives it: null, bool, int, float, complex
/// number, string, list, tensor, module or function. The one closed type between Options structs
/// and the outside. A dictionary is a list of [name, value] pairs, in order.
class Value {
public:
    using Data = std::variant<std::monostate, bool, int64_t, double, std::string, ValueList, Tensor,
                              std::complex<double>, std::shared_ptr<const ModuleDescription>,
                              std::shared_ptr<const FunctionValue>>;

    Value() = default;
    Value(bool value) : m_data(value) { }
    Value(int value) : m_data(static_cast<int64_t>(value)) { }
    Value(int64_t value) : m_data(value) { }
    Value(double value) : m_data(value) { }
    Value(const char *value) : m_data(std::string(value)) { }
    Value(std::string value) : m_data(std::move(value)) { }
    Value(ValueList value) : m_data(std::move(value)) { }
    Value(Tensor value) : m_data(std::move(value)) { }
    Value(std::complex<double> value) : m_data(value) { }
    Value(ModuleDescription value);
    Value(FunctionValue value);

    bool isNull() const { return m_data.index() == 0; }
    template <typename T> const T *as() const { return std::get_if<T>(&m_data); }
    /// Null for other kinds.
    const ModuleDescription *module() const;
    const FunctionValue *function() const;
    /// int or float as double; nothing for other kinds. Bools are not numbers.
    std::optional<double> number() const;
    const Data &data() const { return m_data; }
    /// As Python would write it: null is None, true is True, strings quoted, lists in brackets.
    std::string toString() const;
    /// Same kind and content; 1 and 1.0 are equal; tensors by shape and elements.
    friend bool operator==(const Value &a, const Value &b);

private:
    Data m_data;
};

/// Arguments by name; those left out have their defaults.
using Arguments = std::map<std::string, Value>;

/// A module before it is made: an encoder layer, a member of a Sequential. Registry::make() makes
/// it.
struct ModuleDescription {
    std::string name; ///< in the registry: "Linear"
    Arguments args;
    friend bool operator==(const ModuleDescription &, const ModuleDescription &) = default;
};
/// Modules under names, as an ordered dict of them; a plain list's names are "0", "1", ...
struct ModuleMembers {
    std::vector<std::pair<std::string, ModuleDescription>> entries;
    friend bool operator==(const ModuleMembers &, const ModuleMembers &) = default;
};

/// A function given as an argument (a distance): either the caller's own, or one known by its name
/// to whoever takes it.
struct FunctionValue {
    std::string name; ///< may be empty for the caller's own
    std::function<Tensor(std::span<const Tensor>)> call; ///< null: found by its name
};

/// One value, or a list of them: kernel sizes, strides, scale factors. `single` remembers how it
/// was given, so that it is written back the same way.
template <typename T> struct OneOrList {
    std::vector<T> values;
    bool single = true;
    OneOrList() = default;
    OneOrList(T value) : values{std::move(value)} { }
    OneOrList(std::vector<T> list) : values(std::move(list)), single(false) { }
    /// Value number `i` of `count`, where a single one stands for all.
    T at(size_t i) const { return values.size() == 1 ? values[0] : values.at(i); }
    friend bool operator==(const OneOrList &, const OneOrList &) = default;
};
using IntOrList = OneOrList<int64_t>;
using FloatOrList = OneOrList<double>;
/// Output sizes of which some may be left as they are.
using SizesOrNull = OneOrList<std::optional<int64_t>>;

/// Gives the texts of an enum used in Options:
///     template <> struct EnumTexts<Reduction> {
///         static constexpr std::array texts{std::pair{Reduction::None, "none"}, ...};
///     };
template <typename E> struct EnumTexts;

/// How a C++ type of an Options member becomes a Value and back. `from` explains in words what it
/// wanted; it never throws.
template <typename T, typename = void> struct ValueTraits;

namespace detail {
Error wrongKind(const Value &got, const std::string &wanted);
}

template <> struct ValueTraits<bool> {
    static std::string type() { return "bool"; }
    static Value to(bool value) { return value; }
    static Result<bool> from(const Value &value);
};
template <> struct ValueTraits<int64_t> {
    static std::string type() { return "int"; }
    static Value to(int64_t value) { return value; }
    /// Accepts a float that is whole.
    static Result<int64_t> from(const Value &value);
};
template <> struct ValueTraits<double> {
    static std::string type() { return "float"; }
    static Value to(double value) { return value; }
    static Result<double> from(const Value &value);
};
/// Accepts any number.
template <> struct ValueTraits<std::complex<double>> {
    static std::string type() { return "complex"; }
    static Value to(std::complex<double> value)
    {
        return value.imag() == 0 ? Value(value.real()) : Value(value);
    }
    static Result<std::complex<double>> from(const Value &value);
};
/// Any number or bool, in the kind it is.
template <> struct ValueTraits<Number> {
    static std::string type() { return "number"; }
    static Value to(const Number &value);
    static Result<Number> from(const Value &value);
};
/// A list of any values, for arguments that no closed type describes.
template <> struct ValueTraits<ValueList> {
    static std::string type() { return "list"; }
    static Value to(const ValueList &value) { return value; }
    static Result<ValueList> from(const Value &value)
    {
        if (const ValueList *list = value.as<ValueList>())
            return *list;
        return detail::wrongKind(value, "a list");
    }
};
/// Any value, for arguments that take tensors as well as numbers.
template <> struct ValueTraits<Value> {
    static std::string type() { return "any value or Tensor"; }
    static Value to(const Value &value) { return value; }
    static Result<Value> from(const Value &value) { return value; }
};
/// By its name.
template <> struct ValueTraits<DType> {
    static std::string type() { return "dtype"; }
    static Value to(DType value) { return dtypeName(value); }
    static Result<DType> from(const Value &value);
};
template <> struct ValueTraits<std::string> {
    static std::string type() { return "string"; }
    static Value to(const std::string &value) { return value; }
    static Result<std::string> from(const Value &value);
};
template <> struct ValueTraits<std::vector<int64_t>> {
    static std::string type() { return "list of int"; }
    static Value to(const std::vector<int64_t> &value);
    static Result<std::vector<int64_t>> from(const Value &value);
};
template <> struct ValueTraits<std::vector<double>> {
    static std::string type() { return "list of float"; }
    static Value to(const std::vector<double> &value);
    static Result<std::vector<double>> from(const Value &value);
};
template <> struct ValueTraits<std::vector<std::string>> {
    static std::string type() { return "list of string"; }
    static Value to(const std::vector<std::string> &value);
    static Result<std::vector<std::string>> from(const Value &value);
};
template <> struct ValueTraits<ModuleDescription> {
    static std::string type() { return "Module"; }
    static Value to(const ModuleDescription &value) { return value; }
    static Result<ModuleDescription> from(const Value &value);
};
template <> struct ValueTraits<ModuleMembers> {
    static std::string type() { return "list or ordered dict of Module"; }
    static Value to(const ModuleMembers &value);
    static Result<ModuleMembers> from(const Value &value);
};
template <> struct ValueTraits<std::vector<ModuleDescription>> {
    static std::string type() { return "list of Module"; }
    static Value to(const std::vector<ModuleDescription> &value);
    static Result<std::vector<ModuleDescription>> from(const Value &value);
};
template <> struct ValueTraits<std::vector<Tensor>> {
    static std::string type() { return "list of Tensor"; }
    static Value to(const std::vector<Tensor> &value);
    static Result<std::vector<Tensor>> from(const Value &value);
};
template <> struct ValueTraits<std::vector<std::pair<std::string, Tensor>>> {
    static std::string type() { return "dict of Tensor"; }
    static Value to(const std::vector<std::pair<std::string, Tensor>> &value);
    static Result<std::vector<std::pair<std::string, Tensor>>> from(const Value &value);
};
template <> struct ValueTraits<FunctionValue> {
    static std::string type() { return "function"; }
    static Value to(const FunctionValue &value) { return value; }
    static Result<FunctionValue> from(const Value &value);
};
/// Undefined is null.
template <> struct ValueTraits<Tensor> {
    static std::string type() { return "Tensor"; }
    static Value to(const Tensor &value) { return value.defined() ? Value(value) : Value(); }
    /// Accepts a flat list of numbers as a 1-d float32 tensor.
    static Result<Tensor> from(const Value &value);
};
template <typename T> struct ValueTraits<std::optional<T>> {
    static std::string type() { return ValueTraits<T>::type() + " or null"; }
    static Value to(const std::optional<T> &value)
    {
        return value ? ValueTraits<T>::to(*value) : Value();
    }
    static Result<std::optional<T>> from(const Value &value)
    {
        if (value.isNull())
            return std::optional<T>();
        Result<T> inner = ValueTraits<T>::from(value);
        if (!inner)
            return inner.error();
        return std::optional<T>(*inner);
    }
};
template <typename T> struct ValueTraits<OneOrList<T>> {
    static std::string type() { return ValueTraits<T>::type() + " or tuple"; }
    static Value to(const OneOrList<T> &value)
    {
        ValueList list;
        for (const T &one : value.values)
            list.push_back(ValueTraits<T>::to(one));
        return value.single && list.size() == 1 ? list.front() : Value(std::move(list));
    }
    static Result<OneOrList<T>> from(const Value &value)
    {
        if (Result<T> one = ValueTraits<T>::from(value))
            return OneOrList<T>(*one);
        const ValueList *list = value.as<ValueList>();
        if (!list)
            return detail::wrongKind(value, type());
        std::vector<T> values;
        for (const Value &member : *list) {
            Result<T> one = ValueTraits<T>::from(member);
            if (!one)
                return one.error();
            values.push_back(*one);
        }
        return OneOrList<T>(std::move(values));
    }
};
/// The first alternative that accepts the value, so put the stricter one first.
template <typename A, typename B> struct ValueTraits<std::variant<A, B>> {
    static std::string type() { return ValueTraits<A>::type() + " or " + ValueTraits<B>::type(); }
    static Value to(const std::variant<A, B> &value)
    {
        return value.index() == 0 ? ValueTraits<A>::to(std::get<0>(value))
                                  : ValueTraits<B>::to(std::get<1>(value));
    }
    static Result<std::variant<A, B>> from(const Value &value)
    {
        if (Result<A> first = ValueTraits<A>::from(value))
            return std::variant<A, B>(*first);
        if (Result<B> second = ValueTraits<B>::from(value))
            return std::variant<A, B>(*second);
        return detail::wrongKind(value, type());
    }
};
/// Enums by the texts of EnumTexts.
template <typename E>
struct ValueTraits<E, std::enable_if_t<std::is_enum_v<E> && !std::is_same_v<E, DType>>> {
    static std::string type() { return "string"; }
    static Value to(E value)
    {
        for (const auto &[known, text] : EnumTexts<E>::texts) {
            if (known == value)
                return text;
        }
        return {};
    }
    static std::vector<Value> choices()
    {
        std::vector<Value> out;
        for (const auto &[known, text] : EnumTexts<E>::texts)
            out.emplace_back(text);
        return out;
    }
    static Result<E> from(const Value &value)
    {
        std::string wanted;
        for (const auto &[known, text] : EnumTexts<E>::texts) {
            if (value == Value(text))
                return known;
            wanted += (wanted.empty() ? "" : ", ") + std::string(text);
        }
        return detail::wrongKind(value, "one of " + wanted);
    }
};

} // namespace mrg
