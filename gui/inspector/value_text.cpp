// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/inspector/value_text.h"

#include <QStringList>

#include <array>
#include <cmath>

namespace mrg {

namespace {

bool contains(const Arg &arg, const char *word) { return arg.type.find(word) != std::string::npos; }

Value scalarOfText(const QString &text, const Arg &arg)
{
    bool ok = false;
    if (contains(arg, "int") || contains(arg, "float") || contains(arg, "tuple")
        || contains(arg, "Tensor")) {
        if (const qlonglong whole = text.toLongLong(&ok); ok)
            return static_cast<int64_t>(whole);
        if (const double number = text.toDouble(&ok); ok)
            return number;
    }
    if (contains(arg, "bool")
        && (text.compare("true", Qt::CaseInsensitive) == 0
            || text.compare("false", Qt::CaseInsensitive) == 0))
        return text.compare("true", Qt::CaseInsensitive) == 0;
    QString bare = text;
    if (bare.size() >= 2 && (bare.front() == '\'' || bare.front() == '"')
        && bare.back() == bare.front())
        bare = bare.mid(1, bare.size() - 2);
    return bare.toStdString();
}

} // namespace

QString textOfValue(const Value &value)
{
    if (const auto *text = value.as<std::string>())
        return QString::fromStdString(*text);
    if (const auto *list = value.as<ValueList>()) {
        QStringList parts;
        for (const Value &part : *list)
            parts << textOfValue(part);
        return parts.join(", ");
    }
    return QString::fromStdString(value.toString());
}

Value valueOfText(const QString &given, const Arg &arg)
{
    QString text = given.trimmed();
    const bool nullable = contains(arg, "null");
    if (nullable && (text.isEmpty() || text == "None" || text == "null"))
        return {};
    const bool bracketed = text.size() >= 2
            && ((text.front() == '(' && text.back() == ')')
                || (text.front() == '[' && text.back() == ']'));
    const bool list = contains(arg, "list") || contains(arg, "tuple") || contains(arg, "Tensor");
    if (list && (bracketed || text.contains(',') || contains(arg, "list"))) {
        if (bracketed)
            text = text.mid(1, text.size() - 2);
        ValueList values;
        for (const QString &part : text.split(',', Qt::SkipEmptyParts))
            values.push_back(scalarOfText(part.trimmed(), arg));
        return values;
    }
    return scalarOfText(text, arg);
}

double steppedValue(double value, bool up)
{
    if (value == 0)
        return up ? 0.001 : 0;
    static constexpr std::array steps{1.0, 2.0, 5.0, 10.0};
    const double size = std::abs(value);
    const bool away = up == (value > 0);
    const double power = std::pow(10.0, std::floor(std::log10(size) + 1e-9));
    const double head = size / power;
    double next = away ? 10 : 0.5;
    for (double step : steps) {
        if (away && step > head * 1.0001) {
            next = step;
            break;
        }
        if (!away && step < head * 0.9999)
            next = step;
    }
    // 15 digits are enough and drop what binary fractions add.
    return QString::number(std::copysign(next * power, value), 'g', 12).toDouble();
}

} // namespace mrg
