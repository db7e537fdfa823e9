// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/check.h"

#include <QObject>
#include <QString>

#include <deque>
#include <filesystem>
#include <memory>
#include <optional>

namespace mrg {

/// Loads data; nothing is thrown. **Errors**: what the reader says.
Result<DataSplit> loadData(const DatasetSpec &spec, const Arguments &args,
                           const std::filesystem::path &base);

/// Loads the data of data nodes on a thread of its own and remembers the last few sets, so that
/// undoing a change of data is instant. Asked by find(); what is not there is loaded, and loaded()
/// says that it pays to ask again.
///
/// **Threads**: everything here belongs to the UI thread and returns at once.
class DataLoader : public QObject {
    Q_OBJECT
public:
    /// `vocabulary` must outlive the loader.
    explicit DataLoader(const Vocabulary &vocabulary, QObject *parent = nullptr);

    /// Where relative paths in arguments start.
    void setBaseFolder(const std::filesystem::path &folder) { m_base = folder; }
    const std::filesystem::path &baseFolder() const { return m_base; }

    enum class State { Loading, Ready, Failed };
    struct Entry {
        std::string type;
        Arguments args;
        std::filesystem::path base;
        State state = State::Loading;
        std::shared_ptr<const DataSplit> split; ///< Ready
        std::optional<DataDescription> description; ///< Ready
        std::optional<Error> error; ///< Failed
    };
    /// Lets what failed be tried again, as files may have changed since.
    void forgetFailures();
    /// The data of a node, in whatever state it is; loading is begun if it was not yet asked for.
    const Entry &find(const NetworkNode &node);
    /// For check(): the description of the data, or while it is loading that of the same source as
    /// it was before, so that shapes don't flicker. **Errors**: `data_loading`, or what the reader
    /// said.
    Result<DataDescription> describeData(const NetworkNode &node);

signals:
    /// An entry became Ready or Failed.
    void loaded();

private:
    void begin(Entry &entry);
    void finish(const Entry &wanted, Result<DataSplit> result);

    const Vocabulary &m_vocabulary;
    std::filesystem::path m_base;
    std::deque<Entry> m_entries; ///< newest first
};

} // namespace mrg
