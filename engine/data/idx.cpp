// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/formats.h"
#include "engine/data/text.h"

namespace mrg {

namespace {
uint32_t bigEndian(const std::string &bytes, size_t at)
{
    uint32_t value = 0;
    for (size_t i = 0; i < 4; ++i)
        value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
}
} // namespace

Result<IdxFile> readIdx(const std::filesystem::path &path)
{
    Result<std::string> bytes = readWhole(path);
    if (!bytes)
        return bytes.error();
    const std::string name = path.filename().string();
    const auto wrong = [&](std::string got) {
        return Error(ErrorCategory::File, "not_an_idx_file", name, std::move(got),
                     "00 00 08 and 1 to 3 dimensions", "choose an IDX file of unsigned bytes");
    };
    if (bytes->size() < 4 || (*bytes)[0] != 0 || (*bytes)[1] != 0)
        return wrong("other first bytes");
    if ((*bytes)[2] != 0x08)
        return wrong("element type " + std::to_string(static_cast<int>((*bytes)[2])));
    const auto dimensions = static_cast<size_t>(static_cast<unsigned char>((*bytes)[3]));
    if (dimensions < 1 || dimensions > 3)
        return wrong(std::to_string(dimensions) + " dimensions");
    const size_t header = 4 + 4 * dimensions;
    IdxFile out;
    double promised = 1;
    for (size_t d = 0; d < dimensions && bytes->size() >= header; ++d) {
        out.shape.push_back(bigEndian(*bytes, 4 + 4 * d));
        promised *= static_cast<double>(out.shape.back());
    }
    if (bytes->size() < header || static_cast<double>(bytes->size() - header) != promised) {
        return Error(ErrorCategory::File, "truncated_file", name,
                     std::to_string(bytes->size()) + " bytes",
                     "a header and the elements of shape " + toString(out.shape),
                     "fetch the file again");
    }
    out.bytes = bytes->substr(header);
    return out;
}

Result<Dataset> readIdxPair(const std::filesystem::path &images, const std::filesystem::path &labels,
                            const std::vector<std::string> &labelNames)
{
    const Result<IdxFile> pixels = readIdx(images);
    if (!pixels)
        return pixels.error();
    const Result<IdxFile> targets = readIdx(labels);
    if (!targets)
        return targets.error();
    if (targets->shape[0] != pixels->shape[0] || targets->shape.size() > 2) {
        return Error(ErrorCategory::File, "sizes_differ", labels.filename().string(),
                     toString(targets->shape),
                     std::to_string(pixels->shape[0]) + " labels, one for each image",
                     "choose the label file that belongs to the images");
    }
    Dataset out;
    out.name = images.stem().string();
    out.labelNames = labelNames;
    Shape shape = pixels->shape;
    if (shape.size() == 3)
        shape.insert(shape.begin() + 1, 1);
    out.inputs = Tensor::empty(shape);
    for (size_t i = 0; i < pixels->bytes.size(); ++i)
        out.inputs.data<float>()[i] = static_cast<float>(static_cast<unsigned char>(pixels->bytes[i])) / 255.0F;

    const int64_t count = targets->shape[0];
    if (targets->shape.size() == 1) {
        out.task = Task::SingleLabel;
        for (char byte : targets->bytes)
            out.classes.push_back(static_cast<unsigned char>(byte));
        for (int64_t label : out.classes) {
            while (out.classCount() <= label)
                out.labelNames.push_back(std::to_string(out.labelNames.size()));
        }
        return out;
    }
    out.task = Task::MultiLabel;
    const int64_t width = targets->shape[1];
    while (out.classCount() < width)
        out.labelNames.push_back(std::to_string(out.labelNames.size()));
    for (int64_t n = 0; n < count; ++n) {
        std::vector<int64_t> own;
        for (int64_t k = 0; k < width; ++k) {
            const auto byte = static_cast<unsigned char>(targets->bytes[static_cast<size_t>(n * width + k)]);
            if (byte > 1) {
                return Error(ErrorCategory::File, "label_out_of_range", labels.filename().string(),
                             "value " + std::to_string(byte) + " in sample " + std::to_string(n), "0 or 1");
            }
            if (byte)
                own.push_back(k);
        }
        out.labels.push_back(std::move(own));
    }
    return out;
}

} // namespace mrg
