// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/event/event.hpp"
#include "porchlight/store/database.hpp"
#include "porchlight/store/event_log.hpp"
#include "porchlight/store/gallery_store.hpp"
#include "porchlight/store/outbox.hpp"

namespace porchlight::store {

// A folder of its own for each test, gone with it.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "porchlight-store-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::unique_ptr<Database> open_or_fail(const std::filesystem::path& file,
                                              DatabaseOptions options = {}) {
  auto database = Database::open(file, options, nullptr);
  if (!database) {
    ADD_FAILURE() << database.error().text();
    return nullptr;
  }
  return std::move(*database);
}

inline event::Ring ring_at(WallTime at, const std::string& button = "front") {
  event::Ring ring;
  ring.header = {event::EventId::generate(at), at, MonotonicTime{}, event::TraceContext::start()};
  ring.button_id = button;
  ring.camera_id = "front";
  return ring;
}

inline WallTime at_second(std::int64_t second) {
  return WallTime{std::chrono::seconds{1'700'000'000 + second}};
}

inline OutboxRow row_for(const event::EventId& id, const std::string& channel, std::uint32_t sequence = 0) {
  OutboxRow row;
  row.key = {id, channel, sequence};
  row.type = sequence == 0 ? "ring" : "ring_update";
  row.label = "doorbell_press";
  row.payload = R"({"id":")" + id.text() + "\"}";
  row.picture = sequence == 1;
  row.traceparent = "00-11111111111111111111111111111111-2222222222222222-01";
  row.happened = at_second(1);
  row.created = at_second(2);
  row.next_attempt = at_second(3);
  row.expires = at_second(3600);
  return row;
}

}  // namespace porchlight::store
