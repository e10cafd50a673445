// SPDX-License-Identifier: Apache-2.0
#include "porchlight/record/protection.hpp"

#include <span>
#include <sstream>

#include "porchlight/base/durable_file.hpp"

namespace porchlight::record {
namespace {

constexpr std::size_t longest_list = 16U << 20U;

std::string text_of(const std::set<std::string>& files) {
  std::string text;
  for (const auto& file : files) text += file + "\n";
  return text;
}

// A file that is gone needs no line any more.
Result<bool> is_without_row(const std::filesystem::path& folder, store::SegmentIndex& index,
                            const std::string& file) {
  const auto row = index.segment_of_file(file);
  if (!row) return row.error();
  std::error_code ignored;
  return !*row && (std::filesystem::exists(folder / file, ignored) ||
                   std::filesystem::exists(folder / (file + ".part"), ignored));
}

}  // namespace

// Each line stands for itself: a damaged one costs no other.
Result<std::set<std::string>> read_protection(const std::filesystem::path& folder) {
  const auto text = read_whole_file(folder / protection_file, longest_list);
  if (!text && text.error().code() == ErrorCode::not_found) return std::set<std::string>();
  if (!text) return Error(text.error()).context("read what is protected");
  std::set<std::string> files;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) files.insert(line);
  return files;
}

Status write_protection(const std::filesystem::path& folder, store::SegmentIndex& index,
                        const std::set<std::string>& files) {
  const auto before = read_protection(folder);
  if (!before) return before.error();
  auto known = index.protected_files();
  if (!known) return std::move(known).error();
  std::set<std::string> now(files);
  now.insert(known->begin(), known->end());
  for (const auto& file : *before) {
    const auto keep = is_without_row(folder, index, file);
    if (!keep) return keep.error();
    if (*keep) now.insert(file);
  }
  if (now == *before) return {};
  const auto text = text_of(now);
  if (text.size() > longest_list)
    return Error(ErrorCode::resource, "more footage is protected than '" +
                                          (folder / protection_file).string() +
                                          "' can name; let go what need not be kept");
  auto status = write_durably(folder / protection_file, std::as_bytes(std::span(text)));
  if (!status) return std::move(status).error().context("write what is protected");
  return {};
}

}  // namespace porchlight::record
