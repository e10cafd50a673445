// SPDX-License-Identifier: Apache-2.0
// The end of a motion reaches the log whatever the database says at first.
#include <gtest/gtest.h>

#include "pipeline/store_house_fixture.hpp"
#include "porchlight/store/event_log.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;

constexpr auto refuse_updates =
    "CREATE TRIGGER refused BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'fault'); END";
constexpr auto mended = "DROP TRIGGER refused";

struct CompletionsTest : StoreHouseTest {
  void SetUp() override { restart(); }

  event::Motion begin() {
    event::Motion motion{header(), "yard", {}, {}, {}};
    house->send(motion, {});
    return motion;
  }
  void end(event::Motion motion, std::chrono::milliseconds after) {
    motion.ended = motion.header.at + after;
    house->store().push(CompleteEvent{motion});
    house->settle_down();
  }
  // As it lies in the log; empty: not there.
  std::string logged(const event::Motion& motion) {
    auto database = store::Database::open(folder.path() / "porchlight.db", {}, nullptr);
    if (!database) return database.error().text();
    const auto found = store::EventLog(**database).find(motion.header.id);
    return found && *found ? (*found)->json : std::string();
  }
  bool has_end(const event::Motion& motion, std::chrono::milliseconds after) {
    return logged(motion).find("\"end\":\"" + rfc3339(motion.header.at + after)) != std::string::npos;
  }
  // Lets time pass until it is so.
  bool comes(const std::function<bool()>& condition) {
    for (int i = 0; i < 500 && !condition(); ++i) {
      clock.advance(1s);
      house->settle_down();
      std::this_thread::sleep_for(10ms);
    }
    return condition();
  }
};

TEST_F(CompletionsTest, AnEndThatCouldNotBeWrittenIsWrittenLater) {
  const auto motion = begin(), other = begin();
  house->settle_down();
  change_database(folder.path(), refuse_updates);
  end(motion, 3s);
  end(other, 4s);
  end(motion, 5s);
  EXPECT_EQ(logged(motion).find("\"end\""), std::string::npos) << "the fault was none";
  change_database(folder.path(), mended);
  EXPECT_TRUE(comes([&] { return has_end(motion, 5s) && has_end(other, 4s); })) << logged(motion);
}

TEST_F(CompletionsTest, AnOlderEndIsNotWrittenOverANewer) {
  const auto motion = begin();
  house->settle_down();
  change_database(folder.path(), refuse_updates);
  end(motion, 3s);
  change_database(folder.path(), mended);
  end(motion, 5s);
  ASSERT_TRUE(comes([&] { return has_end(motion, 5s); })) << logged(motion);
  for (int i = 0; i < 5; ++i) {
    clock.advance(2s);
    house->settle_down();
  }
  EXPECT_TRUE(has_end(motion, 5s)) << logged(motion);
}

TEST_F(CompletionsTest, AnEndIsWrittenAtTheStopAtTheLatest) {
  const auto motion = begin();
  house->settle_down();
  change_database(folder.path(), refuse_updates);
  end(motion, 3s);
  change_database(folder.path(), mended);
  house->stop();
  EXPECT_TRUE(has_end(motion, 3s)) << logged(motion);
}

TEST_F(CompletionsTest, AnEventWhoseBeginningIsNotInTheLogIsWrittenWhole) {
  const event::Motion motion{header(), "yard", {}, {}, {}};
  end(motion, 3s);
  EXPECT_TRUE(comes([&] { return has_end(motion, 3s); })) << logged(motion);
}

}  // namespace
}  // namespace porchlight::pipeline
