// SPDX-License-Identifier: Apache-2.0
// Addresses where no camera answers, or something else does.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "camera_rig.hpp"
#include "porchlight/base/unique_fd.hpp"

namespace porchlight::camera {
namespace {

using namespace std::chrono_literals;
using test::CameraRig;
using test::eventually;
using test::rtsp_camera;

// A port that is ours: bound, and listening when `backlog` is given.
struct Port {
  UniqueFd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::string url;
  explicit Port(int backlog = 0) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    EXPECT_TRUE(backlog == 0 || ::listen(socket.get(), backlog) == 0);
    url = "rtsp://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/cam";
  }
};

TEST(Network, NobodyThereIsUnreachableAndSaidOnce) {
  const Port port;  // bound, not listening: refused
  telemetry::Metrics metrics(test::sets_of({"front"}));
  CameraRig rig(rtsp_camera("front", port.url), metrics);
  ASSERT_TRUE(eventually([&] { return rig.reconnects("network") >= 4; }));
  EXPECT_EQ(rig.state(), ConnectionState::unreachable);
  EXPECT_EQ(rig.state_gauge("unreachable"), 1);
  EXPECT_EQ(rig.gauge("camera_connection_status"), 0);
  ASSERT_EQ(rig.events_of<event::CameraLost>().size(), 1U);
  EXPECT_EQ(rig.events_of<event::CameraLost>()[0].fault, event::CameraFault::network);
  EXPECT_THAT(metrics.exposition(), testing::Not(testing::HasSubstr("camera_last_frame_timestamp{")));
}

TEST(Network, SomethingElseThereIsAProtocolError) {
  const Port port(8);
  std::jthread other([&port](std::stop_token stop) {
    while (!stop.stop_requested()) {
      const UniqueFd client(::accept(port.socket.get(), nullptr, nullptr));
      std::string request(4096, '\0');
      if (!client || ::recv(client.get(), request.data(), request.size(), 0) <= 0) continue;
      constexpr std::string_view answer = "RTSP/1.0 461 Unsupported Transport\r\nCSeq: 1\r\n\r\n";
      ::send(client.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
    }
  });
  telemetry::Metrics metrics(test::sets_of({"front"}));
  {
    CameraRig rig(rtsp_camera("front", port.url), metrics);
    EXPECT_TRUE(eventually([&] { return rig.reconnects("protocol") >= 2; }));
    EXPECT_EQ(rig.state(), ConnectionState::protocol_error);
  }
  other.request_stop();
  ::shutdown(port.socket.get(), SHUT_RDWR);
}

// The kernel completes the handshake, and then nobody ever speaks.
TEST(Network, StopInterruptsAnOpeningThatGetsNoAnswer) {
  const Port port(8);
  telemetry::Metrics metrics(test::sets_of({"front"}));
  CameraRig rig(rtsp_camera("front", port.url), metrics);
  const UniqueFd client(::accept(port.socket.get(), nullptr, nullptr));
  ASSERT_TRUE(client);
  EXPECT_EQ(rig.state(), ConnectionState::connecting);
  const auto asked = std::chrono::steady_clock::now();
  rig.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - asked, 8s) << "ten seconds is what an opening is given";
}

TEST(Network, ADisabledCameraConnectsNowhereAndHasNoStatus) {
  const Port port(8);
  telemetry::Metrics metrics(test::sets_of({"front"}));
  auto options = rtsp_camera("front", port.url);
  options.enabled = false;
  {
    CameraRig rig(options, metrics);
    EXPECT_EQ(rig.state(), ConnectionState::disabled);
    EXPECT_EQ(rig.state_gauge("disabled"), 1);
    EXPECT_THAT(metrics.exposition(), testing::Not(testing::HasSubstr("camera_connection_status{")));
  }
  pollfd waiting{port.socket.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 0), 0) << "somebody connected";
}

TEST(Network, ARetiredCameraLeavesNoGauges) {
  telemetry::Metrics metrics(test::sets_of({"front"}));
  SystemClock clock;
  Ingest ingest(rtsp_camera("front", "rtsp://127.0.0.1:1/cam"), {}, metrics, clock, {});
  EXPECT_THAT(metrics.exposition(), testing::HasSubstr("camera_connection_status{"));
  ingest.retire();
  EXPECT_THAT(metrics.exposition(), testing::Not(testing::HasSubstr("camera_connection_status{")));
  EXPECT_THAT(metrics.exposition(), testing::Not(testing::HasSubstr("camera_connection_state{")));
}

}  // namespace
}  // namespace porchlight::camera
