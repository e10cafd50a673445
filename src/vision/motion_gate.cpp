// SPDX-License-Identifier: Apache-2.0
#include "porchlight/vision/motion_gate.hpp"

#include <algorithm>
#include <utility>

#include "porchlight/media/luma.hpp"
#include "vision/motion_background.hpp"
#include "vision/motion_blobs.hpp"
#include "vision/motion_memory.hpp"
#include "vision/motion_path.hpp"
#include "vision/motion_tracks.hpp"
#include "vision/motion_tuning.hpp"
#include "vision/motion_zones.hpp"

namespace porchlight::vision {
namespace {

using namespace std::chrono_literals;

constexpr int plane_width = 320;
constexpr int plane_height = 180;
constexpr int settling_pictures = 3;
constexpr auto remember_every = 900ms;
constexpr auto usual_pause = 100ms;  // between pictures, where they tell nothing better
constexpr float blank_deviation = 3;
constexpr float grey_holes = 1.0F / 16;
// A place that looked different for nothing is left alone for so long, at rest; twice as long each time in a
// row.
constexpr auto first_rest = 1s;
constexpr int most_doublings = 5;
constexpr auto forget_after = 60s;

// Every 16th sample will do.
bool is_blank(const media::Image& plane) {
  double sum = 0, squares = 0;
  int count = 0;
  for (std::size_t i = 0; i < plane.pixels.size(); i += 16, ++count) {
    const double level = plane.pixels[i];
    sum += level;
    squares += level * level;
  }
  const double mean = sum / std::max(1, count);
  return squares / std::max(1, count) - mean * mean < static_cast<double>(blank_deviation * blank_deviation);
}

}  // namespace

class MotionGate::State {
 public:
  State(MotionOptions options, const MotionTuning& tuning) : tuning_(tuning), zones_(std::move(options)) {}

  std::optional<MotionNews> look(const media::Frame& frame);
  std::optional<MotionNews> tick(MonotonicTime now);
  void restart();
  std::optional<MotionNews> finish();
  bool wants_all() const noexcept { return phase_ != Phase::resting || in_motion_; }
  bool moving() const noexcept { return in_motion_; }

 private:
  enum class Phase { settling, resting, suspicious };

  bool take(const media::Frame& frame);
  void settle();
  void judge();
  void rest();
  void suspect();
  void follow();
  void note_movers();
  void begin_motion(const MotionTrack& track);
  std::optional<MotionNews> end_if_over(MonotonicTime now);
  MotionNews news(bool ended) const;
  void accept_scene();
  void calm_down();
  bool is_left_alone(const MotionBlob& blob) const;
  bool suspicious_blob(const MotionBlob& blob) const;

  const MotionTuning tuning_;
  MotionZones zones_;
  media::LumaReader reader_;
  media::Image plane_;
  MotionBackground background_{tuning_};
  MotionMemory memory_;
  MotionBlobs blobs_{tuning_, background_, memory_};
  MotionTracks tracks_{tuning_};
  const std::vector<MotionBlob>* found_ = nullptr;  // of the newest plane

