// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/check.h"
#include "gui/widgets/Theme.h"

#include <QObject>
#include <QPointer>

class QWidget;

namespace mrg {

class CsvImportDialog;
class ExperimentDocument;

/// Brings files of data into the experiment, each as one undoable step: into an empty one with a
/// network that fits, else into the place of its data source, or beside what is there. Tables are
/// asked about first; other kinds are read first, so that what can't be read changes nothing.
class DataImporter : public QObject {
    Q_OBJECT
public:
    /// `window` is what dialogs belong to.
    DataImporter(ExperimentDocument &document, QWidget *window);
    ~DataImporter() override;
    void setTheme(const Theme &theme);
    /// Patterns of names for file dialogs.
    static QString fileFilter();
    void open(const QString &path);
    /// Asks anew about the table that the experiment's data source reads.
    void changeImport();
    /// The dialog that is open now, if any.
    CsvImportDialog *dialog() const;

signals:
    void failed(const QString &text);
    /// The experiment has the data now.
    void imported();

private:
    void ask(const Arguments &args);
    void load(const std::string &reader, const Arguments &args);
    void put(const std::string &reader, Arguments args, const DataDescription &description);
    /// The node that reads the experiment's data; null if there is none, or more than one.
    const NetworkNode *dataNode() const;

    ExperimentDocument &m_document;
    QWidget *m_window;
    Theme m_theme;
    QPointer<CsvImportDialog> m_dialog;
};

} // namespace mrg
