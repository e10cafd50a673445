// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/known_names.hpp"

#include <gtest/gtest.h>

namespace porchlight::notify {
namespace {

store::OutboxRow row_with(const std::string& payload) {
  store::OutboxRow row;
  row.payload = payload;
  row.error = "550 no mailbox for it";
  return row;
}

TEST(KnownNames, WhoIsNotAmongThemIsNamedNeitherByTheMessageNorByWhatWasSaidOfIt) {
  auto row = row_with(R"({"id":"1","person":"Anna","result":"known_person"})");
  leave_out_strangers(row, {"Berta"});
  EXPECT_EQ(row.payload, R"({"id":"1","result":"known_person"})");
  EXPECT_EQ(row.error, "");
}

TEST(KnownNames, EverythingElseStaysAsItIs) {
  for (const auto* payload : {R"({ "person": "Berta" })", R"({ "id": "3" })", R"({ "person": 7 })",
                              R"("person")", R"({"person":"Anna")"}) {
    auto row = row_with(payload);
    leave_out_strangers(row, {"Berta"});
    EXPECT_EQ(row.payload, payload);
    EXPECT_EQ(row.error, "550 no mailbox for it");
  }
}

}  // namespace
}  // namespace porchlight::notify
