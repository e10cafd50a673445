// SPDX-License-Identifier: Apache-2.0
#include "pipeline/examination_desk.hpp"

#include <utility>

#include "porchlight/vision/refusal.hpp"

namespace porchlight::pipeline {
namespace {

using End = InferenceMeter::End;

// Each holds a picture of up to 12 MB.
constexpr std::size_t capacity = 4;

Examined faces_of(const Examination& examination, std::vector<vision::Shot> shots,
                  const vision::Gallery& gallery, float threshold) {
  std::vector<ExaminedFace> faces;
  for (auto& shot : shots) {
    auto identity = vision::identify(gallery, shot, threshold);
    const auto& box = shot.face.box;
    const auto width = static_cast<float>(examination.photo.width);
    const auto height = static_cast<float>(examination.photo.height);
    faces.push_back(
        {shot, {box.x / width, box.y / height, box.width / width, box.height / height}, std::move(identity)});
  }
  return faces;
}

Examined look_at(const Examination& examination, vision::FaceEngine& engine, const vision::Gallery& gallery,
                 float threshold, const vision::FaceEngine::GoOn& go_on) {
  if (examination.wanted == FaceWanted::every) {
    auto found = engine.shots_of_photo(examination.photo, go_on);
    if (!found) return std::move(found).error();
    return faces_of(examination, std::move(*found), gallery, threshold);
  }
  const auto whose = examination.wanted == FaceWanted::only ? vision::FaceEngine::Whose::only
                                                            : vision::FaceEngine::Whose::largest;
  auto found = engine.enrolable_shot(examination.photo, whose, go_on);
  if (!found) return std::move(found).error();
  return faces_of(examination, {*found}, gallery, threshold);
}

// That there is no face to enrol is a result, too.
bool is_fault(const Examined& examined) {
  return !examined && examined.error().code() == ErrorCode::internal;
}

}  // namespace

ExaminationDesk::ExaminationDesk(Wakeup& vision, InferenceMeter& meter)
    : meter_(meter), queue_(capacity, vision) {}

// Counted before it can be taken, so that no scrape sees more ended than brought.
Status ExaminationDesk::bring(Examination examination) {
  meter_.enqueued();
  if (queue_.push(std::move(examination))) return {};
  meter_.ended(End::dropped);
  return Error(ErrorCode::unavailable, "too many photographs wait to be looked at");
}

void ExaminationDesk::turn_late_away(MonotonicTime now) {
  if (!next_) next_ = queue_.pop();
  if (!next_ || now < next_->deadline) return;
  meter_.ended(End::timeout);
  answer(Error(ErrorCode::timeout, "the cameras left no time to look at the photograph"));
}

void ExaminationDesk::serve(vision::FaceEngine& engine, const vision::Gallery& gallery, float threshold,
                            const vision::FaceEngine::GoOn& go_on) {
  if (!next_) return;
  std::optional<InferenceMeter::Work> work(std::in_place, meter_);
  auto examined = look_at(*next_, engine, gallery, threshold, go_on);
  if (!examined && examined.error().code() == ErrorCode::cancelled) return work->put_back();
  if (!is_fault(examined)) work->succeeded();
  work.reset();  // counted before whoever asked knows
  answer(std::move(examined));
}

void ExaminationDesk::answer(Examined examined) {
  std::exchange(next_, std::nullopt)->answer(std::move(examined));
}

void ExaminationDesk::refuse_all(const Error& why, InferenceMeter::End how) {
  while (next_ || (next_ = queue_.pop())) {
    meter_.ended(how);
    answer(why);
  }
}

}  // namespace porchlight::pipeline
