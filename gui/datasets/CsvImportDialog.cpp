// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/datasets/CsvImportDialog.h"

#include "gui/datasets/CsvColumns.h"
#include "gui/datasets/CsvPreviewModel.h"
#include "gui/datasets/dataset_facts.h"
#include "gui/document/DataLoader.h"
#include "gui/document/background.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QGridLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QMenu>
#include <QPushButton>
#include <QSplitter>
#include <QTableView>

#include <algorithm>

namespace mrg {

namespace {

constexpr int typingDelayMs = 250;
constexpr int fittedColumns = 200; ///< more are not measured to be shown in their width

QString delimiterName(char delimiter)
{
    switch (delimiter) {
    case ',': return CsvImportDialog::tr("comma");
    case ';': return CsvImportDialog::tr("semicolon");
    case '\t': return CsvImportDialog::tr("tab");
    case '|': return CsvImportDialog::tr("bar");
    case ' ': return CsvImportDialog::tr("space");
    default: return QString(QChar(delimiter));
    }
}

/// A list whose first entry is what the reader finds out.
QComboBox *choices(const char *name, const QString &first,
                   const QList<std::pair<QString, QString>> &others)
{
    auto *combo = new QComboBox;
    combo->setObjectName(name);
    combo->addItem(first, QString());
    for (const auto &[text, value] : others)
        combo->addItem(text, value);
    return combo;
}

void choose(QComboBox &combo, const QString &value)
{
    if (combo.findData(value) < 0)
        combo.addItem(value, value);
    combo.setCurrentIndex(combo.findData(value));
}

QString textOf(const Arguments &args, const char *name)
{
    const auto found = args.find(name);
    const auto *text = found == args.end() ? nullptr : found->second.as<std::string>();
    return text ? QString::fromStdString(*text) : QString();
}

QTableView *table(const char *name, QAbstractItemModel *model)
{
    auto *view = new QTableView;
    view->setObjectName(name);
    view->setModel(model);
    view->setShowGrid(false);
    view->setAlternatingRowColors(true);
    view->setWordWrap(false);
    view->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    view->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    view->verticalHeader()->setDefaultSectionSize(28);
    view->horizontalHeader()->setHighlightSections(false);
    view->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    return view;
}

const CsvOptions &defaults()
{
    static const CsvOptions options;
    return options;
}

QString joined(const std::vector<std::string> &texts)
{
    QStringList out;
    for (const std::string &text : texts)
        out << QString::fromStdString(text);
    return out.join(", ");
}

} // namespace

CsvImportDialog::CsvImportDialog(const DatasetSpec &csv, const Arguments &args,
                                 const std::filesystem::path &base, const Theme &theme,
                                 QWidget *parent)
    : QDialog(parent),
      m_csv(csv),
      m_theme(theme),
      m_path(base / textOf(args, "path").toStdString()),
      m_base(base),
      m_given(args),
      m_columns(new CsvColumns(this)),
      m_preview(new CsvPreviewModel(*m_columns, theme, this)),
      m_delimiter(choices("delimiter", tr("Detected"),
                          {{tr("Comma"), ","},
                           {tr("Semicolon"), ";"},
                           {tr("Tab"), "tab"},
                           {tr("Bar |"), "|"},
                           {tr("Space"), " "}})),
      m_header(choices("header", tr("Detected"), {{tr("Names"), "names"}, {tr("Data"), "data"}})),
      m_decimal(
              choices("decimal", tr("Detected"), {{tr("Point"), "point"}, {tr("Comma"), "comma"}})),
      m_encoding(new QComboBox),
      m_missingTexts(new QLineEdit),
      m_missing(new QComboBox),
      m_task(choices("task", tr("By the targets"),
                     {{tr("Several labels"), "multi-label"},
                      {tr("One class"), "single-label"},
                      {tr("Numbers (regression)"), "regression"}})),
      m_test(new QLineEdit),
      m_standardize(new QCheckBox(tr("Inputs to mean 0 and deviation 1"))),
      m_columnTable(table("csvColumns", m_columns)),
      m_previewTable(table("csvPreview", m_preview)),
      m_outcome(new QLabel),
      m_import(new QPushButton(tr("Import")))
{
    setObjectName("csvImport");
    setWindowTitle(tr("Import a Table"));
    resize(1060, 720);
    auto *title = new QLabel(QString::fromStdString(m_path.filename().string()));
    title->setProperty("role", "title");
    auto *folder = new QLabel(QString::fromStdString(m_path.parent_path().string()));
    folder->setProperty("role", "muted");
    auto *heading = new QHBoxLayout;
    heading->addWidget(title);
    heading->addWidget(folder, 1);
    m_outcome->setObjectName("csvOutcome");
    m_outcome->setWordWrap(true);
    m_outcome->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_import->setObjectName("csvAccept");
    m_import->setDefault(true);
    auto *buttons = new QDialogButtonBox;
    buttons->addButton(m_import, QDialogButtonBox::AcceptRole);
    buttons->addButton(QDialogButtonBox::Cancel);
    auto *bottom = new QHBoxLayout;
    bottom->addWidget(m_outcome, 1);
    bottom->addWidget(buttons);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(18, 16, 18, 16);
    layout->setSpacing(12);
    layout->addLayout(heading);
    layout->addLayout(makeOptions());
    layout->addWidget(makeTables(), 1);
    layout->addLayout(bottom);

    showArguments(args);
    m_delay.setSingleShot(true);
    m_delay.setInterval(typingDelayMs);
    connect(&m_delay, &QTimer::timeout, this, &CsvImportDialog::refreshPreview);
    for (QComboBox *combo : {m_delimiter, m_header, m_decimal, m_encoding})
        connect(combo, &QComboBox::currentIndexChanged, this, &CsvImportDialog::refreshPreview);
    for (QComboBox *combo : {m_missing, m_task})
        connect(combo, &QComboBox::currentIndexChanged, this, &CsvImportDialog::refreshOutcome);
    for (QLineEdit *line : {m_missingTexts, m_test})
        connect(line, &QLineEdit::textEdited, this, [this] { m_delay.start(); });
    connect(m_columns, &CsvColumns::chosen, this, &CsvImportDialog::refreshOutcome);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    refreshPreview();
}

QGridLayout *CsvImportDialog::makeOptions()
{
    m_encoding->setObjectName("encoding");
    m_encoding->addItem(tr("UTF-8"), "utf-8");
    m_encoding->addItem(tr("Latin-1"), "latin-1");
    m_missing->setObjectName("missing");
    m_missing->addItem(tr("Refuse the file"), "refuse");
    m_missing->addItem(tr("Drop the row"), "drop the row");
    m_missing->addItem(tr("Use the mean"), "use the mean");
    m_missingTexts->setObjectName("missingTexts");
    m_missingTexts->setToolTip(tr("Texts that stand where a value is missing, separated by commas. "
                                  "An empty field always does."));
    m_test->setObjectName("testPath");
    m_test->setPlaceholderText(tr("None: a fifth of the rows"));
    auto *browse = new QPushButton(tr("Browse…"));
    browse->setObjectName("browseTest");
    browse->setAutoDefault(false);
    connect(browse, &QPushButton::clicked, this, [this] {
        const QString path = QFileDialog::getOpenFileName(
                this, tr("Choose the Test Data"),
                QString::fromStdString(m_path.parent_path().string()));
        if (path.isEmpty())
            return;
        m_test->setText(path);
        refreshOutcome();
    });
    connect(m_standardize, &QCheckBox::toggled, this, &CsvImportDialog::refreshOutcome);
    m_standardize->setObjectName("standardize");
    auto *test = new QHBoxLayout;
    test->setContentsMargins(0, 0, 0, 0);
    test->setSpacing(6);
    test->addWidget(m_test, 1);
    test->addWidget(browse);

    auto *grid = new QGridLayout;
    grid->setHorizontalSpacing(12);
    grid->setVerticalSpacing(8);
    const auto add = [&](int row, int column, const QString &text, auto *field) {
        auto *label = new QLabel(text);
        label->setProperty("role", "muted");
        grid->addWidget(label, row, 2 * column);
        if constexpr (std::is_base_of_v<QWidget, std::remove_pointer_t<decltype(field)>>) {
            label->setBuddy(field);
            field->setAccessibleName(text);
            grid->addWidget(field, row, 2 * column + 1);
        } else {
            grid->addLayout(field, row, 2 * column + 1);
        }
    };
    add(0, 0, tr("Delimiter"), m_delimiter);
    add(1, 0, tr("First row"), m_header);
    add(2, 0, tr("Decimal mark"), m_decimal);
    add(0, 1, tr("Encoding"), m_encoding);
    add(1, 1, tr("Missing is"), m_missingTexts);
    add(2, 1, tr("If missing"), m_missing);
    add(0, 2, tr("To predict"), m_task);
    add(1, 2, tr("Test data"), test);
    add(2, 2, tr("Standardize"), m_standardize);
    for (int column = 0; column < 3; ++column)
        grid->setColumnStretch(2 * column + 1, column == 2 ? 3 : 2);
    return grid;
}

QWidget *CsvImportDialog::makeTables()
{
    m_columnTable->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_columnTable->setEditTriggers(
            QAbstractItemView::SelectedClicked | QAbstractItemView::DoubleClicked
            | QAbstractItemView::EditKeyPressed | QAbstractItemView::AnyKeyPressed);
    m_columnTable->setItemDelegate(new ChoiceDelegate(this));
    m_columnTable->verticalHeader()->hide();
    m_columnTable->setAccessibleName(tr("Columns"));
    QHeaderView *header = m_columnTable->horizontalHeader();
    header->setSectionResizeMode(CsvColumns::Name, QHeaderView::Stretch);
    for (int section :
         {CsvColumns::Role, CsvColumns::Type, CsvColumns::Missing, CsvColumns::Distinct})
        header->resizeSection(section, section < CsvColumns::Missing ? 88 : 80);

    auto *roles = new QHBoxLayout;
    roles->setContentsMargins(0, 0, 0, 0);
    auto *make = new QLabel(tr("Selected columns:"));
    make->setProperty("role", "muted");
    roles->addWidget(make);
    for (ColumnRole role : {ColumnRole::Feature, ColumnRole::Target, ColumnRole::Ignored}) {
        auto *button = new QPushButton(columnRoleName(role));
        button->setObjectName("make_" + QString::number(static_cast<int>(role)));
        button->setAutoDefault(false);
        connect(button, &QPushButton::clicked, this, [this, role] {
            if (const QList<int> columns = selectedColumns(); !columns.isEmpty())
                m_columns->setRole(columns, role);
        });
        roles->addWidget(button);
    }
    roles->addStretch();
    auto *left = new QWidget;
    auto *leftLayout = new QVBoxLayout(left);
    leftLayout->setContentsMargins(0, 0, 0, 0);
    leftLayout->addWidget(m_columnTable, 1);
    leftLayout->addLayout(roles);

    m_previewTable->setItemDelegate(new GroundDelegate(this));
    m_previewTable->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_previewTable->setAccessibleName(tr("First rows"));
    m_previewTable->horizontalHeader()->setDefaultSectionSize(120);
    m_previewTable->horizontalHeader()->setSectionsClickable(true);
    connect(m_previewTable->horizontalHeader(), &QHeaderView::sectionClicked, this,
            &CsvImportDialog::openColumnMenu);
    auto *splitter = new QSplitter;
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(left);
    splitter->addWidget(m_previewTable);
    splitter->setStretchFactor(0, 2);
    splitter->setStretchFactor(1, 3);
    splitter->setSizes({480, 540});
    return splitter;
}

void CsvImportDialog::showArguments(const Arguments &args)
{
    if (const QString delimiter = textOf(args, "delimiter"); !delimiter.isEmpty())
        choose(*m_delimiter, delimiter);
    if (const auto header = args.find("header"); header != args.end() && !header->second.isNull())
        choose(*m_header, header->second == Value(true) ? "names" : "data");
    if (const QString decimal = textOf(args, "decimal"); !decimal.isEmpty() && decimal != "auto")
        choose(*m_decimal, decimal);
    if (const QString encoding = textOf(args, "encoding"); !encoding.isEmpty())
        choose(*m_encoding, encoding);
    if (const QString missing = textOf(args, "missing"); !missing.isEmpty())
        choose(*m_missing, missing);
    if (const QString task = textOf(args, "task"); !task.isEmpty() && task != "auto")
        choose(*m_task, task);
    m_test->setText(textOf(args, "test_path"));
    const auto standardize = args.find("standardize");
    m_standardize->setChecked(standardize == args.end() || standardize->second == Value(true));
    const auto texts = args.find("missing_texts");
    const Result<std::vector<std::string>> given = texts == args.end()
            ? Result<std::vector<std::string>>(defaults().missingTexts)
            : ValueTraits<std::vector<std::string>>::from(texts->second);
    m_missingTexts->setText(joined(given ? *given : defaults().missingTexts));
    m_missingTexts->setCursorPosition(0);
    m_columns->setArguments(args);
}

Arguments CsvImportDialog::arguments() const
{
    Arguments out;
    out["path"] = m_given.at("path");
    if (!m_test->text().trimmed().isEmpty())
        out["test_path"] = m_test->text().trimmed().toStdString();
    if (m_delimiter->currentIndex() > 0)
        out["delimiter"] = m_delimiter->currentData().toString().toStdString();
    if (m_header->currentIndex() > 0)
        out["header"] = m_header->currentData().toString() == "names";
    for (const auto &[name, combo] :
         {std::pair("decimal", m_decimal), std::pair("encoding", m_encoding),
          std::pair("missing", m_missing), std::pair("task", m_task)}) {
        const bool isDefault = combo->currentIndex() == 0;
        if (!isDefault)
            out[name] = combo->currentData().toString().toStdString();
    }
    if (const std::vector<std::string> texts = options().missingTexts;
        texts != defaults().missingTexts)
        out["missing_texts"] = ValueTraits<std::vector<std::string>>::to(texts);
    if (!m_standardize->isChecked())
        out["standardize"] = false;
    m_columns->writeTo(out);
    return out;
}

/// What bears on how the text is split.
CsvOptions CsvImportDialog::options() const
{
    CsvOptions out;
    out.delimiter = m_delimiter->currentData().toString().toStdString();
    if (m_header->currentIndex() > 0)
        out.header = m_header->currentData().toString() == "names";
    out.decimal = static_cast<DecimalMark>(m_decimal->currentIndex());
    out.encoding = static_cast<TextEncoding>(m_encoding->currentIndex());
    out.missingTexts.clear();
    for (const QString &text : m_missingTexts->text().split(',', Qt::SkipEmptyParts)) {
        if (!text.trimmed().isEmpty())
            out.missingTexts.push_back(text.trimmed().toStdString());
    }
    return out;
}

void CsvImportDialog::refreshPreview()
{
    m_delay.stop();
    m_split.reset();
    m_import->setEnabled(false);
    m_outcome->setText(tr("Reading…"));
    const int question = ++m_question;
    runInBackground(
            this, [path = m_path, how = options()] { return previewCsv(path, how); },
            [this, question](const Result<CsvPreview> &preview) {
                if (question != m_question)
                    return;
                if (preview)
                    showPreview(*preview);
                else
                    showError(preview.error());
            });
}

void CsvImportDialog::showPreview(const CsvPreview &preview)
{
    m_delimiter->setItemText(0, tr("Detected: %1").arg(delimiterName(preview.delimiter)));
    m_header->setItemText(0, tr("Detected: %1").arg(preview.header ? tr("names") : tr("data")));
    m_decimal->setItemText(
            0, tr("Detected: %1").arg(preview.decimalComma ? tr("comma") : tr("point")));
    m_columns->setColumns(preview.columns);
    QStringList missing;
    for (const std::string &text : options().missingTexts)
        missing << QString::fromStdString(text);
    m_preview->setPreview(preview, missing);
    if (m_columns->rowCount() <= fittedColumns)
        m_previewTable->resizeColumnsToContents();
    refreshOutcome();
}

void CsvImportDialog::refreshOutcome()
{
    m_split.reset();
    m_import->setEnabled(false);
    if (m_columns->rowCount() == 0)
        return;
    const int question = ++m_question;
    runInBackground(
            this,
            [csv = m_csv, args = arguments(), base = m_base] { return loadData(csv, args, base); },
            [this, question](const Result<DataSplit> &result) {
                if (question == m_question)
                    showOutcome(result);
            });
}

void CsvImportDialog::showOutcome(const Result<DataSplit> &result)
{
    if (!result) {
        showError(result.error());
        return;
    }
    m_split = std::make_shared<const DataSplit>(*result);
    const Dataset &train = *m_split->train;
    const int64_t rows = train.size() + m_split->validation->size() + m_split->test->size();
    tell(tr("%1 samples · %2")
                 .arg(QLocale().toString(static_cast<qlonglong>(rows)), outlineOf(train)),
         true);
    m_preview->setErrorRow(-1);
    m_import->setEnabled(true);
}

void CsvImportDialog::showError(const Error &error)
{
    tell(QString::fromStdString(error.text()), false);
    const QString where = QString::fromStdString(error.where);
    const int row = m_preview->rowOfLine(where.mid(where.lastIndexOf(':') + 1).toInt());
    m_preview->setErrorRow(row);
    if (row >= 0)
        m_previewTable->scrollTo(m_preview->index(row, 0));
}

void CsvImportDialog::tell(const QString &text, bool good)
{
    m_good = good;
    m_outcome->setText(text);
    m_outcome->setStyleSheet("color: " + (good ? m_theme.success : m_theme.error).name());
}

void CsvImportDialog::setTheme(const Theme &theme)
{
    m_theme = theme;
    m_preview->setTheme(theme);
    tell(m_outcome->text(), m_good);
}

void CsvImportDialog::openColumnMenu(int column)
{
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    const auto add = [&](const QString &text, bool checked, auto action) {
        QAction *entry = menu->addAction(text);
        entry->setCheckable(true);
        entry->setChecked(checked);
        connect(entry, &QAction::triggered, this, action);
    };
    for (ColumnRole role : {ColumnRole::Feature, ColumnRole::Target, ColumnRole::Ignored})
        add(columnRoleName(role), m_columns->role(column) == role,
            [this, column, role] { m_columns->setRole({column}, role); });
    menu->addSeparator();
    for (ColumnType type : {ColumnType::Number, ColumnType::Category})
        add(columnTypeName(type), m_columns->type(column) == type,
            [this, column, type] { m_columns->setType({column}, type); });
    const QHeaderView *header = m_previewTable->horizontalHeader();
    menu->popup(
            header->mapToGlobal(QPoint(header->sectionViewportPosition(column), header->height())));
}

QList<int> CsvImportDialog::selectedColumns() const
{
    QList<int> out;
    for (const QModelIndex &index : m_columnTable->selectionModel()->selectedRows())
        out << index.row();
    return out;
}

} // namespace mrg

#include "moc_CsvImportDialog.cpp"
