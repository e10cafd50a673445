// SPDX-License-Identifier: Apache-2.0
#include <future>

#include "api/camera_pictures.hpp"
#include "api/look_house.hpp"

namespace porchlight::api {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<const std::vector<std::uint8_t>> bytes(const std::string& text) {
  return std::make_shared<const std::vector<std::uint8_t>>(text.begin(), text.end());
}

class CameraRoutes : public test::LookTest {};

TEST_F(CameraRoutes, ListAndOneAreThoseOfTheRights) {
  EXPECT_EQ(json("/api/v1/cameras", login("viewer")),
            nlohmann::json::parse(
                R"({"cameras":[{"id":"porch","name":"Porch","state":"connected",)"
                R"("snapshot":"/api/v1/cameras/porch/snapshot","live":"/api/v1/cameras/porch/live"}]})"));
  EXPECT_EQ(json("/api/v1/cameras", login("admin")).at("cameras").size(), 2U);
  EXPECT_EQ(json("/api/v1/cameras/lawn", login("user")).at("state"), "stalled");
  EXPECT_EQ(ask("GET", "/api/v1/cameras/lawn", login("viewer")).status, 403);
  // Whether there is such a camera is told to who may see all.
  EXPECT_EQ(ask("GET", "/api/v1/cameras/attic", login("viewer")).status, 403);
  EXPECT_EQ(ask("GET", "/api/v1/cameras/attic", login("admin")).status, 404);
  EXPECT_EQ(ask("GET", "/api/v1/cameras/attic/snapshot", login("admin")).status, 404);
}

TEST_F(CameraRoutes, PictureSaysWhenItWasTakenAndIsKeptNowhere) {
  house.on_picture = [this](const std::string& camera) -> Result<CameraPicture> {
    return CameraPicture{bytes("picture of " + camera), clock.wall() - 250ms};
  };
  auto reply = ask("GET", "/api/v1/cameras/porch/snapshot", login("viewer"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "picture of porch");
  EXPECT_EQ(reply.headers["content-type"], "image/jpeg");
  EXPECT_EQ(reply.headers["last-modified"], "Wed, 29 Jan 2025 04:20:12 GMT");
  EXPECT_EQ(reply.headers["x-picture-age-ms"], "250");
  EXPECT_EQ(reply.headers["cache-control"], "no-store");
  ASSERT_EQ(looks().size(), 1U);
  EXPECT_EQ(looks()[0].resource, "/api/v1/cameras/porch/snapshot");
}

TEST_F(CameraRoutes, WithoutAPictureItSaysWhy) {
  auto reply = ask("GET", "/api/v1/cameras/lawn/snapshot", login("user"));
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(type_of(reply), "urn:porchlight:problem:no-picture");
  EXPECT_NE(reply.body.find("it is stalled"), std::string::npos);
  EXPECT_EQ(reply.headers["retry-after"], "2");
  EXPECT_TRUE(looks().empty()) << "nothing was seen";
}

TEST_F(CameraRoutes, ThoseWhoAskAtOnceShareOnePicture) {
  std::atomic<int> made{0};
  house.on_picture = [&](const std::string&) -> Result<CameraPicture> {
    return CameraPicture{bytes("number " + std::to_string(++made)), clock.wall()};
  };
  const auto client = login("admin");
  std::promise<void> begun, go_on;
  librarian.submit([&] {
    begun.set_value();
    go_on.get_future().get();
  });
  begun.get_future().get();
  std::vector<test::Wire> wires;
  for (int i = 0; i < 5; ++i) {
    wires.push_back(server.tcp());
    wires.back().send("GET /api/v1/cameras/porch/snapshot HTTP/1.1\r\n" + headers_of(client) + "\r\n");
  }
  // All five have reached the listener before the one picture is made.
  const auto in_flight = [this] { return metric("http_requests_in_flight"); };
  for (int i = 0; i < 1000 && in_flight() < 5; ++i) std::this_thread::sleep_for(5ms);
  EXPECT_EQ(in_flight(), 5);
  EXPECT_EQ(ask("GET", "/health/live").status, 200);  // answered after them: the listener is one thread
  go_on.set_value();
  for (auto& wire : wires) EXPECT_EQ(wire.reply().body, "number 1");
  EXPECT_EQ(ask("GET", "/api/v1/cameras/porch/snapshot", client).body, "number 2") << "not an old one";
}

TEST(CameraPictures, NoMoreThanSoManyWait) {
  CameraPictures pictures;
  std::vector<LibraryPorts::Job> jobs;
  LibraryPorts ports;
  ports.slow = [&](LibraryPorts::Job job) {
    jobs.push_back(std::move(job));
    return true;
  };
  ports.picture = [](const std::string&) -> Result<CameraPicture> { return CameraPicture{}; };
  std::size_t answered = 0;
  const auto ask = [&] { return pictures.ask(ports, "porch", [&](const auto&) { ++answered; }); };
  for (std::size_t i = 0; i < CameraPictures::waiting_limit; ++i) EXPECT_TRUE(ask());
  EXPECT_FALSE(ask());
  EXPECT_EQ(jobs.size(), 1U);
  jobs[0]();
  EXPECT_EQ(answered, CameraPictures::waiting_limit);
  EXPECT_TRUE(ask());
  EXPECT_EQ(jobs.size(), 2U);
}

}  // namespace
}  // namespace porchlight::api
