// SPDX-License-Identifier: GPL-3.0-or-later
// The catalogue's kinds of shape errors: each is raised by the shape rule alone as well as by a
// call, and its message can be acted on.
#include "engine/network/outline.h"
#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "engine/ops/indexing.h"
#include "tests/engine/spec/sample_inputs.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <nlohmann/json.hpp>

#include <fstream>
#include <optional>
#include <regex>

using namespace mrg;
using Json = nlohmann::json;

namespace {

/// A use that must be refused.
struct Use {
    std::string name;
    Shapes inputs; ///< the sizes that the message must show
    std::string positions; ///< names of which the message must have one, as alternatives
    std::function<void()> byRule; ///< throws what the shape rule says
    std::function<void()> byCall;
};

std::vector<std::string> kindsOfCatalogue()
{
    std::ifstream file(MARGINALIA_SOURCE_DIR "/tests/conformance/catalogue/torch.json");
    return Json::parse(file).at("shape_error_kinds").get<std::vector<std::string>>();
}

std::optional<Error> errorOf(const std::function<void()> &use)
{
    try {
        use();
    } catch (const Error &error) {
        return error;
    }
    return std::nullopt;
}

using Uses = std::vector<std::pair<std::string, Use>>; ///< with the kind of error they make

/// What says where something is, whatever the function.
const std::string places = "dims?|dimensions?|axis|operand|index|entry|left|right";

template <typename S> std::string positionsOf(const S &spec)
{
    std::string out = places;
    for (const Port &port : spec.inputs)
        out += "|" + port.name;
    for (const Arg &arg : spec.args)
        out += "|" + arg.name;
    return out;
}

/// What the declarations say must be refused.
template <typename S, typename Call>
void addBadSamples(Uses &out, const std::string &space, const std::vector<S> &specs, Call call)
{
    for (const S &spec : specs) {
        for (size_t i = 0; i < spec.badSamples.size(); ++i) {
            const BadSample &bad = spec.badSamples[i];
            const std::string name = space + spec.name + " " + std::to_string(i);
            out.emplace_back(
                    bad.kind,
                    Use{name, bad.inputs, positionsOf(spec),
                        [&spec, &bad] { (void)spec.infer(bad.args, bad.inputs).value(); },
                        [&spec, &bad, call] {
                            call(spec, bad.args, test::drawInputs(spec, {bad.args, bad.inputs}));
                        }});
        }
    }
}

/// A method of tensors, which has no declaration: its shape rule is the call without its kernels.
void addMethod(Uses &out, const std::string &kind, const std::string &name, const Shape &shape,
               const std::function<Tensor(const Tensor &)> &method)
{
    const auto rule = [method, shape] {
        (void)outlineOfCall(
                [&](std::span<const Tensor> in) { return std::vector<Tensor>{method(in[0])}; },
                {TensorOutline{shape, DType::Float32}})
                .value();
    };
    const auto call = [method, shape] { method(Tensor::ones(shape)); };
    out.emplace_back(kind, Use{name, {shape}, places, rule, call});
}

void addIndexing(Uses &out, const std::string &name, const Shape &shape,
                 const std::vector<Index> &indices)
{
    const std::string kind = "at_error_index_out_of_bounds";
    addMethod(out, kind, name, shape, [indices](const Tensor &x) { return index(x, indices); });
    addMethod(out, kind, name + " assigned", shape, [indices](const Tensor &x) {
        Tensor changed = x;
        assignIndexed(changed, indices, Tensor::scalar(1));
        return changed;
    });
}

/// A call of einsum with the indices of its operands as numbers: sorting its arguments is the rule.
void addSublists(Uses &out, const FunctionSpec &einsum, const std::string &kind,
                 const std::string &name, const Value &second)
{
    const Shape shape{2, 3};
    const std::vector<Value> positional{Tensor::ones(shape), ValueList{0, 1}, Tensor::ones(shape),
                                        second};
    const auto rule = [&einsum, positional] { (void)einsum.bind(positional, {}).value(); };
    out.emplace_back(kind, Use{name, {shape}, places, rule, [&einsum, positional] {
                                   const Call call = einsum.bind(positional, {}).value();
                                   einsum.evaluate(call.args, call.inputs);
                               }});
}

} // namespace

class TestShapeErrors : public QObject {
    Q_OBJECT

    const Registry registry = standardRegistry();
    Uses all;

