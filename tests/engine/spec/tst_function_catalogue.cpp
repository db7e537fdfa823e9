// SPDX-License-Identifier: GPL-3.0-or-later
// The registry against the catalogue of torch.*: names, groups, signatures, and what gradients flow
// through.
#include "engine/nn/families.h"
#include "engine/spec/value_json.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <regex>

using namespace mrg;
using Json = nlohmann::ordered_json;

namespace {

/// An entry of the catalogue with the group it stands in.
struct Entry {
    Json function;
    std::string group;
    /// Settings and questions of plain values: "differentiable" says nothing about them.
    bool ofTensors() const { return function.value("tensor_function", true); }
};

std::map<std::string, Entry> readCatalogue()
{
    std::ifstream file(MARGINALIA_SOURCE_DIR "/tests/conformance/catalogue/torch.json");
    const Json all = Json::parse(file);
    std::map<std::string, Entry> out;
    for (const Json &group : all.at("groups")) {
        for (const Json &function : group.at("functions"))
            out[function.at("name")] = {function, group.at("group")};
    }
    return out;
}

/// One parameter of a signature.
struct Parameter {
    std::string name;
    std::optional<std::string> defaultText;
    bool variadic = false; ///< *tensors
    bool keywords = false; ///< **axes
    bool alternative = false; ///< the second of "src or value"
};

std::string trimmed(const std::string &text)
{
    const size_t first = text.find_first_not_of(' ');
    return first == std::string::npos ? ""
                                      : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

/// Splits at the separator where no bracket is open.
std::vector<std::string> split(const std::string &text, char separator)
{
    std::vector<std::string> out(1);
    int depth = 0;
    for (char c : text) {
        depth += c == '[' || c == '(' ? 1 : c == ']' || c == ')' ? -1 : 0;
        if (c == separator && depth == 0)
            out.emplace_back();
        else
            out.back() += c;
    }
    return out;
}

/// "dim=-1", "*tensors: torch.Tensor", "src or value", "unbiased=true (correction=1)".
std::vector<Parameter> parametersOf(const std::string &word)
{
    Parameter out;
    std::string rest = std::regex_replace(word, std::regex(R"(\s*\([^)]*\))"), "");
    const size_t equals = rest.find('=');
    if (equals != std::string::npos)
        out.defaultText = trimmed(rest.substr(equals + 1));
    rest = trimmed(rest.substr(0, std::min(equals, rest.find(':'))));
    out.keywords = rest.starts_with("**");
    out.variadic = !out.keywords && rest.starts_with("*");
    rest.erase(0, rest.find_first_not_of('*'));
    std::vector<Parameter> all;
    const std::regex separator(" or ");
    for (std::sregex_token_iterator name(rest.begin(), rest.end(), separator, -1), end; name != end;
         ++name) {
        out.name = *name;
        out.alternative = !all.empty();
        all.push_back(out);
    }
    return all;
}

/// The alternatives of a signature, each a list of parameters.
std::vector<std::vector<Parameter>> alternativesOf(const std::string &signature)
{
    const size_t open = signature.find('(');
    std::vector<std::vector<Parameter>> out;
    for (const std::string &alternative :
         split(signature.substr(open + 1, signature.size() - open - 2), '|')) {
        std::vector<Parameter> parameters;
        for (const std::string &word : split(alternative, ',')) {
            const std::string name = trimmed(word);
            // A lone star: what follows is given by name. A backslash is the end of a broken line.
            if (name.empty() || name == "*" || name == "\\")
                continue;
            for (Parameter &parameter : parametersOf(name))
                parameters.push_back(std::move(parameter));
        }
        out.push_back(std::move(parameters));
    }
    return out;
}

/// Whether it tells what a call looks like: (*args, **kwargs) does not.
bool saysNothing(const std::vector<Parameter> &parameters)
{
    return std::any_of(parameters.begin(), parameters.end(),
                       [](const Parameter &parameter) { return parameter.name == "kwargs"; });
}

Value valueOf(std::string text)
{
    static const std::map<std::string, std::string> python{
            {"None", "null"}, {"True", "true"}, {"False", "false"}};
    if (const auto found = python.find(text); found != python.end())
        text = found->second;
    std::replace(text.begin(), text.end(), '\'', '"');
    return *valueFromJson(Json::parse(text));
}

/// The names of a declaration in the order of a call.
std::vector<std::string> declaredNames(const FunctionSpec &spec)
{
    std::vector<std::string> out = spec.order;
    const auto add = [&out](const std::string &name) {
        if (std::find(out.begin(), out.end(), name) == out.end())
            out.push_back(name);
    };
    for (const Port &port : spec.inputs)
        add(port.name);
    for (const Arg &arg : spec.args)
        add(arg.name);
    return out;
}

const Port *portNamed(const FunctionSpec &spec, const std::string &name)
{
    const auto found = std::find_if(spec.inputs.begin(), spec.inputs.end(),
                                    [&](const Port &port) { return port.name == name; });
    return found == spec.inputs.end() ? nullptr : &*found;
}

bool mayBeLeftOut(const FunctionSpec &spec, const std::string &name)
{
    if (const Port *port = portNamed(spec, name))
        return port->optional || port->variadic;
    return !spec.findArg(name)->required;
}

/// What it is where it is left out; nothing: it can't be.
std::optional<Value> defaultOf(const FunctionSpec &spec, const std::string &name)
{
    if (const Port *port = portNamed(spec, name))
        return port->optional ? std::optional<Value>(Value()) : std::nullopt;
    const Arg *arg = spec.findArg(name);
    return arg->required ? std::nullopt : std::optional<Value>(arg->defaultValue);
}

std::string joined(const std::vector<std::string> &words)
{
    std::string out;
    for (const std::string &word : words)
        out += (out.empty() ? "" : ", ") + word;
    return out;
}

} // namespace

class TestFunctionCatalogue : public QObject {
    Q_OBJECT

