// SPDX-License-Identifier: Apache-2.0
#include "record/camera_folder.hpp"

#include <algorithm>
#include <optional>

#include "porchlight/record/recovery.hpp"
#include "record/segment_file.hpp"

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

// A camera's folder is called by its id.
bool may_be_camera(const std::string& name) {
  return name != quarantine_folder && !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

Result<bool> is_of(const fs::path& volume, const std::string& camera, std::string file) {
  const bool part = file.ends_with(".part");
  if (part) file.resize(file.size() - 5);
  if (!is_segment_name(file)) return false;
  if (part) return true;
  const auto scanned = scan_segment(volume / file);
  if (scanned) return scanned->head.camera_id == camera;
  return scanned.error().code() == ErrorCode::io ? Result<bool>(scanned.error()) : Result<bool>(false);
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

Result<bool> is_camera_folder(const fs::path& volume, const std::string& name,
                              const std::vector<std::string>& known, const std::function<void()>& alive) {
  if (!may_be_camera(name)) return false;
  if (std::find(known.begin(), known.end(), name) != known.end()) return true;
  // What we may not read was not made by us.
  constexpr auto options = fs::directory_options::skip_permission_denied;
  std::error_code failed;
  std::optional<Error> unreadable;
  for (fs::recursive_directory_iterator it(volume / name, options, failed), end; !failed && it != end;
       it.increment(failed)) {
    if (it.depth() == 1) it.disable_recursion_pending();
    if (it.depth() != 1) continue;
    alive();
    auto ours = is_of(volume, name, it->path().lexically_relative(volume).string());
    if (ours && *ours) return ours;
    // A bad sector in one file says nothing of what the others say.
    if (!ours && !unreadable) unreadable = std::move(ours).error();
  }
  if (failed == std::errc::no_such_file_or_directory) return false;  // retention may be faster
  if (failed) return errno_error(failed.value(), "list '" + (volume / name).string() + "'");
  if (unreadable) return *std::move(unreadable);
  return false;
}

}  // namespace porchlight::record
