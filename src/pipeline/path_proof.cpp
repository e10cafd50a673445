// SPDX-License-Identifier: Apache-2.0
// Whether what a camera sends still comes out as footage, as an event and as messages. No camera is there, no
// number of one is touched, nobody is told, and nothing of it stays.
#include <algorithm>
#include <span>
#include <utility>

#include "pipeline/pipeline_state.hpp"
#include "porchlight/media/decoder.hpp"
#include "porchlight/media/trial_film.hpp"
#include "porchlight/record/recording_proof.hpp"
#include "porchlight/vision/motion_gate.hpp"

namespace porchlight::pipeline {
namespace {

// What the gate needs to settle would wear the card for nothing.
constexpr std::size_t recorded_pictures = 10;

struct Seen {
  vision::MotionNews news;
  media::FramePtr picture;
};

// A decoder and a motion gate of its own, made as a camera's are.
Result<Seen> look_at(const std::vector<media::PacketPtr>& film) {
  auto decoder = media::Decoder::create(*film.front()->stream);
  if (!decoder) return std::move(decoder).error();
  vision::MotionGate gate({});
  gate.restart();
  std::optional<Seen> seen;
  const auto look = [&](const media::FramePtr& frame) {
    auto news = gate.look(*frame);
    if (news && !news->ended && !seen) seen = Seen{std::move(*news), frame};
  };
  for (const auto& packet : film)
    if (auto status = decoder->decode(*packet, look); !status) return std::move(status).error();
  if (decoder->errors() > 0)
    return Error(ErrorCode::decode, "pictures that we have coded ourselves are damaged");
  if (!seen) return Error(ErrorCode::internal, "the motion gate does not see who walks by");
  return std::move(*seen);
}

event::Motion motion_of(Seen& seen, const Clock& clock) {
  event::Motion motion;
  motion.header = event::make_header(clock);
  motion.camera_id = "health";  // which may be a camera's id: nothing of it is kept
  motion.track = std::move(seen.news.track);
  return motion;
}

}  // namespace

void Pipeline::prove_path(std::function<void(Result<PathProof>)> answer) {
  auto& s = *state_;
  PathProof proof;
  const auto film = media::trial_film(s.clock.now());
  if (!film) return answer(film.error());
  proof.pictures = film->size();
  auto seen = look_at(*film);
  if (!seen) return answer(std::move(seen).error());
  const auto volume = recordings();
  if (!volume) return answer(volume.error());
  if (*volume) {
    const auto few = std::span(*film).first(std::min(recorded_pictures, film->size()));
    if (auto status = record::prove_recording(**volume, few); !status)
      return answer(std::move(status).error());
    proof.recorded = true;
  }
  Incoming incoming{motion_of(*seen, s.clock), seen->picture};
  incoming.rehearsal = [proof, answer = std::move(answer)](Result<std::size_t> suppressed) mutable {
    if (!suppressed) return answer(std::move(suppressed).error());
    proof.suppressed = *suppressed;
    answer(proof);
  };
  s.dispatcher->offer(std::move(incoming));
}

}  // namespace porchlight::pipeline
