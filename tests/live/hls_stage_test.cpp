// SPDX-License-Identifier: Apache-2.0
// What those who ask for files are answered, and when.
#include "live/hls_stage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "live/hls_house.hpp"

namespace porchlight::live {
namespace {

using namespace std::chrono_literals;
using test::Film;
using testing::HasSubstr;

class HlsStageTest : public testing::Test {
 protected:
  struct Reply {
    bool came = false;
    HlsAnswer answer;
  };
  std::shared_ptr<Reply> ask(const std::string& file, std::optional<HlsMoment> moment = {}) {
    auto reply = std::make_shared<Reply>();
    HlsRequest request{"front", *hls_name(file), moment, viewer};
    request.answer = [reply](HlsAnswer answer) {
      EXPECT_FALSE(reply->came);
      *reply = {true, std::move(answer)};
    };
    stage.begin();
    stage.ask(std::move(request), rung);
    return reply;
  }
  void feed(std::size_t pictures) {
    for (std::size_t i = 0; i < pictures; ++i) {
      auto picture = film.next();
      picture.arrived = clock.now();
      stage.add(film.head, picture);
      clock.advance(40ms);
    }
  }
  // By the playlist's hint.
  std::pair<std::uint64_t, std::uint64_t> hinted() {
    const auto text = ask("main.m3u8")->answer.playlist;
    const auto at = text.find("TYPE=PART,URI=\"") + 15;
    const auto name = hls_name(text.substr(at, text.find('"', at) - at));
    return {name->number, name->part};
  }

