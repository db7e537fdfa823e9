// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Random.h"
#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "tests/engine/spec/sample_inputs.h"

#include <QtTest/qtest.h>

#include <cmath>

/// What tests over the samples of all declarations share.
namespace mrg::test {

/// Something that can be called: a module with its parameters, or a function.
struct Callable {
    std::shared_ptr<Module> module; ///< null: a function
    std::function<std::vector<Tensor>(std::span<const Tensor>)> call;

    std::vector<Tensor> operator()(std::span<const Tensor> inputs) const { return call(inputs); }
    void to(DType dtype) const
    {
        if (module)
            module->to(dtype);
    }
};

inline Callable makeCallable(const Registry &registry, const std::string &type,
                             const Arguments &args)
{
    const std::string name = type.substr(type.find('.') + 1);
    if (type.rfind("nn.", 0) == 0) {
        const std::shared_ptr<Module> module = registry.module(name)->make(args);
        // Random choices are the same at every call.
        return {module, [module](std::span<const Tensor> inputs) {
                    module->seekRandom(0);
                    return module->call(inputs);
                }};
    }
    // Of a function that gives plain values the tensors among them.
    return {nullptr, [function = registry.function(name), args](std::span<const Tensor> inputs) {
                manualSeed(0);
                if (function->call)
                    return function->call(args, inputs);
                std::vector<Tensor> out;
                for (const Value &value : function->evaluate(args, inputs)) {
                    if (const Tensor *tensor = value.as<Tensor>())
                        out.push_back(*tensor);
                }
                return out;
            }};
}

inline std::vector<Tensor> converted(const std::vector<Tensor> &tensors, DType dtype)
{
    std::vector<Tensor> out;
    for (const Tensor &tensor : tensors) {
        out.push_back(!tensor.defined()                  ? tensor
                              : tensor.isFloatingPoint() ? tensor.detach().toType(dtype)
                              : tensor.isComplex()       ? tensor.detach().toType(toComplex(dtype))
                                                         : tensor.detach());
    }
    return out;
}

/// The largest |a - b| / (1 + |b|); infinite where only one is finite.
inline double difference(const Tensor &a, const Tensor &b)
{
    const std::vector<double> x = a.toVector<double>();
    const std::vector<double> y = b.toVector<double>();
    double out = 0;
    for (size_t i = 0; i < x.size(); ++i) {
        if (x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i])))
            continue;
        const double far = std::abs(x[i] - y[i]) / (1 + std::abs(y[i]));
        out = std::max(out, std::isfinite(far) ? far : INFINITY);
    }
    return out;
}

/// The registry, and a row of a test for every sample of it.
class RegistrySamples {
protected:
    const Registry registry = standardRegistry();

    const Spec &specOf(const std::string &type) const
    {
        const std::string name = type.substr(type.find('.') + 1);
        if (type.rfind("nn.", 0) == 0)
            return *registry.module(name);
        return *registry.function(name);
    }

    template <typename F> void forEachSpec(F visit) const
    {
        for (const ModuleSpec &spec : registry.modules())
            visit("nn." + spec.name, spec);
        for (const FunctionSpec &spec : registry.functions())
            visit("torch." + spec.name, spec);
    }

    /// What can't be called (containers, RNNBase) gives nothing, so only its arguments have rows.
    enum class Rows { Calls, Arguments, Bad };
    void addRows(Rows rows = Rows::Calls) const
    {
        QTest::addColumn<QString>("type");
        QTest::addColumn<int>("index");
        forEachSpec([&](const std::string &type, const Spec &spec) {
            if (rows == Rows::Calls && spec.outputs.empty())
                return;
            const size_t count = rows == Rows::Bad ? spec.badSamples.size() : spec.samples.size();
            for (size_t i = 0; i < count; ++i) {
                QTest::addRow("%s %zu", type.c_str(), i)
                        << QString::fromStdString(type) << static_cast<int>(i);
            }
        });
    }

    /// The row's declaration and sample.
    std::pair<const Spec *, Sample> fetchSample() const
    {
        QFETCH(QString, type);
        QFETCH(int, index);
        const Spec &spec = specOf(type.toStdString());
        return {&spec, spec.samples.at(static_cast<size_t>(index))};
    }
    static std::string fetchType()
    {
        QFETCH(QString, type);
        return type.toStdString();
    }
};

} // namespace mrg::test
