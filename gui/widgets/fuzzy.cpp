// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/widgets/fuzzy.h"

namespace mrg {

int fuzzyScore(const QString &text, const QString &name)
{
    int score = 0;
    qsizetype at = 0;
    qsizetype before = -2;
    for (const QChar c : text) {
        const qsizetype found = name.indexOf(c, at, Qt::CaseInsensitive);
        if (found < 0)
            return -1;
        const bool wordStart
                = found == 0 || name[found].isUpper() || !name[found - 1].isLetterOrNumber();
        score += 1 + (found == before + 1 ? 4 : 0) + (wordStart ? 5 : 0);
        before = found;
        at = found + 1;
    }
    return score * 10 - static_cast<int>(name.size());
}

} // namespace mrg
