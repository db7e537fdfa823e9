// SPDX-License-Identifier: GPL-3.0-or-later
// The Module API of torch.nn: names, containers, state, lazy modules.
#include "engine/nn/module_api.h"

#include "engine/nn/containers.h"
#include "engine/nn/families.h"
#include "engine/nn/linear.h"
#include "tests/engine/error_kind.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <nlohmann/json.hpp>

#include <fstream>
#include <map>

using namespace mrg;
using Json = nlohmann::ordered_json;

namespace {

std::shared_ptr<Linear> makeLinear(int64_t in, int64_t out)
{
    return std::make_shared<Linear>(Linear::Options{.in_features = in, .out_features = out});
}

std::vector<std::string> namesOf(const NamedTensors &tensors)
{
    std::vector<std::string> out;
    for (const auto &[name, tensor] : tensors)
        out.push_back(name);
    return out;
}

using Names = std::vector<std::string>;

} // namespace

class TestModuleApi : public QObject {
    Q_OBJECT

    const Registry registry = standardRegistry();

private slots:
    void everyEntryOfTheCatalogueHasItsPlace()
    {
        std::ifstream file(MARGINALIA_SOURCE_DIR "/tests/conformance/catalogue/module_api.json");
        std::map<std::string, std::string> wanted;
        const Json catalogue = Json::parse(file);
        for (const Json &entry : catalogue.at("api"))
            wanted[entry.at("name")] = entry.at("kind");
        std::map<std::string, std::string> got;
        for (const ModuleApiEntry &entry : moduleApi())
            got[entry.name] = entry.kind == ModuleApiKind::Type ? "class" : "method";
        for (const auto &[name, kind] : wanted)
            QVERIFY2(got.contains(name) && got[name] == kind, name.c_str());
        QCOMPARE(got.size(), wanted.size());
    }

    void declaredMethodsAreDeclaredBySomeModule()
    {
        for (const ModuleApiEntry &entry : moduleApi()) {
            if (entry.kind != ModuleApiKind::Declared)
                continue;
            const auto &modules = registry.modules();
            QVERIFY2(std::any_of(modules.begin(), modules.end(),
                                 [&](const ModuleSpec &spec) { return spec.method(entry.name); }),
                     entry.name);
        }
    }

    void theHalvesOfATransformerMakeTheWhole()
    {
        const ModuleSpec &spec = *registry.module("Transformer");
        const std::shared_ptr<Module> module = spec.make(spec.samples.at(0).args);
        module->eval();
        const Tensor src = Tensor::full({3, 2, 4}, 0.25);
        const Tensor tgt = Tensor::full({2, 2, 4}, -0.5);
        const auto half = [&](const char *name, std::vector<Value> arguments) {
            const MethodSpec &method = *spec.method(name);
            return *method.callOn(*module, bindCall(method, arguments, {}).value())
                            .at(0)
                            .as<Tensor>();
        };
        const Tensor memory = half("encode", {src});
        const std::vector<Tensor> both{src, tgt};
        QCOMPARE(half("decode", {tgt, memory}).toVector<double>(),
                 module->call(both)[0].toVector<double>());
    }

    void aChildOfTheCataloguesNameIsThere()
    {
        for (const ModuleApiEntry &entry : moduleApi()) {
            if (entry.kind != ModuleApiKind::Child)
                continue;
            const ModuleSpec &spec = *registry.module(entry.here);
            const std::shared_ptr<Module> module = spec.make(spec.samples.at(0).args);
            QVERIFY(module->getSubmodule(entry.name) != nullptr);
        }
    }

