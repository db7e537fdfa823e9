// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Result.h"
#include "engine/spec/Value.h"

#include <filesystem>

namespace mrg {

/// Which reader understands a file, and what it is to be told.
struct RecognisedFile {
    std::string reader; ///< name of a DatasetSpec: "csv", "idx", "svmlight", "arff"
    Arguments args; ///< the paths, as `path` was given; the rest is left to the reader
};

/// Looks at a file's first bytes (unpacked) and its name, and finds the files that go with it:
/// the labels of IDX images, the test part beside a training part (train/test, train/t10k,
/// "-train"/"-test"), Mulan's XML of labels. **Errors** (file): `cannot_read`, `empty_file`,
/// `labels_not_found`.
Result<RecognisedFile> recogniseFile(const std::filesystem::path &path);

} // namespace mrg
