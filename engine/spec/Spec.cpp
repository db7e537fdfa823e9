// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/spec/Spec.h"

#include <algorithm>

namespace mrg {

const char *groupName(Group group)
{
    for (const auto &[known, text] : EnumTexts<Group>::texts) {
        if (known == group)
            return text;
    }
    return "";
}

const Arg *Spec::findArg(const std::string &argName) const
{
    const auto found = std::find_if(args.begin(), args.end(),
                                    [&](const Arg &arg) { return arg.name == argName; });
    return found == args.end() ? nullptr : &*found;
}

const MethodSpec *ModuleSpec::method(const std::string &methodName) const
{
    const auto found = std::find_if(methods.begin(), methods.end(), [&](const MethodSpec &method) {
        return method.name == methodName;
    });
    return found == methods.end() ? nullptr : &*found;
}

Arguments Spec::completed(const Arguments &values) const
{
    Arguments out = values;
    for (const Arg &arg : args)
        out.try_emplace(arg.name, arg.defaultValue);
    return out;
}

} // namespace mrg
