// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QtTest/qtest.h>

#include <string>

namespace mrg::test {

/// One row of a data-driven test for each element of a table, under its `name`:
///
///     void theyHold_data() { addRows(rows()); }
///     void theyHold() { const Row row = fetchRow(rows()); ... }
template <typename Table> void addRows(const Table &table)
{
    QTest::addColumn<int>("index");
    for (int i = 0; const auto &row : table)
        QTest::newRow(std::string(row.name).c_str()) << i++;
}
/// The element of the row that is run.
template <typename Table> auto fetchRow(const Table &table)
{
    QFETCH(int, index);
    return table[static_cast<size_t>(index)];
}
/// Its number, a stream of random numbers of its own.
inline uint64_t fetchStream()
{
    QFETCH(int, index);
    return static_cast<uint64_t>(index);
}

} // namespace mrg::test
