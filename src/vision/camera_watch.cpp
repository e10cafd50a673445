// SPDX-License-Identifier: Apache-2.0
#include "camera_watch.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace porchlight::vision {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t most_visits = 8;
constexpr std::size_t most_trackers = 4;
constexpr int grey_width = 480;  // trackers scale their patch anyway
constexpr milliseconds follow_every{80};
// A face near the last box is the same one only shortly after it was there; later its looks decide.
constexpr milliseconds same_place{700};
constexpr milliseconds verify_every{2000};  // a named visit is looked at again: is it still the same person?

Box scaled(const Box& box, float by) {
  return {box.x * by, box.y * by, box.width * by, box.height * by};
}

// How far apart two boxes' centres are, in parts of their size.
float apart(const Box& a, const Box& b) {
  const auto dx = a.x + a.width / 2 - b.x - b.width / 2;
  const auto dy = a.y + a.height / 2 - b.y - b.height / 2;
  return std::hypot(dx, dy) / std::max(1.0F, (a.height + b.height) / 2);
}

bool seen_now(const Visit& visit, MonotonicTime now) {
  return visit.last_seen() == now;
}

}  // namespace

Result<std::vector<Seen>> CameraWatch::on_frame(const media::FramePtr& frame, bool search) {
  const auto now = desk_.clock.now();
  last_frame_ = now;
  const auto done = search ? look(frame, now) : follow(*frame, now);
  if (!done) return done.error();
  return settle(now);
}

bool CameraWatch::in_a_hurry() const noexcept {
  return !rings_.empty() ||
         std::any_of(visits_.begin(), visits_.end(), [](const Visit& visit) { return !visit.decided(); });
}

Watcher::Due CameraWatch::due() const noexcept {
  const bool hurry = in_a_hurry();
  const auto pause = hurry ? desk_.options.detect_every : desk_.options.idle_detect_every;
  if (desk_.clock.now() - last_detection_ < pause) return Watcher::Due::not_yet;
  return hurry ? Watcher::Due::awaited : Watcher::Due::at_rest;
}

Status CameraWatch::scale_grey(const media::Frame& frame) {
  grey_scale_ = std::min(1.0F, static_cast<float>(grey_width) / static_cast<float>(frame.width));
  const auto height = static_cast<int>(static_cast<float>(frame.height) * grey_scale_);
  const auto width = static_cast<int>(static_cast<float>(frame.width) * grey_scale_);
  const auto scaled_region = grey_scaler_.scale(frame, width, height, grey_);
  if (!scaled_region) return scaled_region.error();
  return {};
}

Status CameraWatch::follow(const media::Frame& frame, MonotonicTime now) {
  if (visits_.empty() || now - last_follow_ < follow_every) return {};
  last_follow_ = now;
  if (auto grey = scale_grey(frame); !grey) return grey;
  std::size_t followed = 0;
  for (auto& visit : visits_) {
    if (now - visit.last_seen() > same_place || followed++ == most_trackers) continue;
    if (const auto box = visit.tracker().update(grey_)) visit.moved(scaled(*box, 1 / grey_scale_));
  }
  return {};
}

Status CameraWatch::look(const media::FramePtr& frame, MonotonicTime now) {
  const bool no_grey_yet = visits_.empty();
  last_follow_ = {};  // bring the trackers to this frame before boxes are compared
  if (auto followed = follow(*frame, now); !followed) return followed;
  last_detection_ = now;
  const auto faces = detect(*frame, now);
  if (!faces) return faces.error();
  associate(*faces, now);
  if (visits_.empty()) return {};
  if (no_grey_yet) {
    if (auto grey = scale_grey(*frame); !grey) return grey;
  }
  restart_trackers(now);
  return shoot(frame, now);
}

Visit* CameraWatch::nearest_visit(const Face& face, MonotonicTime now) {
  Visit* nearest = nullptr;
  float least = 0.8F;
  for (auto& visit : visits_) {
    if (seen_now(visit, now) || now - visit.last_seen() > same_place) continue;
    const auto distance_apart = apart(visit.box(), face.box);
    if (distance_apart >= least) continue;
    least = distance_apart;
    nearest = &visit;
  }
  return nearest;
}