  Phase phase_ = Phase::settling;
  bool in_motion_ = false;
  bool just_begun_ = false;
  std::optional<MonotonicTime> settling_since_;
  int settled_ = 0;      // pictures
  MonotonicTime now_{};  // of the newest picture, by arrival
  std::chrono::nanoseconds passed_{usual_pause};
  std::optional<MonotonicTime> seen_;        // the picture before
  std::optional<MonotonicTime> remembered_;  // when the memory learned last
  MonotonicTime suspected_{};
  // Of the motion that goes on.
  MonotonicTime start_{};
  MonotonicTime last_move_{};
  std::uint32_t zones_seen_ = 0;
  MotionPath path_;
  // Cells that looked different for nothing.
  std::vector<std::uint8_t> suspects_;  // since the suspicion began
  std::vector<MonotonicTime> left_alone_until_;
  int in_vain_ = 0;
};

// False: nothing to compare.
bool MotionGate::State::take(const media::Frame& frame) {
  if (seen_) {
    const auto pause = frame.arrived - *seen_;
    if (pause >= 0ns && pause < tuning_.pace) return false;
    passed_ = pause < 0ns ? std::chrono::nanoseconds(usual_pause) : pause;
  }
  if (!reader_.read(frame, plane_width, plane_height, plane_)) return false;
  now_ = frame.arrived;
  seen_ = now_;
  if (tuning_.skips_blank && is_blank(plane_)) return false;
  if (!background_.fits(plane_)) {
    restart();
    background_.begin(plane_);
    memory_.begin(plane_);
    const auto cells = (plane_.width / cell_side) * (plane_.height / cell_side);
    left_alone_until_.assign(static_cast<std::size_t>(cells), MonotonicTime{});
    suspects_.assign(left_alone_until_.size(), 0);
  }
  return true;
}

std::optional<MotionNews> MotionGate::State::look(const media::Frame& frame) {
  if (!take(frame)) return end_if_over(frame.arrived);
  if (phase_ == Phase::settling)
    settle();
  else
    judge();
  if (std::exchange(just_begun_, false)) return news(false);
  return end_if_over(now_);
}

// The first pictures are the background, whatever they show; the last of them most.
void MotionGate::State::settle() {
  if (!settling_since_) {
    settling_since_ = now_;
    background_.begin(plane_);
    memory_.begin(plane_);
  }
  background_.compare(plane_, zones_.watched(plane_.width, plane_.height));
  ++settled_;
  if (now_ - *settling_since_ < tuning_.settle || settled_ < settling_pictures) {
    background_.learn(plane_, tuning_.average);
    return;
  }
  background_.begin(plane_);
  memory_.begin(plane_);
  phase_ = Phase::resting;
}

void MotionGate::State::judge() {
  const auto& changed = background_.compare(plane_, zones_.watched(plane_.width, plane_.height));
  found_ = &blobs_.find(plane_, changed);
  if (tuning_.skips_blank && blobs_.grey_part() >= grey_holes) return;
  if (blobs_.changed_part() >= tuning_.light_part) {
    // Another light is on: that is the background now. Who moves is seen against it from the next picture on.
    accept_scene();
    tracks_.clear();
    return;
  }
  if (phase_ == Phase::resting) rest();
  if (phase_ == Phase::suspicious || in_motion_) follow();
  background_.learn(plane_, passed_);
  if (remembered_ && now_ - *remembered_ < remember_every && now_ >= *remembered_) return;
  memory_.learn(plane_, background_.step());
  remembered_ = now_;
}

void MotionGate::State::rest() {
  if (in_motion_) return;
  const bool anything = std::any_of(found_->begin(), found_->end(),
                                    [this](const MotionBlob& blob) { return suspicious_blob(blob); });
  if (anything) suspect();
}

bool MotionGate::State::suspicious_blob(const MotionBlob& blob) const {
  return zones_.touches(blob, blobs_.columns()) && !is_left_alone(blob);
}

// Most of it lies where something looked different for nothing a moment ago.
bool MotionGate::State::is_left_alone(const MotionBlob& blob) const {
  const auto known = std::count_if(blob.cells.begin(), blob.cells.end(),
                                   [this](std::uint16_t cell) { return now_ < left_alone_until_[cell]; });
  return 2 * known >= static_cast<std::ptrdiff_t>(blob.cells.size());
}

void MotionGate::State::suspect() {
  if (now_ - suspected_ >= forget_after) in_vain_ = 0;
  phase_ = Phase::suspicious;
  suspected_ = now_;
  suspects_.assign(left_alone_until_.size(), 0);
  tracks_.clear();
}

void MotionGate::State::follow() {
  tracks_.follow(*found_, now_);
  for (const auto& blob : *found_)
    for (const auto cell : blob.cells) suspects_[cell] = 1;
  note_movers();
  if (!in_motion_ && now_ - suspected_ >= tuning_.suspicion) calm_down();
}

void MotionGate::State::note_movers() {
  const MotionTrack* largest = nullptr;  // of the movers
  for (auto& track : tracks_.all()) {
    const bool here = track.last_seen() == now_;
    const auto zones = here ? zones_.zones_of(track.blob()) : 0;
    if (!track.mover && here && zones_.counts(zones) && track.has_moved(tuning_)) {
      track.mover = true;
      if (!in_motion_) begin_motion(track);
      last_move_ = std::max(last_move_, now_);
    }
    if (!track.mover || !here) continue;
    if (zones_.counts(zones)) last_move_ = std::max(last_move_, track.last_progress());
    zones_seen_ |= zones;
    if ((largest == nullptr || track.blob().cells.size() > largest->blob().cells.size())) largest = &track;
  }
  if (largest != nullptr) path_.add(now_, largest->blob(), plane_.width, plane_.height);
}

void MotionGate::State::begin_motion(const MotionTrack& track) {
  in_motion_ = just_begun_ = true;
  in_vain_ = 0;
  start_ = track.first_seen();
  last_move_ = now_;
  zones_seen_ = 0;
  path_.begin(start_);
}

// Something was different and did not move: it belongs to the scene. The next time it takes longer to notice
// it.
void MotionGate::State::calm_down() {
  const auto alone = first_rest * (1 << std::min(in_vain_, most_doublings));
  for (std::size_t cell = 0; cell < suspects_.size(); ++cell)
    if (suspects_[cell] != 0) left_alone_until_[cell] = now_ + alone;
  ++in_vain_;
  accept_scene();
  tracks_.clear();
  phase_ = Phase::resting;
}

void MotionGate::State::accept_scene() {
  const auto& kinds = blobs_.kinds();
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (kinds[i] == CellKind::still) continue;
    const int left = static_cast<int>(i) % blobs_.columns() * cell_side;
    const int top = static_cast<int>(i) / blobs_.columns() * cell_side;
    background_.adopt_cell(plane_, left, top);
    memory_.accept_cell(plane_, left, top, background_.step());
  }
}

