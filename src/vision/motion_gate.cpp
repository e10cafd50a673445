// SPDX-License-Identifier: Apache-2.0
#include "porchlight/vision/motion_gate.hpp"

#include <algorithm>
#include <utility>

#include "porchlight/media/luma.hpp"
#include "vision/motion_background.hpp"
#include "vision/motion_blobs.hpp"
#include "vision/motion_course.hpp"
#include "vision/motion_memory.hpp"
#include "vision/motion_settling.hpp"
#include "vision/motion_suspicion.hpp"
#include "vision/motion_tracks.hpp"
#include "vision/motion_tuning.hpp"
#include "vision/motion_zones.hpp"

namespace porchlight::vision {
namespace {

using namespace std::chrono_literals;

constexpr int plane_width = 320;
constexpr int plane_height = 180;
constexpr auto remember_every = 900ms;
constexpr auto usual_pause = 100ms;  // between pictures, where they tell nothing better
constexpr float blank_deviation = 3;
constexpr float grey_holes = 1.0F / 16;

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

  bool too_soon(const media::Frame& frame) const;
  bool take(const media::Frame& frame);
  void follow_time();
  void settle();
  void judge();
  void rest();
  void follow();
  void note_movers();
  void pass_over_grey();
  void learn();
  void begin_motion(const MotionTrack& track);
  std::optional<MotionNews> end_if_over(MonotonicTime now);
  void forget_scene();
  void accept_scene();
  void calm_down(MonotonicTime now);
  bool suspicious_blob(const MotionBlob& blob) const;

  const MotionTuning tuning_;
  MotionZones zones_;
  media::LumaReader reader_;
  media::Image fresh_;  // of the newest picture
  media::Image plane_;  // of the newest that shows anything
  MotionBackground background_{tuning_};
  MotionMemory memory_;
  MotionBlobs blobs_{tuning_, background_, memory_};
  MotionTracks tracks_{tuning_};
  // In the newest plane; null: the newest picture was not judged.
  const std::vector<MotionBlob>* found_ = nullptr;

