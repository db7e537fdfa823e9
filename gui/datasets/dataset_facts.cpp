// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/datasets/dataset_facts.h"

#include <QCoreApplication>
#include <QLocale>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace mrg {

namespace {

struct Texts {
    Q_DECLARE_TR_FUNCTIONS(DatasetFacts)
};

constexpr int histogramBins = 20;

QString count(int64_t number) { return QLocale().toString(static_cast<qlonglong>(number)); }
QString real(double number, int digits) { return QLocale().toString(number, 'f', digits); }
QString percent(double share) { return real(100 * share, share < 0.0995 ? 1 : 0) + " %"; }
QString general(double number) { return QLocale().toString(number, 'g', 4); }

QString labelName(const Dataset &dataset, int label)
{
    return QString::fromStdString(dataset.labelNames.at(static_cast<size_t>(label)));
}

} // namespace

std::vector<std::shared_ptr<const Dataset>> partsOf(const DataSplit &split)
{
    return {split.train, split.validation, split.test};
}

QStringList partNames()
{
    return {Texts::tr("Training"), Texts::tr("Validation"), Texts::tr("Test")};
}

QString outlineOf(const Dataset &dataset)
{
    const Shape shape = dataset.sampleShape();
    const int64_t inputs = numel(shape);
    const int64_t classes = dataset.classCount();
    const QString first = shape.size() == 3
            ? Texts::tr("%1 × %2 pixels").arg(shape[1]).arg(shape[2])
            : inputs == 1 ? Texts::tr("1 feature")
                          : Texts::tr("%1 features").arg(count(inputs));
    const auto second = [&](const QString &one, const QString &many) {
        return first + " · " + (classes == 1 ? one : many.arg(count(classes)));
    };
    switch (dataset.task) {
    case Task::MultiLabel: return second(Texts::tr("1 label"), Texts::tr("%1 labels"));
    case Task::SingleLabel: return second(Texts::tr("1 class"), Texts::tr("%1 classes"));
    case Task::Regression:
        return second(Texts::tr("1 number to predict (regression)"),
                      Texts::tr("%1 numbers to predict (regression)"));
    }
    return first;
}

SplitStatistics computeStatistics(const DataSplit &split)
{
    SplitStatistics out;
    for (const std::shared_ptr<const Dataset> &part : partsOf(split))
        out.parts.push_back(part ? computeStatistics(*part) : DatasetStatistics());
    return out;
}

QVector<Fact> factsOf(const SplitStatistics &statistics, Task task)
{
    using S = DatasetStatistics;
    QVector<Fact> out;
    const auto add = [&](const QString &name, const QString &definition,
                         const std::function<QString(const S &)> &text) {
        Fact fact{name, definition, {}};
        for (const S &part : statistics.parts)
            fact.values << (part.samples ? text(part) : QString("–"));
        out.append(fact);
    };
    add(Texts::tr("Samples"), Texts::tr("Rows of the part."),
        [](const S &s) { return count(s.samples); });
    add(Texts::tr("Features"), Texts::tr("Numbers per sample."),
        [](const S &s) { return count(s.features); });
    add(Texts::tr("Zeros"), Texts::tr("Share of the inputs that are exactly 0."),
        [](const S &s) { return percent(s.zeroShare); });
    if (task == Task::Regression) {
        const auto ofTarget = [&](const QString &name, const QString &definition,
                                  double ColumnStatistics::*member) {
            add(name, definition, [member](const S &s) {
                return s.values.empty() ? QString() : general(s.values[0].*member);
            });
        };
        ofTarget(Texts::tr("Smallest target"),
                 Texts::tr("Smallest value of the first target column."),
                 &ColumnStatistics::minimum);
        ofTarget(Texts::tr("Largest target"),
                 Texts::tr("Largest value of the first target column."),
                 &ColumnStatistics::maximum);
        ofTarget(Texts::tr("Mean target"), Texts::tr("Mean of the first target column."),
                 &ColumnStatistics::mean);
        ofTarget(Texts::tr("Deviation"),
                 Texts::tr("Standard deviation of the first target column (divided by N)."),
                 &ColumnStatistics::deviation);
        return out;
    }
    const bool many = task == Task::MultiLabel;
    add(many ? Texts::tr("Labels") : Texts::tr("Classes"),
        Texts::tr("Different ones that there are."), [](const S &s) { return count(s.classes); });
    if (many) {
        add(Texts::tr("Cardinality"), Texts::tr("Mean number of labels of a sample."),
            [](const S &s) { return real(s.cardinality, 2); });
        add(Texts::tr("Density"), Texts::tr("Cardinality / number of labels."),
            [](const S &s) { return real(s.density, 3); });
        add(Texts::tr("Labels a sample"), Texts::tr("Fewest and most labels of one sample."),
            [](const S &s) { return QString("%1 – %2").arg(s.fewestLabels).arg(s.mostLabels); });
        add(Texts::tr("Without labels"), Texts::tr("Samples that carry no label."),
            [](const S &s) { return count(s.withoutLabels); });
        add(Texts::tr("Labelsets"), Texts::tr("Different combinations of labels."),
            [](const S &s) { return count(s.labelSets); });
    }
    add(Texts::tr("Mean IRLbl"),
        Texts::tr("IRLbl of a label: count of the most frequent label / its own count; here the "
                  "mean over the labels that occur."),
        [](const S &s) { return real(s.meanImbalance, 2); });
    if (many) {
        add(Texts::tr("SCUMBLE"),
            Texts::tr("0 to 1: how much rare and frequent labels occur in the same samples (Charte "
                      "et al. 2015)."),
            [](const S &s) { return real(s.scumble, 3); });
    }
    return out;
}

