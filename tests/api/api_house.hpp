// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "http/running_server.hpp"
#include "porchlight/api/routes.hpp"

namespace porchlight::api::test {

// A function the test replaces while the server's thread may look at it.
template <class Function>
class Exchangeable {
 public:
  void operator=(Function function) {
    const std::lock_guard lock(mutex_);
    function_ = std::move(function);
  }
  Function get() {
    const std::lock_guard lock(mutex_);
    return function_;
  }

 private:
  std::mutex mutex_;
  Function function_;
};

// The rest of the house as the routes see it, for a test to play.
struct House {
  std::vector<std::string> buttons = {"front", "garden"};
  Exchangeable<std::function<void(RingOrder, Answer<RingAccepted>)>> on_ring;
  Exchangeable<std::function<void(Answer<ReloadReport>)>> on_reload;
  std::string status = R"({"state":"running"})";

  Port port() {
    Port made;
    made.buttons = [this] { return buttons; };
    made.ring = [this](RingOrder order, Answer<RingAccepted> answer) {
      on_ring.get()(std::move(order), std::move(answer));
    };
    made.status = [this] { return status; };
    made.reload = [this](Answer<ReloadReport> answer) { on_reload.get()(std::move(answer)); };
    made.faces_changed = [](Answer<std::size_t> answer) { answer(std::size_t{3}); };
    return made;
  }
};

// The real routes on a real server; the health's clock stands still (it begins one second in).
class ApiTest : public testing::Test {
 protected:
  House house;
  SimulatedClock clock{WallTime{std::chrono::milliseconds{1'738'124'411'950}}};
  telemetry::Health health{clock};
  http::test::RunningServer server{
      endpoints(), [this](telemetry::Metrics& metrics) { return routes(house.port(), metrics, health); }};
};

}  // namespace porchlight::api::test
