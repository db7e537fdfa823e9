// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/interop/safetensors.h"

#include "engine/core/write_file.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>

namespace mrg {

using Json = nlohmann::ordered_json;

namespace {

constexpr std::array<std::pair<DType, const char *>, 8> typeNames{{{DType::Bool, "BOOL"},
                                                                   {DType::UInt8, "U8"},
                                                                   {DType::Int8, "I8"},
                                                                   {DType::Int16, "I16"},
                                                                   {DType::Int32, "I32"},
                                                                   {DType::Int64, "I64"},
                                                                   {DType::Float32, "F32"},
                                                                   {DType::Float64, "F64"}}};
constexpr size_t lengthBytes = 8;
constexpr uint64_t longestHeader = 100'000'000;
/// Elements of a tensor at most, sizes of 0 left out: no product of sizes and bytes overflows.
constexpr uint64_t mostElements = uint64_t{1} << 56;

Error malformed(const std::string &where, const std::string &got, const std::string &wanted)
{
    return Error(ErrorCategory::File, "malformed_safetensors", where, got, wanted,
                 "fetch or write the file again");
}

std::string knownTypes()
{
    std::string names;
    for (const auto &[dtype, name] : typeNames)
        names += (names.empty() ? "one of " : ", ") + std::string(name);
    return names;
}

struct Entry {
    std::string name;
    DType dtype{};
    Shape shape;
    uint64_t begin = 0;
    uint64_t end = 0;
};

Result<Entry> readEntry(const std::string &name, const Json &json, uint64_t available)
{
    Entry entry;
    entry.name = name;
    try {
        const std::string type = json.at("dtype");
        const auto found = std::find_if(typeNames.begin(), typeNames.end(),
                                        [&](const auto &row) { return type == row.second; });
        if (found == typeNames.end())
            return malformed(name, "type " + type, knownTypes());
        entry.dtype = found->first;
        const Json &shape = json.at("shape");
        if (!shape.is_array())
            return malformed(name, "shape " + shape.dump(), "a list of sizes");
        uint64_t elements = 1;
        bool empty = false;
        for (const Json &size : shape) {
            if (!size.is_number_unsigned())
                return malformed(name, "size " + size.dump(), "whole numbers of 0 or more");
            const uint64_t value = size.get<uint64_t>();
            if (value > mostElements / elements)
                return malformed(name, "shape " + shape.dump(), "a shape that fits the file");
            empty = empty || value == 0;
            elements *= std::max<uint64_t>(value, 1);
            entry.shape.push_back(static_cast<int64_t>(value));
        }
        const uint64_t bytes = empty ? 0 : elements * static_cast<uint64_t>(dtypeSize(entry.dtype));
        const Json &offsets = json.at("data_offsets");
        if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned()
            || !offsets[1].is_number_unsigned())
            return malformed(name, "offsets " + offsets.dump(), "[begin, end]");
        entry.begin = offsets[0];
        entry.end = offsets[1];
        if (entry.begin > entry.end || entry.end > available)
            return malformed(name, "bytes " + offsets.dump(),
                             "a range within " + std::to_string(available) + " bytes");
        if (entry.end - entry.begin != bytes)
            return malformed(name, std::to_string(entry.end - entry.begin) + " bytes",
                             "those of shape " + toString(entry.shape));
    } catch (const Json::exception &error) {
        return malformed(name, error.what(), "dtype, shape and data_offsets");
    }
    return entry;
}

/// The header as JSON; discarded where it is none, or names a tensor twice.
Json parseHeader(const char *text, size_t length)
{
    std::set<std::string> names;
    bool twice = false;
    const auto watch = [&](int depth, Json::parse_event_t event, const Json &parsed) {
        if (event == Json::parse_event_t::key && depth == 1)
            twice = twice || !names.insert(parsed.get<std::string>()).second;
        return true;
    };
    Json header = Json::parse(text, text + length, watch, false);
    return twice ? Json(Json::value_t::discarded) : header;
}

} // namespace

