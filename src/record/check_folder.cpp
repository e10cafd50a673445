// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>

#include "porchlight/record/protection.hpp"
#include "porchlight/record/volume.hpp"
#include "record/check.hpp"

namespace porchlight::record {
namespace {

namespace fs = std::filesystem;

// Not what others put at the top of a volume, and not what was set aside.
bool is_passed_over(const std::string& name) {
  for (const std::string ours : {Volume::identity_file, protection_file})
    if (name == ours || name == ours + ".part") return true;
  return name.starts_with("porchlight-health.") || name == "quarantine" || name == "lost+found";
}

}  // namespace

Result<std::vector<FoundFile>> find_footage_files(const fs::path& folder) {
  std::vector<FoundFile> files;
  std::error_code failed;
  fs::recursive_directory_iterator it(folder, failed);
  for (; !failed && it != fs::recursive_directory_iterator(); it.increment(failed)) {
    if (it.depth() == 0 && is_passed_over(it->path().filename().string())) {
      it.disable_recursion_pending();
      continue;
    }
    std::error_code gone;  // retention may be faster
    if (it->is_directory(gone) || gone) continue;
    auto name = it->path().lexically_relative(folder).string();
    const bool part = name.ends_with(".part");
    if (part) name.resize(name.size() - 5);
    const auto bytes = it->is_regular_file(gone) ? it->file_size(gone) : 0;
    if (!gone) files.push_back({std::move(name), part, bytes});
  }
  if (failed) return errno_error(failed.value(), "list '" + folder.string() + "'");
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) {
    return a.name != b.name ? a.name < b.name : a.part < b.part;
  });
  return files;
}

}  // namespace porchlight::record
