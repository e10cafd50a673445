// SPDX-License-Identifier: Apache-2.0
// The wiring of those who watch.
#include <utility>

#include "pipeline/pipeline_state.hpp"
#include "porchlight/telemetry/build.hpp"

namespace porchlight::pipeline {

using namespace std::chrono_literals;

Status Pipeline::State::make_live() {
  live::LaneOptions wanted;
  wanted.version = telemetry::build_version();
  auto made = live::Lane::create(std::move(wanted), clock, metrics);
  if (!made) return std::move(made).error();
  live = std::move(*made);
  auto shown = live::PictureLane::create(
      {},
      {[this](const std::string& camera) { return shown_pictures.jpeg(camera); },
       [this](const std::string& camera, bool watched) { shown_pictures.set_watched(camera, watched); }},
      clock, metrics);
  if (!shown) return std::move(shown).error();
  picture_lane = std::move(*shown);
  return {};
}

void Pipeline::State::start_live() {
  // Ends before the listener, so that viewers are told why.
  supervisor.start({"live", "streamer", Stage::decoders, 10s,
                    [lane = live.get()](std::stop_token stop, Heartbeat& beat) { lane->run(stop, beat); }});
  supervisor.start(
      {"mjpeg", "streamer", Stage::decoders, 10s,
       [lane = picture_lane.get()](std::stop_token stop, Heartbeat& beat) { lane->run(stop, beat); }});
}

void Pipeline::State::publish_sources() {
  auto all = std::make_shared<live::Sources>();
  for (const auto& [id, unit] : cameras)
    for (auto& source : CameraUnit::sources_of(unit)) all->push_back(std::move(source));
  live->set_sources(std::move(all));
}

// Here and not on the lane's thread, because this one removes the series of a camera that is gone.
void Pipeline::State::show_live() {
  std::map<std::string, std::size_t> viewers;
  std::map<std::string, double> latency, hls_latency;
  std::map<std::string, std::optional<double>> pictured;  // latency of MJPEG, by camera
  for (const auto& [id, unit] : cameras) viewers[id] = 0;
  std::set<std::pair<std::string, live::Quality>> shown;
  for (const auto& feed : live->figures()) {
    if (!cameras.contains(feed.camera_id)) continue;
    viewers[feed.camera_id] += feed.viewers;
    if (feed.viewers == 0) continue;
    shown.insert({feed.camera_id, feed.quality});
    metrics
        .gauge("stream_bitrate",
               {{"camera_id", feed.camera_id}, {"quality", std::string(to_string(feed.quality))}})
        .set(feed.bitrate_bps);
    if (feed.latency_s) latency[feed.camera_id] = std::max(latency[feed.camera_id], *feed.latency_s);
    if (feed.hls_latency_s)
      hls_latency[feed.camera_id] = std::max(hls_latency[feed.camera_id], *feed.hls_latency_s);
  }
  for (const auto& camera : picture_lane->figures()) {
    if (!cameras.contains(camera.camera_id)) continue;
    viewers[camera.camera_id] += camera.viewers;
    pictured[camera.camera_id] = camera.latency_s;
  }
  show_picture_latency(pictured);
  for (const auto& [id, count] : viewers)
    metrics.gauge("stream_viewers_count", {{"camera_id", id}}).set(static_cast<double>(count));
  metrics.gauge("active_streams_total").set(static_cast<double>(shown.size() + pictured.size()));
  for (const auto& [id, quality] : streams_shown) {
    if (!cameras.contains(id)) continue;
    if (!shown.contains({id, quality}))
      metrics.remove_gauge("stream_bitrate",
                           {{"camera_id", id}, {"quality", std::string(to_string(quality))}});
    if (!latency.contains(id))
      metrics.remove_gauge("stream_latency_ms", {{"camera_id", id}, {"protocol", "mse"}});
    if (!hls_latency.contains(id))
      metrics.remove_gauge("stream_latency_ms", {{"camera_id", id}, {"protocol", "hls"}});
  }
  for (const auto& [id, seconds] : latency)
    metrics.gauge("stream_latency_ms", {{"camera_id", id}, {"protocol", "mse"}}).set(seconds * 1000);
  for (const auto& [id, seconds] : hls_latency)
    metrics.gauge("stream_latency_ms", {{"camera_id", id}, {"protocol", "hls"}}).set(seconds * 1000);
  streams_shown = std::move(shown);
}

void Pipeline::State::show_picture_latency(const std::map<std::string, std::optional<double>>& latency) {
  for (const auto& id : pictures_shown)
    if (cameras.contains(id) && !latency.contains(id))
      metrics.remove_gauge("stream_latency_ms", {{"camera_id", id}, {"protocol", "mjpeg"}});
  pictures_shown.clear();
  for (const auto& [id, seconds] : latency) {
    if (!seconds) continue;
    metrics.gauge("stream_latency_ms", {{"camera_id", id}, {"protocol", "mjpeg"}}).set(*seconds * 1000);
    pictures_shown.insert(id);
  }
}

std::shared_ptr<live::PictureViewer> Pipeline::watch_pictures(const std::string& camera_id, int rate,
                                                              live::PictureOutlet outlet) {
  return state_->picture_lane->join(camera_id, rate, std::move(outlet));
}

std::shared_ptr<live::Viewer> Pipeline::watch(const std::string& camera_id, live::Quality quality,
                                              live::Outlet outlet) {
  return state_->live->join(camera_id, quality, std::move(outlet));
}

void Pipeline::ask_hls(live::HlsRequest request) {
  state_->live->ask(std::move(request));
}

}  // namespace porchlight::pipeline
