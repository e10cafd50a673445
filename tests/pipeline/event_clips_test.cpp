// SPDX-License-Identifier: Apache-2.0
// When the films of messages are made, how large they get, and when they are given up.
#include "pipeline/event_clips.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "base/temporary_folder.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::SizeIs;

struct EventClipsTest : testing::Test {
  struct Asked {
    std::string camera;
    WallTime from, to;
  };
  TemporaryFolder folder;
  SimulatedClock clock;
  std::vector<Asked> asked;
  std::vector<AmendEvent> told;
  std::function<Status(const Asked&, const std::filesystem::path&)> maker = [](const Asked&,
                                                                               const auto& out) {
    std::ofstream(out) << "a film";
    return Status();
  };
  EventClips clips{folder.path() / "clips",
                   clock,
                   {[] { return std::pair(8000ms, 5000ms); },
                    [this](const std::string& camera, WallTime from, WallTime to,
                           const std::filesystem::path& out, std::stop_token) {
                      asked.push_back({camera, from, to});
                      return maker(asked.back(), out);
                    },
                    [this](StoreJob job) {
                      told.push_back(std::get<AmendEvent>(std::move(job)));
                      return true;
                    }}};

  event::Ring ring() {
    clock.advance(1s);
    return {event::make_header(clock), "front", "porch", event::TriggerSource::button_press};
  }
  static std::vector<notify::Route> routes(const std::vector<std::string>& channels) {
    std::vector<notify::Route> made(channels.size());
    for (std::size_t i = 0; i < channels.size(); ++i) made[i].channel_id = channels[i];
    return made;
  }
  void pass(std::chrono::seconds span) {
    for (; span > 0s; span -= 1s) {
      clock.advance(1s);
      clips.turn({});
    }
  }
  bool nothing_left() const {
    return !std::filesystem::exists(folder.path() / "clips") ||
           std::filesystem::is_empty(folder.path() / "clips");
  }
};

TEST_F(EventClipsTest, OneIsMadeOnceWhatIsBehindTheEventIsWritten) {
  const auto event = ring();
  clips.take({event, routes({"hook", "post"})});
  pass(8s);
  EXPECT_THAT(asked, IsEmpty()) << "five seconds after it, and what takes a moment to be written";
  pass(2s);
  ASSERT_THAT(asked, SizeIs(1));
  EXPECT_EQ(asked[0].camera, "porch");
  EXPECT_EQ(asked[0].from, event.header.at - 8s);
  EXPECT_EQ(asked[0].to, event.header.at + 5s);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].id, event.header.id);
  EXPECT_EQ(std::string(told[0].clip->begin(), told[0].clip->end()), "a film");
  ASSERT_THAT(told[0].rows, SizeIs(2));
  EXPECT_EQ(told[0].rows[1].key, (store::RowKey{event.header.id, "post", 3}));
  EXPECT_EQ(told[0].rows[1].type, "ring_update");
  EXPECT_THAT(told[0].rows[1].payload, testing::HasSubstr("\"clip\":true"));
  EXPECT_TRUE(nothing_left());
  pass(60s);
  EXPECT_THAT(told, SizeIs(1));
}

TEST_F(EventClipsTest, WhatIsTooLargeIsCutAtItsEnd) {
  // 1 MiB a second.
  maker = [](const Asked& wanted, const auto& out) {
    std::ofstream(out) << std::string(
        static_cast<std::size_t>(std::chrono::duration<double>(wanted.to - wanted.from).count() * (1 << 20)),
        'x');
    return Status();
  };
  const auto event = ring();
  clips.take({event, routes({"hook"})});
  pass(10s);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_LE(told[0].clip->size(), EventClips::most_bytes);
  EXPECT_GE(told[0].clip->size(), EventClips::most_bytes / 2);
  EXPECT_EQ(asked.back().from, event.header.at - 8s);
  // One second of it is more than may be sent.
  maker = [](const Asked&, const auto& out) {
    std::ofstream(out) << std::string(EventClips::most_bytes + 1, 'x');
    return Status();
  };
  clips.take({ring(), routes({"hook"})});
  pass(60s);
  EXPECT_THAT(told, SizeIs(1));
  EXPECT_LE(asked.size(), 10U) << "it is not tried for ever";
  EXPECT_TRUE(nothing_left());
}

TEST_F(EventClipsTest, WhatIsNotThereIsLookedForTwice) {
  maker = [](const Asked&, const auto&) {
    return Status(Error(ErrorCode::not_found, "nothing was recorded"));
  };
  clips.take({ring(), routes({"hook"})});
  pass(600s);
  EXPECT_THAT(asked, SizeIs(2));
  EXPECT_THAT(told, IsEmpty());
  maker = [this](const Asked&, const auto& out) {
    if (asked.size() == 3) return Status(Error(ErrorCode::not_found, "nothing was recorded"));
    std::ofstream(out) << "late";
    return Status();
  };
  clips.take({ring(), routes({"hook"})});
  pass(60s);
  EXPECT_THAT(told, SizeIs(1));
  maker = [](const Asked&, const auto&) { return Status(Error(ErrorCode::corrupt, "the index is broken")); };
  clips.take({ring(), routes({"hook"})});
  pass(600s);
  EXPECT_THAT(asked, SizeIs(5)) << "a fault is not looked at twice";
}

TEST_F(EventClipsTest, NoMoreWaitThanAreBounded) {
  for (std::size_t i = 0; i < EventClips::most_waiting + 10; ++i) clips.take({ring(), routes({"hook"})});
  pass(300s);
  EXPECT_THAT(told, SizeIs(EventClips::most_waiting));
}

}  // namespace
}  // namespace porchlight::pipeline
