// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "porchlight/base/worker.hpp"
#include "porchlight/camera/decode_lane.hpp"
#include "porchlight/camera/ingest.hpp"
#include "porchlight/camera/packet_queue.hpp"

namespace porchlight::test {

// True as soon as `condition` holds; false after a time no healthy run comes near.
bool eventually(const std::function<bool()>& condition,
                std::chrono::seconds patience = std::chrono::seconds(25));

// One camera with its two lanes on two real threads, as the daemon runs it.
class CameraRig {
 public:
  struct Seen {
    std::uint64_t number = 0;    // Frame::number
    std::uint64_t burned = 0;    // what the picture itself says
    std::uint64_t clock_ms = 0;  // and when it was drawn
  };

  CameraRig(camera::CameraOptions options, telemetry::Metrics& metrics);
  ~CameraRig();

  void stop();

  camera::ConnectionState state() const { return ingest_->state(); }
  std::vector<Seen> frames() const;
  std::vector<media::PacketPtr> sound() const;
  std::vector<event::Event> events() const;
  template <class Kind>
  std::vector<Kind> events_of() const {
    std::vector<Kind> found;
    for (const auto& one : events())
      if (const auto* match = std::get_if<Kind>(&one)) found.push_back(*match);
    return found;
  }
  double gauge(const std::string& name) const;
  double counter(const std::string& name) const;
  double reconnects(const std::string& reason) const;
  double state_gauge(const std::string& state) const;
  camera::Ingest& ingest() { return *ingest_; }

 private:
  void watch(std::stop_token stop);

  telemetry::Metrics& metrics_;
  const std::string id_;
  SystemClock clock_;
  mutable std::mutex mutex_;
  std::vector<Seen> frames_;
  std::vector<media::PacketPtr> sound_;
  std::vector<event::Event> events_;
  Wakeup frame_wakeup_;
  camera::DecodeLane::FrameBox box_;
  std::unique_ptr<camera::PacketQueue> packets_;
  std::unique_ptr<camera::Ingest> ingest_;
  std::unique_ptr<camera::DecodeLane> lane_;
  std::jthread watcher_;
  std::unique_ptr<Worker> decode_worker_;
  std::unique_ptr<Worker> ingest_worker_;
};

// Quick to notice and quick to retry; the defaults are for real cameras.
camera::CameraOptions rtsp_camera(const std::string& id, const std::string& url);
// For a test that waits until silence is seen: after 2 s.
camera::CameraOptions impatient(camera::CameraOptions options);
telemetry::ClosedSets sets_of(const std::vector<std::string>& camera_ids);

}  // namespace porchlight::test