void CameraWatch::associate(const std::vector<Face>& faces, MonotonicTime now) {
  for (const auto& face : faces) {
    if (covers_seen(face, now)) continue;
    if (auto* visit = nearest_visit(face, now)) {
      visit->seen(face, now);
    } else if (visits_.size() < most_visits) {
      visits_.emplace_back(++last_number_, face, now);
    }
  }
  note_neighbours(now);
}

void CameraWatch::restart_trackers(MonotonicTime now) {
  std::size_t started = 0;
  for (auto& visit : visits_) {
    if (seen_now(visit, now) && started++ < most_trackers) {
      visit.tracker().start(grey_, scaled(visit.box(), grey_scale_));
    }
  }
}

// One embedding a frame: first who has no name yet, of these and of the others whoever waited longest.
Visit* CameraWatch::next_to_shoot(MonotonicTime now) {
  Visit* next = nullptr;
  for (auto& visit : visits_) {
    if (!seen_now(visit, now)) continue;
    if (visit.decided() && now - visit.last_tried() < verify_every) continue;
    const auto order = [](const Visit& a) { return std::tuple(a.decided(), a.last_tried()); };
    if (next == nullptr || order(visit) < order(*next)) next = &visit;
  }
  return next;
}

Status CameraWatch::shoot(const media::FramePtr& frame, MonotonicTime now) {
  auto* visit = next_to_shoot(now);
  if (visit == nullptr) return {};
  visit->tried(now);
  const auto chip = desk_.engine.align(*frame, {visit->box(), 1});
  if (!chip) return chip.error();
  if (refuse(*visit, *chip, frame, now)) return {};
  const auto embedding = desk_.engine.embed(*chip);
  if (!embedding) return embedding.error();
  take_shot(*visit, *embedding, *chip, frame, now);
  return {};
}

// The place said whose face this is; the looks may know better.
void CameraWatch::take_shot(Visit& visit, const Embedding& embedding, const Chip& chip,
                            const media::FramePtr& frame, MonotonicTime now) {
  auto* one = &visit;
  if (!visit.resembles(embedding)) {
    auto* back = returning(visit, embedding, now);
    if (back != nullptr && !visit.decided()) one = rejoin(*back, visit);
  }
  if (!one->add_shot(embedding, chip, frame, now)) {
    one = succeed(*one, now);
    one->add_shot(embedding, chip, frame, now);
  }
  one->judge(*desk_.gallery, desk_.threshold());
}

// A visit out of sight that the face of this one belongs to.
Visit* CameraWatch::returning(const Visit& visit, const Embedding& embedding, MonotonicTime now) {
  const auto found = std::find_if(visits_.begin(), visits_.end(), [&](const Visit& other) {
    return !seen_now(other, now) && !visit.stood_beside(other) && other.resembles(embedding);
  });
  return found == visits_.end() ? nullptr : &*found;
}

// The face was lost for a moment and came back elsewhere: the old visit goes on, the new one never was.
Visit* CameraWatch::rejoin(Visit& back, Visit& visit) {
  back.continue_as(std::move(visit));
  const auto stays = back.number();
  const auto goes = visit.number();
  std::erase_if(visits_, [goes](const Visit& other) { return other.number() == goes; });
  for (auto& other : visits_) other.forget_neighbour(goes);
  return &*std::find_if(visits_.begin(), visits_.end(),
                        [stays](const Visit& other) { return other.number() == stays; });
}

// Somebody else stands where the visitor stood: a visit of their own begins, the old one is unseen.
Visit* CameraWatch::succeed(Visit& visit, MonotonicTime now) {
  const Face face{visit.box(), 1};
  if (visits_.size() == most_visits) {
    const auto goes = visit.number();
    visit = Visit(++last_number_, face, now);
    for (auto& other : visits_) other.forget_neighbour(goes);
    return &visit;
  }
  visit.left(now - same_place - milliseconds(1));
  visits_.emplace_back(++last_number_, face, now);
  return &visits_.back();
}

void CameraWatch::gallery_changed() {
  for (auto& visit : visits_) visit.judge_anew(*desk_.gallery, desk_.threshold());
}

}  // namespace porchlight::vision
