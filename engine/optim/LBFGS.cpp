// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/optim/LBFGS.h"

#include "engine/autograd/Node.h"
#include "engine/core/Launch.h"
#include "engine/optim/families.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace mrg {

namespace {

using Vector = std::vector<double>;

double dot(const Vector &a, const Vector &b)
{
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// a += factor * b
void addScaled(Vector &a, double factor, const Vector &b)
{
    for (size_t i = 0; i < a.size(); ++i)
        a[i] += factor * b[i];
}

Vector scaled(double factor, const Vector &a)
{
    Vector out(a.size(), 0.0);
    addScaled(out, factor, a);
    return out;
}

double largestOf(const Vector &a)
{
    double largest = 0;
    for (double value : a)
        largest = std::abs(value) > largest || std::isnan(value) ? std::abs(value) : largest;
    return largest;
}

/// Rows of one length as a matrix.
template <typename Rows, typename Member>
Tensor matrix(const Rows &rows, Member member, size_t columns)
{
    Vector all;
    for (const auto &row : rows)
        all.insert(all.end(), (row.*member).begin(), (row.*member).end());
    return Tensor::fromVector(all,
                              {static_cast<int64_t>(rows.size()), static_cast<int64_t>(columns)});
}

} // namespace

LBFGS::LBFGS(std::vector<Arg> args, std::vector<ParameterGroup> groups)
    : Optimizer(std::move(args), std::move(groups))
{
    if (m_groups.size() != 1) {
        throw Error(ErrorCategory::Value, "one_group_only", "LBFGS",
                    std::to_string(m_groups.size()) + " parameter groups", "one");
    }
    for (const Tensor &parameter : m_groups[0].parameters)
        m_count += static_cast<size_t>(parameter.numel());
    optionsChanged();
}

void LBFGS::optionsChanged()
{
    m_options = makeOptions<Options>(m_args, m_groups[0].options, "LBFGS").value();
}

void LBFGS::step()
{
    throw Error(ErrorCategory::State, "closure_missing", "LBFGS", "step()",
                "a closure that computes the loss and its gradients",
                "call step([&] { zeroGrad(); ...; backward(loss); return loss.item(); })");
}

LBFGS::Vector LBFGS::gatherGradient() const
{
    Vector out;
    out.reserve(m_count);
    for (const Tensor &parameter : m_groups[0].parameters) {
        const Vector own = parameter.grad().defined()
                ? parameter.grad().toVector<double>()
                : Vector(static_cast<size_t>(parameter.numel()), 0.0);
        out.insert(out.end(), own.begin(), own.end());
    }
    return out;
}

LBFGS::Vector LBFGS::gatherParameters() const
{
    Vector out;
    out.reserve(m_count);
    for (const Tensor &parameter : m_groups[0].parameters) {
        const Vector own = parameter.toVector<double>();
        out.insert(out.end(), own.begin(), own.end());
    }
    return out;
}

void LBFGS::setParameters(const Vector &values)
{
    const GradMode off(false);
    auto from = values.begin();
    for (const Tensor &parameter : m_groups[0].parameters) {
        const Vector own(from, from + parameter.numel());
        parameter.detach().copyFrom(Tensor::fromVector(own, parameter.shape()));
        parameter.bumpVersion();
        from += parameter.numel();
    }
}

/// Minus the gradient times the inverse Hessian that the remembered changes make.
void LBFGS::updateDirection(const Vector &gradient)
{
    Memory &m = m_memory;
    if (m.iterations == 1) {
        m.direction = scaled(-1, gradient);
        m.changes.clear();
        m.scale = 1;
        return;
    }
    Change change{gradient, scaled(m.length, m.direction), 0};
    addScaled(change.gradient, -1, m.gradient);
    const double along = dot(change.gradient, change.step);
    if (along > 1e-10) {
        if (static_cast<int64_t>(m.changes.size()) >= m_options.history_size)
            m.changes.pop_front();
        m.scale = along / dot(change.gradient, change.gradient);
        change.curvature = 1 / along;
        m.changes.push_back(std::move(change));
    }
    Vector q = scaled(-1, gradient);
    Vector shares(m.changes.size());
    for (size_t i = m.changes.size(); i-- > 0;) {
        shares[i] = dot(m.changes[i].step, q) * m.changes[i].curvature;
        addScaled(q, -shares[i], m.changes[i].gradient);
    }
    m.direction = scaled(m.scale, q);
    for (size_t i = 0; i < m.changes.size(); ++i) {
        const double back = dot(m.changes[i].gradient, m.direction) * m.changes[i].curvature;
        addScaled(m.direction, shares[i] - back, m.changes[i].step);
    }
}

double LBFGS::step(const Closure &evaluate)
{
    readsElements("LBFGS");
    Memory &m = m_memory;
    const double first = evaluate();
    ++m.evaluations;
    double loss = first;
    Vector gradient = gatherGradient();
    if (largestOf(gradient) <= m_options.tolerance_grad)
        return first;
    const int64_t limit = m_options.max_eval.value_or(m_options.max_iter * 5 / 4);
    int64_t evaluations = 1;
    for (int64_t iteration = 1; iteration <= m_options.max_iter; ++iteration) {
        ++m.iterations;
        updateDirection(gradient);
        m.gradient = gradient;
        m.loss = loss;
        double absolute = 0;
        for (double value : gradient)
            absolute += std::abs(value);
        m.length = (m.iterations == 1 ? std::min(1.0, 1 / absolute) : 1) * m_options.lr;
        const double slope = dot(gradient, m.direction);
        if (slope > -m_options.tolerance_change)
            break;

        const Vector start = gatherParameters();
        const auto moveTo = [&](double length) {
            Vector moved = start;
            addScaled(moved, length, m.direction);
            setParameters(moved);
        };
        int64_t used = 0;
        bool converged = false;
        if (m_options.line_search_fn) {
            const auto along = [&](double length) {
                moveTo(length);
                LinePoint point{length, evaluate(), 0, gatherGradient()};
                point.slope = dot(point.gradient, m.direction);
                return point;
            };
            LineStep chosen = strongWolfe(along, {0, loss, slope, gradient}, m.length,
                                          largestOf(m.direction));
            loss = chosen.point.loss;
            gradient = std::move(chosen.point.gradient);
            m.length = chosen.point.length;
            used = chosen.evaluations;
            moveTo(m.length);
            converged = largestOf(gradient) <= m_options.tolerance_grad;
        } else {
            moveTo(m.length);
            // After the last move nobody would look at the loss.
            if (iteration < m_options.max_iter) {
                loss = evaluate();
                gradient = gatherGradient();
                used = 1;
                converged = largestOf(gradient) <= m_options.tolerance_grad;
            }
        }
        evaluations += used;
        m.evaluations += used;
        if (evaluations >= limit || converged
            || largestOf(m.direction) * std::abs(m.length) <= m_options.tolerance_change
            || std::abs(loss - m.loss) < m_options.tolerance_change)
            break;
    }
    return first;
}

NamedTensors LBFGS::stateDict() const
{
    const Memory &m = m_memory;
    if (m.iterations == 0)
        return {};
    Vector curvatures;
    for (const Change &change : m.changes)
        curvatures.push_back(change.curvature);
    return {{"0.n_iter", Tensor::fromVector<int64_t>({m.iterations}, {})},
            {"0.func_evals", Tensor::fromVector<int64_t>({m.evaluations}, {})},
            {"0.d", Tensor::fromVector(m.direction)},
            {"0.prev_flat_grad", Tensor::fromVector(m.gradient)},
            {"0.old_dirs", matrix(m.changes, &Change::gradient, m_count)},
            {"0.old_stps", matrix(m.changes, &Change::step, m_count)},
            {"0.ro", Tensor::fromVector(curvatures)},
            {"0.t", Tensor::scalar(m.length, DType::Float64)},
            {"0.H_diag", Tensor::scalar(m.scale, DType::Float64)},
            {"0.prev_loss", Tensor::scalar(m.loss, DType::Float64)}};
}

Result<void> LBFGS::loadStateDict(const NamedTensors &state)
{
    if (state.empty()) {
        m_memory = {};
        return {};
    }
    const auto n = static_cast<int64_t>(m_count);
    std::map<std::string, Tensor> entries(state.begin(), state.end());
    const int64_t kept = entries.contains("0.ro") ? entries["0.ro"].numel() : 0;
    const std::map<std::string, Shape> wanted{{"0.n_iter", {}},
                                              {"0.func_evals", {}},
                                              {"0.d", {n}},
                                              {"0.prev_flat_grad", {n}},
                                              {"0.old_dirs", {kept, n}},
                                              {"0.old_stps", {kept, n}},
                                              {"0.ro", {kept}},
                                              {"0.t", {}},
                                              {"0.H_diag", {}},
                                              {"0.prev_loss", {}}};
    for (const auto &[key, tensor] : entries) {
        if (!wanted.contains(key) || entries.size() != wanted.size()) {
            return Error(ErrorCategory::State, "state_dict_keys_differ", "LBFGS", "key " + key,
                         "the ten entries of LBFGS's state");
        }
        if (tensor.shape() != wanted.at(key)) {
            return Error(ErrorCategory::State, "state_dict_shapes_differ", "LBFGS",
                         key + " of shape " + toString(tensor.shape()), toString(wanted.at(key)));
        }
    }
    const auto number = [&](const char *key) { return entries.at(key).item(); };
    Memory loaded;
    loaded.iterations = static_cast<int64_t>(number("0.n_iter"));
    loaded.evaluations = static_cast<int64_t>(number("0.func_evals"));
    loaded.direction = entries["0.d"].toVector<double>();
    loaded.gradient = entries["0.prev_flat_grad"].toVector<double>();
    const Vector gradients = entries["0.old_dirs"].toVector<double>();
    const Vector steps = entries["0.old_stps"].toVector<double>();
    const Vector curvatures = entries["0.ro"].toVector<double>();
    for (int64_t k = 0; k < kept; ++k) {
        const auto at = [&](const Vector &rows) {
            return Vector(rows.begin() + k * n, rows.begin() + (k + 1) * n);
        };
        loaded.changes.push_back({at(gradients), at(steps), curvatures[static_cast<size_t>(k)]});
    }
    loaded.length = number("0.t");
    loaded.scale = number("0.H_diag");
    loaded.loss = number("0.prev_loss");
    m_memory = std::move(loaded);
    return {};
}

std::vector<OptimizerSpec> curvatureOptimizers()
{
    using O = LBFGS::Options;
    return {declareOptimizer<LBFGS>(
            {.name = "LBFGS",
             .summary
             = "A quasi-Newton method for small data: evaluates the batch several times a step.",
             .formula = R"(\theta = \theta - \eta H g,\ H\approx(\nabla^2 L)^{-1})",
             .source = "torch.optim.LBFGS; Nocedal and Wright, Numerical Optimization, 7.2",
             .args
             = {arg("lr", &O::lr, "Length of a step, where there is no line search.", atLeast(0)),
                arg("max_iter", &O::max_iter, "Moves a step.", atLeast(1)),
                arg("max_eval", &O::max_eval,
                    "Evaluations a step; none: a quarter more than moves."),
                arg("tolerance_grad", &O::tolerance_grad, "Gradient at which it is done.",
                    atLeast(0)),
                arg("tolerance_change", &O::tolerance_change, "Change at which it is done.",
                    atLeast(0)),
                arg("history_size", &O::history_size, "Changes that are remembered.", atLeast(1)),
                arg("line_search_fn", &O::line_search_fn,
                    "strong_wolfe, or none: steps of length lr.")}})};
}

} // namespace mrg
