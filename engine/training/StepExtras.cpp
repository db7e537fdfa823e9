// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/StepExtras.h"

namespace mrg {

StepExtras::StepExtras(BuiltNetwork &network, const StepOptions &options)
    : m_network(network),
      m_parameters(network.parameters())
{
    setOptions(options);
}

void StepExtras::setOptions(const StepOptions &options)
{
    m_options = options;
    if (!options.ema_decay) {
        m_average.reset();
    } else if (m_average) {
        m_average->setDecay(*options.ema_decay);
    } else {
        m_average = std::make_unique<AveragedModel>(m_network.stateDict(),
                                                    m_network.namedParameters(),
                                                    AveragedModel::Options{options.ema_decay});
    }
}

void StepExtras::beforeUpdate()
{
    if (m_options.clips())
        clipGradients(m_parameters, m_options);
}

void StepExtras::afterUpdate()
{
    if (m_average)
        m_average->update(m_network.stateDict());
}

WithAverage::WithAverage(BuiltNetwork &network, StepExtras &extras)
    : m_network(network),
      m_average(extras.average())
{
    if (m_average)
        m_average->exchange(m_network.stateDict());
}

WithAverage::~WithAverage()
{
    if (m_average)
        m_average->exchange(m_network.stateDict());
}

} // namespace mrg
