// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/audit_page.hpp"

#include <gmock/gmock.h>

#include "store/audit_fixture.hpp"

namespace porchlight::store {
namespace {

using testing::ElementsAre;

// All pages one after the other, put together from the oldest on.
std::string read_all(const std::filesystem::path& folder, const AuditPageLimits& limits,
                     int* pages = nullptr) {
  std::string text;
  std::string cursor;
  for (int n = 0; n < 2000; ++n) {
    const auto page = read_audit_page(folder, {}, cursor, limits);
    EXPECT_TRUE(page) << page.error().text();
    if (!page) return text;
    EXPECT_LE(page->lines.size(), limits.records);
    for (const auto& line : page->lines) text.insert(0, line.text + "\n");
    if (pages != nullptr) ++*pages;
    if (page->next.empty()) return text;
    cursor = page->next;
  }
  ADD_FAILURE() << "the pages do not end";
  return text;
}

std::string whole_text(const LogOf& log) {
  std::vector<std::filesystem::path> rotated;
  for (const auto& entry : std::filesystem::directory_iterator(log.path() / "audit"))
    if (entry.path() != log.file()) rotated.push_back(entry.path());
  std::sort(rotated.begin(), rotated.end());
  std::string text;
  for (const auto& path : rotated) text += read_text(path);
  return text + read_text(log.file());
}

std::vector<std::string> actions(const AuditPage& page) {
  std::vector<std::string> list;
  for (const auto& line : page.lines) {
    const auto at = line.text.find("\"action\":\"") + 10;
    list.push_back(line.text.substr(at, line.text.find('"', at) - at));
  }
  return list;
}

TEST(AuditPage, PagesOfAnySizeGiveTheWholeLogOverAllItsFiles) {
  const LogOf log(300, key_of_test(), 20'000);
  ASSERT_GT(std::distance(std::filesystem::directory_iterator(log.path() / "audit"), {}), 3);
  const auto text = whole_text(log);
  for (const std::size_t records : {1, 7, 50, 299, 300, 1000})
    EXPECT_EQ(read_all(log.path(), {.records = records}), text) << records;
  // A page that may read little is short, and the next goes on where it stopped.
  int pages = 0;
  EXPECT_EQ(read_all(log.path(), {.records = 1000, .bytes_read = 1}, &pages), text);
  EXPECT_GT(pages, 3);
  pages = 0;
  EXPECT_EQ(read_all(log.path(), {.records = 1000, .bytes_given = 1000}, &pages), text);
  EXPECT_GT(pages, 30);
}

TEST(AuditPage, ACursorStaysGoodWhileTheLogGrowsAndIsRotated) {
  const LogOf log(100, key_of_test(), 1 << 20);
  const auto first = read_audit_page(log.path(), {}, "", {.records = 10});
  ASSERT_TRUE(first);
  std::filesystem::rename(log.file(), log.path() / "audit" / "audit-000000000000.jsonl");
  write_text(log.file(), first->lines.front().text + "\n");
  const auto second = read_audit_page(log.path(), {}, first->next, {.records = 10});
  ASSERT_TRUE(second) << second.error().text();
  EXPECT_NE(second->lines.front().text.find("\"index\":89,"), std::string::npos);
}

TEST(AuditPage, WhatIsNoCursorOfThisLogIsRefused) {
  const LogOf log(10);
  for (const auto* cursor : {"x", "1", ".", "1.", ".1", "-1.2", "0.1x", "77.5", "99999999999999999999.1"})
    EXPECT_EQ(read_audit_page(log.path(), {}, cursor, {}).error().code(), ErrorCode::invalid_argument)
        << cursor;
  // Beyond the end it is the end.
  EXPECT_EQ(read_audit_page(log.path(), {}, "0.18446744073709551615", {})->lines.size(), 10U);
}

TEST(AuditPage, FiltersAndBoundsWhatItReadsForThem) {
  const LogOf log(64);
  AuditFilter filter;
  filter.audit_type = "notification";
  EXPECT_THAT(actions(*read_audit_page(log.path(), filter, "", {.records = 2})),
              ElementsAre("deliver", "deliver"));
  filter.users = {"uid:0"};
  const auto of_user = read_audit_page(log.path(), filter, "", {});
  ASSERT_TRUE(of_user);
  EXPECT_FALSE(of_user->lines.empty());
  for (const auto& line : of_user->lines)
    EXPECT_NE(line.text.find("\"user_id\":\"uid:0\""), std::string::npos);
  filter.audit_type = "nothing like it";
  const auto none = read_audit_page(log.path(), filter, "", {.bytes_read = 1});
  EXPECT_TRUE(none->lines.empty());
  EXPECT_FALSE(none->next.empty()) << "it may read one block only, and there is more";
}

TEST(AuditPage, DamageIsShownAsItLies) {
  const LogOf log(20);
  auto lines = split_lines(read_text(log.file()));
  lines[10] = std::string(200'000, 'x') + "\n";
  lines[12] = "\n";
  lines.back().pop_back();  // a torn line, but for its newline whole
  write_text(log.file(), joined(lines));
  const auto page = read_audit_page(log.path(), {}, "", {.records = 1000});
  ASSERT_TRUE(page) << page.error().text();
  EXPECT_EQ(page->lines.front().text, lines.back());
  std::size_t damaged = 0;
  std::size_t records = 0;
  for (const auto& line : page->lines) {
    ++(line.is_record ? records : damaged);
    EXPECT_LT(line.text.size(), 200'000U);
  }
  EXPECT_EQ(records, 18U);
  EXPECT_GE(damaged, 2U);
  AuditFilter filter;
  filter.from = "0";
  EXPECT_EQ(read_audit_page(log.path(), filter, "", {.records = 1000})->lines.size(), 18U);
}

TEST(AuditPage, DamagedBeginningsOfFilesDoNotMakePagesGoRoundInCircles) {
  const LogOf log(300, key_of_test(), 20'000);
  int rotated = 0;
  for (const auto& entry : std::filesystem::directory_iterator(log.path() / "audit")) {
    if (entry.path() == log.file()) continue;
    write_text(entry.path(), "damaged\n" + read_text(entry.path()));
    ++rotated;
  }
  ASSERT_GT(rotated, 2);
  EXPECT_EQ(read_all(log.path(), {.records = 7}), whole_text(log));
}

TEST(AuditPage, AnEmptyOrMissingLogHasNoRecords) {
  const Folder folder;
  const auto page = read_audit_page(folder.path(), {}, "", {});
  ASSERT_TRUE(page) << page.error().text();
  EXPECT_TRUE(page->lines.empty());
  EXPECT_TRUE(page->next.empty());
}

TEST(AuditPage, FindsTheReferenceThatRecordsHaveForAValue) {
  const Folder folder;
  const auto database = open_or_fail(folder / "porchlight.db");
  SystemClock clock;
  auto log = AuditLog::open({folder.path()}, clock);
  ASSERT_TRUE(log);
  (*log)->use_database(database.get());
  ASSERT_TRUE((*log)->append({Authentication{true, "password"}, {personal("account:anna"), {}, {}}, {}}));
  const auto reference = audit_reference_to(*database, "account:anna");
  ASSERT_TRUE(reference);
  EXPECT_TRUE(reference->starts_with("commitment:"));
  AuditFilter filter;
  filter.users = {*reference};
  EXPECT_EQ(read_audit_page(folder.path(), filter, "", {})->lines.size(), 1U);
  EXPECT_EQ(*audit_reference_to(*database, "account:berta"), "");
  (*log)->use_database(nullptr);
}

}  // namespace
}  // namespace porchlight::store
