// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "api/look_house.hpp"
#include "porchlight/notify/link.hpp"
#include "porchlight/store/acknowledgements.hpp"
#include "store/connection.hpp"

namespace porchlight::api::test {

// Events, and links to them; answers go into the database as the store lane would write them.
class LinkTest : public LookTest {
 protected:
  void SetUp() override {
    LookTest::SetUp();
    house.on_answer = [this](const store::EventAnswer& answer) -> Result<store::AnswerOutcome> {
      auto database = store::Database::open(data.path() / "porchlight.db", {}, nullptr);
      if (!database) return std::move(database).error();
      return store::Acknowledgements(**database).add(answer, [](const auto&, const auto&, const auto&, auto) {
        return std::vector<store::OutboxRow>();
      });
    };
  }

  std::string token(const std::string& event, const std::string& channel = "mum",
                    std::chrono::seconds lifetime = std::chrono::hours{24}) {
    return notify::mint(house.link_key, {*event::EventId::parse(event), channel,
                                         std::chrono::floor<std::chrono::seconds>(clock.wall()) + lifetime});
  }
  Reply look(const std::string& token, const std::string& more = {}) {
    return ask("GET", "/l/" + token, {.more = more});
  }
  Reply head(const std::string& path) {
    auto wire = server.tcp();
    wire.send("HEAD " + path + " HTTP/1.1\r\nHost: house\r\n\r\n");
    return wire.reply(http::test::Body::none);
  }
  Reply post(const std::string& token, const std::string& form, const std::string& more = {}) {
    return ask("POST", "/l/" + token, {.more = more}, form, "application/x-www-form-urlencoded");
  }
  std::vector<store::Acknowledgement> answers(const std::string& event) {
    return *store::Acknowledgements(*database_).of(*event::EventId::parse(event));
  }
  // A number that changes with every commit of another connection.
  std::int64_t data_version() {
    return *database_->connection().scalar(store::QueryType::select, "PRAGMA data_version");
  }
  // Until the jobs that were asked for before are done.
  void settle() {
    librarian.do_now([] {});
  }
};

}  // namespace porchlight::api::test
