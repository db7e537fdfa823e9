// SPDX-License-Identifier: GPL-3.0-or-later
// The distribution of the initial parameters of every module that has some is PyTorch's.
#include "engine/core/Random.h"
#include "engine/nn/Module.h"
#include "engine/nn/families.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <cmath>
#include <map>
#include <set>

using namespace mrg;

namespace {

/// How the numbers of a parameter are drawn.
struct Distribution {
    enum Form { Constant, Uniform, Normal } form = Constant;
    double parameter = 0; ///< the constant, the bound, the deviation

    double variance() const
    {
        return form == Constant ? 0 : parameter * parameter / (form == Uniform ? 3 : 1);
    }
    /// E[x^4] / E[x^2]^2
    double kurtosis() const { return form == Uniform ? 1.8 : 3; }
};

/// torch.nn.init._calculate_fan_in_and_fan_out
std::pair<double, double> fans(const Shape &shape)
{
    const double field = static_cast<double>(numel({shape.begin() + 2, shape.end()}));
    return {static_cast<double>(shape.at(1)) * field, static_cast<double>(shape.at(0)) * field};
}
double xavierBound(const Shape &shape)
{
    const auto [in, out] = fans(shape);
    return std::sqrt(6 / (in + out));
}

/// Gates of a recurrent layer or cell: rows of its weights over its hidden size.
int64_t gatesOf(const std::string &type)
{
    return type.starts_with("LSTM") ? 4 : type.starts_with("GRU") ? 3 : 1;
}

/// What reset_parameters() of PyTorch's module of that type does to the parameter `name`; nothing
/// for modules that have no parameters of their own in PyTorch.
/// **Source**: torch/nn/modules/{linear,conv,rnn,sparse,batchnorm,instancenorm,normalization,
/// activation}.py.
std::optional<Distribution> ruleOf(const std::string &type, const std::string &name,
                                   const Shape &shape, const std::map<std::string, Shape> &siblings,
                                   const Arguments &args)
{
    const auto within = [](double fan) {
        return Distribution{Distribution::Uniform, 1 / std::sqrt(fan)};
    };
    if (type.ends_with("Linear") || type.starts_with("Conv"))
        return within(fans(siblings.at("weight")).first);
    if (type == "Bilinear")
        return within(static_cast<double>(siblings.at("weight").at(1)));
    if (type.starts_with("RNN") || type.starts_with("LSTM") || type.starts_with("GRU")) {
        const bool cell = type.ends_with("Cell");
        const int64_t rows = siblings.at(cell ? "weight_ih" : "weight_ih_l0").at(0);
        return within(static_cast<double>(
                rows / gatesOf(type == "RNNBase" ? *args.at("mode").as<std::string>() : type)));
    }
    if (type.starts_with("Embedding"))
        return Distribution{Distribution::Normal, 1};
    if (type.find("Norm") != std::string::npos)
        return Distribution{Distribution::Constant, name == "weight" ? 1.0 : 0.0};
    if (type == "PReLU")
        return Distribution{Distribution::Constant, args.at("init").number().value()};
    if (type == "MultiheadAttention") {
        if (name == "in_proj_bias")
            return Distribution{Distribution::Constant, 0};
        if (name.ends_with("weight"))
            return Distribution{Distribution::Uniform, xavierBound(shape)};
        // bias_k and bias_v, (1, 1, embed_dim): xavier_normal_
        const auto [in, out] = fans(shape);
        return Distribution{Distribution::Normal, std::sqrt(2 / (in + out))};
    }
    return std::nullopt;
}

/// The numbers of a parameter over many drawings, and what they should be.
struct Drawn {
    Distribution wanted;
    std::vector<double> values;
};

/// What it should be by the rule of the module it belongs to, or of one that is made of it.
std::optional<Distribution> wantedFor(Module &root, const Arguments &args, const std::string &path,
                                      const Shape &shape)
{
    const size_t dot = path.rfind('.');
    const std::string parent = dot == std::string::npos ? "" : path.substr(0, dot);
    const std::string name = path.substr(dot + 1);
    const std::shared_ptr<Module> owner = parent.empty() ? nullptr : root.getSubmodule(parent);
    Module &module = owner ? *owner : root;
    std::map<std::string, Shape> siblings;
    for (const auto &[sibling, tensor] : module.namedParameters(false))
        siblings[sibling] = tensor.shape();
    // torch.nn.Transformer draws all matrices anew.
    if (root.typeName() == "Transformer" && shape.size() > 1)
        return Distribution{Distribution::Uniform, xavierBound(shape)};
    // MultiheadAttention sets the bias of its output projection.
    if (parent.ends_with("out_proj") && name == "bias")
        return Distribution{Distribution::Constant, 0};
    return ruleOf(module.typeName(), name, shape, siblings, args);
}

} // namespace

class TestInitialWeights : public QObject {
    Q_OBJECT

    const Registry registry = standardRegistry();

