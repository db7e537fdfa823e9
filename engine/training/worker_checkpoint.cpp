// SPDX-License-Identifier: GPL-3.0-or-later
// Writes down all that a run needs to go on from, and takes it up again.
#include "engine/training/Worker.h"

#include "engine/interop/safetensors.h"
#include "engine/spec/value_json.h"
#include "engine/store/RunStore.h"
#include "engine/training/evaluation_json.h"

#include <nlohmann/json.hpp>

namespace mrg {

using Json = nlohmann::ordered_json;

namespace {

/// The text of a checkpoint that says where the run is.
constexpr const char *placeName = "run";

void append(TensorFile &file, const std::string &part, const NamedTensors &state)
{
    for (const auto &[name, tensor] : state)
        file.tensors.emplace_back(part + "." + name, tensor);
}

NamedTensors partOf(const TensorFile &file, const std::string &part)
{
    NamedTensors out;
    for (const auto &[name, tensor] : file.tensors) {
        if (name.starts_with(part + "."))
            out.emplace_back(name.substr(part.size() + 1), tensor);
    }
    return out;
}

Json toJson(const Arguments &args)
{
    Json out = Json::object();
    for (const auto &[name, value] : args)
        out[name] = toJson(value);
    return out;
}

Arguments argumentsFrom(const Json &json)
{
    Arguments out;
    for (const auto &[name, value] : json.items())
        out[name] = valueFromJson(value).value();
    return out;
}

/// Some options are allowed together only: what is refused at first may be taken after the others.
void setOptions(Optimizer &optimizer, const Arguments &options, int group)
{
    for (const auto &[name, value] : options)
        (void)optimizer.setOption(name, value, group);
    for (const auto &[name, value] : options)
        optimizer.setOption(name, value, group).value();
}

} // namespace

void Session::Worker::saveCheckpoint()
{
    m_lastCheckpoint = Clock::now();
    if (!m_options.store || !m_runId)
        return;
    TensorFile file;
    append(file, "model", m_network.stateDict());
    append(file, "optimizer", m_optimizer->stateDict());
    if (m_scheduler)
        append(file, "scheduler", m_scheduler->stateDict());
    Json options = Json::array();
    for (const ParameterGroup &group : m_optimizer->groups())
        options.push_back(toJson(group.options));
    Json place{{"step", m_step},
               {"epoch", m_epoch},
               {"batch", m_batch},
               {"epoch_ending", m_epochEnding},
               {"last_loss", m_lastLoss},
               {"epoch_loss", m_epochLoss},
               {"last_epoch_loss", m_lastEpochLoss},
               {"epoch_samples", m_epochSamples},
               {"optimizer_options", options},
               {"step_options", toJson(m_stepArgs)},
               {"loss_options", toJson(m_lossArgs)}};
    if (AveragedModel *average = m_extras->average()) {
        append(file, "average", average->stateDict());
        place["averaged"] = average->updates();
    }
    if (m_epochMargins.samples > 0) {
        Evaluation seen;
        seen.margins = m_epochMargins;
        place["epoch_margins"] = toJson(seen, true);
    }
    file.metadata = {{"step", std::to_string(m_step)},
                     {"epoch", std::to_string(m_epoch)},
                     {placeName, place.dump()}};
    noteStored(m_options.store->putCheckpoint(m_runId, m_step, writeSafetensors(file)));
    noteStored(m_options.store->setState(m_runId, runStateName(m_state), m_step));
    noteStored(m_options.store->flush());
}

/// Before the thread starts. Throws Error where the checkpoint is none of this experiment.
void Session::Worker::resume(int64_t run)
{
    const TensorFile file = readSafetensors(m_options.store->latestCheckpoint(run).value()).value();
    const auto text = file.metadata.find(placeName);
    if (text == file.metadata.end()) {
        throw Error(ErrorCategory::Value, "checkpoint_incomplete", "run " + std::to_string(run),
                    "a checkpoint of an older version", "one that says where the run was");
    }
    try {
        const Json place = Json::parse(text->second);
        m_lossArgs = argumentsFrom(place.at("loss_options"));
        m_network.setLoss(m_vocabulary.registry.module(m_lossType)->make(m_lossArgs));
        m_network.train(true);
        m_network.loadStateDict(partOf(file, "model"));
        for (size_t g = 0; g < m_optimizer->groups().size(); ++g) {
            setOptions(*m_optimizer, argumentsFrom(place.at("optimizer_options").at(g)),
                       static_cast<int>(g));
        }
        m_optimizer->loadStateDict(partOf(file, "optimizer")).value();
        if (m_scheduler)
            m_scheduler->loadStateDict(partOf(file, "scheduler")).value();
        m_stepArgs = argumentsFrom(place.at("step_options"));
        m_extras->setOptions(makeStepOptions(m_stepArgs).value());
        if (AveragedModel *average = m_extras->average())
            average->loadStateDict(partOf(file, "average"), place.at("averaged")).value();
        m_step = place.at("step");
        m_epoch = place.at("epoch");
        m_batch = place.at("batch");
        m_epochEnding = place.at("epoch_ending");
        m_lastLoss = place.at("last_loss");
        m_epochLoss = place.at("epoch_loss");
        m_lastEpochLoss = place.at("last_epoch_loss");
        m_epochSamples = place.at("epoch_samples");
        if (place.contains("epoch_margins"))
            m_epochMargins = evaluationFromJson(place.at("epoch_margins")).margins;
    } catch (const nlohmann::json::exception &error) {
        throw Error(ErrorCategory::Value, "malformed_checkpoint", "run " + std::to_string(run),
                    error.what(), "a checkpoint as it was written");
    }
    m_runId = run;
    const bool done = m_epoch >= m_experiment.training.epochs && !m_epochEnding;
    m_state = done ? RunState::Finished : RunState::Stopped;
}

} // namespace mrg
