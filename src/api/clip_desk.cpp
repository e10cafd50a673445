// SPDX-License-Identifier: Apache-2.0
#include "api/clip_desk.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "api/digest.hpp"

namespace porchlight::api {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
constexpr auto look_period = 10min;

struct Kept {
  fs::path path;
  fs::file_time_type made;
  std::uint64_t bytes = 0;
};

// The oldest first.
std::vector<Kept> kept_in(const fs::path& folder) {
  std::vector<Kept> found;
  std::error_code failure;
  for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    std::error_code gone;
    const auto bytes = entry->file_size(gone);
    const auto made = entry->last_write_time(gone);
    if (!gone) found.push_back({entry->path(), made, bytes});
  }
  std::sort(found.begin(), found.end(), [](const Kept& a, const Kept& b) { return a.made < b.made; });
  return found;
}

void discard(const fs::path& path) {
  std::error_code ignored;  // who reads it has it open
  fs::remove(path, ignored);
}

// Of what the files said, whoever asked is told why no one film holds it; the rest is for the journal.
Error presentable(Error error) {
  switch (error.code()) {
    case ErrorCode::not_found:
      return error;
    case ErrorCode::unsupported:
      if (error.text().find('/') == std::string::npos) return error;
      [[fallthrough]];
    default:
      return Error(ErrorCode::io, error.text());
  }
}

std::int64_t milliseconds_of(WallTime at) {
  return std::chrono::floor<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

}  // namespace

ClipDesk::ClipDesk(fs::path storage, const FootagePorts& ports, const Clock& clock, ClipLimits limits)
    : folder_(std::move(storage) / "clips"),
      ports_(ports),
      clock_(clock),
      limits_(limits),
      slots_(limits.at_once) {
  for (const auto& one : kept_in(folder_)) discard(one.path);
}

std::string ClipDesk::name_of(const Wish& wish) {
  auto text = wish.camera_id + '\n' + std::to_string(milliseconds_of(wish.from)) + '\n' +
              std::to_string(milliseconds_of(wish.to));
  for (const auto& segment : wish.segments) {
    // What one that is being written gets behind the interval changes no clip, and a player that asks in
    // parts wants the same one each time.
    const bool covers = segment.end && *segment.end >= wish.to;
    text += '\n' + std::to_string(segment.id) + ' ' + (covers ? "+" : std::to_string(segment.bytes)) + ' ' +
            std::to_string(segment.start ? milliseconds_of(*segment.start) : 0);
  }
  // G.711 lies in no MP4, and sound may begin after pictures did.
  const bool quicktime = std::any_of(wish.segments.begin(), wish.segments.end(),
                                     [](const auto& segment) { return segment.file.ends_with(".mov"); });
  return sha256_hex(text).substr(0, 32) + (quicktime ? ".mov" : ".mp4");
}

std::uint64_t ClipDesk::estimate(const Wish& wish) {
  double bytes = 0;
  for (const auto& segment : wish.segments) {
    if (!segment.start || !segment.end || *segment.end <= *segment.start) continue;
    const auto part = std::min(wish.to, *segment.end) - std::max(wish.from, *segment.start);
    const auto share = std::chrono::duration<double>(part) / (*segment.end - *segment.start);
    bytes += static_cast<double>(segment.bytes) * std::clamp(share, 0.0, 1.0);
  }
  return static_cast<std::uint64_t>(bytes);
}

void ClipDesk::make(const Wish& wish, std::function<void(Result<std::string>)> made) {
  auto name = name_of(wish);
  std::error_code ignored;
  if (fs::exists(folder_ / name, ignored)) return made(std::move(name));
  if (!ports_.slow || !ports_.render)
    return made(Error(ErrorCode::unavailable, "this daemon has no footage to show"));
  const auto bytes = estimate(wish);
  if (bytes > limits_.clip_bytes)
    return made(Error(ErrorCode::unsupported,
                      "this would be " + std::to_string(bytes >> 20U) + " MiB, and a clip has at most " +
                          std::to_string(limits_.clip_bytes >> 20U) + "; ask for a shorter interval"));
  auto slot = slots_.take();
  if (!slot) return made(Error(ErrorCode::unavailable, "too many clips are being made at this moment"));
  const auto latest = clock_.now() + limits_.answer;
  const bool taken = ports_.slow([this, wish, name, bytes, slot, latest, made](const std::stop_token& stop) {
    // Who asked has been told by then.
    if (clock_.now() >= latest) return made(Error(ErrorCode::timeout, "too many clips were waiting"));
    made(make_now(wish, name, bytes, stop));
  });
  if (!taken) made(Error(ErrorCode::unavailable, "too many are looking at this moment"));
}

Result<std::string> ClipDesk::make_now(const Wish& wish, const std::string& name, std::uint64_t bytes,
                                       const std::stop_token& stop) {
  std::error_code failure;
  if (fs::exists(folder_ / name, failure)) return name;  // of somebody who asked for the same just before
  if (fs::create_directories(folder_, failure); failure)
    return Error(ErrorCode::io, "create '" + folder_.string() + "': " + failure.message());
  ::chmod(folder_.c_str(), 0750);
  if (auto status = make_room(bytes); !status) return std::move(status).error();
  std::stop_source over;
  const std::stop_callback on_stop(stop, [&over] { over.request_stop(); });
  const auto deadline = clock_.now() + limits_.making;
  const auto going_on = [&] {
    if (clock_.now() >= deadline) over.request_stop();
  };
  auto status = ports_.render({wish.camera_id, wish.from, wish.to, folder_ / name, wish.kind}, going_on,
                              over.get_token());
  if (status) return name;
  if (status.error().code() != ErrorCode::cancelled) return presentable(std::move(status).error());
  if (stop.stop_requested()) return Error(ErrorCode::unavailable, "the daemon is stopping");
  return Error(ErrorCode::timeout, "it took longer than " + std::to_string(limits_.making.count()) +
                                       " s; ask for a shorter interval");
}

Status ClipDesk::make_room(std::uint64_t bytes) {
  auto kept = kept_in(folder_);
  std::uint64_t all = 0;
  for (const auto& one : kept) all += one.bytes;
  for (const auto& one : kept) {
    // One at a time is made: what has no name yet was left behind by a crash.
    if (one.path.extension() != ".part" && all + bytes <= limits_.all_bytes) continue;
    discard(one.path);
    all -= one.bytes;
  }
  std::error_code failure;
  const auto space = fs::space(folder_, failure);
  if (!failure && space.available < bytes + limits_.free_bytes)
    return Error(ErrorCode::unavailable, "there is no room for a clip");
  return {};
}

void ClipDesk::tick() {
  if (clock_.now() < next_look_ || !ports_.quick) return;
  next_look_ = clock_.now() + look_period;
  (void)ports_.quick([this](const std::stop_token&) { forget_old(); });
}

void ClipDesk::forget_old() {
  const auto now = fs::file_time_type::clock::now();
  for (const auto& one : kept_in(folder_))
    if (now - one.made > limits_.age) discard(one.path);
}

}  // namespace porchlight::api
