// SPDX-License-Identifier: Apache-2.0
#include "movie_boxes.hpp"

#include <array>
#include <utility>

namespace porchlight::record {
namespace {

constexpr std::array codecs{
    std::pair{box_type("avc1"), "h264"},      std::pair{box_type("hev1"), "hevc"},
    std::pair{box_type("hvc1"), "hevc"},      std::pair{box_type("mp4v"), "mjpeg"},
    std::pair{box_type("jpeg"), "mjpeg"},     std::pair{box_type("mp4a"), "aac"},
    std::pair{box_type("Opus"), "opus"},      std::pair{box_type("alaw"), "pcm_alaw"},
    std::pair{box_type("ulaw"), "pcm_mulaw"},
};

const char* codec_of(std::uint32_t entry) {
  for (const auto& [type, name] : codecs)
    if (type == entry) return name;
  return nullptr;
}

// What stands behind the two times of a full box: of `tkhd` the track's id, of `mdhd` the timescale.
std::uint32_t word_behind_times(Bytes box) {
  NumberReader numbers(box);
  const auto version = numbers.u8();
  numbers.skip(3);
  numbers.skip(version == 1 ? 16 : 8);
  return numbers.u32();
}

std::uint32_t handler_of(Bytes hdlr) {
  NumberReader numbers(hdlr);
  numbers.skip(8);
  return numbers.u32();
}

// The first sample entry says the codec, and for video the size.
bool describe(Bytes stsd, bool is_video, TrackShape& track) {
  NumberReader numbers(stsd);
  numbers.skip(8);
  BoxReader entries(numbers.rest());
  const auto entry = entries.next();
  if (!numbers.ok() || !entry) return false;
  const auto* codec = codec_of(entry->type);
  if (codec == nullptr) return false;
  track.codec = codec;
  NumberReader fields(entry->body);
  fields.skip(24);
  track.width = is_video ? fields.u16() : 0;
  track.height = is_video ? fields.u16() : 0;
  return fields.ok();
}

bool take_track(Bytes trak, MovieShape& movie) {
  const auto tkhd = find_box(trak, box_type("tkhd"));
  const auto mdia = find_box(trak, box_type("mdia"));
  if (!tkhd || !mdia) return false;
  const auto mdhd = find_box(*mdia, box_type("mdhd"));
  const auto hdlr = find_box(*mdia, box_type("hdlr"));
  const auto minf = find_box(*mdia, box_type("minf"));
  const auto stbl = minf ? find_box(*minf, box_type("stbl")) : std::nullopt;
  const auto stsd = stbl ? find_box(*stbl, box_type("stsd")) : std::nullopt;
  if (!mdhd || !hdlr || !stsd) return false;
  const bool is_video = handler_of(*hdlr) == box_type("vide");
  if (!is_video && handler_of(*hdlr) != box_type("soun")) return false;
  TrackShape track;
  track.id = word_behind_times(*tkhd);
  track.timescale = word_behind_times(*mdhd);
  if (track.id == 0 || track.timescale == 0 || !describe(*stsd, is_video, track)) return false;
  if (is_video ? movie.video.id != 0 : movie.audio.has_value()) return false;
  if (is_video)
    movie.video = std::move(track);
  else
    movie.audio = std::move(track);
  return true;
}

}  // namespace

std::optional<MovieShape> parse_movie(Bytes moov) {
  MovieShape movie;
  BoxReader boxes(moov);
  while (const auto box = boxes.next())
    if (box->type == box_type("trak") && !take_track(box->body, movie)) return std::nullopt;
  if (!boxes.whole() || movie.video.id == 0 || (movie.audio && movie.audio->id == movie.video.id))
    return std::nullopt;
  return movie;
}

}  // namespace porchlight::record
