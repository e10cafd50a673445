// SPDX-License-Identifier: Apache-2.0
#include "porchlight/media/hevc_sets.hpp"

#include <algorithm>
#include <cstring>

extern "C" {
#include <libavcodec/avcodec.h>
}

namespace porchlight::media {
namespace {

constexpr std::string_view start_code{"\0\0\1", 3};
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
int type_of(std::string_view unit) {
  return unit.empty() ? -1 : (static_cast<std::uint8_t>(unit[0]) >> 1) & 0x3F;
}
bool is_set(std::string_view unit) {
  return type_of(unit) >= 32 && type_of(unit) <= 34;
}

std::string_view without_zeros(std::string_view unit) {
  while (!unit.empty() && unit.back() == '\0') unit.remove_suffix(1);
  return unit;
}

std::optional<Unit> coded_unit(std::string_view bytes, std::size_t at) {
  const auto code = bytes.find(start_code, at);
  if (code == std::string_view::npos) return std::nullopt;
  const auto body = code + start_code.size();
  auto end = bytes.find(start_code, body);
  if (end == std::string_view::npos) end = bytes.size();
  return Unit{at, end, without_zeros(bytes.substr(body, end - body))};
}

std::optional<Unit> measured_unit(std::string_view bytes, std::size_t at, std::size_t length_size) {
  if (at + length_size > bytes.size()) return std::nullopt;
  const std::size_t size = number_at(bytes, at, length_size);
  if (size > bytes.size() - at - length_size) return std::nullopt;
  return Unit{at, at + length_size + size, bytes.substr(at + length_size, size)};
}

// What stands in front of the first picture; sets stand nowhere else (7.4.2.4.4).
std::vector<Unit> units_before_picture(std::string_view bytes, std::size_t length_size) {
  std::vector<Unit> units;
  for (std::size_t at = 0; at < bytes.size();) {
    // A picture is long, and its end is of no interest.
    const auto body = length_size == 0 ? bytes.find(start_code, at) : at + length_size;
    const auto first = body + (length_size == 0 ? start_code.size() : 0);
    if (body == std::string_view::npos || first >= bytes.size() || type_of(bytes.substr(first, 1)) < 32)
      break;
    const auto unit = length_size == 0 ? coded_unit(bytes, at) : measured_unit(bytes, at, length_size);
    if (!unit) break;
    units.push_back(*unit);
    at = unit->end;
  }
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
      const auto unit = measured_unit(hvcc, at, 2);
      if (!unit) return sets;
      if (is_set(unit->bytes)) sets.emplace_back(without_zeros(unit->bytes));
      at = unit->end;
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
