// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/nn/Module.h"

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>

namespace mrg {

/// What a safetensors file holds: tensors by name and a few texts.
struct TensorFile {
    NamedTensors tensors;
    std::map<std::string, std::string> metadata;
};

/// The bytes of a safetensors file: 8 bytes length, a JSON header, the tensors' memory.
/// Source: github.com/huggingface/safetensors, README "Format".
std::vector<std::byte> writeSafetensors(const TensorFile &file);

/// Reads such bytes. **Errors** (file): `malformed_safetensors` for a header that is too short, too
/// long, no JSON or names a tensor twice, for ranges that overlap, leave holes, run out of the file
/// or do not fit the shape, and for types this engine does not have.
Result<TensorFile> readSafetensors(std::span<const std::byte> bytes);

Result<void> saveSafetensors(const std::filesystem::path &path, const TensorFile &file);
Result<TensorFile> loadSafetensors(const std::filesystem::path &path);

} // namespace mrg
