// SPDX-License-Identifier: Apache-2.0
#include "porchlight/media/hevc_sets.hpp"

#include <algorithm>
#include <cstring>

#include "porchlight/media/nal_units.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
}

namespace porchlight::media {
namespace {

constexpr std::size_t hvcc_head = 23;  // bytes in front of hvcC's first array

// A NAL unit, and the bytes in front of it that say where it begins.
struct Unit {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string_view bytes;
};

std::string_view characters(const std::uint8_t* bytes, int size) {
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(std::max(0, size))};
}

unsigned number_at(std::string_view bytes, std::size_t at, std::size_t size) {
  unsigned value = 0;
  for (std::size_t i = at; i < at + size; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

// ITU-T H.265 table 7-1.
int type_of(std::uint8_t head) {
  return (head >> 1) & 0x3F;
}
int type_of(std::string_view unit) {
  return unit.empty() ? -1 : type_of(static_cast<std::uint8_t>(unit[0]));
}
bool is_set(std::string_view unit) {
  return type_of(unit) >= 32 && type_of(unit) <= 34;
}

// What stands in front of the first picture; sets stand nowhere else (7.4.2.4.4).
std::vector<Unit> units_before_picture(std::string_view bytes, std::size_t length_size) {
  std::vector<Unit> units;
  NalUnits all(bytes, length_size);
  while (all.next() && type_of(all.head()) >= 32 && all.is_whole())
    units.push_back({all.begin(), all.end(), all.bytes()});
  return units;
}

// ISO/IEC 14496-15, 8.3.3.1.
std::vector<std::string> sets_of_hvcc(std::string_view hvcc) {
  std::vector<std::string> sets;
  std::size_t at = hvcc_head;
  for (auto arrays = static_cast<std::uint8_t>(hvcc[hvcc_head - 1]); arrays > 0 && at + 3 <= hvcc.size();
       --arrays) {
    auto units = number_at(hvcc, at + 1, 2);
    for (at += 3; units > 0; --units) {
      NalUnits rest(hvcc.substr(at), 2);
      if (!rest.next() || !rest.is_whole()) return sets;
      if (is_set(rest.bytes())) sets.emplace_back(without_zeros(rest.bytes()));
      at += rest.end();
    }
  }
  return sets;
}

}  // namespace

std::optional<HevcSets> HevcSets::of(const AVCodecParameters& description, const AVPacket& keyframe) {
  const auto told = characters(description.extradata, description.extradata_size);
  HevcSets made;
  if (told.size() > hvcc_head && told[0] == 1) {
    made.length_size_ = (static_cast<std::uint8_t>(told[21]) & 3U) + 1U;
    made.sets_ = sets_of_hvcc(told);
  } else {
    for (const auto& unit : units_before_picture(told, 0))
      if (is_set(unit.bytes)) made.sets_.emplace_back(unit.bytes);
  }
  if (made.sets_.empty()) return std::nullopt;
  for (const auto& unit : units_before_picture(characters(keyframe.data, keyframe.size), made.length_size_))
    if (is_set(unit.bytes) && !made.has(unit.bytes)) return std::nullopt;
  return made;
}

std::string ordered_hevc_sets(std::string_view sets) {
  std::vector<std::string_view> units;
  for (const auto& unit : units_before_picture(sets, 0)) {
    std::erase(units, unit.bytes);
    units.push_back(unit.bytes);
  }
  std::stable_sort(units.begin(), units.end(), [](std::string_view one, std::string_view other) {
    return type_of(one) < type_of(other);
  });
  std::string ordered;
  for (const auto unit : units) (ordered += '\0').append(start_code).append(unit);
  return ordered;
}

bool HevcSets::has(std::string_view unit) const {
  return std::find(sets_.begin(), sets_.end(), without_zeros(unit)) != sets_.end();
}

Result<AvPacket> HevcSets::without(const AVPacket& packet) const {
  const auto bytes = characters(packet.data, packet.size);
  std::string kept;
  std::size_t rest = 0;  // where what is not looked at begins
  bool changed = false;
  for (const auto& unit : units_before_picture(bytes, length_size_)) {
    const bool known = is_set(unit.bytes) && has(unit.bytes);
    if (!known) kept += bytes.substr(unit.begin, unit.end - unit.begin);
    changed |= known;
    rest = unit.end;
  }
  kept += bytes.substr(rest);
  auto made = make_av_packet();
  if (!changed || kept.empty()) {
    if (const int held = av_packet_ref(made.get(), &packet); held < 0) return av_error(held, "hold a packet");
    return made;
  }
  if (av_new_packet(made.get(), static_cast<int>(kept.size())) < 0 ||
      av_packet_copy_props(made.get(), &packet) < 0)
    return Error(ErrorCode::unavailable, "take parameter sets out of a picture: out of memory");
  std::memcpy(made->data, kept.data(), kept.size());
  return made;
}

}  // namespace porchlight::media
