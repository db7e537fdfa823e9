// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/app/run_report.h"

#include "engine/data/DatasetStatistics.h"
#include "engine/metrics/margin_views.h"
#include "engine/network/check.h"
#include "engine/network/experiment_file.h"
#include "engine/store/version.h"
#include "engine/training/evaluation_json.h"
#include "gui/app/report_pictures.h"
#include "gui/document/network_edits.h"
#include "gui/widgets/quantity_text.h"

#include <QRegularExpression>
#include <QSysInfo>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {

QString numberText(double value)
{
    return std::isnan(value) ? "–" : QString::number(value, 'g', 5);
}

QString argsText(const Arguments &args)
{
    QStringList parts;
    for (const auto &[name, value] : args)
        parts << QString::fromStdString(name + " = " + value.toString());
    return parts.join(", ");
}

ReportSection nodesSection(const Experiment &experiment, const CheckedNetwork &checked)
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
        rows.append({nodeName(node), argsText(node.args), shapes.join("; "),
                     count == checked.parameters.end() || count->second == 0
                             ? ""
                             : QString::number(count->second)});
    }
    return {"Nodes", htmlTable(rows), {}, {}};
}

ReportSection profileSection(const Network &network, const NetworkProfile &profile)
{
    QVector<QStringList> rows{
            {"Node", "Calls", "Forward", "Backward", "Share", "Allocated", "Peak", "Parameters"}};
    for (const NodeProfile &node : profile.nodes) {
        const NetworkNode *drawn = network.find(node.node);
        rows.append({drawn ? nodeName(*drawn) : QString::number(node.node), countText(node.calls),
                     durationText(node.forwardMs),
                     node.backwardMs > 0 ? durationText(node.backwardMs) : "",
                     percentText(node.share), bytesText(node.allocatedBytes),
                     bytesText(node.peakBytes), node.parameters ? countText(node.parameters) : ""});
    }
    ReportSection section{"Profile", htmlTable(rows), {}, {}};
    section.caption
            = QString("A step of %1 samples takes %2: data %3, forward %4, backward %5, optimizer "
                      "%6. Medians of %7 steps, one operation after the other, with %8 %9; "
                      "training "
                      "replays captured steps, which is faster.")
                      .arg(countText(profile.batchSize), durationText(profile.totalMs()),
                           durationText(profile.dataMs), durationText(profile.forwardMs),
                           durationText(profile.backwardMs), durationText(profile.optimizerMs),
                           countText(profile.steps), countText(profile.threads),
                           profile.threads == 1 ? "thread" : "threads");
    return section;
}

ReportSection settingsSection(const RunSummary &summary, const TrainingSettings &t)
{
    QVector<QStringList> rows{{"Setting", "Value"}};
    rows.append(
            {"Optimizer",
             QString::fromStdString(t.optimizer)
                     + (t.optimizerArgs.empty() ? "" : " (" + argsText(t.optimizerArgs) + ")")});
    rows.append({"Scheduler",
                 t.scheduler.empty() ? "none"
                                     : QString::fromStdString(t.scheduler) + " ("
                                 + argsText(t.schedulerArgs) + ")"});
    if (!t.options.empty())
        rows.append({"Clipping and averages", argsText(t.options)});
    rows.append({"Batch size", QString::number(t.batchSize)});
    rows.append({"Epochs", QString::number(t.epochs)});
    rows.append({"Seed", QString::number(t.seed)});
    rows.append({"Shuffle, drop last",
                 QString(t.shuffle ? "yes" : "no") + ", " + (t.dropLast ? "yes" : "no")});
    rows.append({"Started, state",
                 QString::fromStdString(summary.startedAt + ", " + summary.state)
                         + QString(", %1 steps").arg(summary.steps)});
    return {"Settings", htmlTable(rows), {}, {}};
}

ReportSection versionsSection(const RunSummary &summary)
{
    QVector<QStringList> rows{{"Version", ""}};
    rows.append({"Marginalia, when trained", QString::fromStdString(summary.engineVersion)});
    rows.append({"Marginalia, when reported", QString::fromStdString(engineVersion())});
    rows.append({"Qt", QString(qVersion())});
    rows.append(
            {"System", QSysInfo::prettyProductName() + ", " + QSysInfo::currentCpuArchitecture()});
    return {"Versions", htmlTable(rows), {}, {}};
}

