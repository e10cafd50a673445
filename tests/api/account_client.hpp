// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "api/accounts_state.hpp"
#include "api/api_house.hpp"
#include "api/digest.hpp"
#include "porchlight/store/accounts_store.hpp"
#include "porchlight/store/database.hpp"

namespace porchlight::api::test {

using http::test::Reply;

// What a browser or a script keeps between two requests.
struct Client {
  std::string cookie{};  // porchlight=…
  std::string csrf{};
  std::string bearer{};
  std::string more{};  // further header lines
};

// The routes with accounts of every role; passwords are `long enough for <name>`.
class AccountsTest : public ApiTest {
 protected:
  explicit AccountsTest(bool database_is_open = true) : ApiTest(database_is_open) {}
  static std::string password_of(const std::string& name) { return "long enough for " + name; }

  void SetUp() override {
    for (const auto* name : {"admin", "user", "viewer", "monitor"})
      add(name, *store::role_of(name), {.all = std::string(name) == "admin"});
    reload();
  }

  // A second connection to the database, as a command has it.
  store::AccountsStore& stored() {
    if (!database_) {
      auto opened = store::Database::open(data.path() / "porchlight.db", {}, nullptr);
      EXPECT_TRUE(opened.ok());
      database_ = std::move(*opened);
      store_.emplace(*database_);
    }
    return *store_;
  }
  std::int64_t add(const std::string& name, store::Role role, store::CameraRights cameras) {
    store::User user;
    user.name = name;
    user.role = role;
    user.cameras = std::move(cameras);
    user.password = *hasher_.hash(password_of(name));
    user.created = clock.wall();
    const auto id = stored().add(user);
    EXPECT_TRUE(id.ok()) << name;
    return *id;
  }
  void reload() {
    auto wire = server.control();
    EXPECT_EQ(
        wire.ask("POST /api/v1/accounts/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").status,
        200);
  }

  Reply ask(const std::string& verb, const std::string& path, const Client& client = {},
            const std::string& body = {}, const std::string& type = "application/json") {
    std::string text = verb + " " + path + " HTTP/1.1\r\nHost: house\r\n";
    if (!body.empty()) text += "Content-Type: " + type + "\r\n";
    if (!client.cookie.empty()) text += "Cookie: " + client.cookie + "\r\n";
    if (!client.csrf.empty()) text += "X-CSRF-Token: " + client.csrf + "\r\n";
    if (!client.bearer.empty()) text += "Authorization: Bearer " + client.bearer + "\r\n";
    text += client.more + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    auto wire = server.tcp();
    return wire.ask(text);
  }
  Reply ask(const std::string& verb, const std::string& path, const Client& client,
            const nlohmann::json& body) {
    return ask(verb, path, client, body.dump());
  }

  Reply try_login(const std::string& name, const std::string& password, const Client& client = {}) {
    return ask("POST", "/api/v1/auth/login", client, nlohmann::json{{"name", name}, {"password", password}});
  }
  static Client client_of(const Reply& login) {
    Client client;
    if (login.headers.count("set-cookie") != 0)
      client.cookie = login.headers.at("set-cookie").substr(0, login.headers.at("set-cookie").find(';'));
    const auto body = nlohmann::json::parse(login.body, nullptr, false);
    if (body.is_object()) client.csrf = body.value("csrf_token", "");
    return client;
  }
  Client login(const std::string& name) {
    const auto reply = try_login(name, password_of(name));
    EXPECT_EQ(reply.status, 200) << name << ' ' << reply.body;
    return client_of(reply);
  }

  double metric(const std::string& series) {
    const auto text = server.metrics.exposition();
    const auto at = text.find("\n" + series + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
  }
  std::uint64_t hash_calls() { return accounts->state().hasher.calls(); }
  static std::string type_of(const Reply& reply) {
    return nlohmann::json::parse(reply.body).value("type", "");
  }

 private:
  std::unique_ptr<store::Database> database_;
  std::optional<store::AccountsStore> store_;
  PasswordHasher hasher_{cheap};
};

}  // namespace porchlight::api::test
