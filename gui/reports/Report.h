// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Result.h"

#include <QByteArray>
#include <QPainter>
#include <QString>
#include <QVector>

#include <functional>

namespace mrg {

/// A picture as what draws it: as vectors in whatever the report is written to.
struct ReportPicture {
    QSizeF size;
    std::function<void(QPainter &, const QRectF &)> draw; ///< on any thread
    explicit operator bool() const { return draw && !size.isEmpty(); }
};

/// One part of a report: a heading, HTML text, and a picture below it.
struct ReportSection {
    QString title;
    QString html; ///< may be empty
    ReportPicture picture; ///< may be empty
    QString caption; ///< below the picture
};

/// A report on a run, ready to be written: everything is in it, nothing is fetched.
struct Report {
    QString title;
    QString subtitle;
    QVector<ReportSection> sections;
};

/// A table as HTML; the first row of `rows` is its head. Texts are escaped here.
QString htmlTable(const QVector<QStringList> &rows);

// **Threads**: any; a QGuiApplication must be there for its fonts.

/// One self-contained HTML file: pictures as SVG inside, light and dark by the reader's setting.
QByteArray reportHtml(const Report &report);
/// **Errors** (file): `cannot_write`.
Result<void> writeReportHtml(const Report &report, const QString &path);
/// A4 pages with the pictures drawn as vectors.
Result<void> writeReportPdf(const Report &report, const QString &path);

} // namespace mrg
