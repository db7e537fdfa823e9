// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/spec/Spec.h"

#include <algorithm>

namespace mrg {

namespace {

/// A tensor, a number where the port takes one, or a list of numbers where it takes indices
/// (lengths); nothing for other values.
std::optional<Tensor> asTensor(const Value &value, const Port &port)
{
    if (const Tensor *tensor = value.as<Tensor>())
        return *tensor;
    if (const ValueList *list = value.as<ValueList>();
        list && port.dtype == "int64" && !port.variadic) {
        const Result<std::vector<int64_t>> numbers = ValueTraits<std::vector<int64_t>>::from(value);
        return numbers && !list->empty() ? std::optional(Tensor::fromVector(*numbers))
                                         : std::nullopt;
    }
    if (!port.number)
        return std::nullopt;
    if (const bool *flag = value.as<bool>())
        return Tensor::number(*flag);
    if (const int64_t *whole = value.as<int64_t>())
        return Tensor::number(*whole);
    if (const double *real = value.as<double>())
        return Tensor::number(*real);
    if (const auto *complex = value.as<std::complex<double>>())
        return Tensor::number(*complex);
    return std::nullopt;
}

/// All tensors of a list; nothing if it holds anything else.
std::optional<std::vector<Tensor>> asTensors(const Value &value, const Port &port)
{
    const ValueList *list = value.as<ValueList>();
    if (!list)
        return std::nullopt;
    std::vector<Tensor> out;
    for (const Value &item : *list) {
        std::optional<Tensor> tensor = asTensor(item, port);
        if (!tensor)
            return std::nullopt;
        out.push_back(*tensor);
    }
    return out;
}

class Binder {
public:
    explicit Binder(const FunctionSpec &spec) : m_spec(spec), m_given(spec.inputs.size(), false)
    {
        m_call.inputs.resize(spec.inputs.size());
        m_order = spec.order;
        if (m_order.empty()) {
            for (const Port &port : spec.inputs) {
                const std::string &name = port.tuple.empty() ? port.name : port.tuple;
                if (m_order.empty() || m_order.back() != name)
                    m_order.push_back(name);
            }
            for (const Arg &arg : spec.args)
                m_order.push_back(arg.name);
        }
    }

    void position(const Value &value)
    {
        // Tensors that follow one of a variadic port belong to it too.
        if (m_variadicOpen && give(m_spec.inputs.back().name, value))
            return;
        m_variadicOpen = false;
        const auto taker
                = std::find_if(m_order.begin(), m_order.end(), [&](const std::string &name) {
                      return !isGiven(name) && give(name, value);
                  });
        if (taker == m_order.end()) {
            throw Error(ErrorCategory::Value, "too_many_arguments", "", value.toString(),
                        "at most those of " + signature());
        }
        m_variadicOpen = !m_spec.inputs.empty() && m_spec.inputs.back().variadic
                && *taker == m_spec.inputs.back().name && value.as<Tensor>();
    }

    void keyword(const std::string &name, const Value &value)
    {
        const bool known = m_spec.findArg(name) || portNumber(name) < m_spec.inputs.size();
        if (!known && !m_spec.otherKeywords.empty()) {
            m_others.push_back(ValueList{name, value});
            return;
        }
        if (!known)
            throw Error(ErrorCategory::Value, "unknown_argument", "", name,
                        "one of " + signature());
        if (isGiven(name)) {
            throw Error(ErrorCategory::Value, "argument_given_twice", "", name,
                        "by position or by name");
        }
        if (!give(name, value)) {
            throw Error(ErrorCategory::Value, "wrong_argument", "", name + "=" + value.toString(),
                        "a tensor");
        }
    }