  Phase phase_ = Phase::settling;
  bool in_motion_ = false;
  bool just_begun_ = false;
  MotionSettling settling_{tuning_};
  MotionSuspicion suspicion_{tuning_};
  MonotonicTime now_{};  // of the newest picture, by arrival
  std::chrono::nanoseconds passed_{usual_pause};
  std::optional<MonotonicTime> seen_;        // the picture before
  std::optional<MonotonicTime> remembered_;  // when the memory learned last
  std::optional<MonotonicTime> grey_since_;  // all pictures have had grey holes
  MotionCourse course_;                      // of the motion that goes on
};

bool MotionGate::State::too_soon(const media::Frame& frame) const {
  if (!seen_) return false;
  const auto pause = frame.arrived - *seen_;
  return pause >= 0ns && pause < tuning_.pace;
}

// False: nothing to compare.
bool MotionGate::State::take(const media::Frame& frame) {
  if (!reader_.read(frame, plane_width, plane_height, fresh_)) return false;
  now_ = frame.arrived;
  follow_time();
  // Before anything else: what is kept of the planes before is of another size.
  if (fresh_.width != plane_.width || fresh_.height != plane_.height) {
    plane_ = fresh_;
    restart();
  }
  if (tuning_.skips_blank && is_blank(fresh_)) {
    found_ = nullptr;
    if (phase_ == Phase::settling && settling_.see_blank(now_)) phase_ = Phase::resting;
    return false;
  }
  std::swap(plane_, fresh_);
  return true;
}

// Back to what was passed over: what was seen in the picture that woke us is seen again, in its turn.
void MotionGate::State::follow_time() {
  passed_ = seen_ && now_ >= *seen_ ? now_ - *seen_ : std::chrono::nanoseconds(usual_pause);
  if (seen_ && now_ < *seen_ && !in_motion_) tracks_.clear();
  seen_ = now_;
}

std::optional<MotionNews> MotionGate::State::look(const media::Frame& frame) {
  if (too_soon(frame) || !take(frame)) return tick(frame.arrived);
  // There was nothing to begin with; now there is.
  if (phase_ != Phase::settling && !settling_.saw_any()) restart();
  if (phase_ == Phase::settling)
    settle();
  else
    judge();
  if (std::exchange(just_begun_, false)) return course_.news(false);
  return tick(now_);
}

// The first pictures are the background, whatever they show; the last of them most.
void MotionGate::State::settle() {
  if (!settling_.saw_any()) forget_scene();
  background_.compare(plane_, zones_.watched(plane_.width, plane_.height));
  if (!settling_.see(now_)) {
    background_.learn(plane_, tuning_.average);
    return;
  }
  forget_scene();
  phase_ = Phase::resting;
}

void MotionGate::State::forget_scene() {
  background_.begin(plane_);
  memory_.begin(plane_);
  suspicion_.forget(static_cast<std::size_t>((plane_.width / cell_side) * (plane_.height / cell_side)));
}

void MotionGate::State::judge() {
  const auto& changed = background_.compare(plane_, zones_.watched(plane_.width, plane_.height));
  found_ = &blobs_.find(plane_, changed);
  if (tuning_.skips_blank && blobs_.grey_part() >= grey_holes) return pass_over_grey();
  grey_since_.reset();
  if (blobs_.changed_part() >= tuning_.light_part) {
    // Another light is on: that is the background now. Who moves is seen against it from the next picture on.
    accept_scene();
    tracks_.clear();
    return;
  }
  if (phase_ == Phase::resting) rest();
  if (phase_ == Phase::suspicious || in_motion_) follow();
  learn();
}

// A hole in the stream is mended within a few seconds. What is grey for longer is a thing.
void MotionGate::State::pass_over_grey() {
  if (!grey_since_) grey_since_ = now_;
  if (now_ - *grey_since_ >= tuning_.grey_stays) {
    accept_scene();
    grey_since_.reset();
  }
  found_ = nullptr;
}

void MotionGate::State::learn() {
  background_.learn(plane_, passed_);
  if (remembered_ && now_ - *remembered_ < remember_every && now_ >= *remembered_) return;
  memory_.learn(plane_, background_.step());
  remembered_ = now_;
}

void MotionGate::State::rest() {
  if (in_motion_) return;
  const bool anything = std::any_of(found_->begin(), found_->end(),
                                    [this](const MotionBlob& blob) { return suspicious_blob(blob); });
  if (!anything) return;
  phase_ = Phase::suspicious;
  suspicion_.begin(now_);
  tracks_.clear();
}

bool MotionGate::State::suspicious_blob(const MotionBlob& blob) const {
  return zones_.touches(blob, blobs_.columns()) && !suspicion_.is_left_alone(blob, now_);
}

void MotionGate::State::follow() {
  tracks_.follow(*found_, now_);
  suspicion_.add(*found_);
  note_movers();
}

void MotionGate::State::note_movers() {
  const MotionTrack* largest = nullptr;  // of the movers
  for (auto& track : tracks_.all()) {
    const bool here = track.last_seen() == now_;
    const auto zones = here ? zones_.zones_of(track.blob()) : 0;
    if (!track.mover && here && zones_.counts(zones) && track.has_moved(tuning_)) {
      track.mover = true;
      if (!in_motion_) begin_motion(track);
      course_.move(now_);
    }
    if (!track.mover || !here) continue;
    if (zones_.counts(zones)) course_.move(track.last_progress());
    course_.pass(zones);
    if ((largest == nullptr || track.blob().cells.size() > largest->blob().cells.size())) largest = &track;
  }
  if (largest != nullptr) course_.add(now_, largest->blob(), plane_.width, plane_.height);
}

void MotionGate::State::begin_motion(const MotionTrack& track) {
  in_motion_ = just_begun_ = true;
  suspicion_.was_right();
  course_.begin(track.first_seen(), now_);
}

// Something was different and did not move: it belongs to the scene, as far as the newest picture shows it.
// The next time it takes longer to notice it.
void MotionGate::State::calm_down(MonotonicTime now) {
  suspicion_.was_in_vain(now);
  if (found_ != nullptr) accept_scene();
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
  if (!in_motion_ || !course_.is_over(now, tuning_)) return std::nullopt;
  return finish();
}

std::optional<MotionNews> MotionGate::State::finish() {
  if (!std::exchange(in_motion_, false)) return std::nullopt;
  auto ended = course_.news(true);
  tracks_.clear();
  if (phase_ == Phase::settling) return ended;
  phase_ = Phase::resting;
  if (found_ != nullptr) accept_scene();
  return ended;
}

std::optional<MotionNews> MotionGate::State::tick(MonotonicTime now) {
  if (phase_ == Phase::suspicious && !in_motion_ && suspicion_.is_over(now)) calm_down(now);
  return end_if_over(now);
}

void MotionGate::State::restart() {
  phase_ = Phase::settling;
  settling_.restart();
  grey_since_.reset();
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
