// SPDX-License-Identifier: Apache-2.0
#include "api/event_feed.hpp"
#include "api/look_house.hpp"

namespace porchlight::api {
namespace {

using namespace std::chrono_literals;
using test::Client;
using testing::HasSubstr;
using testing::Not;

std::string of_event(const std::string& id) {
  return "\"id\":\"" + id + "\"";
}
std::size_t times(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}
// The id that a browser would send when it comes back.
std::string last_id(const std::string& seen) {
  const auto at = seen.rfind("\nid: ");
  return at == std::string::npos ? "" : seen.substr(at + 5, seen.find('\n', at + 5) - at - 5);
}

class EventStream : public test::LookTest {
 protected:
  const std::string stream = "/api/v1/events/stream";
  const std::vector<std::string> both = {stream, "/ws"};
};

TEST_F(EventStream, TellsEachEventOnceAndItsPictureLater) {
  ring("porch");  // before anybody listened
  for (const auto& path : both) {
    auto listener = listen(login("admin"), path);
    ASSERT_EQ(listener.status, path == stream ? 200 : 101);
    const auto id = ring("porch", 1ms);
    ASSERT_TRUE(listener.hears(of_event(id))) << listener.seen;
    EXPECT_THAT(listener.seen, HasSubstr("\"snapshot\":null"));
    add_picture(id, "picture");
    EXPECT_TRUE(listener.hears("/api/v1/events/" + id + "/snapshot")) << listener.seen;
    EXPECT_EQ(times(listener.seen, of_event(id)), 2U);
    EXPECT_EQ(times(listener.seen, "\"type\":\"ring\""), 2U) << "the one from before was told";
    if (path != stream) {
      EXPECT_THAT(listener.seen, HasSubstr("{\"type\":\"event\",\"id\":\""));
    }
  }
}

TEST_F(EventStream, ResumesAfterTheLastIdWithoutLossOrRepetition) {
  auto listener = listen(login("admin"));
  const auto first = ring("porch");
  ASSERT_TRUE(listener.hears(of_event(first)));
  ASSERT_TRUE(listener.hears("\n\n"));
  const auto last = last_id(listener.seen);
  ASSERT_FALSE(last.empty());
  listener.wire.close();
  // While nobody listens; one of them happened earlier than what was told, but was committed later.
  const auto late = ring("porch", -5s);
  const auto next = ring("lawn", 1ms);
  add_picture(late, "picture");
  for (const auto& [path, more] :
       std::vector<std::pair<std::string, std::string>>{{stream, "Last-Event-ID: " + last + "\r\n"},
                                                        {stream + "?last_event_id=" + last, ""},
                                                        {"/ws?last_event_id=" + last, ""}}) {
    auto again = listen(login("admin"), path, more);
    ASSERT_TRUE(again.hears(of_event(late))) << path << again.seen;
    const auto newest = ring("porch", 2ms);
    ASSERT_TRUE(again.hears(of_event(newest))) << path;
    EXPECT_EQ(times(again.seen, of_event(first)), 0U) << path;
    EXPECT_EQ(times(again.seen, of_event(late)), 1U) << path;
    EXPECT_EQ(times(again.seen, of_event(next)), 1U) << path;
  }
}

// A browser comes back to the address of the first time, which says where that time began.
TEST_F(EventStream, TheHeaderIsNewerThanTheAddress) {
  const auto first = ring("porch");
  auto listener = listen(login("admin"), stream + "?last_event_id=0");
  ASSERT_TRUE(listener.hears(of_event(first)) && listener.hears("\n\n"));
  const auto last = last_id(listener.seen);
  listener.wire.close();
  auto again = listen(login("admin"), stream + "?last_event_id=0", "Last-Event-ID: " + last + "\r\n");
  const auto next = ring("porch", 1ms);
  ASSERT_TRUE(again.hears(of_event(next)));
  EXPECT_THAT(again.seen, Not(HasSubstr(of_event(first))));
}

TEST_F(EventStream, WaitingForTheDatabaseIsNoError) {
  std::atomic<bool> ready{false};
  LibraryPorts ports;
  ports.quick = ports.slow = [](const LibraryPorts::Job&) { return true; };
  ports.ready = [&] { return ready.load(); };
  const http::test::TemporaryFolder nothing;
  Library early(nothing.path(), clock, server.metrics, *accounts, std::move(ports));
  telemetry::set_log_level(telemetry::Level::error);
  testing::internal::CaptureStderr();
  early.tick();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  ready = true;
  testing::internal::CaptureStderr();
  early.tick();
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("the event log cannot be read"));
  telemetry::set_log_level(telemetry::Level::critical);
}

TEST_F(EventStream, CatchesUpOverManyPagesInOrder) {
  std::vector<std::string> rung;
  for (int i = 0; i < 300; ++i) rung.push_back(ring("porch", i * 1ms));
  auto listener = listen(login("admin"), stream, "Last-Event-ID: 0\r\n");
  for (int i = 0; i < 60 && !listener.hears(of_event(rung.back())); ++i) tick();
  std::size_t at = 0;
  for (const auto& id : rung) {
    ASSERT_EQ(times(listener.seen, of_event(id)), 1U);
    const auto here = listener.seen.find(of_event(id));
    EXPECT_GT(here, at);
    at = here;
  }
}

TEST_F(EventStream, AnIdOfAnotherDatabaseIsTheNewest) {
  const auto old = ring("porch");
  auto listener = listen(login("admin"), stream, "Last-Event-ID: 999999999\r\n");
  ASSERT_EQ(listener.status, 200);
  const auto id = ring("porch", 1ms);
  EXPECT_TRUE(listener.hears(of_event(id)));
  EXPECT_THAT(listener.seen, Not(HasSubstr(of_event(old))));
  for (const auto* bad : {"x", "-1", "1.5", "9999999999999999999", "1 OR 1"})
    EXPECT_EQ(listen(login("admin"), stream, std::string("Last-Event-ID: ") + bad + "\r\n").status, 400)
        << bad;
}

TEST_F(EventStream, ShowsWhatIsGrantedAndWishedForOnly) {
  for (const auto& path : both) {
    auto viewer = listen(login("viewer"), path);
    auto lost = listen(login("admin"), path + "?type=camera_lost");
    auto lawn_only = listen(login("admin"), path + "?camera=lawn");
    const auto nowhere = ring("");
    const auto lawn = ring("lawn", 1ms);
    const auto porch = ring("porch", 2ms);
    const auto stalled =
        commit(event::CameraLost{{event::EventId::generate(clock.wall() + 3ms), clock.wall() + 3ms, {}, {}},
                                 "porch",
                                 event::CameraFault::stalled});
    const auto last = ring("lawn", 4ms);
    EXPECT_TRUE(viewer.hears(of_event(stalled))) << path;
    EXPECT_THAT(viewer.seen, AllOf(HasSubstr(porch), Not(HasSubstr(lawn)), Not(HasSubstr(nowhere))));
    EXPECT_TRUE(lost.hears(of_event(stalled)));
    EXPECT_THAT(lost.seen, Not(HasSubstr("\"ring\"")));
    EXPECT_TRUE(lawn_only.hears(of_event(last)));
    EXPECT_THAT(lawn_only.seen, AllOf(HasSubstr(lawn), Not(HasSubstr(porch)), Not(HasSubstr(stalled))));
    EXPECT_EQ(listen(login("viewer"), path + "?camera=lawn").status, 403);
    EXPECT_EQ(listen(login("admin"), path + "?type=rings").status, 400);
    EXPECT_EQ(listen({}, path).status, 401);
    EXPECT_EQ(listen(login("monitor"), path).status, 403);
  }
}

// Each way in which a right ends; what is committed from then on is not told.
TEST_F(EventStream, EndsWithTheRightToListen) {
  using End = std::function<void(const Client&)>;
  const std::vector<std::pair<const char*, End>> ends = {
      {"logout",
       [&](const Client& client) { EXPECT_EQ(ask("POST", "/api/v1/auth/logout", client).status, 204); }},
      {"other cameras",
       [&](const Client&) {
         grant("viewer", {false, {"lawn"}});
         reload();
       }},
      {"disabled",
       [&](const Client&) {
         auto account = *stored().find("viewer");
         account->disabled = true;
         ASSERT_TRUE(stored().change(*account));
         reload();
       }},
      {"role",
       [&](const Client&) {
         auto account = *stored().find("viewer");
         account->role = store::Role::monitor;
         ASSERT_TRUE(stored().change(*account));
         reload();
       }},
      {"idle", [&](const Client&) { clock.advance(24h * 8); }},
  };
  for (const auto& path : both) {
    for (const auto& [name, end] : ends) {
      auto account = *stored().find("viewer");
      account->disabled = false;
      account->role = store::Role::viewer;
      account->cameras = {false, {"porch"}};
      ASSERT_TRUE(stored().change(*account));
      reload();
      const auto client = login("viewer");
      auto listener = listen(client, path);
      const auto before = ring("porch");
      ASSERT_TRUE(listener.hears(of_event(before))) << path << name;
      end(client);
      const auto after = ring("porch", 1ms);
      tick();
      EXPECT_TRUE(listener.ends()) << path << ' ' << name;
      EXPECT_THAT(listener.seen, Not(HasSubstr(of_event(after)))) << path << ' ' << name;
    }
  }
}

TEST_F(EventStream, EndsWithoutAnyEventToo) {
  for (const auto& path : both) {
    const auto client = login("viewer");
    auto listener = listen(client, path);
    ASSERT_EQ(ask("POST", "/api/v1/auth/logout", client).status, 204);
    tick();
    EXPECT_TRUE(listener.ends()) << path;
  }
}

TEST_F(EventStream, EndsWithItsToken) {
  const auto admin = login("admin");
  const auto made =
      nlohmann::json::parse(ask("POST", "/api/v1/tokens", admin,
                                nlohmann::json{{"name", "script"}, {"scopes", {"view"}}, {"days", 1}})
                                .body);
  Client script;
  script.bearer = made.at("token").get<std::string>();
  auto revoked = listen(script);
  const auto id = ring("porch");
  ASSERT_TRUE(revoked.hears(of_event(id)));
  EXPECT_EQ(ask("DELETE", "/api/v1/tokens/" + made["id"].get<std::string>(), admin).status, 204);
  tick();
  EXPECT_TRUE(revoked.ends());

  script.bearer =
      nlohmann::json::parse(ask("POST", "/api/v1/tokens", admin,
                                nlohmann::json{{"name", "other"}, {"scopes", {"view"}}, {"days", 1}})
                                .body)
          .at("token")
          .get<std::string>();
  auto expired = listen(script);
  ASSERT_EQ(expired.status, 200);
  tick();
  clock.advance(25h);
  tick();
  EXPECT_TRUE(expired.ends());
}

TEST_F(EventStream, DoesNotKeepASessionAlive) {
  const auto client = login("viewer");
  auto listener = listen(client);
  for (int day = 0; day < 8; ++day) {
    clock.advance(24h);
    ring("porch", day * 1ms);
    tick();
  }
  EXPECT_TRUE(listener.ends());
}

TEST_F(EventStream, AnAccountListensInSoManyPlaces) {
  std::vector<Listening> open;
  const auto client = login("viewer");
  // One address may have 32 connections: the account's limit is met from two.
  for (std::size_t i = 0; i < EventFeed::listeners_of_account; ++i) {
    Listening listening{server.tcp(i % 2 == 0 ? "127.0.0.1" : "127.0.0.2")};
    listening.status = listening.wire
                           .ask("GET " + both[i % 4 / 2] + " HTTP/1.1\r\n" + headers_of(client) +
                                (i % 4 / 2 == 1 ? upgrade() : "") + "\r\n")
                           .status;
    ASSERT_EQ(listening.status, i % 4 / 2 == 1 ? 101 : 200) << i;
    open.push_back(std::move(listening));
  }
  EXPECT_EQ(listen(client).status, 429);
  EXPECT_EQ(listen(client, "/ws").status, 429);
  EXPECT_EQ(listen(login("admin")).status, 200) << "another account has places of its own";
  open.clear();
  int status = 429;
  for (int i = 0; i < 1000 && status == 429; ++i) {
    status = listen(client).status;
    if (status == 429) std::this_thread::sleep_for(5ms);
  }
  EXPECT_EQ(status, 200) << "places are given back";
}

TEST_F(EventStream, ForeignPagesMayNotOpenTheSocket) {
  const auto client = login("admin");
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(listen(client, "/ws", "Origin: http://elsewhere.example\r\n").status, 403);
  EXPECT_EQ(
      metric(
          R"(security_events_total{action_taken="blocked",event_type="unauthorized_access",source="api"})"),
      3);
  std::vector<AuditRecord> refused;
  for (const auto& record : executor.recorded())
    if (record.kind == AuditRecord::Kind::authorization) refused.push_back(record);
  ASSERT_EQ(refused.size(), 1U) << "one a minute";
  EXPECT_EQ(refused[0].user, "admin");
  EXPECT_EQ(refused[0].resource, "/ws");
  EXPECT_EQ(refused[0].permission, "a page of this house");
  EXPECT_TRUE(looks().empty());
  EXPECT_EQ(listen(client, "/ws", "Origin: http://house\r\n").status, 101);
  EXPECT_EQ(ask("GET", "/ws", client).status, 400) << "no handshake";
}

TEST_F(EventStream, BeginningsAreOnRecordAndSocketsCounted) {
  EXPECT_EQ(metric("websocket_connections_total"), 0);
  auto listener = listen(login("viewer"));
  auto socket = listen(login("viewer"), "/ws");
  ASSERT_EQ(socket.status, 101);
  EXPECT_EQ(metric("websocket_connections"), 1);
  EXPECT_EQ(metric("websocket_connections_total"), 1);
  const auto seen = looks();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].resource, stream);
  EXPECT_EQ(seen[1].resource, "/ws");
  EXPECT_EQ(seen[1].user, "viewer");
}

TEST_F(EventStream, ASlowClientLosesNothing) {
  auto listener = listen(login("admin"));
  // More than the kernel and the pipe take.
  std::vector<std::string> rung;
  for (int i = 0; i < 1500; ++i) {
    event::Security tamper;
    tamper.header.at = clock.wall() + i * 1ms;
    tamper.header.id = event::EventId::generate(tamper.header.at);
    tamper.kind = std::string(4000, 'x');
    rung.push_back(commit(tamper));
  }
  tick();
  for (int i = 0; i < 3000 && listener.seen.find(of_event(rung.back())) == std::string::npos; ++i) {
    while (listener.wire.readable_within(5)) {
      const auto some = listener.wire.some();
      ASSERT_FALSE(some.empty()) << "dropped";
      listener.seen += some;
    }
    tick();
  }
  std::size_t at = 0;
  for (const auto& id : rung) {
    const auto here = listener.seen.find(of_event(id), at);
    ASSERT_NE(here, std::string::npos);
    at = here;
  }
  EXPECT_EQ(times(listener.seen, "event: event\n"), rung.size());
}

}  // namespace
}  // namespace porchlight::api
