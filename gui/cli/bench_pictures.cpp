// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/cli/commands.h"
#include "gui/widgets/PlotStyle.h"
#include "gui/widgets/Theme.h"

#include <QApplication>
#include <QDir>
#include <qcustomplot.h>

#include <nlohmann/json.hpp>

#include <cstdio>
#include <fstream>
#include <map>

namespace mrg {

using Json = nlohmann::ordered_json;

namespace {

constexpr QSize pictureSize{1000, 620};
constexpr double pictureScale = 2;

/// Steps a second, by workload and threads; in the order of appearance.
struct Rates {
    std::vector<std::string> ids;
    std::map<std::pair<std::string, int>, double> ours;
    std::map<std::pair<std::string, int>, double> peer;
    std::string peerName;
};

/// Seconds a step against a size.
struct Curve {
    QString summary;
    QVector<double> sizes;
    QVector<double> seconds;
};

Rates ratesOf(const std::vector<Json> &lines)
{
    Rates out;
    for (const Json &line : lines) {
        if (!line.contains("id"))
            continue;
        const std::pair<std::string, int> key{line.at("id"), line.at("threads")};
        if (line.contains("peer"))
            out.peerName = line["peer"];
        (line.contains("peer") ? out.peer : out.ours)[key] = line.at("per_second");
        if (std::find(out.ids.begin(), out.ids.end(), key.first) == out.ids.end())
            out.ids.push_back(key.first);
    }
    return out;
}

std::vector<std::pair<QString, Curve>> curvesOf(const std::vector<Json> &lines)
{
    std::vector<std::pair<QString, Curve>> out;
    for (const Json &line : lines) {
        if (!line.contains("growth"))
            continue;
        const QString name = QString::fromStdString(line["growth"]);
        if (out.empty() || out.back().first != name)
            out.push_back({name, {QString::fromStdString(line.at("summary")), {}, {}}});
        out.back().second.sizes.append(line.at("size").get<double>());
        out.back().second.seconds.append(line.at("seconds").get<double>());
    }
    return out;
}

void logarithmic(QCPAxis &axis)
{
    axis.setScaleType(QCPAxis::stLogarithmic);
    axis.setTicker(QSharedPointer<QCPAxisTickerLog>::create());
    axis.setNumberFormat("gb");
    axis.setNumberPrecision(4);
}

bool save(QCustomPlot &plot, const QString &folder, const QString &name)
{
    return plot.savePng(QDir(folder).filePath(name), pictureSize.width(), pictureSize.height(),
                        pictureScale);
}

bool drawRatios(const Rates &rates, const Theme &theme, const QString &folder)
{
    QCustomPlot plot;
    stylePlot(plot, theme);
    auto labels = QSharedPointer<QCPAxisTickerText>::create();
    for (size_t i = 0; i < rates.ids.size(); ++i)
        labels->addTick(static_cast<double>(i) + 1, QString::fromStdString(rates.ids[i]));
    double largest = 1;
    double smallest = 1;
    for (int threads : {1, 2}) {
        QVector<double> places;
        QVector<double> lengths; // of the bars, which begin at 1: as fast as the peer
        for (size_t i = 0; i < rates.ids.size(); ++i) {
            const std::pair<std::string, int> key{rates.ids[i], threads};
            if (!rates.ours.contains(key) || !rates.peer.contains(key))
                continue;
            places.append(static_cast<double>(i) + 1 + (threads == 1 ? -0.18 : 0.18));
            const double ratio = rates.ours.at(key) / rates.peer.at(key);
            lengths.append(ratio - 1);
            largest = std::max(largest, ratio);
            smallest = std::min(smallest, ratio);
        }
        if (places.isEmpty())
            continue;
        auto *bars = new QCPBars(plot.xAxis, plot.yAxis);
        bars->setBaseValue(1);
        bars->setWidth(0.34);
        bars->setPen(Qt::NoPen);
        bars->setBrush(threads == 1 ? theme.trainCurve : theme.validationCurve);
        bars->setName(threads == 1 ? QObject::tr("1 thread")
                                   : QObject::tr("%1 threads").arg(threads));
        bars->setData(places, lengths, true);
    }
    logarithmic(*plot.yAxis);
    plot.yAxis->setLabel(
            QObject::tr("speed as a multiple of %1").arg(QString::fromStdString(rates.peerName)));
    plot.yAxis->setRange(smallest * 0.8, largest * 1.6);
    plot.xAxis->setTicker(labels);
    plot.xAxis->setTickLabelRotation(-35);
    plot.xAxis->setSubTicks(false);
    plot.xAxis->setRange(0.4, static_cast<double>(rates.ids.size()) + 0.6);
    plot.legend->setVisible(true);
    return save(plot, folder, "ratios.png");
}

bool drawGrowth(const std::vector<std::pair<QString, Curve>> &curves, const Theme &theme,
                const QString &folder)
{
    QCustomPlot plot;
    stylePlot(plot, theme);
    int number = 0;
    for (const auto &[name, curve] : curves) {
        QCPGraph *graph = plot.addGraph();
        graph->setName(curve.summary);
        graph->setPen(QPen(labelColor(number, theme), 1));
        graph->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, labelColor(number, theme),
                                               labelColor(number, theme), 7));
        graph->setData(curve.sizes, curve.seconds, true);
        ++number;
    }
    logarithmic(*plot.xAxis);
    logarithmic(*plot.yAxis);
    plot.xAxis->setLabel(QObject::tr("size"));
    plot.yAxis->setLabel(QObject::tr("seconds a step"));
    plot.rescaleAxes();
    plot.xAxis->scaleRange(1.2);
    plot.yAxis->scaleRange(1.2);
    plot.legend->setVisible(true);
    plot.axisRect()->insetLayout()->setInsetAlignment(0, Qt::AlignTop | Qt::AlignLeft);
    return save(plot, folder, "growth.png");
}

} // namespace

int benchPicturesCommand(int argc, char **argv, const BenchRequest &request)
{
    std::ifstream file(request.draw);
    if (!file) {
        std::fprintf(stderr, "bench: %s cannot be read\n", request.draw.c_str());
        return 1;
    }
    std::vector<Json> lines;
    try {
        for (std::string line; std::getline(file, line);)
            lines.push_back(Json::parse(line));
        if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM"))
            qputenv("QT_QPA_PLATFORM", "offscreen");
        const QApplication application(argc, argv);
        const QString folder = QString::fromStdString(request.out.empty() ? "." : request.out);
        const Theme theme = Theme::light();
        const Rates rates = ratesOf(lines);
        const auto curves = curvesOf(lines);
        const bool drawn = QDir().mkpath(folder)
                && (rates.peer.empty() || drawRatios(rates, theme, folder))
                && (curves.empty() || drawGrowth(curves, theme, folder));
        if (!drawn)
            std::fprintf(stderr, "bench: the pictures can't be written to %s\n",
                         qPrintable(folder));
        return drawn ? 0 : 1;
    } catch (const Json::exception &error) {
        std::fprintf(stderr, "bench: line %zu of %s: %s\n", lines.size() + 1, request.draw.c_str(),
                     error.what());
        return 1;
    }
}

} // namespace mrg