    std::shared_ptr<Module> made(const ModuleSpec &spec, const Sample &sample) const
    {
        const std::shared_ptr<Module> module = spec.make(sample.args);
        if (module->hasUninitialized())
            module->materializeUninitialized(sample.inputs);
        return module;
    }

private slots:
    void parametersAreDistributedAsPyTorchs_data()
    {
        QTest::addColumn<QString>("type");
        QTest::addColumn<int>("index");
        for (const ModuleSpec &spec : registry.modules()) {
            for (size_t i = 0; i < spec.samples.size(); ++i) {
                // The parameters of ParameterList and ParameterDict are arguments.
                if (!spec.name.starts_with("Parameter")
                    && !made(spec, spec.samples[i])->parameters().empty())
                    QTest::addRow("%s %zu", spec.name.c_str(), i)
                            << QString::fromStdString(spec.name) << static_cast<int>(i);
            }
        }
    }
    void parametersAreDistributedAsPyTorchs()
    {
        QFETCH(QString, type);
        QFETCH(int, index);
        const ModuleSpec &spec = *registry.module(type.toStdString());
        const Sample &sample = spec.samples.at(static_cast<size_t>(index));
        const std::shared_ptr<Module> module = made(spec, sample);
        const Arguments args = spec.completed(sample.args);
        const auto padding = args.find("padding_idx");

        constexpr size_t enough = 4000;
        std::map<std::string, Drawn> all;
        size_t fewest = 0;
        for (uint64_t seed = 1; fewest < enough; ++seed) {
            module->initialize(RandomStream(seed));
            fewest = enough;
            for (const auto &[name, tensor] : module->namedParameters()) {
                if (tensor.numel() == 0)
                    continue;
                Drawn &drawn = all[name];
                if (drawn.values.empty()) {
                    const std::optional<Distribution> wanted
                            = wantedFor(*module, args, name, tensor.shape());
                    QVERIFY2(wanted.has_value(), ("no rule for " + name).c_str());
                    drawn.wanted = *wanted;
                }
                std::vector<double> values = tensor.toVector<double>();
                if (padding != args.end() && padding->second.as<int64_t>()) {
                    const int64_t row = *padding->second.as<int64_t>();
                    const auto first = values.begin() + row * tensor.size(1);
                    QVERIFY(std::all_of(first, first + tensor.size(1),
                                        [](double value) { return value == 0; }));
                    values.erase(first, first + tensor.size(1));
                }
                drawn.values.insert(drawn.values.end(), values.begin(), values.end());
                fewest = std::min(fewest, drawn.values.size());
            }
        }
        for (const auto &[name, drawn] : all)
            compare(name, drawn);
    }

    void equalSeedsAndOnlyThoseGiveEqualParameters()
    {
        const std::shared_ptr<Module> module
                = registry.module("Linear")->make({{"in_features", 8}, {"out_features", 8}});
        const auto drawn = [&](uint64_t seed) {
            module->initialize(RandomStream(seed));
            return module->getParameter("weight").toVector<double>();
        };
        const std::vector<double> first = drawn(1);
        QVERIFY(drawn(2) != first);
        QCOMPARE(drawn(1), first);
    }

private:
    /// Bounds exactly. Mean, variance and the share beyond two deviations within five of their own
    /// deviations, sqrt(variance / n), variance * sqrt((kurtosis - 1) / n) and sqrt(p (1 - p) / n):
    /// the seeds are fixed, so that it is the same numbers each time; that one of some 500 right
    /// ones fails was a chance of 1 in 1000. A bound that is not PyTorch's by 8 % or more (12 % for
    /// a normal one) changes the variance of 4000 numbers by more than that.
    static void compare(const std::string &name, const Drawn &drawn)
    {
        const Distribution &wanted = drawn.wanted;
        const auto count = static_cast<double>(drawn.values.size());
        double sum = 0;
        double squares = 0;
        double largest = 0;
        double beyond = 0;
        for (double value : drawn.values) {
            if (wanted.form == Distribution::Constant)
                QVERIFY2(value == static_cast<float>(wanted.parameter),
                         (name + " " + std::to_string(value)).c_str());
            sum += value;
            squares += value * value;
            largest = std::max(largest, std::abs(value));
            beyond += std::abs(value) > 2 * std::sqrt(wanted.variance()) ? 1 : 0;
        }
        if (wanted.form == Distribution::Constant)
            return;
        const auto said = [&name](const char *what, double got, double right) {
            return name + " " + what + " " + std::to_string(got) + ", not " + std::to_string(right);
        };
        if (wanted.form == Distribution::Uniform) {
            // Rounded to float, a number may stand on the bound; and of 4000 none is within 1 % of
            // it with a chance of e^-40.
            const double bound = wanted.parameter;
            QVERIFY2(largest <= static_cast<double>(static_cast<float>(bound)),
                     said("up to", largest, bound).c_str());
            QVERIFY2(largest > 0.99 * bound, said("up to", largest, bound).c_str());
        }
        const double variance = wanted.variance();
        QVERIFY2(std::abs(sum / count) < 5 * std::sqrt(variance / count),
                 said("mean", sum / count, 0).c_str());
        QVERIFY2(std::abs(squares / count - variance)
                         < 5 * variance * std::sqrt((wanted.kurtosis() - 1) / count),
                 said("variance", squares / count, variance).c_str());
        const double share = wanted.form == Distribution::Normal ? std::erfc(std::sqrt(2)) : 0;
        QVERIFY2(std::abs(beyond / count - share) <= 5 * std::sqrt(share * (1 - share) / count),
                 said("share beyond two deviations", beyond / count, share).c_str());
    }
};

QTEST_APPLESS_MAIN(TestInitialWeights)
#include "tst_initial_weights.moc"
