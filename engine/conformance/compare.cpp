// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/conformance/compare.h"

#include "engine/spec/value_json.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace mrg {

using Json = nlohmann::ordered_json;

namespace {
bool close(double got, double wanted, Tolerance tolerance)
{
    if (std::isnan(wanted) || std::isnan(got))
        return std::isnan(wanted) && std::isnan(got);
    if (std::isinf(wanted) || std::isinf(got))
        return got == wanted;
    return std::abs(got - wanted) <= tolerance.absolute + tolerance.relative * std::abs(wanted);
}
} // namespace

Tolerance toleranceOf(const Json &json)
{
    return {json.value("rtol", 1e-9), json.value("atol", 1e-12)};
}

void compareNumbers(const std::string &what, double got, double wanted, Tolerance tolerance)
{
    if (!close(got, wanted, tolerance)) {
        throw CaseFailed{what + ": got " + Value(got).toString() + ", wanted "
                         + Value(wanted).toString()};
    }
}

void compareTensors(const std::string &what, const Tensor &got, const Tensor &wanted,
                    Tolerance tolerance)
{
    if (!got.defined())
        throw CaseFailed{what + ": got nothing, wanted " + toString(wanted.shape())};
    if (got.shape() != wanted.shape())
        throw CaseFailed{what + ": got shape " + toString(got.shape()) + ", wanted "
                         + toString(wanted.shape())};
    if (got.dtype() != wanted.dtype())
        throw CaseFailed{what + ": got " + dtypeName(got.dtype()) + ", wanted "
                         + dtypeName(wanted.dtype())};
    const std::vector<std::complex<double>> values = got.toVector<std::complex<double>>();
    const std::vector<std::complex<double>> references = wanted.toVector<std::complex<double>>();
    const Tolerance used = isIntegral(wanted.dtype()) ? Tolerance{} : tolerance;
    for (size_t i = 0; i < values.size(); ++i) {
        const std::string element = what + "[" + std::to_string(i) + "]";
        compareNumbers(element, values[i].real(), references[i].real(), used);
        compareNumbers(element + " imaginary", values[i].imag(), references[i].imag(), used);
    }
}

Arguments argumentsOf(const Json &json)
{
    Arguments out;
    for (const auto &[name, value] : json.items()) {
        // An ordered dict of modules.
        if (name == "named_modules") {
            ValueList members;
            for (const auto &[member, description] : value.items())
                members.push_back(ValueList{member, valueFromJson(description).value()});
            out["modules"] = members;
            continue;
        }
        Result<Value> converted = valueFromJson(value);
        if (!converted)
            throw CaseFailed{"argument " + name + ": " + converted.error().text()};
        out[name] = *converted;
    }
    return out;
}

Tensor goldenTensor(const Json &json)
{
    if (json.contains("ones"))
        return Tensor::ones(json["ones"].get<Shape>());
    if (json.contains("constant"))
        return Tensor::full(json.at("shape").get<Shape>(), json["constant"].get<double>());
    const Result<Tensor> tensor = tensorFromJson(json);
    if (!tensor)
        throw CaseFailed{tensor.error().text()};
    return *tensor;
}

} // namespace mrg
