// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/document/DataLoader.h"

#include "gui/document/background.h"

#include <algorithm>

namespace mrg {

namespace {
constexpr size_t rememberedSets = 4;

bool sameSource(const DataLoader::Entry &a, const DataLoader::Entry &b)
{
    return a.type == b.type && a.args == b.args && a.base == b.base;
}
} // namespace

Result<DataSplit> loadData(const DatasetSpec &spec, const Arguments &args,
                           const std::filesystem::path &base)
{
    Result<DataSplit> result = Error(ErrorCategory::File, "cannot_load", spec.name);
    try {
        result = spec.load(args, base);
    } catch (const Error &error) {
        result = error;
    } catch (const std::exception &error) {
        result = Error(ErrorCategory::File, "cannot_load", spec.name, error.what());
    }
    if (result && !result->train)
        result = Error(ErrorCategory::File, "no_training_data", spec.name);
    return result;
}

DataLoader::DataLoader(const Vocabulary &vocabulary, QObject *parent)
    : QObject(parent),
      m_vocabulary(vocabulary)
{
}

void DataLoader::forgetFailures()
{
    std::erase_if(m_entries, [](const Entry &entry) { return entry.state == State::Failed; });
}

const DataLoader::Entry &DataLoader::find(const NetworkNode &node)
{
    Entry wanted{node.type, node.args, m_base, State::Loading, {}, {}, {}};
    const auto known = std::find_if(m_entries.begin(), m_entries.end(),
                                    [&](const Entry &entry) { return sameSource(entry, wanted); });
    if (known != m_entries.end()) {
        std::rotate(m_entries.begin(), known, known + 1);
        return m_entries.front();
    }
    m_entries.push_front(std::move(wanted));
    if (m_entries.size() > rememberedSets)
        m_entries.pop_back();
    begin(m_entries.front());
    return m_entries.front();
}

void DataLoader::begin(Entry &entry)
{
    const std::string prefix = "data.";
    const DatasetSpec *spec = entry.type.rfind(prefix, 0) == 0
            ? m_vocabulary.dataset(entry.type.substr(prefix.size()))
            : nullptr;
    if (!spec) {
        entry.state = State::Failed;
        entry.error
                = Error(ErrorCategory::Value, "unknown_type", entry.type, "an unknown data source");
        return;
    }
    runInBackground(
            this,
            [spec = *spec, args = entry.args, base = entry.base] {
                return loadData(spec, args, base);
            },
            [this, entry = Entry(entry)](Result<DataSplit> result) {
                finish(entry, std::move(result));
            });
}

void DataLoader::finish(const Entry &wanted, Result<DataSplit> result)
{
    const auto entry = std::find_if(m_entries.begin(), m_entries.end(),
                                    [&](const Entry &other) { return sameSource(other, wanted); });
    if (entry == m_entries.end())
        return;
    if (result) {
        entry->state = State::Ready;
        entry->split = std::make_shared<const DataSplit>(*result);
        entry->description = describe(*entry->split->train);
    } else {
        entry->state = State::Failed;
        entry->error = result.error();
    }
    emit loaded();
}

Result<DataDescription> DataLoader::describeData(const NetworkNode &node)
{
    const Entry entry = find(node);
    if (entry.state == State::Ready)
        return *entry.description;
    if (entry.state == State::Failed)
        return *entry.error;
    for (const Entry &other : m_entries) {
        if (other.type == entry.type && other.description)
            return *other.description;
    }
    return Error(ErrorCategory::State, "data_loading", node.type, "data still being read");
}

} // namespace mrg

#include "moc_DataLoader.cpp"
