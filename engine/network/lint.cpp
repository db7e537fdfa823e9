// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/network/lint.h"

#include <array>
#include <string_view>

namespace mrg {

namespace {

/// A last activation that the loss makes pointless or harmful.
struct Rule {
    std::string_view before;
    std::string_view loss;
    const char *why;
};

constexpr const char *normalisesItself
        = "already applies the log-softmax itself: after Softmax the gradients fade.";
constexpr const char *squashesItself = "already applies the sigmoid itself.";
constexpr const char *marginUnreachable
        = "asks for leads of 1, but after this all scores differ by less than 1: every pair stays "
          "violated and the loss can never reach 0.";

constexpr std::array rules{
        Rule{"nn.Softmax", "nn.CrossEntropyLoss", normalisesItself},
        Rule{"nn.Softmax", "nn.NLLLoss", "wants log-probabilities, not probabilities."},
        Rule{"nn.Sigmoid", "nn.BCEWithLogitsLoss", squashesItself},
        Rule{"nn.Sigmoid", "nn.MultiLabelSoftMarginLoss", squashesItself},
        Rule{"nn.Sigmoid", "nn.MultiLabelMarginLoss", marginUnreachable},
        Rule{"nn.Softmax", "nn.MultiLabelMarginLoss", marginUnreachable},
        Rule{"nn.Sigmoid", "nn.MultiMarginLoss", marginUnreachable},
        Rule{"nn.Softmax", "nn.MultiMarginLoss", marginUnreachable},
        Rule{"nn.ReLU", "nn.MultiLabelMarginLoss",
             "wants free scores: ReLU cuts the negative ones off, and with them their gradients."},
};

} // namespace

void lint(const Network &network, const Vocabulary &, CheckedNetwork &checked)
{
    if (!checked.loss || !checked.scores)
        return;
    const NetworkNode *loss = network.find(*checked.loss);
    const NetworkNode *last = network.find(checked.scores->node);
    if (!loss || !last)
        return;
    for (const Rule &rule : rules) {
        if (last->type != rule.before || loss->type != rule.loss)
            continue;
        Issue issue;
        issue.severity = Severity::Warning;
        issue.kind = "pointless_activation";
        issue.node = last->id;
        issue.text = loss->type.substr(3) + " " + rule.why;
        issue.fixes.push_back({"Remove " + last->type.substr(3), RemoveNodeFix{last->id}});
        checked.issues.push_back(std::move(issue));
    }
}

} // namespace mrg