QVector<int> labelsByFrequency(const DatasetStatistics &statistics)
{
    QVector<int> out(static_cast<qsizetype>(statistics.labelCounts.size()));
    std::iota(out.begin(), out.end(), 0);
    std::stable_sort(out.begin(), out.end(), [&](int a, int b) {
        return statistics.labelCounts[static_cast<size_t>(a)]
                > statistics.labelCounts[static_cast<size_t>(b)];
    });
    return out;
}

QVector<Bar> labelBars(const SplitStatistics &statistics, size_t part, const Dataset &dataset,
                       const QVector<int> &order, const Theme &theme)
{
    const DatasetStatistics &own = statistics.parts[part];
    QVector<Bar> out;
    if (own.labelCounts.empty())
        return out;
    const auto largest = static_cast<double>(std::max<int64_t>(
            *std::max_element(own.labelCounts.begin(), own.labelCounts.end()), 1));
    for (int label : order) {
        const auto at = static_cast<size_t>(label);
        Bar bar;
        bar.name = labelName(dataset, label);
        bar.length = static_cast<double>(own.labelCounts[at]) / largest;
        bar.value
                = QString("%1 · %2").arg(count(own.labelCounts[at]), percent(own.frequency(label)));
        bar.color = labelColor(label, theme);
        QString rows;
        for (size_t p = 0; p < statistics.parts.size(); ++p) {
            const DatasetStatistics &other = statistics.parts[p];
            if (other.labelCounts.empty())
                continue;
            rows += QString("<tr><td>%1&nbsp;&nbsp;</td><td align='right'>%2&nbsp;&nbsp;</td><td "
                            "align='right'>%3</td></tr>")
                            .arg(partNames()[static_cast<qsizetype>(p)],
                                 count(other.labelCounts[at]),
                                 real(100 * other.frequency(label), 2) + " %");
        }
        const double imbalance = own.imbalance[at];
        bar.detail = QString("<b>%1</b><table>%2</table>IRLbl %3")
                             .arg(bar.name.toHtmlEscaped(), rows,
                                  std::isinf(imbalance) ? QString("∞") : real(imbalance, 2));
        out.append(bar);
    }
    return out;
}

QVector<Bar> valueBars(const Dataset &dataset, int column, const Theme &theme)
{
    const int64_t rows = dataset.size();
    const int64_t width = dataset.classCount();
    if (rows == 0 || column >= width)
        return {};
    const Tensor values = dataset.values.compact();
    const float *data = values.data<float>();
    const auto at = [&](int64_t row) { return static_cast<double>(data[row * width + column]); };
    double low = at(0);
    double high = at(0);
    for (int64_t i = 0; i < rows; ++i) {
        low = std::min(low, at(i));
        high = std::max(high, at(i));
    }
    const double step = high > low ? (high - low) / histogramBins : 1;
    std::vector<int64_t> counts(high > low ? histogramBins : 1, 0);
    for (int64_t i = 0; i < rows; ++i)
        ++counts[std::min(static_cast<size_t>((at(i) - low) / step), counts.size() - 1)];
    const auto largest = static_cast<double>(*std::max_element(counts.begin(), counts.end()));
    QVector<Bar> out;
    for (size_t bin = 0; bin < counts.size(); ++bin) {
        const double start = low + step * static_cast<double>(bin);
        Bar bar;
        bar.name = QString("%1 – %2").arg(general(start),
                                          general(counts.size() > 1 ? start + step : high));
        bar.length = static_cast<double>(counts[bin]) / largest;
        bar.value = count(counts[bin]);
        bar.detail = Texts::tr("%1 of %2 samples have a target of %3.")
                             .arg(bar.value, count(rows), bar.name);
        bar.color = labelColor(column, theme);
        out.append(bar);
    }
    return out;
}

Cooccurrence cooccurrenceOf(const DatasetStatistics &statistics, const Dataset &dataset,
                            const QVector<int> &labels)
{
    Cooccurrence out;
    for (int label : labels)
        out.labels << labelName(dataset, label);
    for (int row : labels) {
        const auto own = static_cast<double>(statistics.labelCounts[static_cast<size_t>(row)]);
        for (int column : labels) {
            const auto both = static_cast<double>(statistics.together(row, column));
            out.shares << (row == column || own == 0 ? std::nan("") : both / own);
            out.details << (row == column
                                    ? Texts::tr("<b>%1</b> is in %2 samples")
                                              .arg(labelName(dataset, row).toHtmlEscaped(),
                                                   count(statistics.labelCounts[static_cast<size_t>(
                                                           row)]))
                                    : Texts::tr("<b>%1</b> and <b>%2</b> together in %3 "
                                                "samples:<br>%4 of those with %1")
                                              .arg(labelName(dataset, row).toHtmlEscaped(),
                                                   labelName(dataset, column).toHtmlEscaped(),
                                                   count(statistics.together(row, column)),
                                                   own > 0 ? percent(both / own) : QString("–")));
        }
    }
    return out;
}

} // namespace mrg
