// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/app/run_report.h"

#include "engine/metrics/margin_views.h"
#include "engine/network/check.h"
#include "engine/network/experiment_file.h"
#include "engine/spec/value_json.h"
#include "engine/store/version.h"
#include "engine/training/evaluation_json.h"
#include "gui/plots/ClassBars.h"
#include "gui/widgets/MatrixView.h"
#include "gui/widgets/PlotStyle.h"
#include "gui/widgets/Theme.h"

#include <QBuffer>
#include <QPainter>
#include <QSvgGenerator>
#include <nlohmann/json.hpp>
#include <qcustomplot.h>

#include <cmath>
#include <functional>

namespace mrg {

namespace {

constexpr int pictureWidth = 860;

/// What `draw` paints on a page of this size, as SVG.
QByteArray svgOf(QSize size, const std::function<void(QPainter &)> &draw)
{
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setSize(size);
    generator.setViewBox(QRect(QPoint(0, 0), size));
    QPainter painter(&generator);
    draw(painter);
    painter.end();
    return buffer.data();
}

QByteArray svgOfPlot(QCustomPlot &plot, QSize size)
{
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setSize(size);
    generator.setViewBox(QRect(QPoint(0, 0), size));
    QCPPainter painter(&generator);
    painter.setMode(QCPPainter::pmVectorized);
    painter.setMode(QCPPainter::pmNoCaching);
    plot.toPainter(&painter, size.width(), size.height());
    painter.end();
    return buffer.data();
}

QString numberText(double value) { return std::isnan(value) ? "–" : QString::number(value, 'g', 5); }

struct Curve {
    const char *series;
    QString name;
    QColor color;
    double width;
};

Result<QByteArray> curves(const RunStore &store, int64_t run, const Theme &theme)
{
    QCustomPlot plot;
    plot.legend->setVisible(true);
    plot.xAxis->setLabel("epoch");
    plot.yAxis->setLabel("loss");
    stylePlot(plot, theme);
    QColor faint = theme.trainCurve;
    faint.setAlpha(70);
    for (const Curve &curve : {Curve{"train/loss", "each step", faint, 1}, Curve{"train/epoch_loss", "epoch mean", theme.trainCurve, 2},
                               Curve{"validation/loss", "validation", theme.validationCurve, 2}}) {
        const Result<std::vector<StoredPoint>> points = store.points(run, curve.series);
        if (!points)
            return points.error();
        QVector<double> x;
        QVector<double> y;
        for (const StoredPoint &point : *points) {
            x.append(point.epoch);
            y.append(point.value);
        }
        QCPGraph *graph = plot.addGraph();
        graph->setName(curve.name);
        graph->setPen(QPen(curve.color, curve.width));
        graph->setData(x, y, true);
    }
    const Result<std::vector<StoredEvent>> events = store.events(run);
    if (!events)
        return events.error();
    for (const StoredEvent &event : *events) {
        auto *line = new QCPItemStraightLine(&plot);
        line->point1->setCoords(event.epoch, 0);
        line->point2->setCoords(event.epoch, 1);
        line->setPen(QPen(theme.warning, 1, Qt::DashLine));
    }
    plot.rescaleAxes();
    plot.yAxis->scaleRange(1.08);
    plot.xAxis->setRangeLower(0);
    return svgOfPlot(plot, {pictureWidth, 360});
}

QString nameOf(const NetworkNode &node)
{
    return QString::fromStdString(node.title.empty() ? node.type : node.title);
}

QString argsText(const Arguments &args)
{
    QStringList parts;
    for (const auto &[name, value] : args)
        parts << QString::fromStdString(name + " = " + value.toString());
    return parts.join(", ");
}

ReportSection networkSection(const Experiment &experiment, const CheckedNetwork &checked)
{
    QVector<QStringList> rows{{"Node", "Options", "Gives", "Parameters"}};
    for (NodeId id : checked.order) {
        const NetworkNode &node = *experiment.network.find(id);
        QStringList shapes;
        for (const auto &[port, shape] : checked.shapes) {
            if (port.node == id)
                shapes << QString::fromStdString(shape.text());
        }
        const auto count = checked.parameters.find(id);
        rows.append({nameOf(node), argsText(node.args), shapes.join("; "),
                     count == checked.parameters.end() || count->second == 0 ? "" : QString::number(count->second)});
    }
    return {"Network", htmlTable(rows), {}, {}};
}

ReportSection settingsSection(const RunSummary &summary, const TrainingSettings &t)
{
    QVector<QStringList> rows{{"Setting", "Value"}};
    rows.append({"Optimizer", QString::fromStdString(t.optimizer) + (t.optimizerArgs.empty() ? "" : " (" + argsText(t.optimizerArgs) + ")")});
    rows.append({"Scheduler", t.scheduler.empty() ? "none" : QString::fromStdString(t.scheduler) + " (" + argsText(t.schedulerArgs) + ")"});
    rows.append({"Batch size", QString::number(t.batchSize)});
    rows.append({"Epochs", QString::number(t.epochs)});
    rows.append({"Seed", QString::number(t.seed)});
    rows.append({"Shuffle, drop last", QString(t.shuffle ? "yes" : "no") + ", " + (t.dropLast ? "yes" : "no")});
    rows.append({"Data", QString::fromStdString(summary.dataset + ", digest " + summary.dataDigest)});
    rows.append({"Started, state", QString::fromStdString(summary.startedAt + ", " + summary.state) + QString(", %1 steps").arg(summary.steps)});
    rows.append({"Marginalia", QString::fromStdString(summary.engineVersion)});
    return {"Settings", htmlTable(rows), {}, {}};
}

std::optional<Evaluation> storedEvaluation(const RunStore &store, int64_t run, const char *name)
{
    const Result<std::string> text = store.document(run, name);
    if (!text)
        return std::nullopt;
    try {
        return evaluationFromJson(nlohmann::ordered_json::parse(*text));
    } catch (const nlohmann::json::exception &) {
        return std::nullopt;
    }
}

ReportSection metricsSection(const Vocabulary &vocabulary, Task task, const std::optional<Evaluation> &validation,
                             const std::optional<Evaluation> &test)
{
    QVector<QStringList> rows{{"Metric", "Validation", "Test"}};
    const auto find = [](const std::optional<Evaluation> &from, const std::string &name) {
        if (from) {
            for (const auto &[known, value] : from->metrics) {
                if (known == name)
                    return numberText(value);
            }
        }
        return QString("–");
    };
    rows.append({"Loss", validation ? numberText(validation->loss) : "–", test ? numberText(test->loss) : "–"});
    QString definitions;
    for (const MetricSpec &spec : vocabulary.metrics) {
        if (spec.task != task)
            continue;
        rows.append({QString::fromStdString(spec.title), find(validation, spec.name), find(test, spec.name)});
        definitions += "<p><b>" + QString::fromStdString(spec.title).toHtmlEscaped() + "</b>: "
                + QString::fromStdString(spec.definition).toHtmlEscaped() + "</p>";
    }
    ReportSection section{"Final metrics", htmlTable(rows), {}, {}};
    if (validation && !validation->thresholdRule.empty())
        section.caption = "Yes means " + QString::fromStdString(validation->thresholdRule) + ".";
    section.html += "<details><summary>Definitions</summary>" + definitions + "</details>";
    return section;
}

void addMargins(Report &report, const Evaluation &validation, const QStringList &labels, const Theme &theme)
{
    ClassBars bars(theme);
    bars.setStatistics(validation.margins, labels);
    const int height = 30 + 19 * static_cast<int>(labels.size());
    report.sections.append({"Margin violations per class", {},
                            svgOf({pictureWidth, height}, [&](QPainter &p) { bars.draw(p, QRectF(0, 0, pictureWidth, height)); }),
                            "Missed: share of a label's pairs in which it does not lead the rival by the margin. Intruding: share of a "
                            "rival's pairs in which it comes closer than the margin. Validation data."});
    QVector<double> rates;
    QVector<QStringList> rows{{"Class", "Missed", "Intruding", "Both", "Hinge as label", "Hinge as rival"}};
    const std::vector<ClassMargins> classes = classMargins(validation.margins);
    for (int64_t j = 0; j < validation.margins.classes; ++j) {
        for (int64_t i = 0; i < validation.margins.classes; ++i)
            rates.append(pairRate(validation.margins, j, i));
        const ClassMargins &one = classes[static_cast<size_t>(j)];
        rows.append({labels.value(static_cast<int>(j)), numberText(one.missRate), numberText(one.intrusionRate),
                     numberText(one.totalRate), numberText(one.missHinge), numberText(one.intrusionHinge)});
    }
    MatrixView matrix(theme);
    matrix.setMatrix(rates, labels, "label", "rival");
    report.sections.append({"Pairwise violations", {},
                            svgOf({pictureWidth, pictureWidth}, [&](QPainter &p) { matrix.draw(p, QRectF(0, 0, pictureWidth, pictureWidth)); }),
                            "Row: a label that holds; column: a rival that does not. Colour: share of such pairs in which the label does "
                            "not lead by the margin. Blank: the pair never occurred."});
    report.sections.append({"Per class", htmlTable(rows), {}, {}});
}

void addConfusion(Report &report, const Evaluation &validation, const QStringList &labels, const Theme &theme)
{
    const auto count = static_cast<qsizetype>(labels.size());
    if (static_cast<qsizetype>(validation.confusion.size()) != count * count)
        return;
    QVector<double> shares;
    for (qsizetype row = 0; row < count; ++row) {
        double total = 0;
        for (qsizetype column = 0; column < count; ++column)
            total += static_cast<double>(validation.confusion[static_cast<size_t>(row * count + column)]);
        for (qsizetype column = 0; column < count; ++column)
            shares.append(total > 0 ? static_cast<double>(validation.confusion[static_cast<size_t>(row * count + column)]) / total : std::nan(""));
    }
    MatrixView matrix(theme);
    matrix.setMatrix(shares, labels, "truth", "prediction");
    report.sections.append({"Confusion", {}, svgOf({620, 560}, [&](QPainter &p) { matrix.draw(p, QRectF(0, 0, 620, 560)); }),
                            "Share of each true class (row) that was predicted as each class (column). Validation data."});
}

} // namespace

Result<Report> reportOfRun(const RunStore &store, int64_t run, const Vocabulary &vocabulary)
{
    const Result<RunSummary> summary = store.run(run);
    if (!summary)
        return summary.error();
    const Result<std::string> text = store.experiment(run);
    if (!text)
        return text.error();
    const Result<Experiment> experiment = readExperiment(*text);
    if (!experiment)
        return experiment.error();
    const Theme theme = Theme::light();

    Report report;
    report.title = QString::fromStdString(experiment->title.empty() ? "Training run" : experiment->title);
    report.subtitle = QString("Run %1 · %2 on %3 · seed %4 · %5")
                              .arg(run)
                              .arg(QString::fromStdString(summary->loss), QString::fromStdString(summary->dataset))
                              .arg(summary->seed)
                              .arg(QString::fromStdString(summary->startedAt));
    std::optional<DataDescription> data;
    const CheckedNetwork checked = check(
            experiment->network, vocabulary,
            [&](const NetworkNode &node) -> Result<DataDescription> {
                const Result<DataSplit> split = vocabulary.dataset(node.type.substr(5))->load(node.args, {});
                if (!split)
                    return split.error();
                data = describe(*split->train);
                return *data;
            },
            experiment->training.batchSize);
    if (!experiment->notes.empty())
        report.sections.append({"About", "<p>" + QString::fromStdString(experiment->notes).toHtmlEscaped() + "</p>", {}, {}});
    report.sections.append(networkSection(*experiment, checked));
    report.sections.append(settingsSection(*summary, experiment->training));
    const Result<QByteArray> picture = curves(store, run, theme);
    if (!picture)
        return picture.error();
    report.sections.append({"Loss", {}, *picture, "Each step, the mean of each epoch, and validation data."});

    const std::optional<Evaluation> validation = storedEvaluation(store, run, "evaluation/validation");
    const std::optional<Evaluation> test = storedEvaluation(store, run, "evaluation/test");
    if (validation || test)
        report.sections.append(metricsSection(vocabulary, data ? data->task : Task::MultiLabel, validation, test));
    QStringList labels;
    for (int64_t c = 0; c < (validation ? validation->margins.classes : 0); ++c)
        labels << (data && c < data->classes ? QString::fromStdString(data->labelNames[static_cast<size_t>(c)]) : QString::number(c));
    if (validation && !labels.isEmpty()) {
        addConfusion(report, *validation, labels, theme);
        addMargins(report, *validation, labels, theme);
    }
    const Result<std::vector<StoredEvent>> events = store.events(run);
    if (events && !events->empty()) {
        QVector<QStringList> rows{{"Step", "Epoch", "Change"}};
        for (const StoredEvent &event : *events)
            rows.append({QString::number(event.step), QString::number(event.epoch, 'f', 2), QString::fromStdString(event.text)});
        report.sections.append({"Changes by hand", htmlTable(rows), {}, {}});
    }
    report.sections.append({"Experiment file", "<pre>" + QString::fromStdString(*text).toHtmlEscaped() + "</pre>", {}, {}});
    return report;
}

Result<void> writeReport(const Report &report, const QString &path)
{
    if (path.endsWith(".pdf", Qt::CaseInsensitive))
        return writeReportPdf(report, path);
    if (path.endsWith(".html", Qt::CaseInsensitive) || path.endsWith(".htm", Qt::CaseInsensitive))
        return writeReportHtml(report, path);
    return Error(ErrorCategory::Value, "unknown_report_format", path.toStdString(), "", "a name ending in .html or .pdf");
}

} // namespace mrg
