// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/process_identity.h"

#include <fstream>
#include <iterator>
#include <sstream>

namespace mrg {

namespace {

/// Numbers and starts of processes count from the machine's start, which this names.
std::string machineStart()
{
    std::string out;
    std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), out);
    return out;
}

struct ProcessFacts {
    std::string number;
    std::string start; ///< empty: there is no such process, or it is dead and only not yet buried
};

/// `which`: a number, or "self". See proc(5).
ProcessFacts factsOf(const std::string &which)
{
    std::ifstream file("/proc/" + which + "/stat");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    // The second field is the program's name in parentheses, which may hold anything.
    const size_t name = text.find('(');
    const size_t end = text.rfind(')');
    if (name == std::string::npos || end == std::string::npos)
        return {};
    std::istringstream fields(text.substr(end + 1));
    std::string state;
    fields >> state;
    constexpr int before = 18; // fields 4 to 21
    ProcessFacts out;
    for (int i = 0; i <= before; ++i)
        fields >> out.start;
    if (!fields || state == "Z" || state == "X")
        return {};
    out.number = text.substr(0, text.find(' '));
    return out;
}

} // namespace

std::string processIdentity()
{
    const ProcessFacts own = factsOf("self");
    const std::string machine = machineStart();
    if (own.start.empty() || machine.empty())
        return {};
    return machine + " " + own.number + " " + own.start;
}

bool isProcessGone(const std::string &identity)
{
    std::istringstream parts(identity);
    std::string machine;
    std::string number;
    std::string start;
    if (!(parts >> machine >> number >> start))
        return false;
    return machine != machineStart() || factsOf(number).start != start;
}

} // namespace mrg