ReportSection definitionsSection(const Vocabulary &vocabulary, Task task)
{
    QString html;
    for (const MetricSpec &spec : vocabulary.metrics) {
        if (spec.task == task) {
            html += "<p><b>" + QString::fromStdString(spec.title).toHtmlEscaped()
                    + "</b>: " + QString::fromStdString(spec.definition).toHtmlEscaped() + "</p>";
        }
    }
    return {"Definitions", html, {}, {}};
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

ReportSection metricsSection(const Vocabulary &vocabulary, Task task,
                             const std::optional<Evaluation> &validation,
                             const std::optional<Evaluation> &test)
{
    std::vector<const Evaluation *> columns;
    QVector<QStringList> rows{{"Metric"}};
    for (const auto &[title, evaluation] :
         {std::pair("Validation", &validation), std::pair("Test", &test)}) {
        if (*evaluation) {
            rows.front().append(title);
            columns.push_back(&**evaluation);
        }
    }
    const auto addRow = [&](const QString &title, auto valueIn) {
        QStringList row{title};
        for (const Evaluation *column : columns)
            row << numberText(valueIn(*column));
        rows.append(row);
    };
    addRow("Loss", [](const Evaluation &evaluation) { return evaluation.loss; });
    for (const MetricSpec &spec : vocabulary.metrics) {
        if (spec.task != task)
            continue;
        addRow(QString::fromStdString(spec.title), [&spec](const Evaluation &evaluation) {
            const auto found = std::find_if(
                    evaluation.metrics.begin(), evaluation.metrics.end(),
                    [&spec](const auto &metric) { return metric.first == spec.name; });
            return found == evaluation.metrics.end() ? std::nan("") : found->second;
        });
    }
    ReportSection section{"Final metrics", htmlTable(rows), {}, {}};
    if (validation && !validation->thresholdRule.empty())
        section.caption = "Yes means " + QString::fromStdString(validation->thresholdRule) + ".";
    return section;
}

ReportSection dataSection(const RunSummary &summary, const DataSplit &split,
                          const DatasetStatistics &figures)
{
    const auto size = [](const std::shared_ptr<const Dataset> &part) {
        return QString::number(part ? part->size() : 0);
    };
    const Dataset &train = *split.train;
    QVector<QStringList> rows{{"Data", ""}};
    rows.append({"Name", QString::fromStdString(summary.dataset)});
    rows.append({"Task", QString(taskName(train.task))});
    rows.append({"Samples for training, validation, test",
                 size(split.train) + ", " + size(split.validation) + ", " + size(split.test)});
    rows.append({"Numbers in a sample", QString::number(figures.features)});
    if (train.task != Task::Regression)
        rows.append({train.task == Task::MultiLabel ? "Labels" : "Classes",
                     QString::number(figures.classes)});
    if (train.task == Task::MultiLabel) {
        rows.append({"Labels of a sample (mean, fewest, most)",
                     QString("%1, %2, %3")
                             .arg(figures.cardinality, 0, 'f', 2)
                             .arg(figures.fewestLabels)
                             .arg(figures.mostLabels)});
        rows.append({"Density, mean imbalance (IRLbl)",
                     QString("%1, %2")
                             .arg(figures.density, 0, 'f', 3)
                             .arg(figures.meanImbalance, 0, 'f', 1)});
    }
    rows.append({"Digest", QString::fromStdString(summary.dataDigest)});
    ReportSection section{"Data", htmlTable(rows), {}, {}};
    section.caption = QString::fromStdString(split.about).trimmed();
    // The heading of a README is none here.
    section.caption.remove(QRegularExpression("^#+ "));
    return section;
}

ReportSection classesSection(const MarginStatistics &margins, const QStringList &labels)
{
    QVector<QStringList> rows{
            {"Class", "Missed", "Intruding", "Both", "Hinge as label", "Hinge as rival"}};
    const std::vector<ClassMargins> classes = classMargins(margins);
    for (size_t c = 0; c < classes.size(); ++c) {
        const ClassMargins &one = classes[c];
        rows.append({labels.value(static_cast<int>(c)), numberText(one.missRate),
                     numberText(one.intrusionRate), numberText(one.totalRate),
                     numberText(one.missHinge), numberText(one.intrusionHinge)});
    }
    return {"Per class", htmlTable(rows), {}, "Validation data."};
}

/// Sections without content are left out.
void add(Report &report, const ReportSection &section)
{
    if (!section.html.isEmpty() || section.picture)
        report.sections.append(section);
}

} // namespace

