// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/reports/Report.h"

#include <QAbstractTextDocumentLayout>
#include <QPageSize>
#include <QPainter>
#include <QPdfWriter>
#include <QSaveFile>
#include <QSvgRenderer>
#include <QTextDocument>

namespace mrg {

namespace {

const char *style = R"(
:root { color-scheme: light dark; --ground:#ffffff; --text:#1d232b; --muted:#5a6572; --line:#d9dde3; --card:#fafbfc; }
@media (prefers-color-scheme: dark) { :root { --ground:#16191e; --text:#e7eaee; --muted:#a3adba; --line:#363d47; --card:#1e2228; } }
body { font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; color: var(--text); background: var(--ground); margin: 0; }
main { max-width: 900px; margin: 0 auto; padding: 40px 24px 80px; }
h1 { font-size: 28px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 40px 0 12px; }
.subtitle, .caption { color: var(--muted); } .caption { font-size: 13px; margin: 6px 0 0; }
figure { margin: 0; padding: 12px; background: #ffffff; border: 1px solid var(--line); border-radius: 8px; overflow-x: auto; }
figure svg { width: 100%; height: auto; display: block; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 5px 10px; border-bottom: 1px solid var(--line); } th { color: var(--muted); font-weight: 600; }
td + td, th + th { text-align: right; } pre { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px; overflow-x: auto; font-size: 12px; }
)";

Error cannotWrite(const QString &path, const QString &reason)
{
    return Error(ErrorCategory::File, "cannot_write", path.toStdString(), reason.toStdString(),
                 "a writable place with free space", "choose another folder");
}

/// The <svg> element alone, without XML head or doctype, its size left to the page.
QByteArray inlineSvg(const QByteArray &svg)
{
    const qsizetype start = svg.indexOf("<svg");
    return start < 0 ? QByteArray() : svg.mid(start);
}

/// Lays text and pictures down page after page.
class PdfPages {
public:
    explicit PdfPages(QPdfWriter &writer) : m_writer(writer), m_painter(&writer)
    {
        m_width = writer.width();
        m_height = writer.height();
    }
    bool isActive() const { return m_painter.isActive(); }

    void text(const QString &html, double space)
    {
        QTextDocument document;
        document.documentLayout()->setPaintDevice(&m_writer);
        document.setDefaultStyleSheet("h1 { font-size: 20pt; } h2 { font-size: 13pt; } body { font-size: 9pt; }"
                                      "table { border-collapse: collapse; } td, th { padding: 3px; text-align: left; }"
                                      ".muted { color: #5a6572; } pre { font-size: 7pt; }");
        document.setHtml("<body>" + html + "</body>");
        document.setTextWidth(m_width);
        const double height = document.size().height();
        const bool fits = m_y + height <= m_height;
        if (!fits && height <= m_height)
            nextPage();
        // What is taller than a page is cut at page ends.
        for (double done = 0; done < height;) {
            const double part = std::min(height - done, m_height - m_y);
            m_painter.save();
            m_painter.translate(0, m_y - done);
            document.drawContents(&m_painter, QRectF(0, done, m_width, part));
            m_painter.restore();
            done += part;
            m_y += part;
            if (done < height)
                nextPage();
        }
        m_y += space;
    }

    void picture(const QByteArray &svg, double space)
    {
        QSvgRenderer renderer(svg);
        const QSizeF size = renderer.viewBoxF().size();
        if (size.isEmpty())
            return;
        double width = m_width;
        double height = width * size.height() / size.width();
        const double tallest = m_height * 0.75;
        if (height > tallest) {
            width *= tallest / height;
            height = tallest;
        }
        if (m_y + height > m_height)
            nextPage();
        renderer.render(&m_painter, QRectF((m_width - width) / 2, m_y, width, height));
        m_y += height + space;
    }

private:
    void nextPage()
    {
        m_writer.newPage();
        m_y = 0;
    }
    QPdfWriter &m_writer;
    QPainter m_painter;
    double m_width;
    double m_height;
    double m_y = 0;
};

} // namespace

QString htmlTable(const QVector<QStringList> &rows)
{
    QString out = "<table>";
    for (qsizetype i = 0; i < rows.size(); ++i) {
        out += "<tr>";
        for (const QString &cell : rows[i])
            out += (i == 0 ? "<th>" : "<td>") + cell.toHtmlEscaped() + (i == 0 ? "</th>" : "</td>");
        out += "</tr>";
    }
    return out + "</table>";
}

QByteArray reportHtml(const Report &report)
{
    QString out = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                  "<meta name=\"viewport\" content=\"width=device-width\"><title>"
            + report.title.toHtmlEscaped() + "</title><style>" + style + "</style></head><body><main>\n<h1>"
            + report.title.toHtmlEscaped() + "</h1><p class=\"subtitle\">" + report.subtitle.toHtmlEscaped() + "</p>\n";
    for (const ReportSection &section : report.sections) {
        out += "<section><h2>" + section.title.toHtmlEscaped() + "</h2>" + section.html;
        if (!section.svg.isEmpty())
            out += "<figure>" + QString::fromUtf8(inlineSvg(section.svg)) + "</figure>";
        if (!section.caption.isEmpty())
            out += "<p class=\"caption\">" + section.caption.toHtmlEscaped() + "</p>";
        out += "</section>\n";
    }
    return (out + "</main></body></html>\n").toUtf8();
}

Result<void> writeReportHtml(const Report &report, const QString &path)
{
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(reportHtml(report)) < 0 || !file.commit())
        return cannotWrite(path, file.errorString());
    return {};
}

Result<void> writeReportPdf(const Report &report, const QString &path)
{
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly))
        return cannotWrite(path, file.errorString());
    {
        QPdfWriter writer(&file);
        writer.setPageSize(QPageSize(QPageSize::A4));
        writer.setPageMargins(QMarginsF(18, 18, 18, 18), QPageLayout::Millimeter);
        writer.setResolution(96);
        writer.setTitle(report.title);
        PdfPages pages(writer);
        if (!pages.isActive())
            return cannotWrite(path, "the PDF could not be begun");
        pages.text("<h1>" + report.title.toHtmlEscaped() + "</h1><p class=\"muted\">" + report.subtitle.toHtmlEscaped() + "</p>", 8);
        for (const ReportSection &section : report.sections) {
            pages.text("<h2>" + section.title.toHtmlEscaped() + "</h2>" + section.html, 6);
            if (!section.svg.isEmpty())
                pages.picture(section.svg, 4);
            if (!section.caption.isEmpty())
                pages.text("<p class=\"muted\">" + section.caption.toHtmlEscaped() + "</p>", 8);
        }
    }
    if (!file.commit())
        return cannotWrite(path, file.errorString());
    return {};
}

} // namespace mrg
