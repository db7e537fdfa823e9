// SPDX-License-Identifier: GPL-3.0-or-later
// That the arguments of every sample survive JSON.
#include "engine/spec/value_json.h"
#include "tests/engine/spec/registry_samples.h"

#include <QObject>

#include <nlohmann/json.hpp>

using namespace mrg;
using namespace mrg::test;
using Json = nlohmann::ordered_json;

class TestRegistryJson : public QObject, test::RegistrySamples {
    Q_OBJECT

private slots:
    void argumentsSurviveJson_data() { addRows(Rows::Arguments); }
    void argumentsSurviveJson()
    {
        const auto [spec, sample] = fetchSample();
        for (const Arguments &args : {sample.args, spec->completed(sample.args),
                                      withoutDefaults(spec->args, sample.args)}) {
            Arguments back;
            for (const auto &[name, value] : args) {
                const Result<Value> read = valueFromJson(Json::parse(toJson(value).dump()));
                QVERIFY2(read.ok(), name.c_str());
                QVERIFY2(*read == value, (name + ": " + read->toString()).c_str());
                back[name] = *read;
            }
            QVERIFY(spec->validate(back).ok());
            QVERIFY(spec->completed(back) == spec->completed(sample.args));
        }
    }
};

QTEST_APPLESS_MAIN(TestRegistryJson)
#include "tst_registry_json.moc"
