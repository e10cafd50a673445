// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <future>
#include <iterator>

#include "api/account_client.hpp"
#include "porchlight/store/audit_log.hpp"

namespace porchlight::api {
namespace {

using nlohmann::json;
using test::Client;
using test::Reply;
using testing::ElementsAre;

class AuditRoutes : public test::AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    auto opened = store::Database::open(data.path() / "porchlight.db", {}, nullptr);
    ASSERT_TRUE(opened.ok());
    database = std::move(*opened);
    admin = login("admin");
    // Records 0, 4, 8 … are anna's logins, 1, 5, 9 … reads; a minute lies between two.
    auto log = store::AuditLog::open({data.path()}, clock);
    ASSERT_TRUE(log.ok());
    (*log)->use_database(database.get());
    for (int n = 0; n < count; ++n) {
      store::AuditEntry entry;
      if (n % 4 == 0) {
        entry.event = store::Authentication{true, "password"};
        entry.actor.user_id = store::personal("account:anna");
      } else {
        entry.event = store::DataAccess{store::plain("/api/v1/events"), "view"};
        entry.actor.user_id = store::plain("uid:" + std::to_string(n % 4));
      }
      entry.at = begin + std::chrono::minutes{n};
      ASSERT_TRUE((*log)->append(entry));
    }
    ASSERT_TRUE((*log)->flush());
    (*log)->use_database(nullptr);
  }
  std::filesystem::path file() const { return data.path() / "audit" / "audit.jsonl"; }
  std::string text() const {
    std::ifstream in(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  json page(const std::string& query) {
    const auto reply = ask("GET", "/api/v1/audit" + query, admin);
    EXPECT_EQ(reply.status, 200) << query << ' ' << reply.body;
    return json::parse(reply.body, nullptr, false);
  }
  std::vector<int> indices(const json& page) {
    std::vector<int> list;
    for (const auto& record : page["records"]) list.push_back(record.value("index", -1));
    return list;
  }
  json verdict(const std::string& query = "") {
    const auto reply = ask("GET", "/api/v1/audit/verify" + query, admin);
    EXPECT_EQ(reply.status, 200) << reply.body;
    return json::parse(reply.body, nullptr, false);
  }

  static constexpr int count = 40;
  const WallTime begin{std::chrono::seconds{1'700'000'000}};
  std::unique_ptr<store::Database> database;
  Client admin;
};

TEST_F(AuditRoutes, PagesGiveEveryLineOfTheFileByteByByte) {
  std::string rebuilt;
  std::string cursor;
  int pages = 0;
  do {
    const auto reply =
        ask("GET", "/api/v1/audit?limit=7" + (cursor.empty() ? "" : "&cursor=" + cursor), admin);
    ASSERT_EQ(reply.status, 200) << reply.body;
    const auto body = json::parse(reply.body);
    for (const auto& record : body["records"]) {
      EXPECT_NE(reply.body.find(record.dump()), std::string::npos) << "not as it lies in the file";
      rebuilt.insert(0, record.dump() + "\n");
    }
    cursor = body["next_cursor"].is_null() ? "" : body["next_cursor"].get<std::string>();
  } while (!cursor.empty() && ++pages < 100);
  EXPECT_EQ(rebuilt, text());
}

TEST_F(AuditRoutes, FiltersByKindUserAndTime) {
  EXPECT_THAT(indices(page("?audit_type=authentication&limit=3")), ElementsAre(36, 32, 28));
  EXPECT_THAT(indices(page("?user=anna&limit=2")), ElementsAre(36, 32));
  EXPECT_THAT(indices(page("?user=uid:3&limit=2")), ElementsAre(39, 35));
  EXPECT_THAT(indices(page("?user=nobody")), ElementsAre());
  const auto from = rfc3339(begin + std::chrono::minutes{10});
  const auto to = rfc3339(begin + std::chrono::minutes{12});
  EXPECT_THAT(indices(page("?from=" + from + "&to=" + to)), ElementsAre(11, 10));
  EXPECT_THAT(indices(page("?audit_type=data_access&user=anna")), ElementsAre());
}

TEST_F(AuditRoutes, WrongParametersAreNamed) {
  for (const auto* query :
       {"?limit=0", "?limit=201", "?audit_type=gossip", "?from=yesterday", "?cursor=x", "?cursor=5.10",
        "?cursor=1", "?usr=anna", "/verify?start_index=-1", "/verify?start_index=5&end_index=4",
        "/verify?start_index=41", "/verify?end_index=x"})
    EXPECT_EQ(ask("GET", std::string("/api/v1/audit") + query, admin).status, 400) << query;
}

TEST_F(AuditRoutes, VerifiesTheWholeAndHalfOpenRanges) {
  const auto all = verdict();
  EXPECT_TRUE(all["ok"]) << all;
  EXPECT_EQ(all["checked"], count);
  EXPECT_EQ(all["keyed"], true);
  EXPECT_EQ(all["fault"], nullptr);
  EXPECT_EQ(verdict("?start_index=10&end_index=12")["checked"], 2);
  EXPECT_EQ(verdict("?start_index=38")["checked"], 2);
  EXPECT_EQ(verdict("?end_index=0")["checked"], 0);
}

TEST_F(AuditRoutes, NamesTheFirstBadRecordAndItsKind) {
  const auto good = text();
  auto forged = good;
  const auto at = forged.find("\"index\":20,");
  forged.replace(forged.find("password", forged.rfind('\n', at)), 8, "passw0rd");
  std::ofstream(file(), std::ios::binary) << forged;
  auto found = verdict();
  EXPECT_FALSE(found["ok"]);
  EXPECT_EQ(found["fault"], "bad_hash");
  EXPECT_EQ(found["first_bad"], 20);
  EXPECT_EQ(found["checked"], 20);
  EXPECT_TRUE(verdict("?end_index=20")["ok"]);
  std::ofstream(file(), std::ios::binary) << good.substr(0, good.rfind('\n', good.size() - 2) + 1);
  found = verdict();
  EXPECT_EQ(found["fault"], "truncated");
  EXPECT_EQ(found["first_bad"], count - 1);
  // A line that is no record is shown as such.
  std::ofstream(file(), std::ios::binary) << good << "{\"index\":40}\n";
  const auto last = page("?limit=2");
  EXPECT_EQ(last["records"][0], (json{{"malformed", "{\"index\":40}"}}));
  EXPECT_EQ(last["records"][1]["index"], 39);
  EXPECT_EQ(verdict()["fault"], "malformed");
}

TEST_F(AuditRoutes, VerifiesForOneAtATime) {
  std::promise<void> let_go;
  librarian.submit([&let_go] { let_go.get_future().wait(); });
  auto first = server.tcp();
  first.send("GET /api/v1/audit/verify HTTP/1.1\r\nHost: house\r\nCookie: " + admin.cookie + "\r\n\r\n");
  EXPECT_EQ(ask("GET", "/health/live").status, 200);  // by then the first has been read, too
  const auto second = ask("GET", "/api/v1/audit/verify", admin);
  EXPECT_EQ(second.status, 503);
  EXPECT_EQ(second.headers.count("retry-after"), 1U);
  let_go.set_value();
  EXPECT_EQ(first.reply().status, 200);
  EXPECT_TRUE(verdict()["ok"]) << "and afterwards for the next";
}

TEST_F(AuditRoutes, ReadingItIsOnRecordAndForAdministratorsOnly) {
  page("");
  verdict();
  std::vector<std::string> looks;
  for (const auto& record : executor.recorded())
    if (record.kind == AuditRecord::Kind::data_access) looks.push_back(record.user + " " + record.resource);
  EXPECT_THAT(looks, ElementsAre("admin /api/v1/audit", "admin /api/v1/audit/verify"));
  for (const auto* role : {"user", "viewer", "monitor"}) {
    const auto other = login(role);
    EXPECT_EQ(ask("GET", "/api/v1/audit", other).status, 403) << role;
    EXPECT_EQ(ask("GET", "/api/v1/audit/verify", other).status, 403) << role;
  }
}

}  // namespace
}  // namespace porchlight::api
