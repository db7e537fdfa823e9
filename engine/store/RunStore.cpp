// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/RunStore.h"

#include "engine/store/Database.h"
#include "engine/store/process_identity.h"

#include <array>
#include <map>

namespace mrg {

namespace {

/// migrations[n] turns version n of the file into n + 1.
constexpr std::array migrations{
        "CREATE TABLE run(id INTEGER PRIMARY KEY, title TEXT, started TEXT, state TEXT, loss TEXT,"
        "  dataset TEXT, digest TEXT, version TEXT, seed INTEGER, steps INTEGER DEFAULT 0, "
        "experiment TEXT);"
        "CREATE TABLE series(id INTEGER PRIMARY KEY, run INTEGER REFERENCES run ON DELETE CASCADE, "
        "name TEXT,"
        "  UNIQUE(run, name));"
        "CREATE TABLE point(series INTEGER REFERENCES series ON DELETE CASCADE, step INTEGER, "
        "epoch REAL,"
        "  value REAL, PRIMARY KEY(series, step)) WITHOUT ROWID;"
        "CREATE TABLE event(run INTEGER REFERENCES run ON DELETE CASCADE, step INTEGER, epoch "
        "REAL, text TEXT);"
        "CREATE TABLE document(run INTEGER REFERENCES run ON DELETE CASCADE, name TEXT, content "
        "TEXT,"
        "  PRIMARY KEY(run, name));"
        "CREATE TABLE checkpoint(run INTEGER REFERENCES run ON DELETE CASCADE, step INTEGER, state "
        "BLOB,"
        "  PRIMARY KEY(run, step));",
        // Who writes a run. Those of before have ended, or will say so.
        "ALTER TABLE run ADD COLUMN process TEXT DEFAULT '';"
        "UPDATE run SET state='interrupted' WHERE state IN ('running', 'paused');"};

/// Points that wait at most before a transaction writes them.
constexpr size_t batchSize = 2000;
constexpr int64_t stepsAllStored = 16384;

} // namespace

bool isStoredStep(int64_t step)
{
    int64_t stride = 1;
    while (step > stride * stepsAllStored)
        stride *= 2;
    return step % stride == 0;
}

class RunStore::Private {
public:
    explicit Private(const std::filesystem::path &path) : database(path)
    {
        if (database.userVersion() == 0 && hasTables()) {
            throw Error(ErrorCategory::File, "not_a_run_store", path.string(),
                        "a database of something else", "runs of Marginalia, or no file yet",
                        "choose another file");
        }
        database.useWriteAheadLog();
        Transaction transaction(database);
        const int64_t version = database.userVersion();
        if (version > static_cast<int64_t>(migrations.size())) {
            throw Error(ErrorCategory::File, "newer_version", path.string(),
                        "run store version " + std::to_string(version),
                        "at most " + std::to_string(migrations.size()),
                        "open it with a newer Marginalia");
        }
        for (size_t step = static_cast<size_t>(version); step < migrations.size(); ++step) {
            database.execute(migrations[step]);
            database.execute(("PRAGMA user_version=" + std::to_string(step + 1)).c_str());
        }
        transaction.commit();
        noteInterrupted();
        insertPoint = database.prepare("INSERT OR REPLACE INTO point VALUES(?,?,?,?)");
    }

    bool hasTables() const
    {
        // In one statement with the version: another may be creating the store right now.
        const auto row = database.prepare("SELECT count(*) FROM sqlite_schema, pragma_user_version"
                                          " WHERE user_version = 0");
        return row->step() && row->integer(0) > 0;
    }

    /// Runs whose process was killed can't say so themselves.
    void noteInterrupted()
    {
        std::vector<int64_t> interrupted;
        const auto open = database.prepare(
                "SELECT id, process FROM run WHERE state IN ('running', 'paused')");
        while (open->step()) {
            if (isProcessGone(open->text(1)))
                interrupted.push_back(open->integer(0));
        }
        for (int64_t run : interrupted)
            database.prepare("UPDATE run SET state='interrupted' WHERE id=?")->bind(1, run).run();
    }

