// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/conformance/conformance.h"

#include "engine/conformance/cases.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>

namespace mrg {

using Json = nlohmann::ordered_json;

int64_t ConformanceReport::passed() const
{
    return std::count_if(cases.begin(), cases.end(), [](const CaseResult &c) { return c.passed; });
}
int64_t ConformanceReport::failed() const { return static_cast<int64_t>(cases.size()) - passed(); }

std::string runCase(const ConformanceSubject &subject, const Json &json, bool &undeclared)
{
    undeclared = false;
    try {
        const std::string target = json.at("target");
        const std::string kind = json.value("kind", "");
        if (kind == "optim")
            runOptimizerCase(subject, json);
        else if (kind == "sched")
            runSchedulerCase(subject, json);
        else if (kind == "init")
            runInitCase(subject, json);
        else if (kind == "train")
            runTrainingCase(subject, json);
        else if (json.contains("structure"))
            runStructureCase(subject, json);
        else if (kind.empty() && target.starts_with("nn."))
            runModuleCase(subject, json);
        else if (kind.empty() && target.starts_with("torch."))
            runFunctionCase(subject, json);
        else
            throw Undeclared{target};
        return {};
    } catch (const CaseFailed &failure) {
        return failure.reason;
    } catch (const Undeclared &missing) {
        undeclared = true;
        return missing.name + " is not declared";
    } catch (const Error &error) {
        return "unexpected error: " + error.text();
    } catch (const Json::exception &error) {
        return std::string("malformed case: ") + error.what();
    }
}

Result<ConformanceReport> runConformance(const ConformanceSubject &subject,
                                         const std::filesystem::path &folder,
                                         const ConformanceOptions &options)
{
    std::error_code failure;
    std::vector<std::filesystem::path> files;
    for (const auto &entry : std::filesystem::directory_iterator(folder, failure)) {
        const std::string name = entry.path().filename().string();
        if (entry.path().extension() == ".json" && name != "index.json"
            && name.find(options.only) != std::string::npos)
            files.push_back(entry.path());
    }
    if (failure) {
        return Error(ErrorCategory::File, "cannot_read", folder.string(), failure.message(),
                     "a folder of golden files");
    }
    std::sort(files.begin(), files.end());
    ConformanceReport report;
    for (const std::filesystem::path &path : files) {
        const std::string file = path.filename().string();
        std::ifstream stream(path);
        const Json json = Json::parse(stream, nullptr, false);
        if (!json.is_object() || !json.contains("cases") || !json["cases"].is_array()) {
            return Error(ErrorCategory::File, "not_a_golden_file", path.string(),
                         "no list of cases", "{\"format\": 1, \"cases\": [..]}");
        }
        for (const Json &goldenCase : json["cases"]) {
            bool undeclared = false;
            CaseResult result{file, goldenCase.value("name", "?"), false, {}};
            result.message = runCase(subject, goldenCase, undeclared);
            result.passed = result.message.empty();
            if (undeclared && options.declaredOnly)
                ++report.leftOut;
            else
                report.cases.push_back(std::move(result));
        }
    }
    return report;
}

} // namespace mrg