Result<Report> reportOfRun(const RunStore &store, int64_t run, const Vocabulary &vocabulary,
                           const std::filesystem::path &baseFolder,
                           std::optional<Evaluation> validation, const NetworkProfile *profile)
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

    Report report;
    report.title = QString::fromStdString(experiment->title.empty() ? "Training run"
                                                                    : experiment->title);
    report.subtitle = QString("Run %1 · %2 on %3 · seed %4 · %5")
                              .arg(run)
                              .arg(QString::fromStdString(summary->loss),
                                   QString::fromStdString(summary->dataset))
                              .arg(summary->seed)
                              .arg(QString::fromStdString(summary->startedAt));
    std::optional<DataSplit> split;
    const CheckedNetwork checked = check(
            experiment->network, vocabulary,
            [&](const NetworkNode &node) -> Result<DataDescription> {
                Result<DataSplit> loaded
                        = vocabulary.dataset(node.type.substr(5))->load(node.args, baseFolder);
                if (!loaded)
                    return loaded.error();
                split = std::move(*loaded);
                return describe(*split->train);
            },
            experiment->training.batchSize);
    if (!validation)
        validation = storedEvaluation(store, run, "evaluation/validation");
    const std::optional<Evaluation> test = storedEvaluation(store, run, "evaluation/test");
    QStringList labels;
    for (int64_t c = 0; c < (split                ? split->train->classCount()
                                     : validation ? validation->margins.classes
                                                  : 0);
         ++c)
        labels << (split ? QString::fromStdString(split->train->labelNames[static_cast<size_t>(c)])
                         : QString::number(c));

    if (!experiment->notes.empty())
        add(report,
            {"About",
             "<p>" + QString::fromStdString(experiment->notes).toHtmlEscaped() + "</p>",
             {},
             {}});
    add(report, networkPicture(experiment->network, checked, vocabulary));
    const Task task = split ? split->train->task : Task::MultiLabel;
    if (validation || test)
        add(report, metricsSection(vocabulary, task, validation, test));
    const Result<ReportSection> loss = lossPicture(store, run);
    if (!loss)
        return loss.error();
    add(report, *loss);
    const Result<ReportSection> rates = ratesPicture(store, run, labels);
    if (!rates)
        return rates.error();
    add(report, *rates);
    if (validation && !labels.isEmpty()) {
        add(report, confusionPicture(*validation, labels));
        add(report, barsPicture(validation->margins, labels));
        add(report, pairsPicture(validation->margins, labels));
        add(report, classesSection(validation->margins, labels));
    }
    if (split) {
        const DatasetStatistics figures = computeStatistics(*split->train);
        add(report, dataSection(*summary, *split, figures));
        std::vector<double> shares;
        for (int64_t c = 0; c < figures.classes; ++c)
            shares.push_back(figures.frequency(c));
        add(report, frequencyPicture(shares, labels));
    }
    add(report, nodesSection(*experiment, checked));
    if (profile)
        add(report, profileSection(experiment->network, *profile));
    add(report, settingsSection(*summary, experiment->training));
    const Result<std::vector<StoredEvent>> events = store.events(run);
    if (events && !events->empty()) {
        QVector<QStringList> rows{{"Step", "Epoch", "Change"}};
        for (const StoredEvent &event : *events)
            rows.append({QString::number(event.step), QString::number(event.epoch, 'f', 2),
                         QString::fromStdString(event.text)});
        add(report, {"Changes by hand", htmlTable(rows), {}, {}});
    }
    add(report, definitionsSection(vocabulary, task));
    add(report, versionsSection(*summary));
    add(report,
        {"Experiment file",
         "<pre>" + QString::fromStdString(*text).toHtmlEscaped() + "</pre>",
         {},
         {}});
    return report;
}

Result<void> writeReport(const Report &report, const QString &path)
{
    if (path.endsWith(".pdf", Qt::CaseInsensitive))
        return writeReportPdf(report, path);
    if (path.endsWith(".html", Qt::CaseInsensitive) || path.endsWith(".htm", Qt::CaseInsensitive))
        return writeReportHtml(report, path);
    return Error(ErrorCategory::Value, "unknown_report_format", path.toStdString(), "",
                 "a name ending in .html or .pdf");
}

} // namespace mrg