    bool hasRun(int64_t run) const
    {
        return database.prepare("SELECT 1 FROM run WHERE id=?")->bind(1, run).step();
    }

    /// Forgets what waits for a run and what is known of it.
    void forget(int64_t run)
    {
        std::erase_if(waiting, [run](const Waiting &point) { return point.run == run; });
        std::erase_if(series, [run](const auto &known) { return known.first.first == run; });
    }

    int64_t seriesId(int64_t run, const std::string &name)
    {
        int64_t &id = series[{run, name}];
        if (id)
            return id;
        database.prepare("INSERT OR IGNORE INTO series(run, name) VALUES(?,?)")
                ->bind(1, run)
                .bind(2, name)
                .run();
        const auto find = database.prepare("SELECT id FROM series WHERE run=? AND name=?");
        find->bind(1, run).bind(2, name).step();
        return id = find->integer(0);
    }

    void flush()
    {
        if (waiting.empty())
            return;
        try {
            Transaction transaction(database);
            // A run that was removed meanwhile gets no more points.
            std::map<int64_t, bool> exists;
            for (const Waiting &point : waiting) {
                if (!exists.contains(point.run))
                    exists[point.run] = hasRun(point.run);
            }
            for (const auto &[run, there] : exists) {
                if (!there)
                    forget(run);
            }
            for (const Waiting &point : waiting) {
                insertPoint->bind(1, seriesId(point.run, *point.series))
                        .bind(2, point.point.step)
                        .bind(3, point.point.epoch)
                        .bind(4, point.point.value)
                        .run();
            }
            transaction.commit();
        } catch (const Error &) {
            series.clear(); // undone as well
            throw;
        }
        waiting.clear();
    }

