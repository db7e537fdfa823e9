// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/DatasetSpec.h"

#include <cmath>
#include <numbers>

namespace mrg {

namespace {

/// SplitMix64 (Steele, Lea and Flood, 2014) with Box-Muller normals: small, and the same numbers
/// everywhere.
class SplitMix {
public:
    explicit SplitMix(uint64_t seed) : m_state(seed) { }

    uint64_t next()
    {
        uint64_t z = m_state += 0x9E3779B97F4A7C15;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return z ^ z >> 31;
    }
    double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
    double normal()
    {
        if (m_hasSpare) {
            m_hasSpare = false;
            return m_spare;
        }
        const double radius = std::sqrt(-2 * std::log(1 - uniform()));
        const double angle = 2 * std::numbers::pi * uniform();
        m_spare = radius * std::sin(angle);
        m_hasSpare = true;
        return radius * std::cos(angle);
    }

private:
    uint64_t m_state;
    double m_spare = 0;
    bool m_hasSpare = false;
};

/// A generated point with its class, or its labels.
struct Point {
    double x = 0;
    double y = 0;
    std::vector<int64_t> labels;
};

using Recipe = Point (*)(SplitMix &random, int64_t i, double noise);

constexpr double pi = std::numbers::pi;

Point jittered(SplitMix &random, double x, double y, double noise, int64_t label)
{
    const double dx = noise * random.normal();
    const double dy = noise * random.normal();
    return {x + dx, y + dy, {label}};
}

Point moons(SplitMix &random, int64_t i, double noise)
{
    const int64_t c = i % 2;
    const double t = pi * random.uniform();
    return c == 0 ? jittered(random, std::cos(t), std::sin(t), noise, c)
                  : jittered(random, 1 - std::cos(t), 0.5 - std::sin(t), noise, c);
}

Point circles(SplitMix &random, int64_t i, double noise)
{
    const int64_t c = i % 2;
    const double t = 2 * pi * random.uniform();
    const double q = c == 0 ? 1 : 0.5;
    return jittered(random, q * std::cos(t), q * std::sin(t), noise, c);
}

Point spirals(SplitMix &random, int64_t i, double noise)
{
    const int64_t c = i % 3;
    const double u = random.uniform();
    const double t = 2 * pi * (static_cast<double>(c) / 3 + u);
    const double q = 0.1 + 0.9 * u;
    return jittered(random, q * std::cos(t), q * std::sin(t), noise, c);
}

Point exclusiveOr(SplitMix &random, int64_t, double noise)
{
    const double x = 2 * random.uniform() - 1;
    const double y = 2 * random.uniform() - 1;
    return jittered(random, x, y, noise, (x > 0) != (y > 0) ? 1 : 0);
}

Point gaussians(SplitMix &random, int64_t i, double noise)
{
    const int64_t c = i % 4;
    const double t = 2 * pi * static_cast<double>(c) / 4;
    return jittered(random, std::cos(t), std::sin(t), noise, c);
}

Point discs(SplitMix &random, int64_t, double)
{
    constexpr double centres[3][2] = {{-0.35, 0.25}, {0.35, 0.25}, {0, -0.35}};
    Point point;
    while (point.labels.empty()) {
        point.x = 2 * random.uniform() - 1;
        point.y = 2 * random.uniform() - 1;
        for (int64_t k = 0; k < 3; ++k) {
            const double dx = point.x - centres[k][0];
            const double dy = point.y - centres[k][1];
            if (dx * dx + dy * dy < 0.36)
                point.labels.push_back(k);
        }
    }
    return point;
}

Point multiXor(SplitMix &random, int64_t, double)
{
    Point point;
    point.x = 2 * random.uniform() - 1;
    point.y = 2 * random.uniform() - 1;
    const bool holds[] = {point.x > 0, point.y > 0, (point.x > 0) != (point.y > 0),
                          point.x * point.x + point.y * point.y < 0.5};
    for (int64_t k = 0; k < 4; ++k) {
        if (holds[k])
            point.labels.push_back(k);
    }
    if (point.labels.empty())
        point.labels.push_back(4);
    return point;
}

Point bands(SplitMix &random, int64_t, double)
{
    Point point;
    point.x = 2 * random.uniform() - 1;
    point.y = 2 * random.uniform() - 1;
    for (int64_t k = 0; k < 4; ++k) {
        const double at
                = point.x + 0.25 * std::sin(pi * point.y) + 0.75 - 0.5 * static_cast<double>(k);
        if (std::abs(at) < 0.4)
            point.labels.push_back(k);
    }
    if (point.labels.empty())
        point.labels.push_back(point.x > 0 ? 3 : 0);
    return point;
}

struct ToyOptions {
    int64_t samples = 500;
    double noise = 0;
    int64_t seed = 1;
};

struct Toy {
    const char *name;
    const char *title;
    const char *summary;
    Recipe recipe;
    double noise;
    int classes;
    bool multiLabel;
};

constexpr Toy toys[]
        = {{"moons", "Two moons", "Two interleaved half circles.", moons, 0.1, 2, false},
           {"circles", "Circles", "A circle inside another.", circles, 0.08, 2, false},
           {"spirals", "Spirals", "Three spiral arms.", spirals, 0.03, 3, false},
           {"xor", "XOR", "Opposite quadrants belong together.", exclusiveOr, 0, 2, false},
           {"gaussians", "Gaussians", "Four clouds of points.", gaussians, 0.35, 4, false},
           {"ml_discs", "Discs (multi-label)",
            "Three overlapping discs; a point carries every disc it lies in.", discs, 0, 3, true},
           {"ml_xor", "XOR (multi-label)", "Half planes, their exclusive or, and a disc.", multiXor,
            0, 5, true},
           {"ml_bands", "Bands (multi-label)", "Four overlapping wavy bands.", bands, 0, 4, true}};

Dataset generate(const Toy &toy, int64_t samples, double noise, uint64_t seed)
{
    Dataset out;
    out.name = toy.name;
    out.task = toy.multiLabel ? Task::MultiLabel : Task::SingleLabel;
    out.featureNames = {"x", "y"};
    for (int c = 0; c < toy.classes; ++c)
        out.labelNames.push_back(std::string(1, static_cast<char>('A' + c)));
    out.inputs = Tensor::empty({samples, 2});
    SplitMix random(seed);
    float *target = out.inputs.data<float>();
    for (int64_t i = 0; i < samples; ++i) {
        const Point point = toy.recipe(random, i, noise);
        *target++ = static_cast<float>(point.x);
        *target++ = static_cast<float>(point.y);
        if (toy.multiLabel)
            out.labels.push_back(point.labels);
        else
            out.classes.push_back(point.labels[0]);
    }
    return out;
}

} // namespace

std::vector<DatasetSpec> toyGenerators()
{
    using O = ToyOptions;
    std::vector<DatasetSpec> out;
    for (const Toy &toy : toys) {
        std::vector<Arg> args{
                arg("samples", &O::samples, "Number of training points.", between(10, 100000)),
                arg("noise", &O::noise, "Deviation of the jitter.", atLeast(0)),
                arg("seed", &O::seed, "Seed of the points; test points use the next one.",
                    atLeast(0))};
        args[1].defaultValue = toy.noise;
        out.push_back(declareDataset<O>(
                toy.name, toy.title, toy.summary, args,
                [&toy](const O &options, const std::filesystem::path &) -> Result<DataSplit> {
                    const auto seed = static_cast<uint64_t>(options.seed);
                    return holdOut(generate(toy, options.samples, options.noise, seed),
                                   generate(toy, std::max<int64_t>(options.samples / 2, 10),
                                            options.noise, seed + 1),
                                   std::string("Generated points: ") + toy.summary);
                }));
        // The default noise is the toy's own, which an Options struct for all can't hold.
        DatasetSpec &spec = out.back();
        spec.load = [load = spec.load, noise = toy.noise](const Arguments &values,
                                                          const std::filesystem::path &base) {
            Arguments completed = values;
            completed.try_emplace("noise", noise);
            return load(completed, base);
        };
    }
    return out;
}

} // namespace mrg
