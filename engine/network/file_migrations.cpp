// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/network/file_migrations.h"

#include "engine/network/experiment_file.h"

#include <nlohmann/json.hpp>

#include <array>

namespace mrg {

namespace {
using Migration = void (*)(nlohmann::ordered_json &);

/// Version 2 has options of training; a file without them trains as before.
void addTrainingOptions(nlohmann::ordered_json &) { }

/// migrations[n - 1] turns version n into n + 1.
constexpr std::array<Migration, experimentFileVersion - 1> migrations{addTrainingOptions};
} // namespace

void migrateExperiment(nlohmann::ordered_json &json, int version)
{
    for (size_t step = static_cast<size_t>(version) - 1; step < migrations.size(); ++step)
        migrations[step](json);
}

} // namespace mrg
