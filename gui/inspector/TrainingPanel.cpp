// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/inspector/TrainingPanel.h"

#include "gui/inspector/ArgForm.h"

#include <QCheckBox>
#include <QComboBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QRegularExpressionValidator>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QVBoxLayout>

namespace mrg {

namespace {

constexpr int largestCount = 1000000;

QSpinBox *counter(const char *name, const QString &toolTip)
{
    auto *box = new QSpinBox;
    box->setObjectName(name);
    box->setRange(1, largestCount);
    box->setKeyboardTracking(false);
    box->setToolTip(toolTip);
    box->setFocusPolicy(Qt::StrongFocus);
    return box;
}

QLabel *section(const QString &text)
{
    auto *label = new QLabel(text);
    label->setProperty("role", "section");
    return label;
}

void showCount(QSpinBox &box, int64_t value)
{
    const QSignalBlocker blocker(box);
    box.setValue(static_cast<int>(value));
}

} // namespace

TrainingPanel::TrainingPanel(ExperimentDocument &document, QWidget *parent)
    : QWidget(parent),
      m_document(document),
      m_optimizer(new QComboBox),
      m_optimizerSummary(new QLabel),
      m_optimizerForm(new ArgForm),
      m_scheduler(new QComboBox),
      m_schedulerForm(new ArgForm),
      m_stepForm(new ArgForm),
      m_batchSize(counter("batchSize", tr("Samples in a step."))),
      m_epochs(counter("epochs", tr("Passes over the training data."))),
      m_seed(new QLineEdit),
      m_shuffle(new QCheckBox(tr("Shuffle each epoch"))),
      m_dropLast(new QCheckBox(tr("Drop the last, smaller batch"))),
      m_validateEvery(counter("validateEvery",
                              tr("Evaluate on validation data after every so many epochs.")))
{
    setObjectName("trainingPanel");
    m_optimizer->setObjectName("optimizer");
    m_scheduler->setObjectName("scheduler");
    m_seed->setObjectName("seed");
    m_shuffle->setObjectName("shuffle");
    m_seed->setValidator(new QRegularExpressionValidator(QRegularExpression("[0-9]{1,19}"), this));
    m_seed->setToolTip(tr("The same seed gives the same run, bit for bit."));
    m_optimizerSummary->setWordWrap(true);
    m_optimizerSummary->setProperty("role", "muted");
    for (const OptimizerSpec &spec : document.vocabulary().optimizers)
        m_optimizer->addItem(QString::fromStdString(spec.name));
    m_scheduler->addItem(tr("Constant"), QString());
    for (const SchedulerSpec &spec : document.vocabulary().schedulers)
        m_scheduler->addItem(QString::fromStdString(spec.name), QString::fromStdString(spec.name));

    auto *page = new QWidget;
    auto *layout = new QVBoxLayout(page);
    layout->setContentsMargins(12, 8, 12, 12);
    auto *run = new QFormLayout;
    run->setLabelAlignment(Qt::AlignLeft);
    run->addRow(tr("Epochs"), m_epochs);
    run->addRow(tr("Batch size"), m_batchSize);
    run->addRow(tr("Seed"), m_seed);
    run->addRow(tr("Validate every"), m_validateEvery);
    run->addRow(m_shuffle);
    run->addRow(m_dropLast);
    layout->addWidget(section(tr("Run")));
    layout->addLayout(run);
    layout->addWidget(section(tr("Optimizer")));
    layout->addWidget(m_optimizer);
    layout->addWidget(m_optimizerSummary);
    layout->addWidget(m_optimizerForm);
    layout->addWidget(section(tr("Learning rate schedule")));
    layout->addWidget(m_scheduler);
    layout->addWidget(m_schedulerForm);
    layout->addWidget(section(tr("Clipping and averages")));
    layout->addWidget(m_stepForm);
    m_stepForm->setArgs(document.vocabulary().stepOptions);
    layout->addStretch();
    auto *scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(page);
    auto *outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(scroll);

    using T = TrainingSettings;
    connect(m_optimizer, &QComboBox::activated, this, [this] {
        edit(tr("Choose %1").arg(m_optimizer->currentText()), [this](T &t) {
            t.optimizer = m_optimizer->currentText().toStdString();
            // What both have in common, the learning rate above all, stays.
            const OptimizerSpec *spec = m_document.vocabulary().optimizer(t.optimizer);
            std::erase_if(t.optimizerArgs, [&](const auto &given) {
                return std::none_of(spec->args.begin(), spec->args.end(),
                                    [&](const Arg &arg) { return arg.name == given.first; });
            });
        });
    });
    connect(m_scheduler, &QComboBox::activated, this, [this] {
        edit(tr("Choose schedule %1").arg(m_scheduler->currentText()), [this](T &t) {
            t.scheduler = m_scheduler->currentData().toString().toStdString();
            t.schedulerArgs.clear();
        });
    });
    connect(m_optimizerForm, &ArgForm::edited, this,
            [this](const QString &name, const Value &value) {
                edit(tr("Set %1").arg(name),
                     [&](T &t) { t.optimizerArgs[name.toStdString()] = value; });
            });
    connect(m_schedulerForm, &ArgForm::edited, this,
            [this](const QString &name, const Value &value) {
                edit(tr("Set %1").arg(name),
                     [&](T &t) { t.schedulerArgs[name.toStdString()] = value; });
            });
    connect(m_stepForm, &ArgForm::edited, this, [this](const QString &name, const Value &value) {
        edit(tr("Set %1").arg(name), [&](T &t) {
            t.options[name.toStdString()] = value;
            t.options = withoutDefaults(m_document.vocabulary().stepOptions, t.options);
        });
    });
    connect(m_batchSize, &QSpinBox::valueChanged, this, [this](int value) {
        edit(tr("Set batch size"), [value](T &t) { t.batchSize = value; });
    });
    connect(m_epochs, &QSpinBox::valueChanged, this,
            [this](int value) { edit(tr("Set epochs"), [value](T &t) { t.epochs = value; }); });
    connect(m_validateEvery, &QSpinBox::valueChanged, this, [this](int value) {
        edit(tr("Set validation interval"), [value](T &t) { t.validateEvery = value; });
    });
    connect(m_seed, &QLineEdit::editingFinished, this, [this] {
        const uint64_t seed = m_seed->text().toULongLong();
        edit(tr("Set seed"), [seed](T &t) { t.seed = seed; });
    });
    connect(m_shuffle, &QCheckBox::clicked, this,
            [this](bool on) { edit(tr("Set shuffling"), [on](T &t) { t.shuffle = on; }); });
    connect(m_dropLast, &QCheckBox::clicked, this,
            [this](bool on) { edit(tr("Set drop last"), [on](T &t) { t.dropLast = on; }); });
    connect(&document, &ExperimentDocument::changed, this, [this](const Change &change) {
        if (std::holds_alternative<TrainingChanged>(change)
            || std::holds_alternative<Replaced>(change))
            refresh();
    });
    refresh();
}

template <typename Edit> void TrainingPanel::edit(const QString &what, Edit change)
{
    TrainingSettings settings = m_document.experiment().training;
    change(settings);
    m_document.setTraining(settings, what);
}

void TrainingPanel::refresh()
{
    const TrainingSettings &t = m_document.experiment().training;
    if (t.optimizer != m_shownOptimizer) {
        m_shownOptimizer = t.optimizer;
        const OptimizerSpec *spec = m_document.vocabulary().optimizer(t.optimizer);
        m_optimizer->setCurrentText(QString::fromStdString(t.optimizer));
        m_optimizerSummary->setText(spec ? QString::fromStdString(spec->summary)
                                         : tr("This build does not know it."));
        m_optimizerForm->setArgs(spec ? spec->args : std::vector<Arg>());
    }
    if (t.scheduler != m_shownScheduler) {
        m_shownScheduler = t.scheduler;
        const SchedulerSpec *spec = m_document.vocabulary().scheduler(t.scheduler);
        m_scheduler->setCurrentIndex(
                std::max(m_scheduler->findData(QString::fromStdString(t.scheduler)), 0));
        m_schedulerForm->setArgs(spec ? spec->args : std::vector<Arg>());
        m_schedulerForm->setVisible(spec != nullptr);
    }
    m_optimizerForm->setValues(t.optimizerArgs);
    m_schedulerForm->setValues(t.schedulerArgs);
    m_stepForm->setValues(t.options);
    showCount(*m_batchSize, t.batchSize);
    showCount(*m_epochs, t.epochs);
    showCount(*m_validateEvery, t.validateEvery);
    m_seed->setText(QString::number(t.seed));
    m_shuffle->setChecked(t.shuffle);
    m_dropLast->setChecked(t.dropLast);
}

} // namespace mrg

#include "moc_TrainingPanel.cpp"
