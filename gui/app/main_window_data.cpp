// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/app/MainWindow.h"
#include "gui/datasets/DataImporter.h"
#include "gui/datasets/DataPage.h"

#include <QDockWidget>
#include <QDropEvent>
#include <QFileDialog>
#include <QMimeData>
#include <QUrl>

namespace mrg {

void MainWindow::connectData()
{
    setAcceptDrops(true);
    m_importer->setTheme(m_themes.theme());
    connect(m_data, &DataPage::openRequested, this, &MainWindow::chooseData);
    connect(m_data, &DataPage::importRequested, m_importer, &DataImporter::changeImport);
    connect(m_importer, &DataImporter::failed, this, &MainWindow::complain);
    connect(m_importer, &DataImporter::imported, this, [this] {
        showWorkbench();
        if (auto *dock = findChild<QDockWidget *>("dataDock")) {
            dock->show();
            dock->raise();
        }
    });
}

void MainWindow::chooseData()
{
    const QString path
            = QFileDialog::getOpenFileName(this, tr("Open Data"), {}, DataImporter::fileFilter());
    if (!path.isEmpty())
        openData(path);
}

void MainWindow::openData(const QString &path) { m_importer->open(path); }

void MainWindow::dragEnterEvent(QDragEnterEvent *event)
{
    const QList<QUrl> urls = event->mimeData()->urls();
    if (urls.size() == 1 && urls[0].isLocalFile())
        event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent *event)
{
    const QString path = event->mimeData()->urls().value(0).toLocalFile();
    event->acceptProposedAction();
    // The program that the file came from waits until this returns.
    QMetaObject::invokeMethod(
            this,
            [this, path] {
                if (path.endsWith(".mrg", Qt::CaseInsensitive))
                    openFile(path);
                else
                    openData(path);
            },
            Qt::QueuedConnection);
}

} // namespace mrg
