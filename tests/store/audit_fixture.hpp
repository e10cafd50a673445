// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/store/audit_log.hpp"
#include "porchlight/store/audit_verifier.hpp"
#include "store/fixture.hpp"

namespace porchlight::store {

inline AuditKey key_of_test() {
  return {"0123456789abcdef0123456789abcdef", "the test"};
}

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

// With their newlines; the last may lack it.
inline std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    const auto next = end == std::string::npos ? text.size() : end + 1;
    lines.push_back(text.substr(at, next - at));
    at = next;
  }
  return lines;
}

inline std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line;
  return text;
}

// The n-th of a mixture of all kinds.
inline AuditEntry entry_number(int n) {
  AuditEntry entry;
  entry.actor = {plain("uid:" + std::to_string(n % 3)), personal("192.168.1." + std::to_string(n % 5)),
                 plain("test/1")};
  switch (n % 8) {
    case 0:
      entry.event = Authentication{n % 16 == 0, "password"};
      break;
    case 1:
      entry.event = Authorization{plain("camera:front"), true, "view"};
      break;
    case 2:
      entry.event = DataAccess{plain("events"), "read"};
      break;
    case 3:
      entry.event =
          DataModification{personal("Jürgen \"J\""), "add", personal("photo 1"), AuditResult::begun};
      break;
    case 4:
      entry.event = SecurityIncident{"tamper", "high", "a lid was opened\n", {}, {}};
      break;
    case 5:
      entry.event = SystemChange{"config", "reload", "two keys", "a", "b", AuditResult::success};
      break;
    case 6:
      entry.event = FaceRecognition{"known_person", 0.8731, personal("Ærøskøbing ☂"), "front"};
      break;
    default:
      entry.event = NotificationSent{"webhook", plain("hook"), "doorbell_press", true, "0193"};
      break;
  }
  return entry;
}

// A log of `records`, in a folder of its own.
class LogOf {
 public:
  explicit LogOf(int records, AuditKey key = key_of_test(), std::uint64_t file_limit = 16 << 20) : key_(key) {
    AuditOptions options{folder_.path(), file_limit, std::chrono::milliseconds(2000), std::move(key)};
    auto log = AuditLog::open(std::move(options), clock_);
    EXPECT_TRUE(log.ok());
    for (int n = 0; n < records; ++n) {
      const auto status = (*log)->append(entry_number(n));
      EXPECT_TRUE(status) << status.error().text();
    }
  }
  std::filesystem::path file() const { return folder_ / "audit/audit.jsonl"; }
  std::filesystem::path path() const { return folder_.path(); }
  Result<AuditVerdict> verify(AuditRange range = {}, std::vector<AuditAnchor> anchors = {}) const {
    return verify_audit_log(folder_.path(), key_, std::move(anchors), range);
  }
  // `ok`, or kind and first bad index.
  std::string verdict(AuditRange range = {}, std::vector<AuditAnchor> anchors = {}) const {
    const auto found = verify(range, std::move(anchors));
    if (!found) return found.error().text();
    if (found->ok()) return "ok";
    return std::string(to_string(*found->fault)) + " " + std::to_string(found->first_bad);
  }

 private:
  Folder folder_;
  SystemClock clock_;
  AuditKey key_;
};

}  // namespace porchlight::store
