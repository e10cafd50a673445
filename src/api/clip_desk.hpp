// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/uploads.hpp"
#include "porchlight/api/footage.hpp"
#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/store/segment_index.hpp"

namespace porchlight::api {

// Every bound of what is made of footage for those who ask; docs/api.md repeats them.
struct ClipLimits {
  std::chrono::minutes longest{30};
  std::uint64_t clip_bytes = std::uint64_t{256} << 20;  // of one: its index is put in front without a pause
  std::uint64_t all_bytes = std::uint64_t{512} << 20;   // of those that are kept; the oldest goes first
  std::uint64_t free_bytes = std::uint64_t{512} << 20;  // what stays free on storage.path
  std::chrono::hours age{24};                           // no copy outlives its footage by more
  std::chrono::seconds making{60};                      // of one
  std::chrono::seconds answer{90};                      // with the wait for the one before
  int at_once = 3;                                      // one is being made, the others wait
};

// Makes clips, one at a time, and keeps them for a while in <storage.path>/clips, because a player asks for
// one in many parts. A clip's name is made of what is in it: camera, interval, and the segments as they were.
// None is synced: what an earlier run left may be half of one, and goes when a desk is made.
class ClipDesk {
 public:
  ClipDesk(std::filesystem::path storage, const FootagePorts& ports, const Clock& clock,
           ClipLimits limits = {});

  const std::filesystem::path& folder() const noexcept { return folder_; }
  const ClipLimits& limits() const noexcept { return limits_; }

  struct Wish {
    std::string camera_id;
    WallTime from{};
    WallTime to{};
    std::vector<store::Segment> segments;  // that lie in it, oldest first
    ClipKind kind = ClipKind::event;       // for the one that makes it; not part of the name
  };
  // Beneath folder().
  static std::string name_of(const Wish& wish);
  // How many bytes a clip will have, about.
  static std::uint64_t estimate(const Wish& wish);

  // Any thread. Calls `made` once, at once when the clip is there, else from the thread for what takes long:
  // the name of the file; or not_found, unsupported (larger than a clip may be, or no one file can hold it),
  // timeout (it took too long), unavailable (too many wait, there is no room, the daemon ends), or what the
  // files said.
  void make(const Wish& wish, std::function<void(Result<std::string>)> made);

  // Library's thread, about once a second: now and then what is too old goes.
  void tick();

 private:
  Result<std::string> make_now(const Wish& wish, const std::string& name, std::uint64_t bytes,
                               const std::stop_token& stop);
  Status make_room(std::uint64_t bytes);
  void forget_old();

  // const after construction
  const std::filesystem::path folder_;
  const FootagePorts& ports_;
  const Clock& clock_;
  const ClipLimits limits_;
  // any thread
  Slots slots_;
  // library's thread
  MonotonicTime next_look_{};
};

}  // namespace porchlight::api
