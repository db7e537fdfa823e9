// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/Error.h"

#include <algorithm>

namespace mrg {

const char *categoryName(ErrorCategory category)
{
    switch (category) {
    case ErrorCategory::Shape: return "shape";
    case ErrorCategory::DType: return "dtype";
    case ErrorCategory::Value: return "value";
    case ErrorCategory::Index: return "index";
    case ErrorCategory::File: return "file";
    case ErrorCategory::State: return "state";
    }
    return "unknown";
}

Error::Error(ErrorCategory category_, std::string kind_, std::string where_, std::string got_,
             std::string wanted_, std::string fix_)
    : category(category_),
      kind(std::move(kind_)),
      where(std::move(where_)),
      got(std::move(got_)),
      wanted(std::move(wanted_)),
      fix(std::move(fix_))
{
    std::string words = kind;
    std::replace(words.begin(), words.end(), '_', ' ');
    m_text = where.empty() ? words : where + ": " + words;
    if (!got.empty())
        m_text += ": got " + got;
    if (!wanted.empty())
        m_text += (got.empty() ? ": wanted " : ", wanted ") + wanted;
    if (!fix.empty())
        m_text += "; " + fix;
}

Error Error::within(const std::string &outer) const
{
    Error error(category, kind, where.empty() ? outer : outer + " > " + where, got, wanted, fix);
    error.fixArgument = fixArgument;
    error.fixValue = fixValue;
    return error;
}

} // namespace mrg
