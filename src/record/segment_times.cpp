// SPDX-License-Identifier: Apache-2.0
#include "record/segment_times.hpp"

#include <algorithm>
#include <cstdlib>

extern "C" {
#include <libavutil/mathematics.h>
}

namespace porchlight::record {
namespace {

using std::chrono::nanoseconds;

constexpr std::int64_t billion = 1'000'000'000;
// No camera holds a picture back for longer, and a recorder ends a segment long before.
constexpr std::int64_t longest_lead = 2;         // s
constexpr std::int64_t longest_segment = 3'600;  // s; a time beyond is no time
constexpr std::int64_t most_apart = 1;      // s, between sound and pictures by their clocks and by arrival
constexpr std::size_t deepest = 16;         // pictures; what H.264 and H.265 allow
constexpr std::int64_t likely_depth = 4;    // what encoders use
constexpr std::int64_t longest_room = 600;  // ms; the first picture has to be shown within a second

// A camera may say anything: a difference that does not fit is no difference.
std::optional<std::int64_t> minus(std::int64_t a, std::int64_t b, std::int64_t most) {
  std::int64_t difference = 0;
  if (__builtin_sub_overflow(a, b, &difference) || difference > most || difference < -most)
    return std::nullopt;
  return difference;
}

// How many pictures that are shown later came before one, at most.
std::size_t depth_of(const std::vector<std::int64_t>& shown) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const auto later = std::count_if(shown.begin(), shown.begin() + static_cast<std::ptrdiff_t>(i),
                                     [&](auto other) { return other > shown[i]; });
    depth = std::max(depth, static_cast<std::size_t>(later));
  }
  return std::min(depth, deepest);
}

}  // namespace

SegmentOrigin PictureTimes::beginning() const {
  SegmentOrigin origin{std::nullopt, arrived_};
  if (origin_) origin.pts = nanoseconds(av_rescale(*origin_, billion, per_second_));
  return origin;
}

std::int64_t PictureTimes::shown_at(const RawTime& raw) const {
  const auto arrival = av_rescale((raw.arrived - arrived_) / nanoseconds(1), per_second_, billion);
  const auto own = raw.pts ? raw.pts : raw.dts;
  if (!own || !origin_) return arrival;
  return minus(*own, *origin_, longest_segment * per_second_).value_or(arrival);
}

// Whether its dts can be taken as they are, is told by the first fragment.
void PictureTimes::begin(std::span<const RawTime> raw, const std::vector<std::int64_t>& shown) {
  const auto most = longest_lead * per_second_;
  std::int64_t last = INT64_MIN;
  trust_dts_ = origin_.has_value();
  for (std::size_t i = 0; i < raw.size() && trust_dts_; ++i) {
    const auto dts = raw[i].dts ? minus(*raw[i].dts, *origin_, longest_segment * per_second_) : std::nullopt;
    trust_dts_ = dts && *dts > last && *dts <= shown[i] && (i > 0 || *dts >= -most);
    if (dts) last = *dts;
    if (i == 0 && trust_dts_) lead_ = -*dts;
  }
  if (trust_dts_) return;
  auto depth = static_cast<std::int64_t>(depth_of(shown));
  // An encoder that turns the order about may do so further, later on.
  if (depth > 0) depth = std::max(depth, std::min(likely_depth, longest_room * per_second_ / (1000 * step_)));
  lead_ = depth * step_;
  for (auto i = depth; i > 0; --i) window_.push_back(-i * step_);
}

// Of the pictures that may still come the earliest is the one that is decoded next.
std::int64_t PictureTimes::decoded_at(const RawTime& raw, std::int64_t shown) {
  if (trust_dts_)
    return (raw.dts ? minus(*raw.dts, *origin_, longest_segment * per_second_) : std::nullopt)
        .value_or(shown);
  window_.insert(std::upper_bound(window_.begin(), window_.end(), shown), shown);
  const auto earliest = window_.front();
  window_.erase(window_.begin());
  return earliest;
}

// Of a first picture that says no time: a keyframe is shown before all that follow it.
void PictureTimes::guess_origin(std::span<const RawTime> raw) {
  std::vector<std::int64_t> told;
  for (const auto& time : raw)
    if (const auto own = time.pts ? time.pts : time.dts) told.push_back(*own);
  if (told.empty()) return;
  std::sort(told.begin(), told.end());
  auto step = step_;
  if (const auto next = std::upper_bound(told.begin(), told.end(), told.front()); next != told.end())
    step = minus(*next, told.front(), longest_lead * per_second_).value_or(step);
  origin_ = minus(told.front(), step, INT64_MAX);
}