    Call finish()
    {
        for (size_t i = 0; i < m_spec.inputs.size(); ++i) {
            const Port &port = m_spec.inputs[i];
            if (!m_given[i] && !port.optional && !port.variadic)
                throw missing(port.name);
        }
        for (const Arg &arg : m_spec.args) {
            if (arg.required && !m_call.args.contains(arg.name) && arg.name != m_spec.otherKeywords)
                throw missing(arg.name);
        }
        if (!m_spec.otherKeywords.empty())
            m_call.args[m_spec.otherKeywords] = m_others;
        // The variadic port's tensors stand at the end, without a place of its own.
        if (!m_spec.inputs.empty() && m_spec.inputs.back().variadic)
            m_call.inputs.pop_back();
        m_call.inputs.insert(m_call.inputs.end(), m_variadic.begin(), m_variadic.end());
        return std::move(m_call);
    }

private:
    /// That of the port, or of the tuple's first.
    size_t portNumber(const std::string &name) const
    {
        const auto found
                = std::find_if(m_spec.inputs.begin(), m_spec.inputs.end(), [&](const Port &port) {
                      return port.name == name || (!port.tuple.empty() && port.tuple == name);
                  });
        return static_cast<size_t>(found - m_spec.inputs.begin());
    }

    bool isGiven(const std::string &name) const
    {
        const size_t port = portNumber(name);
        return port < m_spec.inputs.size() ? m_given[port] : m_call.args.contains(name);
    }

    /// Whether what is called `name` takes the value; it has it then.
    bool give(const std::string &name, const Value &value)
    {
        const size_t number = portNumber(name);
        if (number == m_spec.inputs.size()) {
            const Arg *arg = m_spec.findArg(name);
            if (value.as<Tensor>() && arg->type.find("Tensor") == std::string::npos)
                return false;
            m_call.args[name] = value;
            return true;
        }
        const Port &port = m_spec.inputs[number];
        // An undefined tensor stands for None.
        if (value.isNull() && port.optional) {
            m_given[number] = true;
            return true;
        }
        if (port.tuple == name)
            return giveTuple(number, value);
        if (std::optional<Tensor> tensor = asTensor(value, port)) {
            if (port.variadic)
                m_variadic.push_back(*tensor);
            else
                m_call.inputs[number] = *tensor;
            m_given[number] = true;
            return true;
        }
        const std::optional<std::vector<Tensor>> tensors
                = port.variadic ? asTensors(value, port) : std::nullopt;
        if (!tensors)
            return false;
        m_variadic.insert(m_variadic.end(), tensors->begin(), tensors->end());
        m_given[number] = true;
        return true;
    }

    /// The members of a tuple, from port number `first` on.
    bool giveTuple(size_t first, const Value &value)
    {
        const ValueList *members = value.as<ValueList>();
        size_t end = first;
        while (end < m_spec.inputs.size() && m_spec.inputs[end].tuple == m_spec.inputs[first].tuple)
            ++end;
        if (!members || members->size() != end - first)
            return false;
        return std::equal(
                members->begin(), members->end(),
                m_spec.inputs.begin() + static_cast<std::ptrdiff_t>(first),
                [this](const Value &member, const Port &port) { return give(port.name, member); });
    }

    std::string signature() const
    {
        std::string out;
        for (const std::string &name : m_order)
            out += (out.empty() ? "" : ", ") + name;
        return m_spec.name + "(" + out + ")";
    }

    Error missing(const std::string &name) const
    {
        return Error(ErrorCategory::Value, "missing_argument", "", "no " + name, signature());
    }

    const FunctionSpec &m_spec;
    std::vector<std::string> m_order;
    std::vector<bool> m_given;
    bool m_variadicOpen = false;
    std::vector<Tensor> m_variadic;
    ValueList m_others;
    Call m_call;
};

} // namespace

Result<Call> bindCall(const FunctionSpec &spec, std::span<const Value> positional,
                      const Arguments &keywords)
{
    if (spec.bind)
        return spec.bind(positional, keywords);
    try {
        Binder binder(spec);
        for (const Value &value : positional)
            binder.position(value);
        for (const auto &[name, value] : keywords)
            binder.keyword(name, value);
        return binder.finish();
    } catch (const Error &error) {
        return error.within(spec.name);
    }
}

Result<Call> bindForward(const ModuleSpec &spec, std::span<const Value> positional,
                         const Arguments &keywords)
{
    FunctionSpec forward;
    forward.name = spec.name;
    forward.inputs = spec.inputs;
    forward.args = spec.forwardArgs;
    return bindCall(forward, positional, keywords);
}

} // namespace mrg
