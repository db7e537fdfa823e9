// SPDX-License-Identifier: GPL-3.0-or-later
// That every declaration gives the same bits with one and with two threads, and on every run.
#include "engine/autograd/backward.h"
#include "engine/core/Launch.h"
#include "engine/core/Parallel.h"
#include "tests/engine/spec/registry_samples.h"

#include <QObject>

#include <bit>

using namespace mrg;
using namespace mrg::test;

class TestRegistryThreads : public QObject, test::RegistrySamples {
    Q_OBJECT

    /// Makes the first dimension so large that loops over elements are split into pieces, in all
    /// inputs alike; false if it must be what it is, or the work would grow with its square.
    static bool growSample(const Spec &spec, Sample &sample)
    {
        if (spec.shapeFromElements || sample.inputs.empty() || spec.group == Group::Transformer)
            return false;
        const Shape first = sample.inputs[0];
        if (first.empty() || numel(first) < 1)
            return false;
        const int64_t factor = elementGrain * 5 / 4 / numel(first) + 1;
        for (Shape &shape : sample.inputs) {
            if (shape != leftOut && !shape.empty() && shape[0] == first[0])
                shape[0] *= factor;
        }
        const Result<Shapes> outputs = spec.infer(sample.args, sample.inputs);
        return outputs && std::all_of(outputs->begin(), outputs->end(), [](const Shape &shape) {
                   return numel(shape) < 100 * elementGrain;
               });
    }

    /// Outputs and gradients of a fresh one in float32, bit by bit.
    std::vector<uint64_t> bitsOf(const Spec &spec, const Sample &sample) const
    {
        const Callable callable = makeCallable(registry, fetchType(), sample.args);
        if (callable.module)
            callable.module->materializeUninitialized(sample.inputs);
        std::vector<Tensor> leaves;
        for (Tensor input : converted(drawInputs(spec, sample), DType::Float32)) {
            if (input.defined() && mrg::isDifferentiable(input.dtype()) && spec.differentiable
                && !spec.name.ends_with('_'))
                input.setRequiresGrad();
            leaves.push_back(input);
        }
        std::vector<Tensor> outputs;
        try {
            outputs = callable(leaves);
        } catch (const Error &error) {
            return {std::hash<std::string>()(error.text())};
        }
        std::vector<Tensor> differentiable;
        std::vector<Tensor> cotangents;
        for (const Tensor &output : outputs) {
            if (output.defined() && output.requiresGrad()) {
                differentiable.push_back(output);
                cotangents.push_back(Tensor::full(output.shape(), 0.5, output.dtype()));
            }
        }
        if (!differentiable.empty())
            backward(differentiable, cotangents);
        std::vector<Tensor> all = outputs;
        if (callable.module) {
            for (const Tensor &parameter : callable.module->parameters())
                leaves.push_back(parameter);
        }
        for (const Tensor &leaf : leaves) {
            if (leaf.defined())
                all.push_back(leaf.grad());
        }
        std::vector<uint64_t> bits;
        for (const Tensor &tensor : all) {
            if (!tensor.defined())
                continue;
            for (const std::complex<double> value : tensor.toVector<std::complex<double>>()) {
                bits.push_back(std::bit_cast<uint64_t>(value.real()));
                bits.push_back(std::bit_cast<uint64_t>(value.imag()));
            }
        }
        return bits;
    }

private slots:
    void theThreadCountChangesNoBit_data() { addRows(); }
    void theThreadCountChangesNoBit()
    {
        const auto [spec, sample] = fetchSample();
        if (spec->group == Group::Settings)
            return;
        for (bool large : {false, true}) {
            Sample grown = sample;
            if (large && !growSample(*spec, grown))
                continue;
            std::vector<std::vector<uint64_t>> bits;
            for (int threads : {1, 2}) {
                setNumThreads(threads);
                bits.push_back(bitsOf(*spec, grown));
            }
            // On every run.
            bits.push_back(large ? bits[1] : bitsOf(*spec, grown));
            setNumThreads(1);
            QVERIFY(bits[0] == bits[1]);
            QVERIFY(bits[1] == bits[2]);
        }
    }
};

QTEST_APPLESS_MAIN(TestRegistryThreads)
#include "tst_registry_threads.moc"