    void aListKeepsItsOrderThroughItsOperations()
    {
        ModuleList list({makeLinear(1, 1), makeLinear(2, 2)});
        list.append(makeLinear(3, 3));
        list.extend({makeLinear(4, 4)});
        list.insert(1, makeLinear(5, 5));
        const ModulePointer second = list.get(1);
        QCOMPARE(list.size(), 5);
        QCOMPARE(list.pop(1).get(), second.get());
        list.set(-1, makeLinear(6, 6));
        std::vector<int64_t> sizes;
        for (const ModulePointer &module : list.each())
            sizes.push_back(std::static_pointer_cast<Linear>(module)->options.in_features);
        QCOMPARE(sizes, (std::vector<int64_t>{1, 2, 3, 6}));
        QCOMPARE(list.keys(), (Names{"0", "1", "2", "3"}));
        QCOMPARE(test::errorKind([&] { list.get(4); }), std::string("index_out_of_range"));
        QCOMPARE(test::errorKind([&] { list.call({}); }), std::string("forward_missing"));
    }

    void aDictionaryKeepsTheOrderOfInsertion()
    {
        ModuleDict dict({{"b", makeLinear(1, 1)}, {"a", makeLinear(2, 2)}});
        dict.set("c", makeLinear(3, 3));
        dict.set("b", makeLinear(4, 4));
        dict.update({{"d", makeLinear(5, 5)}});
        QCOMPARE(dict.keys(), (Names{"b", "a", "c", "d"}));
        dict.remove("a");
        QVERIFY(!dict.has("a") && dict.has("b"));
        QCOMPARE(test::errorKind([&] { dict.pop("a"); }), std::string("no_such_key"));
        dict.clear();
        QCOMPARE(dict.size(), 0);
        QVERIFY(dict.parameters().empty());
    }

    void parametersOfContainersAreParameters()
    {
        ParameterList list({Tensor::ones({2}), Tensor::zeros({1, 3})});
        QVERIFY(list.get(0).requiresGrad());
        QCOMPARE(namesOf(list.namedParameters()), (Names{"0", "1"}));
        ParameterDict dict({{"b", Tensor::ones({2})}});
        dict.set("a", Tensor::ones({3}));
        QCOMPARE(namesOf(dict.stateDict()), (Names{"b", "a"}));
        // What is a parameter already stays the same one.
        const Tensor shared = Parameter(Tensor::ones({2})).tensor;
        list.append(shared);
        QVERIFY(list.get(-1).impl() == shared.impl());
    }

    void sharedParametersAreListedOnceButSavedUnderEveryName()
    {
        Sequential net({makeLinear(2, 2), makeLinear(2, 2)});
        const auto first = std::static_pointer_cast<Linear>(net.get(0));
        const auto second = std::static_pointer_cast<Linear>(net.get(1));
        second->weight = first->weight;
        QCOMPARE(namesOf(net.namedParameters()), (Names{"0.weight", "0.bias", "1.bias"}));
        QCOMPARE(namesOf(net.stateDict()), (Names{"0.weight", "0.bias", "1.weight", "1.bias"}));
        Sequential twice({first, first});
        QCOMPARE(twice.modules().size(), size_t(2));
        QCOMPARE(twice.namedChildren().size(), size_t(1));
    }

    void pathsReachWhatIsBelow()
    {
        const auto net = std::make_shared<Sequential>(std::vector<ModulePointer>{
                std::make_shared<Sequential>(std::vector<ModulePointer>{makeLinear(2, 3)})});
        QVERIFY(net->getParameter("0.0.weight").shape() == (Shape{3, 2}));
        QCOMPARE(net->getSubmodule("0.0")->typeName(), std::string("Linear"));
        QVERIFY(net->getSubmodule("").get() == net.get());
        QCOMPARE(test::errorKind([&] { net->getParameter("0.1.weight"); }),
                 std::string("no_such_parameter"));
        QCOMPARE(test::errorKind([&] { net->getBuffer("0.0.weight"); }),
                 std::string("no_such_buffer"));
        QCOMPARE(test::errorKind([&] { net->getSubmodule("0.7"); }), std::string("no_such_module"));
    }

