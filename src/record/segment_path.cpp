// SPDX-License-Identifier: Apache-2.0
#include "porchlight/record/footage_reader.hpp"

namespace porchlight::record {

std::filesystem::path file_on_disk(const std::filesystem::path& folder, const store::Segment& segment) {
  auto path = folder / segment.file;
  std::error_code ignored;
  // The index learns of the rename after it happened.
  if (segment.state == store::SegmentState::open && !std::filesystem::exists(path, ignored)) path += ".part";
  return path;
}

}  // namespace porchlight::record
