// SPDX-License-Identifier: Apache-2.0
#include "porchlight/live/picture_lane.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "live/picture_channel.hpp"
#include "porchlight/base/queue.hpp"
#include "porchlight/base/wakeup.hpp"

namespace porchlight::live {
namespace {

using namespace std::chrono_literals;
constexpr auto at_rest = 1s;
// A viewer that has left is to be noticed soon, and a busy machine not to be kept from its work.
constexpr auto longest_sleep = 250ms;

struct Newcomer {
  std::string camera;
  std::shared_ptr<PictureViewer> viewer;
};

}  // namespace

struct PictureLane::State {
  State(PictureLimits wanted, PicturePorts given, const Clock& time, telemetry::Metrics& metrics, Wakeup own)
      : limits(wanted), ports(std::move(given)), clock(time), instruments(metrics), wakeup(std::move(own)) {}

  void take_newcomers();
  std::chrono::nanoseconds turn();  // returns how long nothing is to be done
  void publish();
  void end_all();

  // const after construction
  const PictureLimits limits;
  const PicturePorts ports;
  const Clock& clock;
  PictureInstruments instruments;
  Wakeup wakeup;
  // towards the lane
  MpscRing<Newcomer, QueueName::viewer, Overflow::refuse> newcomers{256, wakeup};
  // lane's thread
  std::map<std::string, PictureChannel> channels;  // by camera; of those that somebody looks at
  // any thread
  mutable std::mutex figures_mutex;
  std::vector<PictureFigures> figures;
  std::map<std::string, Jpeg> shown;
};

void PictureLane::State::take_newcomers() {
  while (auto newcomer = newcomers.pop()) {
    if (newcomer->viewer->is_gone()) continue;
    channels.try_emplace(newcomer->camera, newcomer->camera, limits, ports, clock, instruments)
        .first->second.add(std::move(newcomer->viewer));
  }
}

std::chrono::nanoseconds PictureLane::State::turn() {
  if (channels.empty()) return at_rest;
  auto next = clock.now() + longest_sleep;
  for (auto& [camera, channel] : channels) next = std::min(next, channel.turn());
  std::erase_if(channels, [](const auto& entry) { return entry.second.is_empty(); });
  publish();
  return std::max<std::chrono::nanoseconds>(next - clock.now(), 0ns);
}

void PictureLane::State::publish() {
  std::vector<PictureFigures> seen;
  std::map<std::string, Jpeg> newest;
  for (const auto& [camera, channel] : channels) {
    seen.push_back(channel.figures());
    if (channel.newest()) newest.emplace(camera, *channel.newest());
  }
  const std::lock_guard lock(figures_mutex);
  figures = std::move(seen);
  shown = std::move(newest);
}

void PictureLane::State::end_all() {
  take_newcomers();
  for (auto& [camera, channel] : channels) channel.end_all();
  channels.clear();
  publish();
}

Result<std::unique_ptr<PictureLane>> PictureLane::create(PictureLimits limits, PicturePorts ports,
                                                         const Clock& clock, telemetry::Metrics& metrics) {
  auto wakeup = Wakeup::create();
  if (!wakeup) return std::move(wakeup).error().context("make the picture lane");
  return std::unique_ptr<PictureLane>(
      new PictureLane(std::make_unique<State>(limits, std::move(ports), clock, metrics, std::move(*wakeup))));
}

PictureLane::PictureLane(std::unique_ptr<State> state) : state_(std::move(state)) {}
PictureLane::~PictureLane() = default;

std::shared_ptr<PictureViewer> PictureLane::join(const std::string& camera, int rate, PictureOutlet outlet) {
  auto viewer = std::make_shared<PictureViewer>(std::clamp(rate, 1, most_picture_rate), std::move(outlet));
  if (!state_->newcomers.push({camera, viewer})) viewer->outlet.close();
  return viewer;
}

void PictureLane::run(std::stop_token stop, Heartbeat& heartbeat) {
  auto& s = *state_;
  std::stop_callback wake(stop, [&s] { s.wakeup.notify(); });
  while (!stop.stop_requested()) {
    heartbeat.beat();
    s.take_newcomers();
    const auto pause = s.turn();
    s.wakeup.wait_for(pause, [&] { return !s.newcomers.empty() || stop.stop_requested(); });
  }
  s.end_all();
}

std::optional<Jpeg> PictureLane::newest(const std::string& camera) const {
  const std::lock_guard lock(state_->figures_mutex);
  const auto found = state_->shown.find(camera);
  if (found == state_->shown.end() || state_->clock.now() - found->second.arrived > state_->limits.fresh)
    return std::nullopt;
  return found->second;
}

std::vector<PictureFigures> PictureLane::figures() const {
  const std::lock_guard lock(state_->figures_mutex);
  return state_->figures;
}

}  // namespace porchlight::live
