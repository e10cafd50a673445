// SPDX-License-Identifier: Apache-2.0
#include "segment_notes.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace porchlight::record {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::milliseconds;

constexpr int note_version = 1;

std::string box_of(const BoxUuid& uuid, const Json& note) {
  const auto text = note.dump(-1, ' ', false, Json::error_handler_t::replace);
  const auto size = static_cast<std::uint32_t>(8 + uuid.size() + text.size());
  std::string box;
  for (int shift = 24; shift >= 0; shift -= 8) box += static_cast<char>(size >> shift);
  box += "uuid";
  box.append(uuid.begin(), uuid.end());
  return box + text;
}

std::optional<Json> note_in(Bytes body, const BoxUuid& uuid) {
  if (body.size() < uuid.size() || body.size() + 8 > longest_note ||
      !std::equal(uuid.begin(), uuid.end(), body.begin()))
    return std::nullopt;
  const auto text = body.subspan(uuid.size());
  auto note = Json::parse(text.begin(), text.end(), nullptr, false);
  if (!note.is_object()) return std::nullopt;
  return note;
}

bool has(const Json& note, const char* key, Json::value_t type) {
  const auto found = note.find(key);
  return found != note.end() && found->type() == type;
}

// A JSON parser takes many texts for the same: whoever flips a blank or the case of a digit has changed the
// file, and what was checked has to be what is there.
bool is_same(const std::string& box, Bytes body) {
  return box.size() == body.size() + 8 &&
         std::equal(body.begin(), body.end(), box.begin() + 8,
                    [](auto a, auto b) { return a == static_cast<std::uint8_t>(b); });
}

milliseconds since_boot(MonotonicTime at) {
  return std::chrono::floor<milliseconds>(at.time_since_epoch());
}

}  // namespace

std::string head_box(const SegmentHead& head) {
  Json note{{"segment", note_version}, {"camera", head.camera_id},
            {"boot", head.boot_id},    {"begin_ms", since_boot(head.begin).count()},
            {"start", nullptr},        {"version", head.version}};
  if (head.start) note["start"] = rfc3339(*head.start);
  return box_of(head_uuid, note);
}

std::string tail_box(const SegmentTail& tail) {
  return box_of(tail_uuid, {{"duration_ms", tail.duration.count()},
                            {"frames", tail.frames},
                            {"bytes", tail.bytes},
                            {"crc32", tail.crc},
                            {"torn", tail.torn}});
}

std::optional<SegmentHead> parse_head(Bytes body) {
  using Type = Json::value_t;
  const auto note = note_in(body, head_uuid);
  // A later version may have more to say; it keeps these.
  if (!note || !has(*note, "segment", Type::number_unsigned) || !has(*note, "camera", Type::string) ||
      !has(*note, "boot", Type::string) || !has(*note, "version", Type::string) ||
      !note->contains("begin_ms") || !(*note)["begin_ms"].is_number_integer())
    return std::nullopt;
  SegmentHead head;
  head.camera_id = (*note)["camera"];
  head.boot_id = (*note)["boot"];
  head.version = (*note)["version"];
  // Nanoseconds of a monotonic clock end after 292 years.
  const auto begin = (*note)["begin_ms"].get<std::int64_t>();
  if (begin < 0 || begin > INT64_MAX / 1'000'000) return std::nullopt;
  head.begin = MonotonicTime{milliseconds(begin)};
  if (has(*note, "start", Type::string)) {
    const auto start = (*note)["start"].get<std::string>();
    head.start = parse_rfc3339(start);
    if (!head.start || rfc3339(*head.start) != start) return std::nullopt;
  }
  return head;
}

std::optional<SegmentTail> parse_tail(Bytes body) {
  using Type = Json::value_t;
  const auto note = note_in(body, tail_uuid);
  if (!note || !has(*note, "torn", Type::boolean)) return std::nullopt;
  for (const auto* key : {"duration_ms", "frames", "bytes", "crc32"})
    if (!has(*note, key, Type::number_unsigned)) return std::nullopt;
  SegmentTail tail;
  tail.duration = milliseconds((*note)["duration_ms"].get<std::int64_t>());
  tail.frames = (*note)["frames"];
  tail.bytes = (*note)["bytes"];
  tail.crc = (*note)["crc32"];
  tail.torn = (*note)["torn"];
  if (!is_same(tail_box(tail), body)) return std::nullopt;
  return tail;
}

}  // namespace porchlight::record
