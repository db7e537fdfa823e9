// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/spec/value_json.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

namespace mrg {

using Json = nlohmann::ordered_json;

namespace {

Json numberToJson(double value)
{
    if (std::isnan(value))
        return "nan";
    if (std::isinf(value))
        return value > 0 ? "inf" : "-inf";
    return value;
}

std::optional<double> numberFromJson(const Json &json)
{
    if (json.is_number())
        return json.get<double>();
    if (json.is_boolean())
        return json.get<bool>() ? 1.0 : 0.0;
    if (json == "nan")
        return std::numeric_limits<double>::quiet_NaN();
    if (json == "inf")
        return std::numeric_limits<double>::infinity();
    if (json == "-inf")
        return -std::numeric_limits<double>::infinity();
    return std::nullopt;
}

/// Lists within lists at most: no argument has more than three.
constexpr int deepest = 32;

Error malformed(const std::string &got, const std::string &wanted)
{
    return Error(ErrorCategory::File, "malformed_tensor", "tensor", got, wanted);
}

/// Reads all elements of `data`; false where one is no number.
template <typename T> bool fillElements(const Json &data, T *target)
{
    for (const Json &element : data) {
        if (std::is_integral_v<T> && element.is_number_integer()) {
            *target++ = static_cast<T>(element.get<int64_t>());
            continue;
        }
        const std::optional<double> number = numberFromJson(element);
        if (!number)
            return false;
        *target++ = static_cast<T>(*number);
    }
    return true;
}

/// A complex number lies in memory as its real and its imaginary part.
template <typename T> bool fillElements(const Json &data, std::complex<T> *target)
{
    return fillElements(data, reinterpret_cast<T *>(target));
}

} // namespace

Json toJson(const Tensor &tensor)
{
    Json data = Json::array();
    dispatchAll(tensor.dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        for (const T value : tensor.toVector<T>()) {
            if constexpr (isComplexType<T>) {
                data.push_back(numberToJson(value.real()));
                data.push_back(numberToJson(value.imag()));
            } else if constexpr (std::is_floating_point_v<T>)
                data.push_back(std::isfinite(value) ? Json(value) : numberToJson(value));
            else
                data.push_back(value);
        }
    });
    return {{"dtype", dtypeName(tensor.dtype())}, {"shape", tensor.shape()}, {"data", data}};
}

Json toJson(const Value &value)
{
    if (const bool *flag = value.as<bool>())
        return *flag;
    if (const int64_t *whole = value.as<int64_t>())
        return *whole;
    if (const double *real = value.as<double>())
        return numberToJson(*real);
    if (const std::string *text = value.as<std::string>())
        return *text;
    if (const auto *complex = value.as<std::complex<double>>())
        return {{"complex", {numberToJson(complex->real()), numberToJson(complex->imag())}}};
    if (const Tensor *tensor = value.as<Tensor>())
        return toJson(*tensor);
    if (const ValueList *list = value.as<ValueList>()) {
        Json array = Json::array();
        for (const Value &item : *list)
            array.push_back(toJson(item));
        return array;
    }
    if (const ModuleDescription *description = value.module()) {
        Json args = Json::object();
        for (const auto &[name, argument] : description->args)
            args[name] = toJson(argument);
        return {{"module", "nn." + description->name}, {"args", args}};
    }
    if (const FunctionValue *function = value.function())
        return {{"function", function->name}};
    return nullptr;
}

