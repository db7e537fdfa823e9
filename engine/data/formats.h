// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/Dataset.h"

#include <filesystem>

namespace mrg {

/// An IDX file (LeCun, MNIST): unsigned bytes of 1 to 3 dimensions, gzip or not.
/// **Errors** (file): `not_an_idx_file`, `truncated_file` with the sizes promised and found.
struct IdxFile {
    Shape shape;
    std::string bytes;
};
Result<IdxFile> readIdx(const std::filesystem::path &path);

/// Images (N, H, W), scaled to 0..1 as (1, H, W) samples, with labels of one dimension (a class a
/// sample) or two (0 or 1 for each label).
Result<Dataset> readIdxPair(const std::filesystem::path &images, const std::filesystem::path &labels,
                            const std::vector<std::string> &labelNames);

/// Multi-label svmlight: lines "l1,l2 index:value ...", labels from 0, features from 1, # comments.
/// Width and number of labels are the largest seen unless given.
/// **Errors** (file): `malformed_line` with line and what was read.
Result<Dataset> readSvmlight(const std::filesystem::path &path, int64_t features, int64_t labels);

/// ARFF in Mulan's form: the labels are those that the XML file beside it names, or the last
/// `labelCount` attributes, or the first with a negative count. Dense and sparse rows.
/// **Errors** (file): `malformed_header`, `malformed_line`, `unknown_label`.
Result<Dataset> readArff(const std::filesystem::path &path, const std::filesystem::path &xml,
                         int64_t labelCount);

} // namespace mrg
