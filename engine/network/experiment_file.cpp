// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/network/experiment_file.h"

#include "engine/core/write_file.h"
#include "engine/network/file_migrations.h"
#include "engine/spec/value_json.h"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

namespace mrg {

using Json = nlohmann::ordered_json;

namespace {

constexpr const char *formatName = "marginalia-experiment";
/// Longest number of a node that a wire can name, in digits, and the largest such number.
constexpr size_t idDigits = 15;
constexpr NodeId largestId = 999'999'999'999'999;

/// What is wrong at a JSON pointer; caught in readExperiment().
struct Malformed {
    std::string pointer;
    std::string got;
    std::string wanted;
};

template <typename T>
T member(const Json &object, const std::string &pointer, const char *key, const T &fallback,
         const char *wanted)
{
    const auto found = object.find(key);
    if (found == object.end())
        return fallback;
    const bool fits = std::is_same_v<T, std::string> ? found->is_string()
            : std::is_same_v<T, bool>                ? found->is_boolean()
            : std::is_unsigned_v<T>                  ? found->is_number_unsigned()
            : std::is_integral_v<T>                  ? found->is_number_integer()
                                                     : found->is_number();
    if (!fits)
        throw Malformed{pointer + "/" + key, found->dump().substr(0, 40), wanted};
    return found->get<T>();
}

const Json &required(const Json &object, const std::string &pointer, const char *key,
                     bool fits(const Json &), const char *wanted)
{
    const auto found = object.find(key);
    if (found == object.end())
        throw Malformed{pointer, "no \"" + std::string(key) + "\"", wanted};
    if (!fits(*found))
        throw Malformed{pointer + "/" + key, found->dump().substr(0, 40), wanted};
    return *found;
}

bool isArray(const Json &json) { return json.is_array(); }
bool isObject(const Json &json) { return json.is_object(); }
bool isText(const Json &json) { return json.is_string(); }
bool isWhole(const Json &json) { return json.is_number_integer(); }

/// A name as a part of a JSON pointer (RFC 6901).
std::string escaped(const std::string &name)
{
    std::string out;
    for (char letter : name)
        out += letter == '~' ? "~0" : letter == '/' ? "~1" : std::string(1, letter);
    return out;
}

/// Whole numbers without a decimal point; what is no number at all becomes 0.
Json coordinate(double value)
{
    if (!std::isfinite(value))
        return 0;
    return std::nearbyint(value) == value && std::abs(value) < 0x1p53
            ? Json(static_cast<int64_t>(value))
            : Json(value);
}

Json argsToJson(const Arguments &args)
{
    Json out = Json::object();
    for (const auto &[name, value] : args)
        out[name] = toJson(value);
    return out;
}

/// Arguments that a Value can hold; the others are put into `opaque`.
Arguments readArgs(const Json &object, const std::string &pointer, Json *opaque)
{
    Arguments out;
    for (const auto &[name, json] : object.items()) {
        Result<Value> value = valueFromJson(json);
        if (value)
            out[name] = *value;
        else if (opaque)
            (*opaque)["args"][name] = json;
        else
            throw Malformed{pointer + "/" + escaped(name), value.error().got, value.error().wanted};
    }
    return out;
}

Json nodeToJson(const NetworkNode &node)
{
    Json out{{"id", node.id}, {"type", node.type}};
    if (!node.title.empty())
        out["title"] = node.title;
    if (!node.args.empty())
        out["args"] = argsToJson(node.args);
    out["position"] = {coordinate(node.x), coordinate(node.y)};
    if (!node.opaque.empty())
        out.update(Json::parse(node.opaque), true);
    return out;
}

NetworkNode readNode(const Json &json, const std::string &pointer)
{
    if (!json.is_object())
        throw Malformed{pointer, json.dump().substr(0, 40), "a node object"};
    NetworkNode node;
    node.id = required(json, pointer, "id", isWhole, "a whole number").get<NodeId>();
    node.type = required(json, pointer, "type", isText, "a text such as \"nn.Linear\"")
                        .get<std::string>();
    node.title = member<std::string>(json, pointer, "title", {}, "a text");
    Json opaque = Json::object();
    if (json.contains("args"))
        node.args = readArgs(required(json, pointer, "args", isObject, "an object of arguments"),
                             pointer + "/args", &opaque);
    if (const auto position = json.find("position"); position != json.end()) {
        if (!position->is_array() || position->size() != 2 || !(*position)[0].is_number()
            || !(*position)[1].is_number())
            throw Malformed{pointer + "/position", position->dump().substr(0, 40), "[x, y]"};
        node.x = (*position)[0].get<double>();
        node.y = (*position)[1].get<double>();
    }
    static const std::set<std::string> known{"id", "type", "title", "args", "position"};
    for (const auto &[key, value] : json.items()) {
        if (!known.contains(key))
            opaque[key] = value;
    }
    if (!opaque.empty())
        node.opaque = opaque.dump();
    return node;
}

/// "3.output", or "3.tensors.1" for the ends of wires at a variadic port.
std::string portText(const PortRef &ref)
{
    return std::to_string(ref.node) + "." + ref.port
            + (ref.index ? "." + std::to_string(ref.index) : "");
}

PortRef readPort(const Json &json, const std::string &pointer)
{
    const Malformed wrong{pointer, json.dump().substr(0, 40), "a port such as \"3.output\""};
    if (!json.is_string())
        throw wrong;
    const std::string text = json.get<std::string>();
    const size_t first = text.find('.');
    if (first == std::string::npos || first == 0 || text.find_first_not_of("0123456789") != first
        || first > idDigits)
        throw wrong;
    PortRef ref;
    ref.node = std::stoll(text.substr(0, first));
    const size_t second = text.find('.', first + 1);
    ref.port = text.substr(first + 1, second == std::string::npos ? second : second - first - 1);
    if (second != std::string::npos) {
        const std::string index = text.substr(second + 1);
        if (index.empty() || index.size() > 6
            || index.find_first_not_of("0123456789") != std::string::npos)
            throw wrong;
        ref.index = std::stoi(index);
    }
    if (ref.port.empty())
        throw wrong;
    return ref;
}

Network readNetwork(const Json &json, const std::string &pointer)
{
    Network network;
    const Json &nodes = required(json, pointer, "nodes", isArray, "a list of nodes");
    std::set<NodeId> ids;
    for (size_t i = 0; i < nodes.size(); ++i) {
        const std::string at = pointer + "/nodes/" + std::to_string(i);
        NetworkNode node = readNode(nodes[i], at);
        if (node.id < 1 || node.id > largestId || !ids.insert(node.id).second)
            throw Malformed{at + "/id", std::to_string(node.id),
                            "a positive id of at most " + std::to_string(idDigits)
                                    + " digits, used once"};
        network.nextId = std::max(network.nextId, node.id + 1);
        network.nodes.push_back(std::move(node));
    }
    const Json &wires = required(json, pointer, "wires", isArray, "a list of wires");
    for (size_t i = 0; i < wires.size(); ++i) {
        const std::string at = pointer + "/wires/" + std::to_string(i);
        if (!wires[i].is_array() || wires[i].size() != 2)
            throw Malformed{at, wires[i].dump().substr(0, 40), "[\"from.port\", \"to.port\"]"};
        network.wires.push_back(
                {readPort(wires[i][0], at + "/0"), readPort(wires[i][1], at + "/1")});
    }
    return network;
}

Json trainingToJson(const TrainingSettings &training)
{
    Json out{{"optimizer",
              {{"name", training.optimizer}, {"args", argsToJson(training.optimizerArgs)}}}};
    if (!training.scheduler.empty())
        out["scheduler"]
                = {{"name", training.scheduler}, {"args", argsToJson(training.schedulerArgs)}};
    out["batch_size"] = training.batchSize;
    out["epochs"] = training.epochs;
    out["seed"] = training.seed;
    out["shuffle"] = training.shuffle;
    out["drop_last"] = training.dropLast;
    out["validate_every"] = training.validateEvery;
    if (!training.options.empty())
        out["options"] = argsToJson(training.options);
    return out;
}

void readNamed(const Json &json, const std::string &pointer, const char *key, std::string &name,
               Arguments &args)
{
    if (!json.contains(key))
        return;
    const std::string at = pointer + "/" + key;
    const Json &object = required(json, pointer, key, isObject, "an object with name and args");
    name = required(object, at, "name", isText, "a name").get<std::string>();
    if (object.contains("args"))
        args = readArgs(required(object, at, "args", isObject, "an object of arguments"),
                        at + "/args", nullptr);
}

TrainingSettings readTraining(const Json &json, const std::string &pointer)
{
    TrainingSettings out;
    readNamed(json, pointer, "optimizer", out.optimizer, out.optimizerArgs);
    readNamed(json, pointer, "scheduler", out.scheduler, out.schedulerArgs);
    const auto atLeastOne = [&](const char *key, int64_t fallback) {
        const int64_t value = member<int64_t>(json, pointer, key, fallback, "a whole number");
        if (value < 1)
            throw Malformed{pointer + "/" + key, std::to_string(value), "1 or more"};
        return value;
    };
    out.batchSize = atLeastOne("batch_size", out.batchSize);
    out.epochs = atLeastOne("epochs", out.epochs);
    out.validateEvery = atLeastOne("validate_every", out.validateEvery);
    out.seed = member<uint64_t>(json, pointer, "seed", out.seed, "a whole number");
    out.shuffle = member<bool>(json, pointer, "shuffle", out.shuffle, "true or false");
    out.dropLast = member<bool>(json, pointer, "drop_last", out.dropLast, "true or false");
    if (json.contains("options"))
        out.options = readArgs(required(json, pointer, "options", isObject, "an object of options"),
                               pointer + "/options", nullptr);
    return out;
}

Error fileError(const char *kind, const std::string &where, const std::string &got,
                const std::string &wanted, const std::string &fix = {})
{
    return Error(ErrorCategory::File, kind, where, got, wanted, fix);
}

Error malformedJson(const std::string &text, const nlohmann::json::parse_error &error)
{
    // The parser counts the bytes it has read, the wrong one included.
    const size_t at = std::min(error.byte - std::min<size_t>(error.byte, 1), text.size());
    const auto line
            = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    const size_t lineStart = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
    return fileError("malformed_json",
                     "line " + std::to_string(line) + ", column "
                             + std::to_string(at - lineStart + 1),
                     at == text.size() ? "the end of the file" : "text that is no JSON", "JSON",
                     "the file may be cut off: restore it from a backup");
}

} // namespace

std::string writeExperiment(const Experiment &experiment)
{
    Json nodes = Json::array();
    for (const NetworkNode &node : experiment.network.nodes)
        nodes.push_back(nodeToJson(node));
    Json wires = Json::array();
    for (const Wire &wire : experiment.network.wires)
        wires.push_back({portText(wire.from), portText(wire.to)});
    const Json out{{"format", formatName},
                   {"version", experimentFileVersion},
                   {"title", experiment.title},
                   {"notes", experiment.notes},
                   {"network", {{"nodes", nodes}, {"wires", wires}}},
                   {"training", trainingToJson(experiment.training)}};
    return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Experiment> readExperiment(const std::string &text)
{
    Json json;
    try {
        json = Json::parse(text);
    } catch (const nlohmann::json::parse_error &error) {
        return malformedJson(text, error);
    } catch (const nlohmann::json::exception &error) {
        return fileError("malformed_json", "a number", error.what(), "numbers that fit 64 bits");
    }
    if (!json.is_object() || json.value("format", Json()) != formatName) {
        return fileError("not_an_experiment", "/format", "something else",
                         std::string("\"") + formatName + "\"", "choose a file *.mrg");
    }
    const auto version = json.find("version");
    // Positive whole numbers are unsigned in JSON; beyond int a version is newer than any known.
    const uint64_t number
            = version != json.end() && version->is_number_unsigned() ? version->get<uint64_t>() : 0;
    if (number == 0)
        return fileError("malformed_experiment", "/version", "no version", "a whole number from 1");
    if (number > experimentFileVersion) {
        return fileError("newer_version", "/version", "file version " + version->dump(),
                         "at most " + std::to_string(experimentFileVersion),
                         "open it with a newer Marginalia");
    }
    try {
        migrateExperiment(json, static_cast<int>(number));
        Experiment experiment;
        experiment.title = member<std::string>(json, "", "title", {}, "a text");
        experiment.notes = member<std::string>(json, "", "notes", {}, "a text");
        experiment.network
                = readNetwork(required(json, "", "network", isObject, "the network"), "/network");
        if (json.contains("training"))
            experiment.training = readTraining(
                    required(json, "", "training", isObject, "an object"), "/training");
        return experiment;
    } catch (const Malformed &wrong) {
        return fileError("malformed_experiment", wrong.pointer, wrong.got, wrong.wanted);
    } catch (const nlohmann::json::exception &error) {
        return fileError("malformed_experiment", "/", error.what(), "an experiment");
    }
}

Result<Experiment> loadExperiment(const std::filesystem::path &path)
{
    std::error_code failure;
    const bool folder = std::filesystem::is_directory(path, failure);
    std::ifstream file(path, std::ios::binary);
    if (!file || folder) {
        return fileError("cannot_read", path.string(), folder ? "a folder" : std::strerror(errno),
                         "a readable file", "check the path and its permissions");
    }
    std::ostringstream text;
    text << file.rdbuf();
    Result<Experiment> experiment = readExperiment(text.str());
    return experiment ? experiment : Result<Experiment>(experiment.error().within(path.string()));
}

Result<void> saveExperiment(const std::filesystem::path &path, const Experiment &experiment)
{
    return writeFile(path, writeExperiment(experiment));
}

} // namespace mrg
