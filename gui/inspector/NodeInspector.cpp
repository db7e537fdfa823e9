// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/inspector/NodeInspector.h"

#include "gui/document/network_edits.h"
#include "gui/inspector/ArgEditor.h"
#include "gui/inspector/ArgForm.h"
#include "gui/widgets/EmptyState.h"

#include <QComboBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

namespace mrg {

namespace {

QLabel *wrapped(const char *role)
{
    auto *label = new QLabel;
    label->setWordWrap(true);
    label->setProperty("role", role);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

void clearLayout(QLayout &layout)
{
    while (QLayoutItem *item = layout.takeAt(0)) {
        if (item->widget()) {
            item->widget()->hide();
            item->widget()->deleteLater();
        }
        delete item;
    }
}

} // namespace

NodeInspector::NodeInspector(ExperimentDocument &document, QWidget *parent)
    : QStackedWidget(parent),
      m_document(document),
      m_empty(new EmptyState(tr("Nothing selected"),
                             tr("Select a node on the canvas to see and change its options."))),
      m_page(new QWidget),
      m_heading(wrapped("title")),
      m_summary(wrapped("muted")),
      m_title(new QLineEdit),
      m_kind(new QComboBox),
      m_kindLabel(new QLabel(tr("Loss"))),
      m_form(new ArgForm),
      m_facts(wrapped("muted")),
      m_issues(new QVBoxLayout)
{
    setObjectName("nodeInspector");
    m_title->setObjectName("nodeTitle");
    m_kind->setObjectName("lossType");
    auto *names = new QFormLayout;
    names->setLabelAlignment(Qt::AlignLeft);
    names->addRow(tr("Name"), m_title);
    names->addRow(m_kindLabel, m_kind);
    auto *options = new QLabel(tr("Options"));
    options->setProperty("role", "section");
    auto *layout = new QVBoxLayout(m_page);
    layout->setContentsMargins(12, 12, 12, 12);
    layout->addWidget(m_heading);
    layout->addWidget(m_summary);
    layout->addLayout(m_issues);
    layout->addLayout(names);
    layout->addWidget(options);
    layout->addWidget(m_form);
    layout->addWidget(m_facts);
    layout->addStretch();
    auto *scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(m_page);
    addWidget(m_empty);
    addWidget(scroll);
    for (const ModuleSpec &spec : document.vocabulary().registry.modules()) {
        if (spec.isLoss())
            m_kind->addItem(QString::fromStdString(spec.name),
                            QString::fromStdString("nn." + spec.name));
    }
    connect(m_title, &QLineEdit::editingFinished, this,
            [this] { m_document.setTitle(m_node, m_title->text()); });
    connect(m_kind, &QComboBox::activated, this,
            [this] { m_document.replaceType(m_node, m_kind->currentData().toString()); });
    connect(m_form, &ArgForm::edited, this, [this](const QString &name, const Value &value) {
        const std::string *text = value.as<std::string>();
        const bool isFile = text && m_form->editor(name)->arg().type == "path";
        m_document.setArg(
                m_node, name,
                isFile ? Value(m_document.argumentPath(QString::fromStdString(*text)).toStdString())
                       : value);
    });
    connect(&document, &ExperimentDocument::changed, this, [this](const Change &change) {
        if (!std::holds_alternative<NodesMoved>(change))
            setNode(m_node);
    });
}

void NodeInspector::setNode(NodeId id)
{
    const NetworkNode *node = m_document.network().find(id);
    const bool same = node && id == m_node && node->type == m_type;
    m_node = node ? id : 0;
    m_type = node ? node->type : std::string();
    if (!node) {
        refreshOverview();
        setCurrentIndex(0);
        return;
    }
    if (!same)
        rebuild();
    refresh();
    setCurrentIndex(1);
}

void NodeInspector::refreshOverview()
{
    const QString hint = tr("Select a node on the canvas to see and change its options.");
    const Experiment &experiment = m_document.experiment();
    if (experiment.network.nodes.empty())
        return m_empty->setTexts(tr("Nothing selected"), hint);
    int64_t parameters = 0;
    for (const auto &[node, count] : m_document.checked().parameters)
        parameters += count;
    QStringList lines;
    if (!experiment.notes.empty())
        lines << QString::fromStdString(experiment.notes) << QString();
    const QLocale english(QLocale::English);
    if (m_document.data())
        lines << tr("%1 training samples")
                         .arg(english.toString(
                                 static_cast<qlonglong>(m_document.data()->train->size())));
    lines << tr("%1 parameters").arg(english.toString(static_cast<qlonglong>(parameters)))
          << QString() << hint;
    m_empty->setTexts(m_document.displayName(), lines.join("\n"));
}

void NodeInspector::rebuild()
{
    const Spec *spec = m_document.vocabulary().spec(m_type);
    m_heading->setText(shortTypeName(QString::fromStdString(m_type)));
    m_summary->setText(
            spec ? QString::fromStdString(spec->summary)
                 : tr("This build does not know this module. It is kept and saved as it is."));
    m_kind->setVisible(spec && spec->isLoss());
    m_kindLabel->setVisible(spec && spec->isLoss());
    m_kind->setCurrentIndex(m_kind->findData(QString::fromStdString(m_type)));
    m_form->setArgs(spec ? spec->args : std::vector<Arg>(),
                    spec ? spec->validate : ArgForm::Validate());
}

void NodeInspector::refresh()
{
    const NetworkNode &node = *m_document.network().find(m_node);
    if (!m_title->hasFocus() || m_title->text().trimmed() == QString::fromStdString(node.title))
        m_title->setText(QString::fromStdString(node.title));
    m_title->setPlaceholderText(shortTypeName(QString::fromStdString(node.type)));
    m_form->setValues(node.args);
    m_form->setBaseFolder(QString::fromStdString(m_document.baseFolder().string()));
    const CheckedNetwork &checked = m_document.checked();
    QStringList facts;
    for (const auto &[port, shape] : checked.shapes) {
        if (port.node == m_node)
            facts << tr("%1: %2").arg(QString::fromStdString(port.port),
                                      QString::fromStdString(shape.text()));
    }
    const auto count = checked.parameters.find(m_node);
    if (count != checked.parameters.end() && count->second > 0)
        facts << tr("%1 parameters")
                         .arg(QLocale(QLocale::English)
                                      .toString(static_cast<qlonglong>(count->second)));
    m_facts->setText(facts.join("\n"));
    refreshIssues();
}

void NodeInspector::refreshIssues()
{
    clearLayout(*m_issues);
    for (const Issue &issue : m_document.checked().issuesOf(m_node)) {
        QLabel *text = wrapped(issue.severity == Severity::Error ? "error" : "muted");
        text->setText(QString::fromStdString(issue.text));
        m_issues->addWidget(text);
        for (const Fix &fix : issue.fixes) {
            auto *button = new QPushButton(QString::fromStdString(fix.text));
            button->setObjectName("fixButton");
            connect(
                    button, &QPushButton::clicked, this, [this, fix] { m_document.applyFix(fix); },
                    Qt::QueuedConnection);
            m_issues->addWidget(button);
        }
    }
}

void NodeInspector::focusOptions()
{
    if (m_node)
        m_title->setFocus();
}

} // namespace mrg

#include "moc_NodeInspector.cpp"
