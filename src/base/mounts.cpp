// SPDX-License-Identifier: Apache-2.0
#include "porchlight/base/mounts.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <optional>

#include "porchlight/base/durable_file.hpp"

namespace porchlight {
namespace {

using std::filesystem::path;

// A machine with many containers has some hundred lines of 100 to 400 bytes.
constexpr std::size_t longest_list = 4 << 20;

bool is_octal(char c) {
  return c >= '0' && c <= '7';
}

// Blank, tab, line break and backslash stand as \ooo.
std::string unescaped(std::string_view word) {
  std::string text;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word[i] == '\\' && word.size() - i > 3 && is_octal(word[i + 1]) && is_octal(word[i + 2]) &&
        is_octal(word[i + 3])) {
      text += static_cast<char>((word[i + 1] - '0') * 64 + (word[i + 2] - '0') * 8 + (word[i + 3] - '0'));
      i += 3;
    } else {
      text += word[i];
    }
  }
  return text;
}

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const auto end = std::min(line.find(' '), line.size());
    if (end > 0) words.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

// 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue: any number of words
// may stand before the dash.
std::optional<Mount> mount_in(std::string_view line) {
  const auto words = split(line);
  const auto dash = std::find(words.begin(), words.end(), "-");
  if (dash - words.begin() < 6 || words.end() - dash < 3) return std::nullopt;
  Mount mount{std::string(words[2]), unescaped(words[3]), unescaped(words[4]), std::string(dash[1]),
              unescaped(dash[2])};
  if (!mount.point.starts_with('/')) return std::nullopt;
  return mount;
}

bool is_below(const std::string& text, const std::string& point) {
  return point == "/" || text == point || (text.starts_with(point) && text[point.size()] == '/');
}

path resolved(const path& wanted) {
  std::error_code failure;
  auto found = std::filesystem::weakly_canonical(wanted, failure);
  return failure ? wanted.lexically_normal() : found;
}

// What is not a device of its own (btrfs) names the one it lies on.
std::string name_by_source(const Mount& mount, const path& root) {
  if (!mount.source.starts_with("/dev/")) return {};
  std::error_code failure;
  const auto real = std::filesystem::canonical(root / mount.source.substr(1), failure);
  const auto name = (failure ? path(mount.source) : real).filename();
  return std::filesystem::exists(root / "sys/class/block" / name, failure) ? name.string() : std::string();
}

std::string name_by_number(const std::string& number, const path& root) {
  std::error_code failure;
  const auto link = std::filesystem::read_symlink(root / "sys/dev/block" / number, failure);
  if (failure) return {};
  auto name = link.filename().string();
  std::replace(name.begin(), name.end(), '!', '/');  // cciss!c0d0
  return name;
}

}  // namespace

Mounts Mounts::read(const path& root) {
  const auto text = read_whole_file(root / "proc/self/mountinfo", longest_list);
  return text ? parse(*text) : Mounts();
}

Mounts Mounts::parse(std::string_view mountinfo) {
  Mounts mounts;
  while (!mountinfo.empty()) {
    const auto end = std::min(mountinfo.find('\n'), mountinfo.size());
    if (auto mount = mount_in(mountinfo.substr(0, end))) mounts.mounts_.push_back(std::move(*mount));
    mountinfo.remove_prefix(std::min(end + 1, mountinfo.size()));
  }
  return mounts;
}

const Mount* Mounts::of(const path& wanted) const {
  const auto text = resolved(wanted).string();
  const Mount* nearest = nullptr;
  for (const auto& mount : mounts_)  // of two on one place the later lies on top
    if (is_below(text, mount.point) && (nearest == nullptr || mount.point.size() >= nearest->point.size()))
      nearest = &mount;
  if (nearest == nullptr) return nullptr;
  const Mount* outermost = nearest;
  for (const auto& mount : mounts_)
    if (mount.number == nearest->number && is_below(text, mount.point) &&
        mount.point.size() < outermost->point.size())
      outermost = &mount;
  return outermost;
}

std::string block_device_of(const Mount& mount, const path& root) {
  return mount.number.starts_with("0:") ? name_by_source(mount, root) : name_by_number(mount.number, root);
}

std::string block_device_holding(const path& wanted, const path& root) {
  struct stat info {};
  if (::stat((root / wanted.relative_path()).c_str(), &info) != 0) return {};
  return name_by_number(std::to_string(major(info.st_dev)) + ":" + std::to_string(minor(info.st_dev)), root);
}

std::string block_device_under(const path& wanted) {
  const auto mounts = Mounts::read();
  const auto* mount = mounts.of(wanted);
  return mount == nullptr ? block_device_holding(wanted) : block_device_of(*mount);
}

}  // namespace porchlight
