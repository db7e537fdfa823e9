// SPDX-License-Identifier: GPL-3.0-or-later
// nn.init and what modules draw at construction.
#include "engine/conformance/cases.h"

#include "engine/nn/init.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <functional>
#include <map>

namespace mrg {

using Json = nlohmann::ordered_json;

namespace {

void require(bool holds, const std::string &what)
{
    if (!holds)
        throw CaseFailed{what};
}

/// Within `bound`, up to its neighbourhood, and with the deviation of a uniform distribution.
void requireUniform(const std::string &name, const Tensor &tensor, double bound)
{
    const std::vector<double> values = tensor.toVector<double>();
    double largest = 0;
    double squares = 0;
    for (double value : values) {
        largest = std::max(largest, std::abs(value));
        squares += value * value;
    }
    require(largest <= bound * (1 + 1e-6),
            name + " reaches " + std::to_string(largest) + ", bound " + std::to_string(bound));
    if (values.size() < 1000)
        return;
    require(largest > 0.95 * bound, name + " stays far within its bound");
    compareNumbers("deviation of " + name, std::sqrt(squares / static_cast<double>(values.size())),
                   bound / std::sqrt(3.0), {0.1, 0});
}

void requireNormal(const std::string &name, const Tensor &tensor, double deviation)
{
    const std::vector<double> values = tensor.toVector<double>();
    double squares = 0;
    double fourth = 0;
    for (double value : values) {
        squares += value * value;
        fourth += value * value * value * value;
    }
    const double n = static_cast<double>(values.size());
    compareNumbers("deviation of " + name, std::sqrt(squares / n), deviation, {0.1, 0});
    compareNumbers("kurtosis of " + name, fourth / n / (squares / n * squares / n), 3, {0.25, 0});
}

void requireConstant(const std::string &name, const Tensor &tensor, double wanted)
{
    for (double value : tensor.toVector<double>())
        require(value == wanted, name + " is not " + std::to_string(wanted));
}

bool endsWith(const std::string &name, const std::string &end) { return name.ends_with(end); }

/// Every parameter of a module of the registry; their names as PyTorch's.
using Check = std::function<void(const std::string &name, const Tensor &parameter)>;
void forParameters(const ConformanceSubject &subject, const std::string &target, const Json &args,
                   const Check &check)
{
    const std::shared_ptr<Module> module
            = makeModule(subject, {{"module", "nn." + target}, {"args", args}});
    for (const auto &[name, parameter] : module->namedParameters())
        check(target + "." + name, parameter.detach());
}

/// The defaults that the cases describe in words, by their target.
void checkDefaults(const ConformanceSubject &subject, const std::string &what)
{
    const auto within = [](double bound) -> Check {
        return [bound](const std::string &name, const Tensor &parameter) {
            requireUniform(name, parameter, bound);
        };
    };
    if (what == "Linear") {
        forParameters(subject, "Linear", {{"in_features", 64}, {"out_features", 50}},
                      within(1.0 / 8));
    } else if (what == "Conv1d/2d/3d" || what == "ConvTranspose*") {
        const bool transposed = what != "Conv1d/2d/3d";
        for (int dimensions = 1; dimensions <= 3; ++dimensions) {
            const double fan = (transposed ? 24.0 : 12.0) / 2 * std::pow(3, dimensions);
            forParameters(
                    subject,
                    (transposed ? "ConvTranspose" : "Conv") + std::to_string(dimensions) + "d",
                    {{"in_channels", 12}, {"out_channels", 24}, {"kernel_size", 3}, {"groups", 2}},
                    within(1 / std::sqrt(fan)));
        }
    } else if (what == "RNN/LSTM/GRU and cells") {
        for (const char *target : {"RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"})
            forParameters(subject, target, {{"input_size", 40}, {"hidden_size", 49}},
                          within(1.0 / 7));
    } else if (what == "Embedding") {
        forParameters(subject, "Embedding",
                      {{"num_embeddings", 100}, {"embedding_dim", 30}, {"padding_idx", 3}},
                      [](const std::string &name, const Tensor &table) {
                          requireNormal(name, table, 1);
                          requireConstant("padding row", table.asStrided({30}, {1}, 90), 0);
                      });
    } else if (what == "Bilinear") {
        forParameters(subject, "Bilinear",
                      {{"in1_features", 25}, {"in2_features", 7}, {"out_features", 11}},
                      within(0.2));
    } else if (what == "MultiheadAttention") {
        forParameters(
                subject, "MultiheadAttention",
                {{"embed_dim", 48}, {"num_heads", 4}, {"add_bias_kv", true}},
                [](const std::string &name, const Tensor &parameter) {
                    if (endsWith(name, "in_proj_weight"))
                        requireUniform(name, parameter,
                                       std::sqrt(3.0) * init::xavierDeviation(parameter.shape()));
                    else if (endsWith(name, "in_proj_bias") || endsWith(name, "out_proj.bias"))
                        requireConstant(name, parameter, 0);
                });
    } else if (what == "norms") {
        for (const char *target : {"BatchNorm1d", "BatchNorm2d", "BatchNorm3d"}) {
            const std::shared_ptr<Module> module = makeModule(
                    subject,
                    {{"module", std::string("nn.") + target}, {"args", {{"num_features", 4}}}});
            for (const auto &[name, tensor] : module->stateDict())
                requireConstant(name, tensor, name == "weight" || name == "running_var" ? 1 : 0);
        }
        for (const auto &[target, args] :
             {std::pair("LayerNorm", Json{{"normalized_shape", 4}}),
              std::pair("GroupNorm", Json{{"num_groups", 2}, {"num_channels", 4}})}) {
            forParameters(subject, target, args,
                          [](const std::string &name, const Tensor &parameter) {
                              requireConstant(name, parameter, endsWith(name, "weight") ? 1 : 0);
                          });
        }
    } else if (what == "Transformer") {
        forParameters(subject, "Transformer",
                      {{"d_model", 16},
                       {"nhead", 2},
                       {"num_encoder_layers", 1},
                       {"num_decoder_layers", 1},
                       {"dim_feedforward", 32}},
                      [](const std::string &name, const Tensor &parameter) {
                          if (parameter.dim() > 1)
                              requireUniform(name, parameter,
                                             std::sqrt(3.0)
                                                     * init::xavierDeviation(parameter.shape()));
                      });
    } else {
        throw CaseFailed{"a default that is not known: " + what};
    }
}

/// W W' = gain^2 on the shorter side of the matrix (size 0, rest).
void requireOrthogonal(const Tensor &tensor, double gain)
{
    const std::vector<double> w = tensor.toVector<double>();
    const auto rows = static_cast<size_t>(tensor.size(0));
    const size_t columns = w.size() / rows;
    const bool wide = rows < columns;
    for (size_t a = 0; a < std::min(rows, columns); ++a) {
        for (size_t b = 0; b < std::min(rows, columns); ++b) {
            double product = 0;
            for (size_t k = 0; k < std::max(rows, columns); ++k)
                product += wide ? w[a * columns + k] * w[b * columns + k]
                                : w[k * columns + a] * w[k * columns + b];
            compareNumbers("product of vectors", product, a == b ? gain * gain : 0, {1e-9, 1e-9});
        }
    }
}

void requireSparse(const Tensor &tensor, double sparsity)
{
    const std::vector<double> w = tensor.toVector<double>();
    const auto rows = static_cast<size_t>(tensor.size(0));
    const size_t columns = w.size() / rows;
    for (size_t column = 0; column < columns; ++column) {
        size_t zeros = 0;
        for (size_t row = 0; row < rows; ++row)
            zeros += w[row * columns + column] == 0;
        require(zeros == static_cast<size_t>(std::ceil(sparsity * static_cast<double>(rows))),
                "column " + std::to_string(column) + " has " + std::to_string(zeros) + " zeros");
    }
}

init::FanMode fanMode(const Json &args)
{
    const std::string mode = args.value("mode", "fan_in");
    if (mode != "fan_in" && mode != "fan_out") {
        throw Error(ErrorCategory::Value, "wrong_argument", "init", "mode " + mode,
                    "fan_in or fan_out");
    }
    return mode == "fan_in" ? init::FanMode::In : init::FanMode::Out;
}

/// The factor of one of the functions in "bounds", as uniform bound or deviation.
void checkBound(const Json &entry, const Shape &shape)
{
    const std::string function = entry.at("function");
    const Json args = entry.value("args", Json::object());
    double deviation = 0;
    if (function.starts_with("xavier")) {
        deviation = init::xavierDeviation(shape, args.value("gain", 1.0));
    } else {
        deviation = init::kaimingDeviation(shape, args.value("a", 0.0), fanMode(args),
                                           args.value("nonlinearity", "leaky_relu"));
    }
    if (entry.contains("uniform_bound"))
        compareNumbers(function, std::sqrt(3.0) * deviation, entry["uniform_bound"], {1e-12, 0});
    else
        compareNumbers(function, deviation, entry.at("std"), {1e-12, 0});
}

/// Runs an initialiser of that name on a tensor of the case's shape.
Tensor initialized(const std::string &name, const Json &json)
{
    const Json args = json.value("args", Json::object());
    const Tensor tensor = Tensor::empty(json.at("shape").get<Shape>(), DType::Float64);
    RandomStream random(1);
    const auto kaiming = [&](auto fill) {
        fill(tensor, random, args.value("a", 0.0), fanMode(args),
             args.value("nonlinearity", "leaky_relu"));
    };
    const std::map<std::string, std::function<void()>> functions{
            {"xavier_uniform_",
             [&] { init::xavierUniform(tensor, random, args.value("gain", 1.0)); }},
            {"xavier_normal_",
             [&] { init::xavierNormal(tensor, random, args.value("gain", 1.0)); }},
            {"kaiming_uniform_", [&] { kaiming(init::kaimingUniform); }},
            {"kaiming_normal_", [&] { kaiming(init::kaimingNormal); }},
            {"uniform_",
             [&] { init::uniform(tensor, random, args.value("a", 0.0), args.value("b", 1.0)); }},
            {"normal_",
             [&] {
                 init::normal(tensor, random, args.value("mean", 0.0), args.value("std", 1.0));
             }},
            {"trunc_normal_",
             [&] {
                 init::truncatedNormal(tensor, random, args.value("mean", 0.0),
                                       args.value("std", 1.0), args.value("a", -2.0),
                                       args.value("b", 2.0));
             }},
            {"constant_", [&] { init::constant(tensor, args.at("val")); }},
            {"ones_", [&] { init::constant(tensor, 1); }},
            {"zeros_", [&] { init::constant(tensor, 0); }},
            {"eye_", [&] { init::eye(tensor); }},
            {"dirac_", [&] { init::dirac(tensor, args.value("groups", 1)); }},
            {"orthogonal_", [&] { init::orthogonal(tensor, random, args.value("gain", 1.0)); }},
            {"sparse_",
             [&] { init::sparse(tensor, random, args.at("sparsity"), args.value("std", 0.01)); }}};
    const auto found = functions.find(name);
    if (found == functions.end())
        throw Undeclared{"nn.init." + name};
    found->second();
    return tensor;
}

} // namespace

void runInitCase(const ConformanceSubject &subject, const Json &json)
{
    const std::string target = json.at("target");
    const std::string defaults = "nn.init default of ";
    if (target.starts_with(defaults)) {
        checkDefaults(subject, target.substr(defaults.size()));
        return;
    }
    const auto gain = [&] {
        return init::calculateGain(json.at("nonlinearity"), json.value("param", 0.01));
    };
    if (json.value("error", false)) {
        expectError(json, [&] {
            if (json.contains("nonlinearity"))
                gain();
            else
                initialized(target.substr(target.rfind('.') + 1), json);
        });
        return;
    }
    if (json.contains("gain")) {
        compareNumbers("gain", gain(), json["gain"], {1e-12, 0});
        return;
    }
    if (json.contains("bounds")) {
        const Shape shape = json.at("shape").get<Shape>();
        const init::Fans fans = init::fans(shape);
        require(fans.in == json.at("fan_in") && fans.out == json.at("fan_out"), "fans differ");
        for (const Json &entry : json["bounds"])
            checkBound(entry, shape);
        return;
    }
    const std::string name = target.substr(target.rfind('.') + 1);
    const Json args = json.value("args", Json::object());
    const Tensor tensor = initialized(name, json);
    if (json.contains("output")) {
        compareTensors(name, tensor, goldenTensor(json["output"]), {1e-12, 0});
    } else if (name == "orthogonal_") {
        requireOrthogonal(tensor, args.value("gain", 1.0));
    } else if (name == "sparse_") {
        requireSparse(tensor, args.at("sparsity"));
    } else if (name == "trunc_normal_") {
        for (double value : tensor.toVector<double>())
            require(value >= args.value("a", -2.0) && value <= args.value("b", 2.0),
                    "a value outside [a, b]");
    } else {
        throw CaseFailed{"a property that is not known: " + json.value("property", "")};
    }
}

} // namespace mrg
