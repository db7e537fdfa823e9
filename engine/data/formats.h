// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/Dataset.h"

#include <filesystem>

namespace mrg {

/// An IDX file (LeCun, MNIST): unsigned bytes of 1 to 3 dimensions, gzip or not. It holds exactly
/// what its header promises, which is not nothing.
/// **Errors** (file): those of readWhole(), `not_an_idx_file`, `truncated_file`, `extra_bytes`,
/// `empty_file`, with the byte and the sizes promised and found.
struct IdxFile {
    Shape shape;
    std::string bytes;
};
Result<IdxFile> readIdx(const std::filesystem::path &path);

/// Images (N, H, W), scaled to 0..1 as (1, H, W) samples, with labels of one dimension (a class a
/// sample) or two (0 or 1 for each label). Labels beyond the names given are refused; without names
/// they are called by their numbers. Arrays (N, W) give samples (W).
/// **Errors** (file): those of readIdx(), `sizes_differ`, `label_out_of_range`, `too_large`.
Result<Dataset> readIdxPair(const std::filesystem::path &images,
                            const std::filesystem::path &labels,
                            const std::vector<std::string> &labelNames);

/// Multi-label svmlight: lines "l1,l2 index:value ...", labels from 0, features from 1, # comments.
/// Width and number of labels are the largest seen unless given.
/// **Errors** (file): those of readWhole(), `malformed_line` with line and what was read,
/// `empty_file`, `too_large`.
Result<Dataset> readSvmlight(const std::filesystem::path &path, int64_t features, int64_t labels);

/// ARFF in Mulan's form: the labels are those that the XML file beside it names, or the last
/// `labelCount` attributes, or the first with a negative count (MEKA's "-C" in the relation's name
/// says the same with the opposite sign). Dense and sparse rows; what a sparse row leaves out is 0,
/// or the first value of a nominal attribute. Nominal attributes {0, 1} become one input, others
/// one input a value.
/// **Errors** (file): those of readWhole(), `not_utf8`, `malformed_header`, `malformed_line`,
/// `unknown_label`, `empty_file`, `too_large`.
Result<Dataset> readArff(const std::filesystem::path &path, const std::filesystem::path &xml,
                         int64_t labelCount);

} // namespace mrg
