// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "movie_boxes.hpp"
#include "segment_notes.hpp"
#include "segment_scan.hpp"

namespace porchlight::record {
namespace {

using std::chrono::milliseconds;

// More than anything of ours, and little enough to be read at once.
constexpr std::uint64_t longest_start = 1024;     // ftyp
constexpr std::uint64_t longest_movie = 1 << 20;  // moov
constexpr std::uint64_t longest_index = 4 << 20;  // moof
constexpr std::uint64_t likely_index = 64 << 10;  // of a second
constexpr std::uint64_t page = 4096;
constexpr std::size_t most_candidates = 1000;

enum class Fit : std::uint8_t { fits, cut, bad };

struct TopBox {
  Fit fit = Fit::bad;
  std::uint32_t type = 0;
  std::uint64_t at = 0;
  std::uint64_t size = 0;
  std::uint64_t end() const { return at + size; }
};

class Scan {
 public:
  explicit Scan(const SegmentBytes& bytes) : bytes_(bytes) {}
  Result<SegmentLook> run();
  Result<bool> fragment_behind(std::uint64_t from);
  Result<bool> is_lost(std::uint64_t at);

 private:
  Result<TopBox> box_at(std::uint64_t at);
  Result<std::vector<std::uint8_t>> body(const TopBox& box, std::uint64_t longest);
  Result<Beginning> beginning();
  Status fragments();
  Result<bool> fragment(const TopBox& moof);  // false: the end of what is whole
  Result<bool> tail(const TopBox& box);
  void note_missing(const FragmentShape& next);
  milliseconds since_first(std::int64_t ticks) const;
  void judge_tail(std::uint64_t at);
  void fault(const char* name) { look_.segment.faults.emplace_back(name); }

