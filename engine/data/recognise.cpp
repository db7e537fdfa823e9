// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/recognise.h"

#include "engine/data/text.h"

#include <algorithm>

namespace mrg {

namespace {

using Path = std::filesystem::path;

constexpr size_t lookedAt = 1 << 16;

std::string lower(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

/// The file beside `path` whose name has `to` in the place of `from`; empty if there is none.
Path beside(const Path &path, const std::string &from, const std::string &to)
{
    std::string name = path.filename().string();
    const size_t at = name.find(from);
    if (at == std::string::npos)
        return {};
    const Path other = path.parent_path() / name.replace(at, from.size(), to);
    std::error_code ignored;
    return std::filesystem::is_regular_file(other, ignored) ? other : Path();
}

Path testPartOf(const Path &path)
{
    for (const char *test : {"test", "t10k"}) {
        if (Path found = beside(path, "train", test); !found.empty())
            return found;
    }
    return {};
}

/// The labels of IDX images by MNIST's names, of one dimension (classes) or two (labels).
Path labelsOf(const Path &images)
{
    for (const char *dimensions : {"labels-idx1", "labels-idx2"}) {
        for (const char *own : {"images-idx3", "images-idx2", "images.idx3", "images.idx2"}) {
            std::string name = dimensions;
            name[6] = own[6];
            if (Path found = beside(images, own, name); !found.empty())
                return found;
        }
    }
    return beside(images, "images", "labels");
}

/// A line "l1,l2 index:value ...", which neither CSV nor ARFF looks like.
bool looksLikeSvmlight(std::string_view line)
{
    line = trimmed(line.substr(0, line.find('#')));
    if (line.empty())
        return false;
    bool anyPair = false;
    while (!line.empty()) {
        const size_t end = line.find_first_of(" \t");
        const std::string_view part = line.substr(0, end);
        const size_t colon = part.find(':');
        const bool pair = colon != std::string_view::npos && parseInteger(part.substr(0, colon))
                && parseNumber(part.substr(colon + 1));
        if (!pair
            && (anyPair || part.find_first_not_of("0123456789,+-.") != std::string_view::npos))
            return false;
        anyPair = anyPair || pair;
        line = end == std::string_view::npos ? std::string_view() : trimmed(line.substr(end));
    }
    return anyPair;
}

Result<RecognisedFile> recogniseIdx(const Path &path)
{
    // Whoever opens the labels means the images they belong to.
    Path images = path;
    for (const char *own : {"labels-idx1", "labels-idx2"}) {
        if (Path found = beside(path, own, "images-idx3"); !found.empty())
            images = found;
    }
    const Path labels = labelsOf(images);
    if (labels.empty()) {
        return Error(ErrorCategory::File, "labels_not_found", images.filename().string(),
                     "no file of labels beside the images",
                     "a name with \"images\" and one with \"labels\" in its place, as MNIST's",
                     "add an IDX node from the palette and choose both files in the inspector");
    }
    RecognisedFile out{"idx", {{"images", images.string()}, {"labels", labels.string()}}};
    const Path testImages = testPartOf(images);
    const Path testLabels = testPartOf(labels);
    if (!testImages.empty() && !testLabels.empty()) {
        out.args["test_images"] = testImages.string();
        out.args["test_labels"] = testLabels.string();
    }
    return out;
}

} // namespace

Result<RecognisedFile> recogniseFile(const std::filesystem::path &path)
{
    const Result<std::string> start = readStart(path, lookedAt);
    if (!start)
        return start.error();
    if (start->empty()) {
        return Error(ErrorCategory::File, "empty_file", path.filename().string(), "no bytes",
                     "a file of data");
    }
    if (start->size() >= 4 && (*start)[0] == 0 && (*start)[1] == 0)
        return recogniseIdx(path);
    RecognisedFile out{"csv", {{"path", path.string()}}};
    const std::string name = lower(path.filename().string());
    for (std::string_view line : splitLines(*start)) {
        line = trimmed(line);
        const char first = line.empty() ? '#' : line[0];
        if (first == '#' || first == '%')
            continue;
        const std::string keyword = lower(std::string(line.substr(0, line.find_first_of(" \t"))));
        if (name.find(".arff") != std::string::npos || keyword == "@relation"
            || keyword == "@attribute")
            out.reader = "arff";
        else if (name.find(".svm") != std::string::npos
                 || (name.find(".csv") == std::string::npos && looksLikeSvmlight(line)))
            out.reader = "svmlight";
        break;
    }
    if (const Path test = testPartOf(path); !test.empty())
        out.args["test_path"] = test.string();
    // A training part shares the list of labels with its whole: yeast-train.arff, yeast.xml.
    if (out.reader == "arff" && !std::filesystem::exists(Path(path).replace_extension(".xml"))) {
        const std::string stem = path.stem().string();
        const Path shared = path.parent_path() / (stem.substr(0, stem.find("-train")) + ".xml");
        if (std::filesystem::exists(shared))
            out.args["xml"] = shared.string();
    }
    return out;
}

} // namespace mrg