    void namesThatCanNotBeReachedAreRefused_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("kind");
        QTest::newRow("empty") << ""
                               << "bad_name";
        QTest::newRow("dot") << "a.b"
                             << "bad_name";
        QTest::newRow("a parameter's") << "weight"
                                       << "name_taken";
    }
    void namesThatCanNotBeReachedAreRefused()
    {
        QFETCH(QString, name);
        QFETCH(QString, kind);
        const auto module = makeLinear(1, 1);
        QCOMPARE(test::errorKind([&] {
                     module->registerBuffer(name.toStdString(), Buffer(Tensor::ones({1})));
                 }),
                 kind.toStdString());
        QCOMPARE(test::errorKind([&] { module->addModule(name.toStdString(), makeLinear(1, 1)); }),
                 kind.toStdString());
    }

    void buffersThatDoNotPersistAreNotSaved()
    {
        const auto module = makeLinear(1, 1);
        module->registerBuffer("kept", Buffer(Tensor::ones({2})));
        module->registerBuffer("forgotten", Buffer(Tensor::ones({2}), false));
        QCOMPARE(namesOf(module->namedBuffers()), (Names{"kept", "forgotten"}));
        QCOMPARE(namesOf(module->stateDict()), (Names{"weight", "bias", "kept"}));
    }

    void aStateIsTakenWholeOrNotAtAll()
    {
        const auto module = makeLinear(2, 1);
        const std::vector<double> before = module->weight.toVector<double>();
        NamedTensors state{{"weight", Tensor::ones({1, 2})}, {"other", Tensor::ones({1})}};
        try {
            module->loadStateDict(state);
            QFAIL("missing and unexpected keys were accepted");
        } catch (const Error &error) {
            QVERIFY(error.got.find("missing keys: bias") != std::string::npos);
            QVERIFY(error.got.find("unexpected keys: other") != std::string::npos);
        }
        QCOMPARE(module->weight.toVector<double>(), before);
        state.emplace_back("bias", Tensor::ones({2}));
        QCOMPARE(test::errorKind([&] { module->loadStateDict(state, false); }),
                 std::string("state_dict_shape_mismatch"));
        QCOMPARE(module->weight.toVector<double>(), before);
        state.pop_back();
        const StateDictReport report = module->loadStateDict(state, false);
        QCOMPARE(report.missing, (Names{"bias"}));
        QCOMPARE(report.unexpected, (Names{"other"}));
        QCOMPARE(module->weight.toVector<double>(), (std::vector<double>{1, 1}));
    }

    void modesTypesAndGradientsReachEveryModule()
    {
        Sequential net(
                {makeLinear(1, 1),
                 std::make_shared<Sequential>(std::vector<ModulePointer>{makeLinear(1, 1)})});
        net.eval();
        QVERIFY(!net.getSubmodule("1.0")->training());
        net.to(DType::Float64);
        QCOMPARE(net.getParameter("1.0.weight").dtype(), DType::Float64);
        net.requiresGrad(false);
        QVERIFY(!net.getParameter("0.bias").requiresGrad());
        QCOMPARE(test::errorKind([&] { net.to("cuda"); }), std::string("unknown_device"));
        Names order;
        net.apply([&](Module &module) { order.push_back(module.typeName()); });
        QCOMPARE(order, (Names{"Linear", "Linear", "Sequential", "Sequential"}));
    }

    void integerBuffersKeepTheirType()
    {
        const std::shared_ptr<Module> norm
                = registry.module("BatchNorm1d")->make({{"num_features", 2}});
        norm->to(DType::Float64);
        QCOMPARE(norm->getBuffer("num_batches_tracked").dtype(), DType::Int64);
        QCOMPARE(norm->getBuffer("running_mean").dtype(), DType::Float64);
    }

    void aLazyModuleHasNoParametersUntilItsFirstInput()
    {
        const std::shared_ptr<Module> lazy
                = registry.module("LazyLinear")->make({{"out_features", 3}});
        QVERIFY(lazy->isUninitializedParameter("weight"));
        QVERIFY(!lazy->isUninitializedBuffer("weight"));
        QCOMPARE(test::errorKind([&] { lazy->parameters(); }),
                 std::string("uninitialized_parameter"));
        QCOMPARE(test::errorKind([&] { lazy->stateDict(); }),
                 std::string("uninitialized_parameter"));
        lazy->to(DType::Float64);
        QCOMPARE(lazy->typeName(), std::string("LazyLinear"));
        QVERIFY((*lazy)(Tensor::ones({2, 4}, DType::Float64)).shape() == (Shape{2, 3}));
        QVERIFY(!lazy->hasUninitialized());
        QCOMPARE(lazy->typeName(), std::string("Linear"));
        QCOMPARE(lazy->getParameter("weight").dtype(), DType::Float64);
        QVERIFY_THROWS_EXCEPTION(Error, (*lazy)(Tensor::ones({2, 5}, DType::Float64)));
    }

    void aLazyModuleTakesTheSizesOfAState()
    {
        const std::shared_ptr<Module> lazy
                = registry.module("LazyLinear")->make({{"out_features", 2}});
        lazy->loadStateDict({{"weight", Tensor::ones({2, 3})}, {"bias", Tensor::zeros({2})}});
        QCOMPARE(lazy->parameterCount(), 8);
        QCOMPARE((*lazy)(Tensor::ones({1, 3})).toVector<double>(), (std::vector<double>{3, 3}));
        const std::shared_ptr<Module> wrong
                = registry.module("LazyLinear")->make({{"out_features", 2}});
        wrong->loadStateDict({{"weight", Tensor::ones({2, 3})}, {"bias", Tensor::zeros({2})}});
        QCOMPARE(test::errorKind([&] {
                     (*wrong)(Tensor::ones({1, 4}));
                 }),
                 std::string("size_mismatch"));
    }

    void aLazyModuleDrawsWhatItsSizedTwinDraws()
    {
        const std::shared_ptr<Module> lazy
                = registry.module("LazyLinear")->make({{"out_features", 2}});
        lazy->initialize(RandomStream(7));
        lazy->materializeUninitialized({{5, 3}});
        const auto sized = makeLinear(3, 2);
        sized->initialize(RandomStream(7));
        QCOMPARE(lazy->getParameter("weight").toVector<double>(), sized->weight.toVector<double>());
    }

    void uninitializedTensorsGetTheirShapeByHand()
    {
        const Parameter parameter = UninitializedParameter{DType::Float64}.materialize({2, 3});
        QVERIFY(parameter.tensor.requiresGrad());
        QVERIFY(parameter.tensor.shape() == (Shape{2, 3}));
        QCOMPARE(UninitializedBuffer{}.materialize({2}).tensor.toVector<double>(),
                 (std::vector<double>{0, 0}));
    }

    void keywordsThatForwardDoesNotKnowAreRefused()
    {
        const Tensor x = Tensor::ones({1, 2});
        QCOMPARE(test::errorKind([&] {
                     makeLinear(2, 2)->call({&x, 1}, {{"scale", 2}});
                 }),
                 std::string("unknown_argument"));
    }

    void aModuleDescriptionIsBuiltThroughItsRegistry()
    {
        const ModuleDescription inner{"Linear", {{"in_features", 2}, {"out_features", 3}}};
        const std::shared_ptr<Module> net = registry.make(
                {"Sequential",
                 {{"modules",
                   ValueList{ValueList{"first", inner},
                             ValueList{"second", ModuleDescription{"Tanh", {}}}}}}});
        QCOMPARE(namesOf(net->namedParameters()), (Names{"first.weight", "first.bias"}));
        QCOMPARE(net->namedModules()[2].second->typeName(), std::string("Tanh"));
        QCOMPARE(test::errorKind([&] {
                     registry.make({"NoSuchModule", {}});
                 }),
                 std::string("unknown_module"));
        // Copies of a registry share what it declares.
        const Registry copy = registry;
        QVERIFY(copy.make({"Sequential", {{"modules", ValueList{inner}}}})->parameterCount() == 9);
    }
};

QTEST_APPLESS_MAIN(TestModuleApi)
#include "tst_module_api.moc"
