// SPDX-License-Identifier: Apache-2.0
#include "porchlight/api/attack_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace porchlight::api {
namespace {

using namespace std::chrono_literals;
using http::Rejection;
using testing::HasSubstr;

class Attacks : public testing::Test {
 protected:
  Attacks() { telemetry::set_log_level(telemetry::Level::critical); }
  ~Attacks() override { telemetry::set_log_level(telemetry::Level::info); }
  void note(Rejection reason, const std::string& address, const std::string& detail = "why") {
    http::Peer peer;
    peer.address = address;
    watch.note(reason, peer, detail);
  }
  double counted(const char* type) {
    return metrics
        .counter("security_events_total",
                 {{"event_type", type}, {"source", "api"}, {"action_taken", "blocked"}})
        .value();
  }

  SimulatedClock clock;
  telemetry::Metrics metrics{telemetry::ClosedSets{}};
  std::vector<AuditRecord> records;
  AttackWatch watch{clock, metrics, [this](const AuditRecord& record) -> Status {
                      records.push_back(record);
                      return {};
                    }};
};

TEST_F(Attacks, AreCountedAllAndRecordedOnceAMinute) {
  for (int i = 0; i < 1000; ++i) note(Rejection::malformed, "203.0.113.9", "a folded header line");
  EXPECT_EQ(counted("malformed_request"), 1000);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].kind, AuditRecord::Kind::security_event);
  EXPECT_EQ(records[0].event_type, "malformed_request");
  EXPECT_EQ(records[0].ip_address, "203.0.113.9");
  EXPECT_EQ(records[0].description, "malformed: a folded header line");
  clock.advance(61s);
  note(Rejection::malformed, "203.0.113.9");
  ASSERT_EQ(records.size(), 2U);
  EXPECT_THAT(records[1].description, HasSubstr("; 999 more"));
  clock.advance(61s);
  note(Rejection::malformed, "203.0.113.9");
  EXPECT_EQ(records[2].description, "malformed: why");
}

TEST_F(Attacks, AreToldApartByKindAndAddress) {
  for (const auto* address : {"203.0.113.9", "203.0.113.10", "2001:db8::1", "2001:db8::2"}) {
    note(Rejection::path_traversal, address);
    note(Rejection::injection_suspected, address);
    note(Rejection::too_large, address);
    note(Rejection::rate_limited, address);
  }
  EXPECT_EQ(records.size(), 3U * 4);  // the two of one IPv6 network are one
  EXPECT_EQ(counted("injection_attempt"), 8);
  EXPECT_EQ(counted("malformed_request"), 4);
  EXPECT_EQ(counted("unauthorized_access"), 4);
}

TEST_F(Attacks, AreNotSlowLinesAndWrongTypes) {
  note(Rejection::timeout, "203.0.113.9");
  note(Rejection::bad_content_type, "203.0.113.9");
  EXPECT_TRUE(records.empty());
  EXPECT_EQ(counted("malformed_request"), 0);
}

TEST_F(Attacks, OfMoreAddressesThanCanBeRememberedAreBoundedAndCounted) {
  for (int minute = 0; minute < 3; ++minute) {
    for (int i = 0; i < 5000; ++i)
      note(Rejection::malformed,
           "10." + std::to_string(minute) + '.' + std::to_string(i / 250) + '.' + std::to_string(i % 250));
    EXPECT_EQ(records.size(), static_cast<std::size_t>(minute + 1) * AttackWatch::records_a_minute);
    clock.advance(61s);
  }
  EXPECT_EQ(counted("malformed_request"), 15000);
}

TEST_F(Attacks, GoOnWhenNothingCanBeRecorded) {
  AttackWatch deaf(clock, metrics, [](const AuditRecord&) -> Status {
    return Error(ErrorCode::resource, "the store lane is not keeping up");
  });
  http::Peer peer;
  peer.address = "203.0.113.9";
  for (int i = 0; i < 10; ++i) deaf.note(Rejection::malformed, peer, "why");
  EXPECT_EQ(counted("malformed_request"), 10);
}

}  // namespace
}  // namespace porchlight::api
