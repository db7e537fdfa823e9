// SPDX-License-Identifier: GPL-3.0-or-later
// The registry against the catalogue of torch.nn: who knows the one knows the other.
#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "engine/spec/value_json.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <nlohmann/json.hpp>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

using namespace mrg;
using Json = nlohmann::ordered_json;

namespace {

/// Arguments that torch does not have. They follow torch's own, so that positions agree.
const std::set<std::pair<std::string, std::string>> extensions{
        {"MultiLabelMarginLoss", "normalize"}, // the torch.js page divides by the number of targets
};

Json readCatalogue()
{
    std::ifstream file(MARGINALIA_SOURCE_DIR "/tests/conformance/catalogue/nn.json");
    const Json all = Json::parse(file);
    Json out = Json::object();
    for (const Json &module : all.at("modules"))
        out[module.at("name").get<std::string>()] = module;
    return out;
}

/// The kinds of value a type in words allows: "int, null or tuple" is {int, null, tuple}. A list is
/// a tuple, whatever it holds.
std::set<std::string> kindsOf(const std::string &type)
{
    std::string rest = std::regex_replace(type, std::regex(R"("same"/"valid")"), "string");
    rest = std::regex_replace(rest, std::regex("(list|tuple) of \\w+"), "tuple");
    std::set<std::string> out;
    const std::regex separator(", | or ");
    for (std::sregex_token_iterator word(rest.begin(), rest.end(), separator, -1), end; word != end;
         ++word)
        out.insert(*word);
    return out;
}

std::set<std::string> wantedKinds(const Json &arg)
{
    std::set<std::string> out = kindsOf(arg.at("type"));
    // Weights are null by default; the catalogue's own word for that is the default.
    if (arg.value("required", false) ? false : arg.at("default").is_null())
        out.insert("null");
    return out;
}

std::set<std::string> declaredKinds(const Arg &arg)
{
    std::set<std::string> out = kindsOf(arg.type);
    if (arg.type == "Tensor")
        out.insert("null");
    return out;
}

std::string joined(const std::set<std::string> &words)
{
    std::string out;
    for (const std::string &word : words)
        out += (out.empty() ? "" : ", ") + word;
    return out;
}

/// What the catalogue's names of parameters or buffers stand for, as regular expressions: {i} is
/// any number, {_reverse} may be missing, "weight/bias" is either, * is anything, and "as
/// RNN/LSTM/GRU" are the names of those modules.
std::vector<std::string> expressionsOf(const Json &catalogue, const Json &names)
{
    const std::pair<const char *, const char *> replacements[] = {{R"(\.)", "\\."},
                                                                  {R"(\*)", ".*"},
                                                                  {R"(\{_(\w+)\})", "(_$1)?"},
                                                                  {R"(\{\w+\})", "\\d+"},
                                                                  {R"((\w+)/(\w+))", "($1|$2)"}};
    std::vector<std::string> out;
    for (const auto &[pattern, text] : names.items()) {
        if (pattern.starts_with("as ")) {
            std::istringstream modules(pattern.substr(3));
            for (std::string module; std::getline(modules, module, '/');) {
                const std::vector<std::string> own
                        = expressionsOf(catalogue, catalogue.at(module).at("parameters"));
                out.insert(out.end(), own.begin(), own.end());
            }
            continue;
        }
        std::string expression = pattern;
        for (const auto &[what, with] : replacements)
            expression = std::regex_replace(expression, std::regex(what), with);
        out.push_back(expression);
    }
    return out;
}

} // namespace

class TestCatalogue : public QObject {
    Q_OBJECT

    const Registry registry = standardRegistry();
    const Json catalogue = readCatalogue();

    const ModuleSpec &fetchSpec() const
    {
        QFETCH(QString, name);
        return *registry.module(name.toStdString());
    }
    void addRows() const
    {
        QTest::addColumn<QString>("name");
        for (const ModuleSpec &spec : registry.modules())
            QTest::newRow(spec.name.c_str()) << QString::fromStdString(spec.name);
    }

private slots:
    void howManyAreDeclared()
    {
        qInfo("%zu of %zu modules of the catalogue", registry.modules().size(), catalogue.size());
    }

    void declaredModulesAreOfTorch_data() { addRows(); }
    void declaredModulesAreOfTorch()
    {
        const ModuleSpec &spec = fetchSpec();
        QVERIFY(catalogue.contains(spec.name));
        QCOMPARE(std::string(groupName(spec.group)),
                 catalogue.at(spec.name).at("category").get<std::string>());
    }

