// SPDX-License-Identifier: Apache-2.0
#include "app/footage_folder.hpp"

namespace porchlight::app {

FootageFolder::FootageFolder(const Settings& settings)
    : recordings(settings.house.recording.folder),
      index(settings.house.folder / "footage.db"),
      key(settings.house.folder / "footage.key") {}

Result<std::unique_ptr<store::Database>> open_footage_index(const FootageFolder& folder, IndexUse use) {
  std::error_code failed;
  if (!std::filesystem::exists(folder.index, failed) && !failed)
    return Error(ErrorCode::unavailable, "open the index of the footage '" + folder.index.string() +
                                             "': it is not there; the daemon makes it when it records, and "
                                             "builds a lost one anew from the files");
  store::DatabaseOptions options;
  options.mode = use == IndexUse::write ? store::OpenMode::read_write : store::OpenMode::read_only;
  options.leaves_no_trace = use == IndexUse::look;
  return store::SegmentIndex::open(folder.index, options, nullptr);
}

}  // namespace porchlight::app