  const SegmentBytes& bytes_;
  SegmentLook look_;
  MovieShape movie_;
  std::uint64_t at_ = 0;
  std::uint32_t sequence_ = 0;
  std::int64_t first_ = 0;
  std::int64_t end_ = 0;
  std::vector<std::pair<std::int64_t, std::int64_t>> missing_;  // in ticks
};

Result<TopBox> Scan::box_at(std::uint64_t at) {
  TopBox box;
  box.at = at;
  const std::uint64_t left = bytes_.size - at;
  if (left < 8) {
    box.fit = Fit::cut;
    return box;
  }
  std::uint8_t head[8];
  if (auto s = bytes_.read(at, head); !s) return std::move(s).error();
  NumberReader numbers(head);
  box.size = numbers.u32();
  box.type = numbers.u32();
  // Zeros: the file grew and what was written did not reach the disk.
  if (box.size == 0 && box.type == 0)
    box.fit = Fit::cut;
  else if (box.size >= 8)
    box.fit = box.size <= left ? Fit::fits : Fit::cut;
  return box;
}

Result<std::vector<std::uint8_t>> Scan::body(const TopBox& box, std::uint64_t longest) {
  if (box.size > longest) return std::vector<std::uint8_t>{};  // which is no body of anything
  std::vector<std::uint8_t> bytes(box.size - 8);
  if (auto s = bytes_.read(box.at + 8, bytes); !s) return std::move(s).error();
  return bytes;
}

// ftyp, moov and our head, in this order.
Result<Beginning> Scan::beginning() {
  struct Part {
    std::uint32_t type;
    std::uint64_t longest;
  };
  constexpr Part parts[]{
      {box_type("ftyp"), longest_start}, {box_type("moov"), longest_movie}, {box_type("uuid"), longest_note}};
  for (const auto& part : parts) {
    auto box = box_at(at_);
    if (!box) return std::move(box).error();
    const bool is_blank = box->type == 0 && box->size == 0;
    if (box->fit == Fit::bad || (!is_blank && (box->type != part.type || box->size > part.longest)))
      return Beginning::foreign;
    if (box->fit == Fit::cut) return Beginning::cut;
    auto inside = body(*box, part.longest);
    if (!inside) return std::move(inside).error();
    if (part.type == box_type("moov")) {
      auto movie = parse_movie(*inside);
      if (!movie) return Beginning::foreign;
      movie_ = std::move(*movie);
    } else if (part.type == box_type("uuid")) {
      auto head = parse_head(*inside);
      if (!head) return Beginning::foreign;
      look_.segment.head = std::move(*head);
    }
    at_ = box->end();
  }
  return Beginning::whole;
}

Result<bool> Scan::fragment(const TopBox& moof) {
  if (bytes_.size == moof.end()) return false;
  auto mdat = box_at(moof.end());
  if (!mdat) return std::move(mdat).error();
  if (mdat->fit == Fit::cut) return false;
  auto index = body(moof, longest_index);
  if (!index) return std::move(index).error();
  const auto shape = mdat->fit == Fit::fits && mdat->type == box_type("mdat")
                         ? parse_fragment(*index, movie_, mdat->size - 8)
                         : std::nullopt;
  if (!shape) {
    fault("bad_box");
    return false;
  }
  if (shape->sequence != sequence_ + 1) note_missing(*shape);
  sequence_ = shape->sequence;
  if (shape->frames > 0 && look_.segment.frames == 0) first_ = shape->first;
  if (shape->frames > 0) end_ = std::max(end_, shape->end);
  look_.segment.frames += shape->frames;
  ++look_.segment.fragments;
  look_.begins.push_back(moof.at);
  at_ = mdat->end();
  return true;
}

void Scan::note_missing(const FragmentShape& next) {
  fault("missing_fragment");
  if (next.frames > 0 && next.first > end_) missing_.emplace_back(end_, next.first);
}

milliseconds Scan::since_first(std::int64_t ticks) const {
  return milliseconds((ticks - first_) * 1000 / movie_.video.timescale);
}

Result<bool> Scan::tail(const TopBox& box) {
  auto inside = body(box, longest_note);
  if (!inside) return std::move(inside).error();
  look_.segment.tail = parse_tail(*inside);
  if (!look_.segment.tail)
    fault("bad_box");
  else
    at_ = box.end();
  return false;
}

Status Scan::fragments() {
  look_.fragments_end = at_;
  for (bool more = true; more && at_ < bytes_.size;) {
    auto box = box_at(at_);
    if (!box) return std::move(box).error();
    if (box->fit == Fit::cut) break;
    const bool is_fragment = box->type == box_type("moof");
    if (box->fit == Fit::bad || (!is_fragment && box->type != box_type("uuid"))) {
      fault("bad_box");
      break;
    }
    auto went = is_fragment ? fragment(*box) : tail(*box);
    if (!went) return std::move(went).error();
    more = *went;
    if (is_fragment) look_.fragments_end = at_;
  }
  return {};
}

void Scan::judge_tail(std::uint64_t at) {
  auto& found = look_.segment;
  if (!found.tail) return;
  if (at_ < bytes_.size) fault("trailing_bytes");
  if (found.tail->bytes != at || found.tail->frames != found.frames || found.tail->duration != found.duration)
    fault("wrong_tail");
}

Result<SegmentLook> Scan::run() {
  auto begun = beginning();
  if (!begun) return std::move(begun).error();
  look_.beginning = *begun;
  auto& found = look_.segment;
  found.file_bytes = bytes_.size;
  if (*begun != Beginning::whole) return std::move(look_);
  found.codec = movie_.video.codec;
  found.audio_codec = movie_.audio ? movie_.audio->codec : "";
  found.width = movie_.video.width;
  found.height = movie_.video.height;
  if (auto s = fragments(); !s) return std::move(s).error();
  found.whole_bytes = at_;
  found.duration = std::max(milliseconds(0), since_first(end_));
  for (const auto& [from, to] : missing_) found.missing.push_back({since_first(from), since_first(to)});
  judge_tail(look_.fragments_end);
  return std::move(look_);
}

// By its boxes, whatever its numbers say: the movie's tracks are known already.
Result<bool> Scan::fragment_behind(std::uint64_t from) {
  auto begun = beginning();
  if (!begun) return std::move(begun).error();
  if (*begun != Beginning::whole) return false;
  constexpr std::size_t block = 64 << 10;
  std::vector<std::uint8_t> window(block);
  std::size_t candidates = 0;
  // Each window overlaps the one before by a head, so that none is cut in two.
  for (std::uint64_t at = from + 1; at + 16 <= bytes_.size; at += block - 8) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(block, bytes_.size - at));
    if (auto s = bytes_.read(at, std::span(window).first(size)); !s) return std::move(s).error();
    for (std::size_t i = 0; i + 8 <= size; ++i) {
      if (window[i + 4] != 'm' || window[i + 5] != 'o' || window[i + 6] != 'o' || window[i + 7] != 'f')
        continue;
      if (++candidates > most_candidates) return false;
      auto box = box_at(at + i);
      if (!box) return std::move(box).error();
      if (box->fit != Fit::fits) continue;
      auto whole = fragment(*box);
      if (!whole || *whole) return whole;
    }
  }
  return false;
}

// The end of a page that was synced with what stands before may still hold the first bytes of a fragment
// whose other pages are missing.
Result<bool> Scan::is_lost(std::uint64_t at) {
  auto box = box_at(at);
  if (!box) return std::move(box).error();
  if (bytes_.size - at < 8) return false;
  if (box->size == 0 && box->type == 0) return true;
  const bool is_index = box->type == box_type("moof") && box->size <= likely_index;
  const auto head_end = at + (is_index ? box->size : 0) + 8;
  return has_hole(bytes_, at, std::min(bytes_.size, (head_end + page - 1) / page * page));
}

}  // namespace

Result<SegmentLook> look_at(const SegmentBytes& bytes) {
  return Scan(bytes).run();
}

Result<bool> has_fragment_behind(const SegmentBytes& bytes, std::uint64_t from) {
  return Scan(bytes).fragment_behind(from);
}

Result<bool> is_lost(const SegmentBytes& bytes, std::uint64_t at) {
  return Scan(bytes).is_lost(at);
}

}  // namespace porchlight::record