void PictureTimes::open(const RawTime& first) {
  origin_ = first.pts ? first.pts : first.dts;
  arrived_ = first.arrived;
}

std::vector<media::PlacedTime> PictureTimes::place(std::span<const RawTime> raw, std::int64_t room) {
  if (raw.empty()) return {};
  if (!begun_ && !origin_) guess_origin(raw);
  std::vector<std::int64_t> shown;
  for (const auto& time : raw) shown.push_back(shown_at(time));
  const auto [low, high] = std::minmax_element(shown.begin(), shown.end());
  if (const auto gaps = static_cast<std::int64_t>(shown.size()) - 1; gaps > 0 && *high > *low)
    step_ = std::max<std::int64_t>(1, (*high - *low) / gaps);
  if (!begun_) {
    begin(raw, shown);
    lead_ = std::max(lead_, room);
  }
  begun_ = true;
  std::vector<media::PlacedTime> placed;
  auto shortest = placed_before_ ? last_duration_ : step_;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    media::PlacedTime time;
    time.dts = std::max(decoded_at(raw[i], shown[i]) + lead_, last_dts_ + (i == 0 ? last_duration_ : 1));
    time.pts = std::max(shown[i] + lead_, time.dts);
    if (i > 0) placed.back().duration = time.dts - last_dts_;
    if (i > 0) shortest = i == 1 ? placed.back().duration : std::min(shortest, placed.back().duration);
    last_dts_ = time.dts;
    placed.push_back(time);
  }
  // How long the last one lasts is not known yet. Said too short, the next fragment begins a little later;
  // said too long, the two overlap and readers move pictures.
  placed.back().duration = last_duration_ = shortest;
  placed_before_ = true;
  for (const auto& time : placed) end_ = std::max(end_, time.pts + time.duration);
  return placed;
}

std::int64_t SoundTimes::at(const RawTime& raw, const SegmentOrigin& pictures) {
  const auto arrival = av_rescale((raw.arrived - pictures.arrived) / nanoseconds(1), per_second_, billion);
  const auto own = raw.pts ? raw.pts : raw.dts;
  const auto apart = most_apart * per_second_;
  if (!own) return begun_ && std::abs(next_ - arrival) <= apart ? next_ : arrival;
  if (!offset_ && pictures.pts) {
    const auto origin = av_rescale(pictures.pts->count(), per_second_, billion);
    const auto since = minus(*own, origin, longest_segment * per_second_);
    if (since && std::abs(*since - arrival) <= apart) offset_ = -origin;
  }
  auto time = offset_ ? minus(*own, -*offset_, longest_segment * per_second_) : std::nullopt;
  // Another clock than the pictures', or it jumped: from here on it counts from when it arrived.
  if (!time || std::abs(*time - arrival) > 2 * apart) {
    offset_ = minus(arrival, *own, INT64_MAX);
    time = arrival;
  }
  return *time;
}

std::int64_t SoundTimes::earlier(std::span<const RawTime> raw, const SegmentOrigin& pictures) const {
  auto trial = *this;
  std::int64_t earliest = 0;
  for (const auto& sound : raw) {
    const auto time = trial.at(sound, pictures);
    trial.begun_ = true;
    trial.next_ = time + std::clamp<std::int64_t>(sound.duration, 1, per_second_);
    earliest = std::min(earliest, time);
  }
  return -earliest;
}

std::optional<media::PlacedTime> SoundTimes::place(const RawTime& raw, const SegmentOrigin& pictures,
                                                   std::int64_t lead) {
  const auto time = at(raw, pictures);
  const auto duration = std::clamp<std::int64_t>(raw.duration, 1, per_second_);
  begun_ = true;
  next_ = time + duration;
  if (time + lead < 0) return std::nullopt;
  const auto dts = std::max({time + lead, last_dts_ + 1, earliest_});
  last_dts_ = dts;
  last_duration_ = duration;
  return media::PlacedTime{dts, dts, duration};
}

}  // namespace porchlight::record
