// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/reports/Report.h"

#include <QAbstractTextDocumentLayout>
#include <QBuffer>
#include <QPageSize>
#include <QPainter>
#include <QPdfWriter>
#include <QSaveFile>
#include <QSvgGenerator>
#include <QTextDocument>

#include <algorithm>

namespace mrg {

namespace {
/// A caption's lines stay lines.
QString captionHtml(const ReportSection &section)
{
    return section.caption.toHtmlEscaped().replace('\n', "<br>");
}

constexpr double gap = 6;

const char *style = R"(
:root { color-scheme: light dark; --ground:#ffffff; --text:#1d232b; --muted:#5a6572; --line:#d9dde3; --card:#fafbfc; }
@media (prefers-color-scheme: dark) { :root { --ground:#16191e; --text:#e7eaee; --muted:#a3adba; --line:#363d47; --card:#1e2228; } }
body { font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; color: var(--text); background: var(--ground); margin: 0; }
main { max-width: 900px; margin: 0 auto; padding: 40px 24px 80px; }
h1 { font-size: 28px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 40px 0 12px; }
.subtitle, .caption { color: var(--muted); } .caption { font-size: 13px; margin: 6px 0 0; }
figure { margin: 0; padding: 12px; background: #ffffff; border: 1px solid var(--line); border-radius: 8px; overflow-x: auto; }
figure svg { width: 100%; height: auto; display: block; } figure svg text { font-family: Inter, system-ui, "DejaVu Sans", sans-serif; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 5px 10px; border-bottom: 1px solid var(--line); } th { color: var(--muted); font-weight: 600; }
td + td, th + th { text-align: right; } pre { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px; overflow-x: auto; font-size: 12px; }
)";

const char *paperStyle = R"(
body { font-size: 9pt; } h1 { font-size: 20pt; } h2 { font-size: 12pt; }
table { border-collapse: collapse; } td, th { padding: 3px 6px 3px 0; text-align: left; border-bottom: 1px solid #d9dde3; }
th { color: #5a6572; } .muted { color: #5a6572; } pre { font-size: 7pt; }
)";

Error cannotWrite(const QString &path, const QString &reason)
{
    return Error(ErrorCategory::File, "cannot_write", path.toStdString(), reason.toStdString(),
                 "a writable place with free space", "choose another folder");
}

/// The <svg> element alone, without XML head or doctype.
QByteArray inlineSvg(const ReportPicture &picture)
{
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setSize(picture.size.toSize());
    generator.setViewBox(QRectF(QPointF(0, 0), picture.size));
    QPainter painter(&generator);
    picture.draw(painter, QRectF(QPointF(0, 0), picture.size));
    painter.end();
    const QByteArray svg = buffer.data();
    return svg.mid(std::max<qsizetype>(svg.indexOf("<svg"), 0));
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

    /// Begins a new page unless so much room is left on this one.
    void keepTogether(double height)
    {
        if (m_y > 0 && m_y + height > m_height)
            nextPage();
    }
    /// How high a text becomes.
    double heightOf(const QString &html)
    {
        QTextDocument document;
        lay(document, html);
        return document.size().height();
    }
    QSizeF sizeOf(const ReportPicture &picture) const
    {
        const double scale = std::min(m_width / picture.size.width(),
                                      m_height * largestShare / picture.size.height());
        return picture.size * scale;
    }

    void text(const QString &html, double space)
    {
        QTextDocument document;
        lay(document, html);
        const double height = document.size().height();
        if (height <= m_height * largestShare)
            keepTogether(height);
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

    void picture(const ReportPicture &picture, double space)
    {
        const QSizeF size = sizeOf(picture);
        keepTogether(size.height());
        m_painter.save();
        m_painter.translate((m_width - size.width()) / 2, m_y);
        m_painter.scale(size.width() / picture.size.width(), size.height() / picture.size.height());
        picture.draw(m_painter, QRectF(QPointF(0, 0), picture.size));
        m_painter.restore();
        m_y += size.height() + space;
    }

private:
    /// Nothing that is kept whole takes more of a page.
    static constexpr double largestShare = 0.8;

    void lay(QTextDocument &document, const QString &html)
    {
        document.documentLayout()->setPaintDevice(&m_writer);
        document.setDefaultStyleSheet(paperStyle);
        document.setHtml("<body>" + html + "</body>");
        document.setTextWidth(m_width);
    }
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
    QString out = "<table width=\"100%\" cellspacing=\"0\">";
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
            + report.title.toHtmlEscaped() + "</title><style>" + style
            + "</style></head><body><main>\n<h1>" + report.title.toHtmlEscaped()
            + "</h1><p class=\"subtitle\">" + report.subtitle.toHtmlEscaped() + "</p>\n";
    for (const ReportSection &section : report.sections) {
        out += "<section><h2>" + section.title.toHtmlEscaped() + "</h2>" + section.html;
        if (section.picture)
            out += "<figure>" + QString::fromUtf8(inlineSvg(section.picture)) + "</figure>";
        if (!section.caption.isEmpty())
            out += "<p class=\"caption\">" + captionHtml(section) + "</p>";
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
        pages.text("<h1>" + report.title.toHtmlEscaped() + "</h1><p class=\"muted\">"
                           + report.subtitle.toHtmlEscaped() + "</p>",
                   gap);
        for (const ReportSection &section : report.sections) {
            const QString head = "<h2>" + section.title.toHtmlEscaped() + "</h2>" + section.html;
            const QString caption = section.caption.isEmpty()
                    ? QString()
                    : "<p class=\"muted\">" + captionHtml(section) + "</p>";
            // A heading stays with its picture, and that with its caption.
            if (section.picture)
                pages.keepTogether(pages.heightOf(head) + pages.sizeOf(section.picture).height()
                                   + pages.heightOf(caption) + 2 * gap);
            pages.text(head, gap);
            if (section.picture)
                pages.picture(section.picture, gap);
            if (!caption.isEmpty())
                pages.text(caption, gap);
        }
    }
    if (!file.commit())
        return cannotWrite(path, file.errorString());
    return {};
}

} // namespace mrg