  SimulatedClock clock;
  telemetry::Metrics metrics{telemetry::ClosedSets{}};
  LiveInstruments instruments{metrics, "hls"};
  HlsStage stage{Quality::main, clock, instruments};
  std::shared_ptr<HlsViewer> viewer = std::make_shared<HlsViewer>(clock.now());
  std::optional<MonotonicTime> rung;
  Film film;
};

TEST_F(HlsStageTest, TheFirstPlaylistWaitsUntilThereIsSomethingToList) {
  const auto first = ask("main.m3u8");
  feed(50);
  EXPECT_FALSE(first->came);
  feed(1);
  ASSERT_TRUE(first->came);
  EXPECT_EQ(first->answer.status, 200);
  EXPECT_THAT(first->answer.playlist, HasSubstr("#EXTINF:2.00000,\n"));
  EXPECT_EQ(stage.viewers(), 1U);
}

TEST_F(HlsStageTest, WhereNothingComesItIsSaidInTime) {
  const auto first = ask("main.m3u8");
  clock.advance(14s);
  stage.tick();
  EXPECT_FALSE(first->came);
  clock.advance(2s);
  stage.tick();
  ASSERT_TRUE(first->came);
  EXPECT_EQ(first->answer.status, 503);
}

TEST_F(HlsStageTest, AReloadIsHeldUntilThePartIsThereAndNoLonger) {
  ask("main.m3u8");
  feed(120);
  const auto [number, part] = hinted();
  const auto next = ask("main.m3u8", HlsMoment{number, part});
  const auto whole = ask("main.m3u8", HlsMoment{number, {}});
  const auto now = ask("main.m3u8", HlsMoment{number, part - 1});
  EXPECT_TRUE(now->came);
  EXPECT_FALSE(next->came);
  feed(7);
  ASSERT_TRUE(next->came);
  EXPECT_THAT(next->answer.playlist,
              HasSubstr("main-" + std::to_string(number) + '.' + std::to_string(part) + ".m4s\""));
  EXPECT_FALSE(whole->came);
  feed(50);
  ASSERT_TRUE(whole->came);
  EXPECT_THAT(whole->answer.playlist, HasSubstr("\nmain-" + std::to_string(number) + ".m4s\n"));
}

TEST_F(HlsStageTest, APartBehindTheLastOfItsSegmentIsTheFirstOfTheNext) {
  ask("main.m3u8");
  feed(101);
  const auto [number, part] = hinted();
  EXPECT_EQ(part, 0U);
  EXPECT_FALSE(ask("main.m3u8", HlsMoment{number - 1, 999})->came);
  const auto waits = ask("main.m3u8", HlsMoment{number - 1, 999});
  feed(7);
  EXPECT_TRUE(waits->came);
  EXPECT_TRUE(ask("main.m3u8", HlsMoment{number - 2, 999})->came);
}

TEST_F(HlsStageTest, WhatLiesTooFarAheadIsRefused) {
  ask("main.m3u8");
  feed(120);
  const auto [number, part] = hinted();
  EXPECT_EQ(ask("main.m3u8", HlsMoment{number + 2, {}})->answer.status, 400);
  EXPECT_EQ(ask("main.m3u8", HlsMoment{number, part + 100})->answer.status, 400);
  EXPECT_FALSE(ask("main.m3u8", HlsMoment{number + 1, {}})->came);
}

TEST_F(HlsStageTest, AHintedPartIsHeldAndIsPartOfItsSegment) {
  ask("main.m3u8");
  feed(120);
  const auto [number, part] = hinted();
  const auto base = "main-" + std::to_string(number);
  const auto held = ask(base + '.' + std::to_string(part) + ".m4s");
  EXPECT_FALSE(held->came);
  EXPECT_EQ(ask(base + '.' + std::to_string(part + 1) + ".m4s")->answer.status, 404);
  EXPECT_EQ(ask(base + ".m4s")->answer.status, 404);
  feed(50);
  ASSERT_TRUE(held->came);
  const auto segment = ask(base + ".m4s");
  std::string parts;
  for (int i = 0; i < 20; ++i) {
    const auto one = ask(base + '.' + std::to_string(i) + ".m4s");
    if (!one->came || one->answer.status != 200) break;
    parts += joined(one->answer.media);
  }
  EXPECT_EQ(parts, joined(segment->answer.media));
  EXPECT_EQ(joined(cut(segment->answer.media, 3, 7)), parts.substr(3, 7));
  EXPECT_THAT(parts, HasSubstr(joined(held->answer.media)));
}

TEST_F(HlsStageTest, NothingIsKeptWhenNobodyAsks) {
  ask("main.m3u8");
  feed(120);
  const auto before = hinted();
  clock.advance(5s);
  EXPECT_TRUE(stage.tick());
  clock.advance(2s);
  EXPECT_FALSE(stage.tick());
  EXPECT_FALSE(stage.is_running());
  EXPECT_EQ(stage.viewers(), 0U);
  viewer = std::make_shared<HlsViewer>(clock.now());
  ask("main.m3u8");
  film.count = 0;
  feed(60);
  EXPECT_GT(hinted().first, before.first);  // no address names two things
}

TEST_F(HlsStageTest, WhoHasLeftIsNotAnsweredWithPictures) {
  ask("main.m3u8");
  feed(120);
  const auto [number, part] = hinted();
  const auto held = ask("main.m3u8", HlsMoment{number, part});
  viewer->leave();
  stage.tick();
  ASSERT_TRUE(held->came);
  EXPECT_EQ(held->answer.status, 403);
}

TEST_F(HlsStageTest, SoManyRequestsOfOneViewerWait) {
  ask("main.m3u8");
  feed(120);
  const auto [number, part] = hinted();
  int refused = 0;
  for (int i = 0; i < 20; ++i) {
    const auto reply = ask("main.m3u8", HlsMoment{number, part});
    refused += reply->came && reply->answer.status == 503 ? 1 : 0;
  }
  EXPECT_EQ(refused, 4);
}

TEST_F(HlsStageTest, ALostCameraEndsTheWaitAndIsADiscontinuityWhenItReturns) {
  ask("main.m3u8");
  feed(120);
  const auto [number, part] = hinted();
  const auto held = ask("main.m3u8", HlsMoment{number, part});
  clock.advance(3s);
  EXPECT_TRUE(stage.tick());
  EXPECT_TRUE(held->came);  // what had come of the part is listed
  const auto after = hinted();
  const auto late = ask("main.m3u8", HlsMoment{after.first, after.second});
  for (int i = 0; i < 7; ++i) {
    EXPECT_FALSE(late->came);
    clock.advance(1s);
    EXPECT_TRUE(stage.tick());
  }
  ASSERT_TRUE(late->came);
  EXPECT_EQ(late->answer.status, 503);
  film.at += 10s;
  film.count = 0;
  feed(20);
  EXPECT_THAT(ask("main.m3u8")->answer.playlist, HasSubstr("#EXT-X-DISCONTINUITY\n"));
}

TEST_F(HlsStageTest, WhoCameBecauseOfTheRingIsTimed) {
  rung = clock.now();
  ask("main.m3u8");
  feed(120);
  const auto number = hinted().first;
  ask("main-" + std::to_string(number - 1) + ".m4s");
  EXPECT_THAT(metrics.exposition(),
              HasSubstr("doorbell_ring_to_live_view_seconds_count{protocol=\"hls\"} 1\n"));
}

}  // namespace
}  // namespace porchlight::live
