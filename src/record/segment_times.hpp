// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/media/fragment_muxer.hpp"

namespace porchlight::record {

// What a packet says of its time, in ticks of the track it goes to.
struct RawTime {
  std::optional<std::int64_t> pts;
  std::optional<std::int64_t> dts;
  std::int64_t duration = 0;  // 0: it does not say
  MonotonicTime arrived{};
};

// Sound and pictures meet here.
struct SegmentOrigin {
  std::optional<std::chrono::nanoseconds> pts;  // of the first picture, by its own clock
  MonotonicTime arrived{};
};

// Times of the pictures of one segment, fragment by fragment. There is no edit list: where pictures are coded
// in another order than they are shown, or sound from before the first one comes behind it, everything is
// shifted by lead(), so that no time is negative.
class PictureTimes {
 public:
  // Ticks; `step` of one picture as the stream announced it.
  PictureTimes(std::int64_t per_second, std::int64_t step) : per_second_(per_second), step_(step) {}

  // The segment's first picture; before anything is placed.
  void open(const RawTime& first);
  // `raw` in decoding order, the first call's first is what open() was told. `room`, of the first call: so
  // much before the first picture at least is for sound.
  std::vector<media::PlacedTime> place(std::span<const RawTime> raw, std::int64_t room = 0);

  std::int64_t lead() const noexcept { return lead_; }
  // From the first picture to the end of the last.
  std::int64_t duration() const noexcept { return end_ - lead_; }
  SegmentOrigin beginning() const;

 private:
  void guess_origin(std::span<const RawTime> raw);
  void begin(std::span<const RawTime> raw, const std::vector<std::int64_t>& shown);
  std::int64_t shown_at(const RawTime& raw) const;
  std::int64_t decoded_at(const RawTime& raw, std::int64_t shown);

  const std::int64_t per_second_;
  std::int64_t step_;
  bool begun_ = false;
  bool trust_dts_ = false;
  std::optional<std::int64_t> origin_;  // pts of the first
  MonotonicTime arrived_{};
  std::int64_t lead_ = 0;
  std::vector<std::int64_t> window_;  // of pictures that are shown later than they come, sorted
  bool placed_before_ = false;
  std::int64_t last_dts_ = -1;
  std::int64_t last_duration_ = 1;
  std::int64_t end_ = 0;
};

// Times of the sound of one segment.
class SoundTimes {
 public:
  explicit SoundTimes(std::int64_t per_second) : per_second_(per_second) {}

  // How long before the first picture the earliest of these is, in ticks; 0: none is.
  std::int64_t earlier(std::span<const RawTime> raw, const SegmentOrigin& pictures) const;
  // What is placed from here on begins behind the end of what was placed.
  void begin_fragment() noexcept { earliest_ = last_dts_ + last_duration_; }
  // `lead` in ticks of the sound. Nothing: it is older than the first picture by more than that.
  std::optional<media::PlacedTime> place(const RawTime& raw, const SegmentOrigin& pictures,
                                         std::int64_t lead);

 private:
  std::int64_t at(const RawTime& raw, const SegmentOrigin& pictures);

  const std::int64_t per_second_;
  bool begun_ = false;
  std::optional<std::int64_t> offset_;  // from its own clock to the segment's
  std::int64_t next_ = 0;
  std::int64_t last_dts_ = -1;
  std::int64_t last_duration_ = 1;
  std::int64_t earliest_ = 0;
};

}  // namespace porchlight::record
