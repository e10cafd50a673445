// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "movie_boxes.hpp"

namespace porchlight::record {
namespace {

// A second of sound in packets of 2.5 ms has 400.
constexpr std::uint32_t most_samples = 65'536;
// Far from where the sums below could overflow, and 400 years of 90 kHz.
constexpr std::uint64_t latest = std::uint64_t{1} << 50;

struct Defaults {
  std::uint32_t track = 0;
  std::uint32_t duration = 0;
  std::uint32_t size = 0;
};

struct Span {  // of one run of samples
  std::uint64_t samples = 0;
  std::uint64_t bytes = 0;
  std::uint64_t offset = 0;  // from the beginning of the `moof`
  std::int64_t first = 0;
  std::int64_t shown_until = 0;
  std::uint64_t next = 0;  // when the next is to be decoded
};

std::optional<Defaults> parse_tfhd(Bytes tfhd) {
  NumberReader numbers(tfhd);
  const auto flags = numbers.u32() & 0xffffff;
  Defaults defaults;
  defaults.track = numbers.u32();
  // Ours count from their own `moof`: that is what lets a file be cut and joined.
  if ((flags & 0x01) != 0 || (flags & 0x020000) == 0) return std::nullopt;
  if ((flags & 0x02) != 0) numbers.skip(4);
  if ((flags & 0x08) != 0) defaults.duration = numbers.u32();
  if ((flags & 0x10) != 0) defaults.size = numbers.u32();
  if ((flags & 0x20) != 0) numbers.skip(4);
  if (!numbers.ok()) return std::nullopt;
  return defaults;
}

std::optional<std::uint64_t> parse_tfdt(Bytes tfdt) {
  NumberReader numbers(tfdt);
  const auto version = numbers.u8();
  numbers.skip(3);
  const auto time = version == 1 ? numbers.u64() : numbers.u32();
  if (!numbers.ok() || time > latest) return std::nullopt;
  return time;
}

std::optional<Span> parse_trun(Bytes trun, const Defaults& defaults, std::uint64_t begin) {
  NumberReader numbers(trun);
  const auto version = numbers.u8();
  const auto flags = static_cast<std::uint32_t>(numbers.number(3));
  const auto count = numbers.u32();
  if ((flags & 0x01) == 0 || count == 0 || count > most_samples) return std::nullopt;
  Span span;
  span.samples = count;
  span.offset = numbers.u32();
  span.next = begin;
  if ((flags & 0x04) != 0) numbers.skip(4);
  for (std::uint32_t i = 0; i < count && numbers.ok(); ++i) {
    const auto duration = (flags & 0x100) != 0 ? numbers.u32() : defaults.duration;
    span.bytes += (flags & 0x200) != 0 ? numbers.u32() : defaults.size;
    if ((flags & 0x400) != 0) numbers.skip(4);
    const auto shift = (flags & 0x800) != 0 ? numbers.u32() : 0;
    const auto shown = static_cast<std::int64_t>(span.next) +
                       (version == 0 ? static_cast<std::int64_t>(shift) : static_cast<std::int32_t>(shift));
    if (i == 0) span.first = shown;
    span.shown_until = std::max(span.shown_until, shown + duration);
    span.next += duration;
  }
  if (!numbers.ok() || !numbers.rest().empty() || span.next > latest) return std::nullopt;
  return span;
}

// The runs of one track.
bool take_track(Bytes traf, const MovieShape& movie, std::uint64_t from, std::uint64_t to,
                std::uint64_t& bytes, FragmentShape& fragment) {
  const auto tfhd = find_box(traf, box_type("tfhd"));
  const auto tfdt = find_box(traf, box_type("tfdt"));
  const auto defaults = tfhd ? parse_tfhd(*tfhd) : std::nullopt;
  auto time = tfdt ? parse_tfdt(*tfdt) : std::nullopt;
  if (!defaults || !time) return false;
  const bool is_video = defaults->track == movie.video.id;
  if (!is_video && (!movie.audio || movie.audio->id != defaults->track)) return false;
  BoxReader boxes(traf);
  while (const auto box = boxes.next()) {
    if (box->type != box_type("trun")) continue;
    const auto span = parse_trun(box->body, *defaults, *time);
    if (!span || span->offset < from || span->offset > to || span->bytes > to - span->offset) return false;
    time = span->next;
    bytes += span->bytes;
    if (!is_video) continue;
    if (fragment.frames == 0) fragment.first = span->first;
    fragment.frames += span->samples;
    fragment.end = std::max(fragment.end, span->shown_until);
  }
  return boxes.whole();
}

}  // namespace

std::optional<FragmentShape> parse_fragment(Bytes moof, const MovieShape& movie, std::uint64_t media) {
  const auto mfhd = find_box(moof, box_type("mfhd"));
  if (!mfhd) return std::nullopt;
  NumberReader numbers(*mfhd);
  numbers.skip(4);
  FragmentShape fragment;
  fragment.sequence = numbers.u32();
  const std::uint64_t from = moof.size() + 16;  // behind both boxes' heads
  std::uint64_t bytes = 0;
  BoxReader boxes(moof);
  while (const auto box = boxes.next())
    if (box->type == box_type("traf") && !take_track(box->body, movie, from, from + media, bytes, fragment))
      return std::nullopt;
  // What no run names would be bytes that nobody can show.
  if (!boxes.whole() || !numbers.ok() || bytes != media) return std::nullopt;
  return fragment;
}

}  // namespace porchlight::record
