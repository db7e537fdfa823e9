// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/datasets/DataImporter.h"

#include "engine/data/recognise.h"
#include "gui/datasets/CsvImportDialog.h"
#include "gui/datasets/starter_network.h"
#include "gui/document/DataLoader.h"
#include "gui/document/ExperimentDocument.h"
#include "gui/document/background.h"

#include <QFileInfo>

#include <algorithm>

namespace mrg {

namespace {
constexpr double roomLeftOfNodes = 260;
}

DataImporter::DataImporter(ExperimentDocument &document, QWidget *window)
    : QObject(window),
      m_document(document),
      m_window(window),
      m_theme(Theme::light())
{
}

DataImporter::~DataImporter() = default;

void DataImporter::setTheme(const Theme &theme)
{
    m_theme = theme;
    if (m_dialog)
        m_dialog->setTheme(theme);
}

CsvImportDialog *DataImporter::dialog() const { return m_dialog; }

QString DataImporter::fileFilter()
{
    return tr("Data (*.csv *.tsv *.txt *.data *.svm *.svmlight *.libsvm *.arff *.gz *ubyte *.idx "
              "*.idx3 *.idx1);;All Files (*)");
}

void DataImporter::open(const QString &path)
{
    const Result<RecognisedFile> file
            = recogniseFile(QFileInfo(path).absoluteFilePath().toStdString());
    if (!file)
        emit failed(QString::fromStdString(file.error().text()));
    else if (file->reader == "csv")
        ask(file->args);
    else
        load(file->reader, file->args);
}

void DataImporter::changeImport()
{
    if (const NetworkNode *node = dataNode();
        node && node->type == "data.csv" && node->args.contains("path"))
        ask(node->args);
}

void DataImporter::ask(const Arguments &args)
{
    delete m_dialog;
    m_dialog = new CsvImportDialog(*m_document.vocabulary().dataset("csv"), args,
                                   m_document.baseFolder(), m_theme, m_window);
    m_dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(m_dialog, &QDialog::accepted, this, [this, dialog = m_dialog.data()] {
        if (dialog->split())
            put("csv", dialog->arguments(), describe(*dialog->split()->train));
    });
    m_dialog->open();
}

void DataImporter::load(const std::string &reader, const Arguments &args)
{
    runInBackground(
            this,
            [spec = *m_document.vocabulary().dataset(reader), args,
             base = m_document.baseFolder()] { return loadData(spec, args, base); },
            [this, reader, args](const Result<DataSplit> &result) {
                if (result)
                    put(reader, args, describe(*result->train));
                else
                    emit failed(QString::fromStdString(result.error().text()));
            });
}

const NetworkNode *DataImporter::dataNode() const
{
    const Network &network = m_document.network();
    if (m_document.checked().data)
        return network.find(*m_document.checked().data);
    const auto isData = [](const NetworkNode &node) { return node.type.starts_with("data."); };
    const auto first = std::find_if(network.nodes.begin(), network.nodes.end(), isData);
    return std::count_if(network.nodes.begin(), network.nodes.end(), isData) == 1 ? &*first
                                                                                  : nullptr;
}

void DataImporter::put(const std::string &reader, Arguments args,
                       const DataDescription &description)
{
    const DatasetSpec &spec = *m_document.vocabulary().dataset(reader);
    for (const Arg &arg : spec.args) {
        const auto given = args.find(arg.name);
        const std::string *path = given == args.end() ? nullptr : given->second.as<std::string>();
        if (arg.type == "path" && path)
            given->second = m_document.argumentPath(QString::fromStdString(*path)).toStdString();
    }
    const std::string type = "data." + reader;
    const QString what = tr("Import %1").arg(QString::fromStdString(spec.title));
    const Network &network = m_document.network();
    if (network.nodes.empty()) {
        m_document.addNetwork(starterNetwork(type, args, description), {}, what);
    } else if (const NetworkNode *node = dataNode()) {
        m_document.applyFix({what.toStdString(), ReplaceNodeFix{node->id, type, args}});
    } else {
        const auto leftmost = std::min_element(
                network.nodes.begin(), network.nodes.end(),
                [](const NetworkNode &a, const NetworkNode &b) { return a.x < b.x; });
        m_document.addNode(QString::fromStdString(type), args,
                           {leftmost->x - roomLeftOfNodes, leftmost->y});
    }
    emit imported();
}

} // namespace mrg

#include "moc_DataImporter.cpp"
