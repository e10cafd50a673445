// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "api/account_client.hpp"
#include "http/client_frame.hpp"
#include "porchlight/store/event_log.hpp"

namespace porchlight::api::test {

using http::test::Wire;

// Accounts, and events of two cameras and of none; `viewer` may see the porch, `user` the lawn.
class LookTest : public AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    grant("viewer", {false, {"porch"}});
    grant("user", {false, {"lawn"}});
    reload();
    auto opened = store::Database::open(data.path() / "porchlight.db",
                                        {.synchronous = store::Synchronous::off_in_tests}, nullptr);
    ASSERT_TRUE(opened.ok());
    database_ = std::move(*opened);
    std::filesystem::create_directory(data.path() / "snapshots");
  }
  void grant(const std::string& name, store::CameraRights cameras) {
    auto account = *stored().find(name);
    account->cameras = std::move(cameras);
    ASSERT_TRUE(stored().change(*account));
  }

  // Commits a ring, and says so as the store lane does.
  std::string ring(const std::string& camera, std::chrono::milliseconds at = {}) {
    event::Ring made;
    const auto time = clock.wall() + at;
    made.header = {event::EventId::generate(time), time, MonotonicTime{}, event::TraceContext::start()};
    made.button_id = "front";
    made.camera_id = camera;
    return commit(made);
  }
  std::string commit(const event::Event& event) {
    EXPECT_TRUE(log().append(event, {}));
    library->events_changed();
    return event::header_of(event).id.text();
  }
  void add_picture(const std::string& id, const std::string& bytes) {
    const auto name = id + ".jpg";
    std::ofstream(data.path() / "snapshots" / name) << bytes;
    ASSERT_TRUE(log().amend(*event::EventId::parse(id), name, {}));
    library->events_changed();
  }
  store::EventLog log() { return store::EventLog(*database_); }

  nlohmann::json json(const std::string& path, const Client& client, int status = 200) {
    const auto reply = ask("GET", path, client);
    EXPECT_EQ(reply.status, status) << path << ' ' << reply.body;
    return nlohmann::json::parse(reply.body, nullptr, false);
  }
  std::vector<std::string> ids(const nlohmann::json& page) {
    std::vector<std::string> list;
    for (const auto& event : page.at("events")) list.push_back(event.at("id"));
    return list;
  }

  static std::string headers_of(const Client& client) {
    std::string text = "Host: house\r\n" + client.more;
    if (!client.cookie.empty()) text += "Cookie: " + client.cookie + "\r\n";
    if (!client.bearer.empty()) text += "Authorization: Bearer " + client.bearer + "\r\n";
    return text;
  }
  static std::string upgrade() {
    return "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  }
  // The door's answer; the stream stays open when it is 200 or 101.
  struct Listening {
    Wire wire;
    int status = 0;
    std::string seen{};
    // Reads until `text` has come; false when it ended or stayed silent before.
    bool hears(const std::string& text) {
      for (int i = 0; i < 1000 && seen.find(text) == std::string::npos; ++i)
        if (wire.readable_within(10)) {
          const auto some = wire.some();
          if (some.empty()) return false;
          seen += some;
        }
      return seen.find(text) != std::string::npos;
    }
    // Whether the server closes it, which the client waits for.
    bool ends() {
      bool ended = false;
      for (int i = 0; i < 3 && !ended; ++i) seen += wire.rest(&ended);
      return ended;
    }
  };
  Listening listen(const Client& client, const std::string& path = "/api/v1/events/stream",
                   const std::string& more = {}) {
    Listening listening{server.tcp()};
    const bool socket = path.starts_with("/ws") || path.find("/live") != std::string::npos;
    listening.status = listening.wire
                           .ask("GET " + path + " HTTP/1.1\r\n" + headers_of(client) +
                                (socket ? upgrade() : "") + more + "\r\n")
                           .status;
    return listening;
  }
  // What the library does about once a second.
  void tick() {
    librarian.do_now([this] { library->tick(); });
  }
  std::vector<AuditRecord> looks() {
    std::vector<AuditRecord> list;
    for (auto& record : executor.recorded())
      if (record.kind == AuditRecord::Kind::data_access) list.push_back(std::move(record));
    return list;
  }

  std::unique_ptr<store::Database> database_;
};

}  // namespace porchlight::api::test