    void addRows(bool ofCatalogue) const
    {
        QTest::addColumn<int>("index");
        const std::vector<std::string> kinds = kindsOfCatalogue();
        for (size_t i = 0; i < all.size(); ++i) {
            const bool listed = std::find(kinds.begin(), kinds.end(), all[i].first) != kinds.end();
            if (listed || !ofCatalogue)
                QTest::addRow("%s: %s", all[i].first.c_str(), all[i].second.name.c_str())
                        << static_cast<int>(i);
        }
    }

private slots:
    void initTestCase()
    {
        addBadSamples(all, "nn.", registry.modules(),
                      [](const ModuleSpec &spec, const Arguments &args,
                         const std::vector<Tensor> &inputs) { spec.make(args)->call(inputs); });
        addBadSamples(all, "torch.", registry.functions(),
                      [](const FunctionSpec &spec, const Arguments &args,
                         const std::vector<Tensor> &inputs) { spec.evaluate(args, inputs); });
        addMethod(all, "item_error_not_scalar", "item of a matrix", {2, 3},
                  [](const Tensor &x) { return Tensor::scalar(x.item()); });
        addMethod(all, "item_error_not_scalar", "item of nothing", {0},
                  [](const Tensor &x) { return Tensor::scalar(x.item()); });
        addIndexing(all, "entry behind the end", {2, 3}, {2});
        addIndexing(all, "entry before the beginning", {2, 3}, {Slice{}, -4});
        addIndexing(all, "entry after an ellipsis", {4, 2, 3}, {Ellipsis{}, 3});
        addIndexing(all, "entry after a new dimension", {2, 3}, {NewAxis{}, 1, 3});
        addIndexing(all, "entry of an empty dimension", {0, 3}, {0});
        const FunctionSpec &einsum = *registry.function("einsum");
        addSublists(all, einsum, "einsum_error_invalid_sublist_element", "a letter",
                    ValueList{"i", 1});
        addSublists(all, einsum, "einsum_error_invalid_sublist_element", "no list", 1);
        addSublists(all, einsum, "einsum_error_index_out_of_range", "a negative index",
                    ValueList{-1, 1});
        addSublists(all, einsum, "einsum_error_index_out_of_range", "an index of 52",
                    ValueList{1, 52});
    }

    void everyKindOfTheCatalogueHasAUse_data()
    {
        QTest::addColumn<QString>("kind");
        for (const std::string &kind : kindsOfCatalogue())
            QTest::newRow(kind.c_str()) << QString::fromStdString(kind);
    }
    void everyKindOfTheCatalogueHasAUse()
    {
        QFETCH(QString, kind);
        const std::string wanted = kind.toStdString();
        QVERIFY(std::any_of(all.begin(), all.end(),
                            [&](const auto &use) { return use.first == wanted; }));
    }

    void theShapeRuleAloneRaisesIt_data() { addRows(false); }
    void theShapeRuleAloneRaisesIt()
    {
        QFETCH(int, index);
        const auto &[kind, use] = all.at(static_cast<size_t>(index));
        const std::optional<Error> error = errorOf(use.byRule);
        QVERIFY(error.has_value());
        QCOMPARE(error->kind, kind);
    }

    void aCallRaisesTheSame_data() { addRows(true); }
    void aCallRaisesTheSame()
    {
        QFETCH(int, index);
        const auto &[kind, use] = all.at(static_cast<size_t>(index));
        const std::optional<Error> wanted = errorOf(use.byRule);
        const std::optional<Error> error = errorOf(use.byCall);
        QVERIFY(error.has_value());
        QCOMPARE(error->kind, kind);
        QCOMPARE(error->category, wanted->category);
    }

    void itsMessageNamesSizesAndPositionAndSaysHowToMendIt_data() { addRows(true); }
    void itsMessageNamesSizesAndPositionAndSaysHowToMendIt()
    {
        QFETCH(int, index);
        const Use &use = all.at(static_cast<size_t>(index)).second;
        for (const auto &raise : {use.byRule, use.byCall}) {
            const Error error = errorOf(raise).value();
            QVERIFY2(!error.where.empty(), error.what());
            QVERIFY2(!error.wanted.empty(), error.what());
            QVERIFY2(!error.fix.empty(), error.what());
            const bool sizes = use.inputs.empty()
                    ? std::regex_search(error.got, std::regex(R"(\[[\d, ]*\])"))
                    : std::any_of(use.inputs.begin(), use.inputs.end(), [&](const Shape &shape) {
                          return error.got.find(toString(shape)) != std::string::npos;
                      });
            QVERIFY2(sizes, error.what());
            const std::regex position("\\b(" + use.positions + ")\\b");
            QVERIFY2(std::regex_search(error.got + " " + error.wanted, position), error.what());
        }
    }
};

QTEST_APPLESS_MAIN(TestShapeErrors)
#include "tst_shape_errors.moc"
