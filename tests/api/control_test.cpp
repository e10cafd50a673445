// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "api/api_house.hpp"
#include "porchlight/api/control_client.hpp"

namespace porchlight::api {
namespace {

using http::test::get;
using nlohmann::json;
using testing::HasSubstr;

std::string post(const std::string& target) {
  return "POST " + target + " HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
}

class ControlRoutes : public test::ApiTest {
 protected:
  ControlClient client() const { return ControlClient(server.socket()); }
};

TEST_F(ControlRoutes, TemplatesAreTheDeclaredEndpoints) {
  EXPECT_THAT(server.server->router().templates(), testing::UnorderedElementsAreArray(endpoints()));
}

TEST_F(ControlRoutes, RingAnswersOnlyAfterTheCommit) {
  std::promise<std::pair<RingOrder, Answer<RingAccepted>>> arrived;
  house.on_ring = [&](RingOrder order, Answer<RingAccepted> answer) {
    arrived.set_value({std::move(order), std::move(answer)});
  };
  auto wire = server.control();
  wire.send(post("/api/v1/buttons/front/ring"));
  auto [order, answer] = arrived.get_future().get();
  EXPECT_EQ(order.button_id, "front");
  EXPECT_EQ(order.source, event::TriggerSource::cli);
  EXPECT_EQ(order.peer.uid, ::getuid());
  EXPECT_EQ(order.peer.pid, ::getpid());
  EXPECT_FALSE(wire.readable_within(50));
  const auto id = event::EventId::generate(clock.wall());
  std::jthread([&, answer = std::move(answer)] { answer(RingAccepted{id, "porch"}); }).join();
  const auto reply = wire.reply();
  EXPECT_EQ(reply.status, 200);
  const auto body = json::parse(reply.body);
  EXPECT_EQ(body.at("id"), id.text());
  EXPECT_EQ(body.at("button"), "front");
  EXPECT_EQ(body.at("camera"), "porch");
  EXPECT_EQ(body.at("trace_id"), order.trace.trace_text());
}

TEST_F(ControlRoutes, RingTakesItsSource) {
  std::vector<event::TriggerSource> sources;
  house.on_ring = [&](const RingOrder& order, const Answer<RingAccepted>& answer) {
    sources.push_back(order.source);
    answer(RingAccepted{});
  };
  auto wire = server.control();
  EXPECT_EQ(wire.ask(post("/api/v1/buttons/front/ring?source=test")).status, 200);
  EXPECT_EQ(wire.ask(post("/api/v1/buttons/front/ring?source=api")).status, 200);
  EXPECT_EQ(wire.ask(post("/api/v1/buttons/front/ring?source=button_press")).status, 400);
  server.stop();  // what its thread wrote is ours to read
  EXPECT_THAT(sources, testing::ElementsAre(event::TriggerSource::test, event::TriggerSource::api));
}

TEST_F(ControlRoutes, UnknownButtonIsNamedWithTheNearest) {
  house.on_ring = [](const RingOrder&, const Answer<RingAccepted>&) { ADD_FAILURE(); };
  const auto answer = client().ring("fornt");
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(answer->problem(), "there is no button 'fornt' (did you mean 'front'?)");
  const auto problem = json::parse(answer->body);
  EXPECT_EQ(problem.at("type"), "urn:porchlight:problem:unknown-button");
  EXPECT_EQ(problem.at("title"), "Not Found");
  EXPECT_EQ(problem.at("buttons"), json({"front", "garden"}));
  EXPECT_EQ(problem.at("trace_id").get<std::string>().size(), 32U);
  EXPECT_EQ(client().ring("a/b c\xff")->status, 404);
}

TEST_F(ControlRoutes, FailureOfTheRingKeepsItsMeaning) {
  const std::vector<std::pair<ErrorCode, int>> meanings = {{ErrorCode::unavailable, 503},
                                                           {ErrorCode::timeout, 503},
                                                           {ErrorCode::resource, 503},
                                                           {ErrorCode::io, 500}};
  for (const auto& [code, status] : meanings) {
    house.on_ring = [code = code](const RingOrder&, const Answer<RingAccepted>& answer) {
      answer(Error(code, "commit the ring: the disk is full"));
    };
    const auto answer = client().ring("front");
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->status, status);
    EXPECT_EQ(answer->problem(), "commit the ring: the disk is full");
  }
}

TEST_F(ControlRoutes, RingThatIsNeverAnsweredIs503) {
  house.on_ring = [](const RingOrder&, const Answer<RingAccepted>&) {};  // drops it
  EXPECT_EQ(client().ring("front")->status, 503);
  for (const auto& route : server.server->router().routes()) {
    if (route.path == "/api/v1/buttons/{id}/ring") {
      EXPECT_EQ(route.answer, std::chrono::seconds{5});
    }
  }
}

TEST_F(ControlRoutes, StatusIsThePortsOwn) {
  const auto answer = client().status();
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->body, R"({"state":"running"})");
}

TEST_F(ControlRoutes, ReloadReportsWhatItDid) {
  house.on_reload = [](const Answer<ReloadReport>& answer) {
    answer(ReloadReport{{}, {"log.level"}, {"cameras[0]"}, {"server.listen"}});
  };
  const auto answer = client().reload();
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(
      json::parse(answer->body),
      json::parse(
          R"({"applied":["log.level"],"restarted":["cameras[0]"],"needs_restart":["server.listen"],"warnings":[]})"));
}

TEST_F(ControlRoutes, ReloadOfABadFileNamesItsFaults) {
  house.on_reload = [](const Answer<ReloadReport>& answer) {
    answer(ReloadReport{{"p.yaml:1:1: a", "p.yaml:2:1: b"}, {}, {}, {}});
  };
  const auto answer = client().reload();
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 422);
  EXPECT_EQ(answer->problem(),
            "the new configuration has faults, the old one stays\np.yaml:1:1: a\np.yaml:2:1: b");
}

TEST_F(ControlRoutes, FacesReloadCountsPeople) {
  EXPECT_EQ(client().faces_changed()->body, R"({"people":3})");
}

TEST_F(ControlRoutes, ResendTakesWhatNarrowsItDown) {
  EXPECT_EQ(client().resend("")->body, R"({"resent":7,"without_channel":0,"more":false})");
  EXPECT_EQ(
      client()
          .resend("event=0199d7b0-7c1e-7a52-9d1e-3f2b8c6a5e01&sequence=2&channel=hook&before=1700000000000")
          ->body,
      R"({"resent":2,"without_channel":4,"more":true})");
  for (const auto* wrong : {"event=1", "sequence=-1", "sequence=4294967296", "sequence=1x", "before=noon"})
    EXPECT_EQ(client().resend(wrong)->status, 400) << wrong;
}

TEST(ControlClient, SaysThatNoDaemonRuns) {
  const http::test::TemporaryFolder folder;
  const auto answer = ControlClient(folder.path() / "control.sock").status();
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code(), ErrorCode::not_found);
  EXPECT_THAT(answer.error().text(), HasSubstr("the daemon does not run"));
}

TEST_F(ControlRoutes, ClientSaysThatTheSocketIsAbandoned) {
  const auto left = server.folder.path() / "left.sock";
  std::filesystem::rename(server.socket(), left);
  server.stop();
  server.server.reset();
  const auto answer = ControlClient(left).status();
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code(), ErrorCode::unavailable);
}

}  // namespace
}  // namespace porchlight::api