std::vector<std::byte> writeSafetensors(const TensorFile &file)
{
    Json header = Json::object();
    if (!file.metadata.empty())
        header["__metadata__"] = file.metadata;
    uint64_t offset = 0;
    for (const auto &[name, tensor] : file.tensors) {
        const uint64_t bytes = static_cast<uint64_t>(tensor.numel() * dtypeSize(tensor.dtype()));
        const auto type
                = std::find_if(typeNames.begin(), typeNames.end(),
                               [&t = tensor](const auto &row) { return row.first == t.dtype(); });
        header[name] = {{"dtype", type->second},
                        {"shape", tensor.shape()},
                        {"data_offsets", {offset, offset + bytes}}};
        offset += bytes;
    }
    std::string text = header.dump(-1, ' ', false, Json::error_handler_t::replace);
    // Padded so that the tensors start aligned.
    text.append((8 - text.size() % 8) % 8, ' ');
    std::vector<std::byte> out(lengthBytes + text.size() + offset);
    const uint64_t length = text.size();
    for (size_t i = 0; i < lengthBytes; ++i)
        out[i] = static_cast<std::byte>(length >> (8 * i));
    std::memcpy(out.data() + lengthBytes, text.data(), text.size());
    std::byte *target = out.data() + lengthBytes + text.size();
    for (const auto &[name, tensor] : file.tensors) {
        const Tensor compact = tensor.compact();
        const auto bytes = static_cast<size_t>(compact.numel() * dtypeSize(compact.dtype()));
        if (bytes)
            std::memcpy(target, compact.rawData(), bytes);
        target += bytes;
    }
    return out;
}

Result<TensorFile> readSafetensors(std::span<const std::byte> bytes)
{
    if (bytes.size() < lengthBytes)
        return malformed("header", std::to_string(bytes.size()) + " bytes", "at least 8");
    uint64_t length = 0;
    for (size_t i = 0; i < lengthBytes; ++i)
        length |= static_cast<uint64_t>(bytes[i]) << (8 * i);
    if (length > longestHeader || length > bytes.size() - lengthBytes)
        return malformed("header", "a length of " + std::to_string(length), "one within the file");
    const char *text = reinterpret_cast<const char *>(bytes.data()) + lengthBytes;
    const Json header = parseHeader(text, length);
    if (!header.is_object())
        return malformed("header", "no JSON object", "a JSON object that names each tensor once");
    const std::span<const std::byte> data = bytes.subspan(lengthBytes + length);
    TensorFile out;
    std::vector<Entry> entries;
    for (const auto &[name, json] : header.items()) {
        if (name == "__metadata__") {
            if (!json.is_object())
                return malformed("__metadata__", json.dump().substr(0, 40), "an object of texts");
            for (const auto &[key, value] : json.items()) {
                if (!value.is_string())
                    return malformed("__metadata__", key + " is no text", "texts");
                out.metadata[key] = value;
            }
            continue;
        }
        Result<Entry> entry = readEntry(name, json, data.size());
        if (!entry)
            return entry.error();
        entries.push_back(*entry);
    }
    std::vector<const Entry *> order;
    for (const Entry &entry : entries)
        order.push_back(&entry);
    std::stable_sort(order.begin(), order.end(), [](const Entry *a, const Entry *b) {
        return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
    });
    uint64_t expected = 0;
    for (const Entry *entry : order) {
        if (entry->begin != expected) {
            return malformed(entry->name, "bytes from " + std::to_string(entry->begin),
                             "bytes from " + std::to_string(expected)
                                     + ": ranges must neither overlap nor leave holes");
        }
        expected = entry->end;
    }
    if (expected != data.size())
        return malformed("data", std::to_string(data.size()) + " bytes", std::to_string(expected));
    for (const Entry &entry : entries) {
        Tensor tensor = Tensor::empty(entry.shape, entry.dtype);
        if (entry.end > entry.begin)
            std::memcpy(tensor.rawData(), data.data() + entry.begin, entry.end - entry.begin);
        out.tensors.emplace_back(entry.name, tensor);
    }
    return out;
}

Result<void> saveSafetensors(const std::filesystem::path &path, const TensorFile &file)
{
    const std::vector<std::byte> bytes = writeSafetensors(file);
    return writeFile(path, {reinterpret_cast<const char *>(bytes.data()), bytes.size()});
}

Result<TensorFile> loadSafetensors(const std::filesystem::path &path)
{
    const auto unreadable = [&path](const std::string &reason) {
        return Error(ErrorCategory::File, "cannot_read", path.string(), reason, "a readable file",
                     "check the path and its permissions");
    };
    std::error_code failure;
    const std::uintmax_t size = std::filesystem::file_size(path, failure);
    if (failure)
        return unreadable(failure.message());
    std::ifstream stream(path, std::ios::binary);
    if (!stream)
        return unreadable(std::strerror(errno));
    std::vector<std::byte> bytes(size);
    stream.read(reinterpret_cast<char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (static_cast<std::uintmax_t>(stream.gcount()) != size)
        return unreadable("the file became shorter while it was read");
    Result<TensorFile> file = readSafetensors(bytes);
    return file ? file : Result<TensorFile>(file.error().within(path.string()));
}

} // namespace mrg
