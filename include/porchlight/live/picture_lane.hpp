// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/heartbeat.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/http/body.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::live {

inline constexpr int default_picture_rate = 5;  // pictures a second
inline constexpr int most_picture_rate = 15;
// What stands between two pictures, as the answer's Content-Type names it.
inline constexpr const char* picture_boundary = "porchlight";

// A camera's picture as JPEG, made once for all who see it.
struct Jpeg {
  std::shared_ptr<const std::vector<std::uint8_t>> bytes;
  WallTime taken{};         // when its packet arrived,
  MonotonicTime arrived{};  // by the other clock
};

// The way to one client. Any thread; nothing here waits.
struct PictureOutlet {
  std::function<void(const http::SharedFrame&)> send;
  std::function<bool()> is_open;
  std::function<std::size_t()> waiting;  // bytes that are not with the kernel yet
  std::function<void()> close;           // after what was sent
  std::function<void()> drop;            // at once
};
// `sink` of an answer of multipart/x-mixed-replace.
PictureOutlet outlet_to(const http::Sink& sink);

// One who looks. Any thread.
class PictureViewer {
 public:
  PictureViewer(int pictures_a_second, PictureOutlet to_client)
      : rate(pictures_a_second), outlet(std::move(to_client)) {}

  // The whole message: relaxed.
  void leave() noexcept { gone_.store(true, std::memory_order_relaxed); }
  bool is_gone() const { return gone_.load(std::memory_order_relaxed) || !outlet.is_open(); }

  const int rate;
  const PictureOutlet outlet;

 private:
  std::atomic<bool> gone_{false};
};

struct PictureLimits {
  std::chrono::milliseconds fresh{200};    // so young is a picture of now
  std::chrono::milliseconds slow{10'000};  // nothing of a picture was taken for so long: closed
};

struct PicturePorts {
  // Lane's thread. The newest picture of a camera, each encoded once. ErrorCode::not_found (there is no such
  // camera), unavailable (it shows none now), decode.
  std::function<Result<Jpeg>(const std::string& camera)> picture;
  // Lane's thread. Whether somebody looks at that camera; said again and again while somebody does.
  std::function<void(const std::string& camera, bool watched)> watched;
};

struct PictureFigures {
  std::string camera_id;
  std::size_t viewers = 0;
  std::optional<double> latency_s{};  // from a picture's arrival to its sending, of the last that was sent
};

// Shows cameras as a row of JPEGs: at the rate of the quickest viewer of a camera its newest picture is asked
// for, and goes by reference to all whose turn it is. Who still has not got the picture before is left out,
// and gets the newest when it has. Nothing is asked for a camera at which nobody looks. run() belongs to one
// thread, on which pictures are made, and which delays nobody but those who look at pictures.
class PictureLane {
 public:
  static Result<std::unique_ptr<PictureLane>> create(PictureLimits limits, PicturePorts ports,
                                                     const Clock& clock, telemetry::Metrics& metrics);
  ~PictureLane();

  void run(std::stop_token stop, Heartbeat& heartbeat);

  // Any thread; does not wait. Whoever finds no place is closed. `rate`: pictures a second, 1…15.
  std::shared_ptr<PictureViewer> join(const std::string& camera, int rate, PictureOutlet outlet);

  // Any thread.
  std::vector<PictureFigures> figures() const;
  // Any thread. The picture that is shown of a camera, as long as it is fresh; nothing while nobody looks.
  std::optional<Jpeg> newest(const std::string& camera) const;

 private:
  struct State;
  explicit PictureLane(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace porchlight::live