    const Registry registry = standardRegistry();
    const std::map<std::string, Entry> catalogue = readCatalogue();

    const FunctionSpec &fetchSpec() const
    {
        QFETCH(QString, name);
        return *registry.function(name.toStdString());
    }
    void addRows() const
    {
        QTest::addColumn<QString>("name");
        for (const FunctionSpec &spec : registry.functions())
            QTest::newRow(spec.name.c_str()) << QString::fromStdString(spec.name);
    }
    std::vector<std::vector<Parameter>> alternatives(const FunctionSpec &spec) const
    {
        return alternativesOf(catalogue.at(spec.name).function.at("signature"));
    }

private slots:
    void everyFunctionIsDeclared()
    {
        for (const auto &[name, entry] : catalogue)
            QVERIFY2(registry.function(name), name.c_str());
    }

    void declaredFunctionsAreOfTorch_data() { addRows(); }
    void declaredFunctionsAreOfTorch()
    {
        const FunctionSpec &spec = fetchSpec();
        QVERIFY(catalogue.contains(spec.name));
        const Entry &entry = catalogue.at(spec.name);
        QCOMPARE(QString(groupName(spec.group)).toLower(),
                 QString::fromStdString(entry.group).toLower());
        if (entry.ofTensors())
            QCOMPARE(spec.differentiable, entry.function.at("differentiable").get<bool>());
    }

    void argumentsComeInTorchsOrder_data() { addRows(); }
    void argumentsComeInTorchsOrder()
    {
        const FunctionSpec &spec = fetchSpec();
        const std::vector<std::string> declared = declaredNames(spec);
        std::vector<std::string> known;
        for (const std::vector<Parameter> &parameters : alternatives(spec)) {
            if (saysNothing(parameters))
                return;
            // A page that stops at the input leaves the rest to torch.
            if (parameters.size() == 1 && parameters[0].name == "input")
                return;
            size_t last = 0;
            for (const Parameter &parameter : parameters) {
                const auto found = std::find(declared.begin(), declared.end(), parameter.name);
                // "src or value": one port takes both.
                if (found == declared.end() && parameter.alternative)
                    continue;
                QVERIFY2(found != declared.end(), (parameter.name + " is not declared").c_str());
                const auto at = static_cast<size_t>(found - declared.begin());
                QVERIFY2(at >= last,
                         (parameter.name + " comes too early: " + joined(declared)).c_str());
                last = at;
                known.push_back(parameter.name);
                if (parameter.variadic)
                    QVERIFY(!portNamed(spec, parameter.name)
                            || portNamed(spec, parameter.name)->variadic);
                if (parameter.keywords)
                    QCOMPARE(spec.otherKeywords, parameter.name);
            }
        }
        // What torch's page leaves out (dtype of what is made) may be left out here too.
        for (const std::string &name : declared) {
            if (std::find(known.begin(), known.end(), name) == known.end())
                QVERIFY2(mayBeLeftOut(spec, name),
                         (name + " is required, but not torch's").c_str());
        }
    }

    void defaultsAreTorchs_data() { addRows(); }
    void defaultsAreTorchs()
    {
        const FunctionSpec &spec = fetchSpec();
        const std::vector<std::vector<Parameter>> all = alternatives(spec);
        for (const std::vector<Parameter> &parameters : all) {
            if (saysNothing(parameters))
                return;
            for (const Parameter &parameter : parameters) {
                if (parameter.variadic || parameter.keywords || parameter.alternative)
                    continue;
                const std::optional<Value> declared = defaultOf(spec, parameter.name);
                if (!parameter.defaultText) {
                    // Another way to call may do without it, or null stands for leaving it out.
                    const bool always = std::all_of(all.begin(), all.end(), [&](const auto &other) {
                        return std::any_of(other.begin(), other.end(), [&](const Parameter &p) {
                            return p.name == parameter.name && !p.defaultText;
                        });
                    });
                    QVERIFY2(!always || !declared || declared->isNull(),
                             (parameter.name + " is optional").c_str());
                    continue;
                }
                QVERIFY2(declared.has_value(), (parameter.name + " is required").c_str());
                // A default that is another argument's value is null until it is known.
                const bool another = std::any_of(parameters.begin(), parameters.end(),
                                                 [&](const Parameter &other) {
                                                     return other.name == *parameter.defaultText;
                                                 });
                const Value wanted = another ? Value() : valueOf(*parameter.defaultText);
                QVERIFY2(*declared == wanted,
                         (parameter.name + " is " + declared->toString() + ", torch has "
                          + wanted.toString())
                                 .c_str());
            }
        }
    }
};

QTEST_APPLESS_MAIN(TestFunctionCatalogue)
#include "tst_function_catalogue.moc"
