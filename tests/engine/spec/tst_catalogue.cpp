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

/// Whether one of the catalogue's names, where {i} is any number, is this one.
bool isNamed(const Json &names, const std::string &name)
{
    for (const auto &[pattern, text] : names.items()) {
        std::string expression = std::regex_replace(pattern, std::regex(R"(\.)"), "\\.");
        expression = std::regex_replace(expression, std::regex(R"(\{\w+\})"), "\\d+");
        if (std::regex_match(name, std::regex(expression)))
            return true;
    }
    return false;
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
        const Json &wanted = catalogue.at(spec.name);
        size_t most = 0;
        for (const Sample &sample : spec.samples) {
            const std::shared_ptr<Module> module = spec.make(sample.args);
            module->materializeUninitialized(sample.inputs);
            for (const auto &[name, tensor] : module->namedParameters())
                QVERIFY2(isNamed(wanted.at("parameters"), name), name.c_str());
            for (const auto &[name, tensor] : module->namedBuffers())
                QVERIFY2(isNamed(wanted.at("buffers"), name), name.c_str());
            most = std::max(most, module->stateDict().size());
        }
        // Some sample has them all, so that none is forgotten.
        QVERIFY(most >= wanted.at("parameters").size() + wanted.at("buffers").size());
    }
};

QTEST_APPLESS_MAIN(TestCatalogue)
#include "tst_catalogue.moc"
