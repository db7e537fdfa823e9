// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Value.h"

#include <nlohmann/json.hpp>

#include <map>

namespace mrg {

/// The arguments of a case's call; tensors that the case has a gradient for ask for one and are
/// found by the gradient's key ("inputs.0", "inputs.1.0", "args.weight").
class CaseArguments {
public:
    /// `keywordsKey` is the member of the case that holds the keyword arguments.
    CaseArguments(const nlohmann::ordered_json &json, const std::string &keywordsKey);

    std::vector<Value> positional;
    Arguments keywords;
    std::map<std::string, Tensor> differentiated;

private:
    Value read(const nlohmann::ordered_json &json, const std::string &key);

    const nlohmann::ordered_json m_gradients;
};

/// Holds the outputs against the case's, and the gradients of all outputs' sum with the case's
/// cotangents against its "grads": `holder` gives what a key stands for (undefined: nothing).
/// Throws CaseFailed.
void compareOutputs(const nlohmann::ordered_json &json, const ValueList &outputs);
void compareGradients(const nlohmann::ordered_json &json, const ValueList &outputs,
                      const std::function<Tensor(const std::string &key)> &holder);

} // namespace mrg
