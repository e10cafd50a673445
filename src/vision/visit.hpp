// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "box_tracker.hpp"
#include "porchlight/base/clock.hpp"
#include "porchlight/media/packet.hpp"
#include "porchlight/vision/gallery.hpp"
#include "porchlight/vision/watcher.hpp"
#include "vote.hpp"

namespace porchlight::vision {

// One person before one camera, from the first sight until unseen for visit_gap: where the face is,
// its best shots and who it seems to be.
class Visit {
 public:
  Visit(std::uint64_t number, const Face& face, MonotonicTime now);

  // Where: by the detector, or by the tracker in between.
  void seen(const Face& face, MonotonicTime now);
  void moved(const Box& box) { box_ = box; }
  void left(MonotonicTime at) { last_seen_ = at; }
  // Goes on where `other`, a later visit of the same face, stands; its shots are not taken over.
  void continue_as(Visit&& other);
  // Both were seen at once, apart from each other: they are two people, whatever they look like.
  void stands_beside(std::uint64_t neighbour);
  bool stood_beside(const Visit& other) const;
  void forget_neighbour(std::uint64_t number) { std::erase(beside_, number); }

  // Who: adds a shot to the evidence. False when it shows somebody else than the shots before.
  bool add_shot(const Embedding& embedding, const Chip& chip, const media::FramePtr& frame,
                MonotonicTime now);
  // A picture that is no good shot, kept for people while there is no better one.
  void refuse(event::Refusal reason, const Chip& chip, const media::FramePtr& frame);
  void judge(const Gallery& gallery, float threshold);
  // Another gallery than before.
  void judge_anew(const Gallery& gallery, float threshold);
  // Same face as this visit's?
  bool resembles(const Embedding& embedding) const;
  // The evidence suffices for a name, or for saying that there is none in the gallery.
  bool sure() const noexcept { return vote_.sure(); }
  // What most of its pictures lacked; nothing when one of them was a good shot.
  std::optional<event::Refusal> refused() const;

  void tried(MonotonicTime now) { tried_ = now; }
  void decide() { decided_ = true; }

  std::uint64_t number() const noexcept { return number_; }
  const Box& box() const noexcept { return box_; }
  MonotonicTime first_seen() const noexcept { return first_seen_; }
  MonotonicTime last_seen() const noexcept { return last_seen_; }
  MonotonicTime last_tried() const noexcept { return tried_; }
  int detections() const noexcept { return detections_; }
  std::size_t shots() const noexcept { return shots_.size(); }
  bool decided() const noexcept { return decided_; }
  const Identity& identity() const noexcept { return vote_.outcome(); }
  const media::FramePtr& best_frame() const noexcept { return best_frame_; }
  const Box& best_box() const noexcept { return best_box_; }
  BoxTracker& tracker() noexcept { return tracker_; }

 private:
  struct Evidence {
    Embedding embedding;
    float quality;
  };
  Embedding mean() const;
  void keep(const Evidence& evidence);
  void keep_picture(const media::FramePtr& frame, float quality);

  std::uint64_t number_;
  Box box_;
  MonotonicTime first_seen_;
  MonotonicTime last_seen_;
  MonotonicTime tried_{};
  int detections_ = 1;
  BoxTracker tracker_;

  std::vector<std::uint64_t> beside_;          // visits that are other people's
  std::vector<Evidence> shots_;                // the best few
  std::vector<std::optional<Match>> nearest_;  // of each of them, as far as judged
  int strange_shots_ = 0;                      // in a row
  std::array<int, event::refusals.size()> refusals_{};
  bool has_good_shot_ = false;
  float best_quality_ = 0;
  media::FramePtr best_frame_;
  Box best_box_;
  Vote vote_;
  bool decided_ = false;
};

}  // namespace porchlight::vision
