// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Value.h"

#include <functional>
#include <memory>
#include <span>

namespace mrg {

/// What an argument may be beyond its type.
struct Constraint {
    std::vector<Value> choices; ///< empty: any
    std::optional<double> minimum; ///< smallest allowed number, for each element of a list
    bool exclusiveMinimum = false; ///< the minimum itself is not allowed
    std::optional<double> maximum;
    bool exclusiveMaximum = false;
};
/// One of these values.
template <typename... T> Constraint oneOf(T... values)
{
    return {.choices = {Value(values)...}, .minimum = {}, .maximum = {}};
}
/// At least `minimum`.
Constraint atLeast(double minimum);
/// Greater than `minimum`.
Constraint above(double minimum);
/// From `minimum` to `maximum`, both allowed.
Constraint between(double minimum, double maximum);

/// One argument of a declaration over the Options struct O: name, help, type, default, and how to
/// read and write it. The default is the Options member's own initialiser.
///
/// Made by arg(); the function objects take a pointer to the Options struct it was made for.
struct Arg {
    std::string name;
    std::string summary;
    std::string type; ///< in the catalogue's words: "int", "float or null", "int or tuple", ...
    bool required = false; ///< has no default in torch's signature
    Value defaultValue;
    Constraint constraint;
    std::function<Value(const void *options)> get;
    std::function<Result<void>(void *options, const Value &value)> set;

    /// Checks the constraint; the Error names the argument, what came and what is allowed.
    Result<void> check(const Value &value) const;
};

/// Declares an argument from a pointer to member: arg("p", &Options::p, "Exponent.", oneOf(1, 2)).
template <typename O, typename T>
Arg arg(const char *name, T O::*member, const char *summary, Constraint constraint = {})
{
    Arg out;
    out.name = name;
    out.summary = summary;
    out.type = ValueTraits<T>::type();
    out.defaultValue = ValueTraits<T>::to(O{}.*member);
    if constexpr (std::is_enum_v<T> && !std::is_same_v<T, DType>) {
        if (constraint.choices.empty())
            constraint.choices = ValueTraits<T>::choices();
    }
    out.constraint = std::move(constraint);
    out.get = [member](const void *options) {
        return ValueTraits<T>::to(static_cast<const O *>(options)->*member);
    };
    out.set = [member](void *options, const Value &value) -> Result<void> {
        Result<T> converted = ValueTraits<T>::from(value);
        if (!converted)
            return converted.error();
        static_cast<O *>(options)->*member = std::move(*converted);
        return {};
    };
    return out;
}

/// The same for an argument which torch requires; the member's initialiser is what a freshly
/// dropped node starts with.
template <typename O, typename T>
Arg requiredArg(const char *name, T O::*member, const char *summary, Constraint constraint = {})
{
    Arg out = arg(name, member, summary, std::move(constraint));
    out.required = true;
    return out;
}

/// Writes `values` into the Options struct at `options`. **Errors** (value): `unknown_argument`
/// with the nearest name, `wrong_argument` for type, choice or range; `where` is put in front.
Result<void> setArguments(std::span<const Arg> args, void *options, const Arguments &values,
                          const std::string &where);

/// Options of type O with `values` set.
template <typename O>
Result<O> makeOptions(std::span<const Arg> args, const Arguments &values, const std::string &where)
{
    O options;
    if (Result<void> set = setArguments(args, &options, values, where); !set)
        return set.error();
    return options;
}

/// The arguments whose value differs from the default, for files.
Arguments withoutDefaults(std::span<const Arg> args, const Arguments &values);

} // namespace mrg
