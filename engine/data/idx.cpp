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

/// Bytes before the first element.
size_t headerSize(const IdxFile &file) { return 4 + 4 * file.shape.size(); }

Error labelError(const std::filesystem::path &path, const IdxFile &file, size_t element,
                 const std::string &wanted)
{
    const auto row
            = static_cast<int64_t>(element) / (file.shape.size() == 2 ? file.shape[1] : int64_t{1});
    return Error(ErrorCategory::File, "label_out_of_range", path.filename().string(),
                 "value " + std::to_string(static_cast<unsigned char>(file.bytes[element]))
                         + " for sample " + std::to_string(row) + ", at byte "
                         + std::to_string(headerSize(file) + element),
                 wanted, "choose the label file that belongs to the images");
}

Result<void> readClasses(const std::filesystem::path &path, const IdxFile &file, Dataset &out)
{
    out.task = Task::SingleLabel;
    const bool named = !out.labelNames.empty();
    for (size_t i = 0; i < file.bytes.size(); ++i) {
        const int64_t label = static_cast<unsigned char>(file.bytes[i]);
        if (named && label >= out.classCount())
            return labelError(path, file, i, "a label under " + std::to_string(out.classCount()));
        out.classes.push_back(label);
    }
    for (int64_t label : out.classes) {
        while (out.classCount() <= label)
            out.labelNames.push_back(std::to_string(out.labelNames.size()));
    }
    return {};
}

Result<void> readLabels(const std::filesystem::path &path, const IdxFile &file, Dataset &out)
{
    out.task = Task::MultiLabel;
    const int64_t width = file.shape[1];
    if (width > mostLabels || out.classCount() > width) {
        return Error(ErrorCategory::File, "sizes_differ", path.filename().string(),
                     std::to_string(width) + " labels a sample",
                     out.classCount() > width ? std::to_string(out.classCount()) + " as are named"
                                              : "at most " + std::to_string(mostLabels));
    }
    while (out.classCount() < width)
        out.labelNames.push_back(std::to_string(out.labelNames.size()));
    for (size_t i = 0; i < file.bytes.size(); ++i) {
        const auto label = static_cast<int64_t>(i) % width;
        if (label == 0)
            out.labels.emplace_back();
        const auto byte = static_cast<unsigned char>(file.bytes[i]);
        if (byte > 1)
            return labelError(path, file, i, "0 or 1");
        if (byte)
            out.labels.back().push_back(label);
    }
    return {};
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
    if (bytes->empty())
        return Error(ErrorCategory::File, "empty_file", name, "no bytes", "an IDX file");
    if (bytes->size() < 4 || (*bytes)[0] != 0 || (*bytes)[1] != 0)
        return wrong("other first bytes");
    if ((*bytes)[2] != 0x08)
        return wrong("element type " + std::to_string(static_cast<unsigned char>((*bytes)[2]))
                     + " at byte 2");
    const auto dimensions = static_cast<size_t>(static_cast<unsigned char>((*bytes)[3]));
    if (dimensions < 1 || dimensions > 3)
        return wrong(std::to_string(dimensions) + " dimensions at byte 3");
    const size_t header = 4 + 4 * dimensions;
    IdxFile out;
    double promised = 1;
    for (size_t d = 0; d < dimensions && bytes->size() >= header; ++d) {
        out.shape.push_back(bigEndian(*bytes, 4 + 4 * d));
        promised *= static_cast<double>(out.shape.back());
    }
    if (bytes->size() < header || static_cast<double>(bytes->size() - header) < promised) {
        return Error(ErrorCategory::File, "truncated_file", name,
                     "an end at byte " + std::to_string(bytes->size()),
                     "a header and the elements of shape " + toString(out.shape),
                     "fetch the file again");
    }
    if (static_cast<double>(bytes->size() - header) > promised) {
        return Error(ErrorCategory::File, "extra_bytes", name,
                     "more bytes after byte "
                             + std::to_string(header + static_cast<size_t>(promised)),
                     "an end after the elements of shape " + toString(out.shape),
                     "fetch the file again");
    }
    if (promised == 0) {
        return Error(ErrorCategory::File, "empty_file", name, "shape " + toString(out.shape),
                     "at least one element");
    }
    out.bytes = bytes->substr(header);
    return out;
}

Result<Dataset> readIdxPair(const std::filesystem::path &images,
                            const std::filesystem::path &labels,
                            const std::vector<std::string> &labelNames)
{
    const Result<IdxFile> pixels = readIdx(images);
    if (!pixels)
        return pixels.error();
    const Result<IdxFile> targets = readIdx(labels);
    if (!targets)
        return targets.error();
    if (pixels->shape.size() < 2) {
        return Error(ErrorCategory::File, "sizes_differ", images.filename().string(),
                     toString(pixels->shape), "2 or 3 dimensions: samples and their numbers",
                     "choose the file of images, not that of labels");
    }
    if (targets->shape[0] != pixels->shape[0] || targets->shape.size() > 2) {
        return Error(ErrorCategory::File, "sizes_differ", labels.filename().string(),
                     toString(targets->shape),
                     std::to_string(pixels->shape[0]) + " labels, one for each image",
                     "choose the label file that belongs to the images");
    }
    if (Result<void> fits
        = checkTableSize(images, pixels->shape[0], numel(pixels->shape) / pixels->shape[0]);
        !fits)
        return fits.error();
    Dataset out;
    out.name = images.stem().string();
    out.labelNames = labelNames;
    Shape shape = pixels->shape;
    if (shape.size() == 3)
        shape.insert(shape.begin() + 1, 1);
    out.inputs = Tensor::empty(shape);
    for (size_t i = 0; i < pixels->bytes.size(); ++i)
        out.inputs.data<float>()[i]
                = static_cast<float>(static_cast<unsigned char>(pixels->bytes[i])) / 255.0F;
    const auto read = targets->shape.size() == 1 ? readClasses : readLabels;
    if (Result<void> done = read(labels, *targets, out); !done)
        return done.error();
    return out;
}

} // namespace mrg