Result<Tensor> tensorFromJson(const Json &json)
{
    if (!json.is_object() || !json.contains("dtype") || !json.contains("shape")
        || !json.contains("data"))
        return malformed(json.dump().substr(0, 60), "an object with dtype, shape and data");
    if (!json["dtype"].is_string() || !json["shape"].is_array() || !json["data"].is_array())
        return malformed("members of another kind", "dtype a text, shape and data lists");
    DType dtype{};
    try {
        dtype = dtypeFromName(json["dtype"].get<std::string>());
    } catch (const Error &error) {
        return error;
    }
    Shape shape;
    // Sizes whose product does not fit 64 bits are no number of elements.
    bool countable = true;
    int64_t count = 1;
    for (const Json &size : json["shape"]) {
        if (!size.is_number_integer() || size.get<int64_t>() < 0)
            return malformed("size " + size.dump(), "whole numbers of 0 or more");
        shape.push_back(size.get<int64_t>());
        countable = countable
                && (shape.back() == 0
                    || count <= std::numeric_limits<int64_t>::max() / shape.back());
        count = countable ? count * shape.back() : count;
    }
    const Json &data = json["data"];
    const int64_t perElement = isComplex(dtype) ? 2 : 1;
    if (!countable || static_cast<int64_t>(data.size()) != count * perElement) {
        return malformed(std::to_string(data.size()) + " elements",
                         (countable ? std::to_string(count) : "those") + " for shape "
                                 + toString(shape));
    }
    Tensor tensor = Tensor::empty(shape, dtype);
    const bool filled = dispatchAll(dtype, [&](auto tag) {
        using T = typename decltype(tag)::type;
        return fillElements(data, tensor.data<T>());
    });
    if (!filled)
        return malformed("an element that is no number", "numbers, \"nan\", \"inf\" or \"-inf\"");
    return tensor;
}

namespace {
Result<Value> valueAt(const Json &json, int depth);

/// {"module": "nn.X", "args": {..}}, members of a Sequential also beside args.
Result<Value> moduleAt(const Json &json, int depth)
{
    const auto wrong = [&] {
        return Error(ErrorCategory::Value, "not_a_value", "", json.dump().substr(0, 60),
                     "a module: {\"module\": \"nn.Linear\", \"args\": {..}}");
    };
    const Json args = json.value("args", Json::object());
    if (!json["module"].is_string() || !args.is_object())
        return wrong();
    ModuleDescription out;
    out.name = json["module"].get<std::string>();
    if (out.name.starts_with("nn."))
        out.name.erase(0, 3);
    for (const auto &[name, argument] : args.items()) {
        Result<Value> value = valueAt(argument, depth + 1);
        if (!value)
            return value.error();
        out.args[name] = *value;
    }
    if (json.contains("modules")) {
        Result<Value> members = valueAt(json["modules"], depth + 1);
        if (!members)
            return members.error();
        out.args["modules"] = *members;
    }
    return Value(std::move(out));
}

Result<Value> valueAt(const Json &json, int depth)
{
    if (depth > deepest)
        return Error(ErrorCategory::Value, "not_a_value", "", "lists within lists within lists",
                     "a value");
    if (json.is_null())
        return Value();
    if (json.is_boolean())
        return Value(json.get<bool>());
    if (json.is_number_integer())
        return Value(json.get<int64_t>());
    if (json.is_number())
        return Value(json.get<double>());
    if (json.is_string())
        return Value(json.get<std::string>());
    if (json.is_array()) {
        ValueList list;
        for (const Json &item : json) {
            Result<Value> element = valueAt(item, depth + 1);
            if (!element)
                return element.error();
            list.push_back(*element);
        }
        return Value(std::move(list));
    }
    if (json.contains("complex") && json["complex"].is_array() && json["complex"].size() == 2) {
        const std::optional<double> real = numberFromJson(json["complex"][0]);
        const std::optional<double> imaginary = numberFromJson(json["complex"][1]);
        if (real && imaginary)
            return Value(std::complex<double>(*real, *imaginary));
    }
    if (json.contains("module"))
        return moduleAt(json, depth);
    if (json.contains("function") && json["function"].is_string())
        return Value(FunctionValue{json["function"].get<std::string>(), {}});
    if (json.contains("dtype")) {
        const Result<Tensor> tensor = tensorFromJson(json);
        if (!tensor)
            return tensor.error();
        return Value(*tensor);
    }
    return Error(ErrorCategory::Value, "not_a_value", "", json.dump().substr(0, 60),
                 "null, a bool, a number, a text, a list, a tensor, a module or a function");
}
} // namespace

Result<Value> valueFromJson(const Json &json) { return valueAt(json, 0); }

} // namespace mrg
