// SPDX-License-Identifier: Apache-2.0
// What people answered to events, and the alerts that were taken in.
#include "porchlight/store/acknowledgements.hpp"
#include "porchlight/store/alert_log.hpp"
#include "store/fixture.hpp"

namespace porchlight::store {
namespace {

using namespace std::chrono_literals;
using Kind = Acknowledgement::Kind;

class Answers : public testing::Test {
 protected:
  Folder folder;
  std::unique_ptr<Database> database = open_or_fail(folder / "porchlight.db");
  EventLog log{*database};
  Acknowledgements answers{*database};
  AlertLog alerts{*database};
  event::Ring ring = ring_at(at_second(100));

  void SetUp() override {
    ASSERT_TRUE(log.append(ring, std::vector{row("mum", 0), row("dad", 0), row("dad", 1)}));
  }
  OutboxRow row(const std::string& channel, std::uint32_t sequence, const std::string& type = "ring") {
    OutboxRow made;
    made.key = {ring.header.id, channel, sequence};
    made.type = type;
    made.payload = "{}";
    made.happened = made.created = made.next_attempt = at_second(100);
    made.expires = at_second(3700);
    return made;
  }
  EventAnswer by(const std::string& who, const std::string& reply, std::int64_t second) {
    return {ring.header.id, who, reply, at_second(second)};
  }
  static std::vector<OutboxRow> no_messages(const LoggedEvent&, const AnswerOutcome&,
                                            const std::vector<std::string>&, std::uint32_t) {
    return {};
  }
};

TEST_F(Answers, TheFirstAcknowledgesAndNobodyAfter) {
  const auto first = answers.add(by("link:mum", "", 110), no_messages);
  ASSERT_TRUE(first.ok()) << first.error().text();
  EXPECT_TRUE(first->acknowledged);
  EXPECT_FALSE(first->replied);
  for (const auto* who : {"link:mum", "link:dad", "anna"}) {
    const auto again = answers.add(by(who, "", 120), no_messages);
    ASSERT_TRUE(again.ok());
    EXPECT_FALSE(again->acknowledged) << who;
    ASSERT_EQ(again->all.size(), 1U);
    EXPECT_EQ(again->all[0].who, "link:mum");
    EXPECT_EQ(again->all[0].at, at_second(110));
  }
}

TEST_F(Answers, EachRepliesOnceAndTheFirstReplyAcknowledges) {
  auto outcome = answers.add(by("link:dad", "I'm coming", 110), no_messages);
  ASSERT_TRUE(outcome.ok());
  EXPECT_TRUE(outcome->acknowledged);
  EXPECT_TRUE(outcome->replied);
  outcome = answers.add(by("link:dad", "or not", 111), no_messages);
  EXPECT_FALSE(outcome->replied);
  outcome = answers.add(by("link:mum", "Good", 112), no_messages);
  EXPECT_TRUE(outcome->replied);
  EXPECT_FALSE(outcome->acknowledged);
  ASSERT_EQ(outcome->all.size(), 3U);
  EXPECT_EQ(outcome->all[0].kind, Kind::acknowledge);
  EXPECT_EQ(outcome->all[0].who, "link:dad");
  EXPECT_EQ(outcome->all[1].text, "I'm coming");
  EXPECT_EQ(outcome->all[2].text, "Good");
  EXPECT_EQ(answers.of(ring.header.id)->size(), 3U);
}

TEST_F(Answers, MessagesAreWrittenWithTheAnswerAndOnlyWithOneThatCounts) {
  int asked = 0;
  const auto messages = [&](const LoggedEvent& event, const AnswerOutcome& outcome,
                            const std::vector<std::string>& told, std::uint32_t number) {
    ++asked;
    EXPECT_EQ(event.id, ring.header.id);
    EXPECT_TRUE(outcome.replied);
    EXPECT_EQ(told, (std::vector<std::string>{"dad", "mum"}));
    EXPECT_EQ(number, 0U);
    return std::vector{row("dad", 1000, "reply")};
  };
  const auto before = *log.newest_change();
  ASSERT_TRUE(answers.add(by("link:mum", "hello", 110), messages).ok());
  ASSERT_TRUE(answers.add(by("link:mum", "hello", 111), messages).ok());
  EXPECT_EQ(asked, 1);
  const auto written = Outbox(*database).find({ring.header.id, "dad", 1000});
  ASSERT_TRUE(written.ok() && *written);
  EXPECT_EQ((*written)->type, "reply");
  EXPECT_EQ(*log.newest_change(), before + 1) << "who listens to events is told once";
}

TEST_F(Answers, OfAnEventThatIsNotThereAreRefused) {
  auto answer = by("anna", "", 110);
  answer.event = event::EventId::generate(at_second(5));
  EXPECT_EQ(answers.add(answer, no_messages).error().code(), ErrorCode::not_found);
  EXPECT_TRUE(answers.of(answer.event)->empty());
}

TEST_F(Answers, StayAcrossAReopening) {
  ASSERT_TRUE(answers.add(by("anna", "soon", 110), no_messages).ok());
  database.reset();
  database = open_or_fail(folder / "porchlight.db");
  EXPECT_EQ(Acknowledgements(*database).of(ring.header.id)->size(), 2U);
}

ReceivedAlert alert(const std::string& fingerprint, bool firing, std::int64_t starts, std::int64_t at = 200) {
  event::Alert made;
  made.header = {event::EventId::generate(at_second(at)), at_second(at), MonotonicTime{},
                 event::TraceContext::start()};
  made.name = "HighCPU";
  made.severity = "warning";
  made.firing = firing;
  made.fingerprint = fingerprint;
  return {made, at_second(starts)};
}

TEST_F(Answers, AnAlertIsNewByFingerprintStatusAndBeginning) {
  const auto take = [&](const ReceivedAlert& received) {
    auto fresh = alerts.take({received}, at_second(200));
    EXPECT_TRUE(fresh.ok());
    for (const auto& event : *fresh) EXPECT_TRUE(log.append(event, {}));
    return fresh->size();
  };
  EXPECT_EQ(take(alert("a", true, 50)), 1U);
  EXPECT_EQ(take(alert("a", true, 50)), 0U) << "told again";
  EXPECT_EQ(take(alert("b", true, 50)), 1U);
  EXPECT_EQ(take(alert("a", false, 50)), 1U) << "resolved";
  EXPECT_EQ(take(alert("a", false, 50)), 0U);
  EXPECT_EQ(take(alert("a", true, 90)), 1U) << "it fires again";
}

TEST_F(Answers, AnAlertWhoseEventWasLostInACrashIsToldUnderItsFirstId) {
  const auto first = alerts.take({alert("a", true, 50)}, at_second(200));
  const auto second = alerts.take({alert("a", true, 50, 300)}, at_second(300));
  ASSERT_EQ(second->size(), 1U);
  EXPECT_EQ(second->at(0).header.id, first->at(0).header.id);
  ASSERT_TRUE(log.append(second->at(0), {}));
  EXPECT_TRUE(alerts.take({alert("a", true, 50)}, at_second(400))->empty());
}

TEST_F(Answers, OneNotificationThatNamesAnAlertTwiceTellsItOnce) {
  EXPECT_EQ(
      alerts.take({alert("a", true, 50), alert("a", true, 50), alert("c", true, 50)}, at_second(200))->size(),
      2U);
}

TEST_F(Answers, AnAlertIsForgottenOnceNobodyTellsOfIt) {
  const auto fresh = alerts.take({alert("a", true, 50), alert("b", true, 50)}, at_second(200));
  for (const auto& event : *fresh) ASSERT_TRUE(log.append(event, {}));
  EXPECT_TRUE(alerts.take({alert("a", true, 50)}, at_second(900))->empty());
  EXPECT_EQ(*alerts.prune(at_second(500)), 1U);
  EXPECT_TRUE(alerts.take({alert("a", true, 50)}, at_second(901))->empty()) << "it was told of since";
  EXPECT_EQ(alerts.take({alert("b", true, 50)}, at_second(901))->size(), 1U);
}

}  // namespace
}  // namespace porchlight::store