std::optional<MotionNews> MotionGate::State::end_if_over(MonotonicTime now) {
  if (!in_motion_ || now - last_move_ < tuning_.hold) return std::nullopt;
  return finish();
}

std::optional<MotionNews> MotionGate::State::finish() {
  if (!std::exchange(in_motion_, false)) return std::nullopt;
  auto ended = news(true);
  tracks_.clear();
  if (phase_ == Phase::settling) return ended;
  phase_ = Phase::resting;
  if (found_ != nullptr) accept_scene();
  return ended;
}

MotionNews MotionGate::State::news(bool ended) const {
  MotionNews news{ended, start_, last_move_, {}, path_.steps()};
  for (std::size_t i = 0; i < 32; ++i)
    if ((zones_seen_ >> i & 1U) != 0) news.zones.push_back(i);
  return news;
}

std::optional<MotionNews> MotionGate::State::tick(MonotonicTime now) {
  return end_if_over(now);
}

void MotionGate::State::restart() {
  phase_ = Phase::settling;
  settling_since_.reset();
  settled_ = 0;
  tracks_.clear();
  found_ = nullptr;
}

MotionGate::MotionGate(MotionOptions options) : MotionGate(std::move(options), MotionTuning{}) {}
MotionGate::MotionGate(MotionOptions options, const MotionTuning& tuning)
    : state_(std::make_unique<State>(std::move(options), tuning)) {}
MotionGate::~MotionGate() = default;
MotionGate::MotionGate(MotionGate&&) noexcept = default;
MotionGate& MotionGate::operator=(MotionGate&&) noexcept = default;

std::optional<MotionNews> MotionGate::look(const media::Frame& frame) {
  return state_->look(frame);
}
std::optional<MotionNews> MotionGate::tick(MonotonicTime now) {
  return state_->tick(now);
}
void MotionGate::restart() {
  state_->restart();
}
std::optional<MotionNews> MotionGate::finish() {
  return state_->finish();
}
bool MotionGate::wants_all() const noexcept {
  return state_->wants_all();
}
bool MotionGate::moving() const noexcept {
  return state_->moving();
}

}  // namespace porchlight::vision