    void argumentsComeInTorchsOrder_data() { addRows(); }
    void argumentsComeInTorchsOrder()
    {
        const ModuleSpec &spec = fetchSpec();
        std::string wanted;
        for (const Json &arg : catalogue.at(spec.name).at("args"))
            wanted += arg.at("name").get<std::string>() + " ";
        std::string declared;
        bool beyond = false;
        for (const Arg &arg : spec.args) {
            // Private ones are torch's as well, but not documented.
            if (arg.name.starts_with('_'))
                continue;
            if (extensions.contains({spec.name, arg.name})) {
                beyond = true;
                QVERIFY2(!arg.required, arg.name.c_str());
                continue;
            }
            QVERIFY2(!beyond, (arg.name + " follows an argument that torch does not have").c_str());
            declared += arg.name + " ";
        }
        QCOMPARE(declared, wanted);
    }

    void defaultsAndChoicesAreTorchs_data() { addRows(); }
    void defaultsAndChoicesAreTorchs()
    {
        const ModuleSpec &spec = fetchSpec();
        for (const Json &wanted : catalogue.at(spec.name).at("args")) {
            const Arg *arg = spec.findArg(wanted.at("name"));
            QVERIFY2(arg, wanted.dump().c_str());
            QVERIFY2(arg->required == wanted.value("required", false), arg->name.c_str());
            if (!arg->required) {
                const Value value = *valueFromJson(wanted.at("default"));
                QVERIFY2(arg->defaultValue == value,
                         (arg->name + " is " + arg->defaultValue.toString() + ", torch has "
                          + value.toString())
                                 .c_str());
            }
            std::set<std::string> choices;
            for (const Value &choice : arg->constraint.choices)
                choices.insert(choice.toString());
            std::set<std::string> wantedChoices;
            for (const Json &choice : wanted.value("choices", Json::array()))
                wantedChoices.insert(valueFromJson(choice)->toString());
            QVERIFY2(choices == wantedChoices,
                     (arg->name + ": " + joined(choices) + "; torch: " + joined(wantedChoices))
                             .c_str());
        }
    }

    void typesAreTorchs_data() { addRows(); }
    void typesAreTorchs()
    {
        const ModuleSpec &spec = fetchSpec();
        for (const Json &wanted : catalogue.at(spec.name).at("args")) {
            const Arg &arg = *spec.findArg(wanted.at("name"));
            QVERIFY2(declaredKinds(arg) == wantedKinds(wanted),
                     (arg.name + " is " + arg.type + ", torch has " + wanted.at("type").dump())
                             .c_str());
        }
    }

    void inputsAreTorchs_data() { addRows(); }
    void inputsAreTorchs()
    {
        const ModuleSpec &spec = fetchSpec();
        const Json &wanted = catalogue.at(spec.name);
        // A tuple's members are one input of torch's.
        std::vector<std::string> names;
        int64_t required = 0;
        for (const Port &port : spec.inputs) {
            const std::string &name = port.tuple.empty() ? port.name : port.tuple;
            if (names.empty() || names.back() != name)
                names.push_back(name);
            required += port.optional ? 0 : 1;
        }
        std::vector<std::string> wantedNames;
        for (const Json &input : wanted.at("inputs")) {
            const std::string name = input.at("name");
            wantedNames.push_back(name.substr(0, name.find(" (optional)")));
        }
        // Keyword tensors of forward (masks) stand in the catalogue's notes and come last.
        QVERIFY(names.size() >= wantedNames.size());
        names.resize(wantedNames.size());
        QCOMPARE(names, wantedNames);
        QCOMPARE(required, wanted.at("num_inputs").get<int64_t>());
    }

    void theStateDictHasTorchsNames_data() { addRows(); }
    void theStateDictHasTorchsNames()
    {
        const ModuleSpec &spec = fetchSpec();
        if (spec.group == Group::Container)
            return; // its names are those of its members
        const Json &wanted = catalogue.at(spec.name);
        for (const bool parameters : {true, false}) {
            const std::vector<std::string> expressions
                    = expressionsOf(catalogue, wanted.at(parameters ? "parameters" : "buffers"));
            std::set<std::string> met;
            for (const Sample &sample : spec.samples) {
                const std::shared_ptr<Module> module = spec.make(sample.args);
                module->materializeUninitialized(sample.inputs);
                for (const auto &[name, tensor] :
                     parameters ? module->namedParameters() : module->namedBuffers()) {
                    bool known = false;
                    for (const std::string &expression : expressions) {
                        if (std::regex_match(name, std::regex(expression))) {
                            met.insert(expression);
                            known = true;
                        }
                    }
                    QVERIFY2(known, name.c_str());
                }
            }
            // Some sample has each of them, so that none is forgotten.
            for (const std::string &expression : expressions)
                QVERIFY2(met.contains(expression), expression.c_str());
        }
    }
};

QTEST_APPLESS_MAIN(TestCatalogue)
#include "tst_catalogue.moc"
