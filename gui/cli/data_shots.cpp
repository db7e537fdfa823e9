// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/cli/data_shots.h"

#include "engine/data/ResourcePaths.h"
#include "gui/app/MainWindow.h"
#include "gui/datasets/CsvColumns.h"
#include "gui/datasets/CsvImportDialog.h"
#include "gui/datasets/DataPage.h"

#include <QDir>
#include <QDockWidget>
#include <QFile>
#include <QLabel>
#include <QPushButton>
#include <QTabWidget>
#include <QTemporaryDir>

namespace mrg {

namespace {

constexpr int pageHeight = 520;

QString resource(const char *path)
{
    return QString::fromStdString((resourcesFolder() / path).string());
}

/// Brings the data page of an example to the front, with its figures.
bool showPage(MainWindow &window, const char *example, const WaitUntil &waitUntil)
{
    auto *dock = window.findChild<QDockWidget *>("dataDock");
    auto *page = window.findChild<DataPage *>();
    if (!window.openExample(resource(example)))
        return false;
    dock->raise();
    qobject_cast<QMainWindow *>(dock->parentWidget())
            ->resizeDocks({dock}, {pageHeight}, Qt::Vertical);
    return waitUntil([&] { return page->statistics() != nullptr; });
}

/// Iris as a spreadsheet of a middle European writes it, with a gap and a slip.
QByteArray spoiledIris()
{
    QFile file(resource("data/iris/iris.csv"));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    QByteArray text = file.readAll();
    text.replace(',', ';');
    text.replace('.', ',');
    QList<QByteArray> lines = text.split('\n');
    lines[4].replace(0, lines[4].indexOf(';'), "NA");
    lines[7].replace(0, lines[7].indexOf(';'), "about 5");
    return lines.join('\n');
}

bool shootImport(MainWindow &window, const Shoot &shoot, const WaitUntil &waitUntil)
{
    const auto dialog = [&] { return window.findChild<CsvImportDialog *>(); };
    const auto ready = [&] { return dialog()->findChild<QPushButton *>("csvAccept")->isEnabled(); };
    window.openData(resource("data/wine/wine.csv"));
    bool good = waitUntil(ready) && shoot(*dialog(), "import");
    dialog()->reject();
    good = good && waitUntil([&] { return !dialog(); });

    const QTemporaryDir folder;
    QFile file(folder.filePath("iris.csv"));
    if (!good || !file.open(QIODevice::WriteOnly) || file.write(spoiledIris()) <= 0)
        return false;
    file.close();
    window.openData(file.fileName());
    const auto complains = [&] {
        return dialog()->findChild<QLabel *>("csvOutcome")->text().contains("iris.csv");
    };
    good = waitUntil(complains) && shoot(*dialog(), "import-error");
    dialog()->reject();
    return good && waitUntil([&] { return !dialog(); });
}

} // namespace

bool shootData(MainWindow &window, const Shoot &shoot, const WaitUntil &waitUntil)
{
    QTabWidget *tabs = window.findChild<DataPage *>()->tabs();
    bool good = showPage(window, "examples/debtags.mrg", waitUntil);
    for (int tab = 0; good && tab < tabs->count(); ++tab) {
        tabs->setCurrentIndex(tab);
        good = shoot(window, QString("data-debtags-%1").arg(tab));
    }
    tabs->setCurrentIndex(0);
    good = good && showPage(window, "examples/fashion_mnist.mrg", waitUntil)
            && shoot(window, "data-fashion");
    tabs->setCurrentIndex(2);
    good = good && showPage(window, "examples/mdi_icons.mrg", waitUntil)
            && shoot(window, "data-icons");
    tabs->setCurrentIndex(0);
    window.document().replace({}, {});
    return good && shoot(window, "data-empty") && shootImport(window, shoot, waitUntil);
}

} // namespace mrg
