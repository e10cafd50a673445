// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>

#include "porchlight/record/volume.hpp"
#include "record/check.hpp"

namespace porchlight::record {
namespace {

namespace fs = std::filesystem;

bool matches(std::string_view text, std::string_view pattern) {
  if (text.size() != pattern.size()) return false;
  return std::equal(text.begin(), text.end(), pattern.begin(),
                    [](char c, char wanted) { return wanted == '0' ? c >= '0' && c <= '9' : c == wanted; });
}

bool is_unsettled(std::string_view stem) {
  const auto dash = stem.find('-');
  if (dash != 8 || stem.size() == 9) return false;
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return std::all_of(stem.begin(), stem.begin() + 8, is_hex) &&
         std::all_of(stem.begin() + 9, stem.end(), is_digit);
}

// Not what others put at the top of a volume, and not what was set aside.
bool is_passed_over(const std::string& name) {
  return name == Volume::identity_file || name == std::string(Volume::identity_file) + ".part" ||
         name == "quarantine" || name == "lost+found";
}

}  // namespace

bool is_segment_name(std::string_view name) {
  if (!name.ends_with(".mp4") && !name.ends_with(".mov")) return false;
  const auto first = name.find('/');
  const auto last = name.rfind('/');
  if (first == std::string_view::npos || first == 0 || last == first) return false;
  const auto day = name.substr(first + 1, last - first - 1);
  const auto stem = name.substr(last + 1, name.size() - last - 5);
  if (day == "unsettled") return is_unsettled(stem);
  return matches(day, "0000-00-00") && matches(stem, "00-00-00.000Z");
}

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