    struct Waiting {
        int64_t run;
        const std::string *series;
        StoredPoint point;
    };
    Database database;
    const std::string process = processIdentity(); ///< the writer of its runs
    std::unique_ptr<Statement> insertPoint;
    std::map<std::pair<int64_t, std::string>, int64_t> series;
    std::map<std::string, std::string> names; ///< keeps the texts that `waiting` points to
    std::vector<Waiting> waiting;
};

namespace {
/// Runs `action`, turning what it throws into a Result.
template <typename F> auto guarded(F action) -> Result<decltype(action())>
{
    try {
        if constexpr (std::is_void_v<decltype(action())>) {
            action();
            return {};
        } else {
            return action();
        }
    } catch (const Error &error) {
        return error;
    }
}

RunSummary summaryFrom(const Statement &row)
{
    RunSummary out;
    out.id = row.integer(0);
    out.title = row.text(1);
    out.startedAt = row.text(2);
    out.state = row.text(3);
    out.loss = row.text(4);
    out.dataset = row.text(5);
    out.dataDigest = row.text(6);
    out.engineVersion = row.text(7);
    out.seed = static_cast<uint64_t>(row.integer(8));
    out.steps = row.integer(9);
    return out;
}
constexpr const char *summaryColumns
        = "SELECT id, title, started, state, loss, dataset, digest, version, seed, steps FROM run ";
constexpr const char *latestColumns = "SELECT run, name, (SELECT value FROM point WHERE "
                                      "series=s.id ORDER BY step DESC LIMIT 1) FROM series s ";
} // namespace

RunStore::RunStore(std::unique_ptr<Private> d) : m_d(std::move(d)) { }

RunStore::~RunStore() { (void)flush(); }

Result<std::unique_ptr<RunStore>> RunStore::open(const std::filesystem::path &path)
{
    try {
        return std::unique_ptr<RunStore>(new RunStore(std::make_unique<Private>(path)));
    } catch (const Error &error) {
        const bool named = error.text().find(path.string()) != std::string::npos;
        return named ? error : error.within(path.string());
    }
}

Result<int64_t> RunStore::beginRun(const std::string &experiment, const RunSummary &s)
{
    return guarded([&] {
        m_d->database
                .prepare("INSERT INTO run(title, started, state, loss, dataset, digest, version, "
                         "seed, experiment, process)"
                         " VALUES(?,?,?,?,?,?,?,?,?,?)")
                ->bind(1, s.title)
                .bind(2, s.startedAt)
                .bind(3, s.state)
                .bind(4, s.loss)
                .bind(5, s.dataset)
                .bind(6, s.dataDigest)
                .bind(7, s.engineVersion)
                .bind(8, static_cast<int64_t>(s.seed))
                .bind(9, experiment)
                .bind(10, m_d->process)
                .run();
        return m_d->database.lastInsertId();
    });
}

Result<void> RunStore::addPoint(int64_t run, const std::string &series, const StoredPoint &point)
{
    const auto name = m_d->names.try_emplace(series, series).first;
    m_d->waiting.push_back({run, &name->second, point});
    // Where that fails it is tried again after as many more, not at every point.
    return m_d->waiting.size() % batchSize == 0 ? flush() : Result<void>();
}

Result<void> RunStore::addEvent(int64_t run, const StoredEvent &event)
{
    return guarded([&] {
        m_d->database.prepare("INSERT INTO event VALUES(?,?,?,?)")
                ->bind(1, run)
                .bind(2, event.step)
                .bind(3, event.epoch)
                .bind(4, event.text)
                .run();
    });
}

Result<void> RunStore::putDocument(int64_t run, const std::string &name, const std::string &json)
{
    return guarded([&] {
        m_d->database.prepare("INSERT OR REPLACE INTO document VALUES(?,?,?)")
                ->bind(1, run)
                .bind(2, name)
                .bind(3, json)
                .run();
    });
}

Result<void> RunStore::putCheckpoint(int64_t run, int64_t step, std::span<const std::byte> bytes)
{
    return guarded([&] {
        Transaction transaction(m_d->database);
        m_d->database.prepare("DELETE FROM checkpoint WHERE run=?")->bind(1, run).run();
        m_d->database.prepare("INSERT INTO checkpoint VALUES(?,?,?)")
                ->bind(1, run)
                .bind(2, step)
                .bind(3, bytes)
                .run();
        transaction.commit();
    });
}

Result<void> RunStore::setState(int64_t run, const std::string &state, int64_t steps)
{
    return guarded([&] {
        m_d->database.prepare("UPDATE run SET state=?, steps=?, process=? WHERE id=?")
                ->bind(1, state)
                .bind(2, steps)
                .bind(3, m_d->process)
                .bind(4, run)
                .run();
    });
}

Result<void> RunStore::flush()
{
    return guarded([&] { m_d->flush(); });
}

Result<void> RunStore::clearRun(int64_t run)
{
    return guarded([&] {
        m_d->forget(run);
        Transaction transaction(m_d->database);
        for (const char *sql :
             {"DELETE FROM series WHERE run=?", "DELETE FROM event WHERE run=?",
              "DELETE FROM document WHERE run=?", "DELETE FROM checkpoint WHERE run=?"})
            m_d->database.prepare(sql)->bind(1, run).run();
        transaction.commit();
    });
}

Result<std::vector<RunSummary>> RunStore::runs() const
{
    return guarded([&] {
        std::vector<RunSummary> out;
        const auto rows = m_d->database.prepare(std::string(summaryColumns) + "ORDER BY id DESC");
        std::map<int64_t, size_t> place;
        while (rows->step()) {
            out.push_back(summaryFrom(*rows));
            place[out.back().id] = out.size() - 1;
        }
        const auto latest = m_d->database.prepare(std::string(latestColumns) + "ORDER BY s.id");
        while (latest->step()) {
            if (const auto found = place.find(latest->integer(0)); found != place.end())
                out[found->second].finalMetrics.emplace_back(latest->text(1), latest->real(2));
        }
        return out;
    });
}

Result<RunSummary> RunStore::run(int64_t id) const
{
    return guarded([&] {
        const auto row = m_d->database.prepare(std::string(summaryColumns) + "WHERE id=?");
        if (!row->bind(1, id).step())
            throw Error(ErrorCategory::Value, "no_such_run", "run store",
                        "run " + std::to_string(id), "a run of the list");
        RunSummary out = summaryFrom(*row);
        const auto latest
                = m_d->database.prepare(std::string(latestColumns) + "WHERE run=? ORDER BY s.id");
        latest->bind(1, id);
        while (latest->step())
            out.finalMetrics.emplace_back(latest->text(1), latest->real(2));
        return out;
    });
}

namespace {
std::string oneText(const Database &database, const char *sql, int64_t run,
                    const std::string &name = {})
{
    const auto row = database.prepare(sql);
    row->bind(1, run);
    if (!name.empty())
        row->bind(2, name);
    if (!row->step())
        throw Error(ErrorCategory::Value, "not_in_the_store", "run store",
                    "run " + std::to_string(run) + (name.empty() ? "" : ", " + name),
                    "something that was stored");
    return row->text(0);
}
} // namespace

Result<std::string> RunStore::experiment(int64_t run) const
{
    return guarded(
            [&] { return oneText(m_d->database, "SELECT experiment FROM run WHERE id=?", run); });
}

Result<std::string> RunStore::document(int64_t run, const std::string &name) const
{
    return guarded([&] {
        return oneText(m_d->database, "SELECT content FROM document WHERE run=? AND name=?", run,
                       name);
    });
}

Result<std::vector<std::string>> RunStore::series(int64_t run) const
{
    return guarded([&] {
        std::vector<std::string> out;
        const auto rows = m_d->database.prepare("SELECT name FROM series WHERE run=? ORDER BY id");
        rows->bind(1, run);
        while (rows->step())
            out.push_back(rows->text(0));
        return out;
    });
}

Result<std::vector<StoredPoint>> RunStore::points(int64_t run, const std::string &series) const
{
    return guarded([&] {
        std::vector<StoredPoint> out;
        const auto rows
                = m_d->database.prepare("SELECT step, epoch, value FROM point WHERE series=(SELECT "
                                        "id FROM series WHERE run=? AND name=?)"
                                        " ORDER BY step");
        rows->bind(1, run).bind(2, series);
        while (rows->step())
            out.push_back({rows->integer(0), rows->real(1), rows->real(2)});
        return out;
    });
}

Result<std::vector<StoredEvent>> RunStore::events(int64_t run) const
{
    return guarded([&] {
        std::vector<StoredEvent> out;
        const auto rows = m_d->database.prepare(
                "SELECT step, epoch, text FROM event WHERE run=? ORDER BY rowid");
        rows->bind(1, run);
        while (rows->step())
            out.push_back({rows->integer(0), rows->real(1), rows->text(2)});
        return out;
    });
}

Result<std::vector<std::byte>> RunStore::latestCheckpoint(int64_t run) const
{
    return guarded([&] {
        const auto row = m_d->database.prepare(
                "SELECT state FROM checkpoint WHERE run=? ORDER BY step DESC LIMIT 1");
        if (!row->bind(1, run).step())
            throw Error(ErrorCategory::Value, "not_in_the_store", "run store", "no checkpoint",
                        "one");
        return row->blob(0);
    });
}

Result<void> RunStore::removeRun(int64_t run)
{
    return guarded([&] {
        m_d->forget(run);
        m_d->database.prepare("DELETE FROM run WHERE id=?")->bind(1, run).run();
    });
}

Result<void> RunStore::renameRun(int64_t run, const std::string &title)
{
    return guarded([&] {
        m_d->database.prepare("UPDATE run SET title=? WHERE id=?")
                ->bind(1, title)
                .bind(2, run)
                .run();
    });
}

} // namespace mrg
