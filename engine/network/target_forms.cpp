// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/network/target_forms.h"

namespace mrg {

bool canDeliver(Task task, TargetForm form)
{
    switch (form) {
    case TargetForm::None: return true;
    case TargetForm::Values: return true;
    case TargetForm::ClassIndex: return task == Task::SingleLabel;
    case TargetForm::LabelIndices:
    case TargetForm::MultiHot:
    case TargetForm::Sign: return task != Task::Regression;
    }
    return false;
}

bool takesOneSign(const Port &port)
{
    return port.form == TargetForm::Sign && port.pattern.rfind("N |", 0) == 0;
}

const char *taskWords(Task task)
{
    switch (task) {
    case Task::MultiLabel: return "several labels per sample";
    case Task::SingleLabel: return "one class per sample";
    case Task::Regression: return "real values";
    }
    return "";
}

const char *formWords(TargetForm form)
{
    switch (form) {
    case TargetForm::None: return "anything";
    case TargetForm::Values: return "real values";
    case TargetForm::ClassIndex: return "one class per sample";
    case TargetForm::LabelIndices: return "lists of labels";
    case TargetForm::MultiHot: return "labels as 0 and 1";
    case TargetForm::Sign: return "labels as 1 and -1";
    }
    return "";
}

bool suits(Task task, TargetForm form)
{
    switch (task) {
    case Task::MultiLabel: return form == TargetForm::LabelIndices || form == TargetForm::MultiHot;
    case Task::SingleLabel: return form == TargetForm::ClassIndex;
    case Task::Regression: return form == TargetForm::Values;
    }
    return false;
}

DataDescription describe(const Dataset &dataset)
{
    return {dataset.sampleShape(), dataset.inputs.dtype(), dataset.task, dataset.classCount(),
            dataset.labelNames};
}

} // namespace mrg
