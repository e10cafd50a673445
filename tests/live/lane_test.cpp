// SPDX-License-Identifier: Apache-2.0
// Who watches a stream, and what each is sent.
#include "porchlight/live/lane.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "live/channel.hpp"
#include "record/segment_media.hpp"

extern "C" {
#include <libavcodec/packet.h>
}

namespace porchlight::live {
namespace {

using media::test::Headers;
using nlohmann::json;
using record::test::Packets;
using namespace std::chrono_literals;

// A client that keeps what it is sent.
struct Client {
  std::vector<json> texts;
  std::string film;  // heads and fragments
  std::size_t heads = 0;
  std::vector<std::uint64_t> times;  // of its fragments, µs since 1970
  std::size_t waiting = 0;
  std::uint16_t code = 0;
  std::mutex mutex;

  void take(const http::SharedFrame& frame) {
    const std::lock_guard lock(mutex);
    const auto size = static_cast<unsigned char>((*frame)[1]) & 0x7FU;
    const std::size_t head = size == 126 ? 4 : size == 127 ? 10 : 2;
    std::uint64_t time = 0;
    for (std::size_t i = 0; i < 8; ++i) time = time << 8 | static_cast<unsigned char>((*frame)[head + i]);
    if (time == 0) {
      ++heads;
      film.clear();  // what follows belongs to another film
    } else {
      times.push_back(time);
    }
    film += frame->substr(head + 8);
  }
  std::size_t pictures() {
    const std::lock_guard lock(mutex);
    return times.size();
  }
  bool heard(const std::string& type) {
    const std::lock_guard lock(mutex);
    return std::any_of(texts.begin(), texts.end(), [&](const auto& text) { return text["type"] == type; });
  }
};

Outlet outlet_to(Client& client) {
  return {[&](std::string_view text) {
            const std::lock_guard lock(client.mutex);
            client.texts.push_back(json::parse(text));
          },
          [&](const http::SharedFrame& frame) { client.take(frame); },
          [&] {
            const std::lock_guard lock(client.mutex);
            return client.code == 0;
          },
          [&] { return client.waiting; },
          [&](std::uint16_t code, std::string_view) {
            const std::lock_guard lock(client.mutex);
            client.code = code;
          }};
}

class LiveTest : public testing::Test {
 protected:
  void SetUp() override {
    file =
        std::filesystem::temp_directory_path() / ("porchlight-lane-" + std::to_string(::getpid()) + ".mp4");
    video = record::test::pictures({.headers = Headers::in_band}).value_or(Packets{});
    ASSERT_EQ(video.size(), 60U);
  }
  void TearDown() override { std::filesystem::remove(file); }

  // As if it arrived now; 33 ms later it is the next one's turn.
  void arrive(Channel& at, const media::PacketPtr& packet) {
    auto now = std::make_shared<media::Packet>(*packet);
    now->arrived = clock.now();
    feed->push(now);
    at.take_packets();
    clock.advance(33ms);
  }
  void arrive(Channel& at, const Packets& packets, std::size_t from, std::size_t to) {
    for (auto i = from; i < to; ++i) arrive(at, packets[i]);
  }
  std::shared_ptr<Viewer> join(Channel& at, Client& client) {
    auto viewer = std::make_shared<Viewer>(outlet_to(client), clock.now());
    at.add(viewer, "1.2.3");
    return viewer;
  }
  std::vector<std::uint64_t> seen(Client& client) {
    record::test::write_file(file, client.film);
    const auto what = record::test::see(file);
    EXPECT_EQ(what.error, "");
    EXPECT_EQ(what.damaged, 0U);
    return what.numbers;
  }
  static std::vector<std::uint64_t> numbers(std::uint64_t from, std::uint64_t to) {
    std::vector<std::uint64_t> list;
    for (auto i = from; i < to; ++i) list.push_back(i);
    return list;
  }

  SimulatedClock clock;
  telemetry::ClosedSets sets = [] {
    telemetry::ClosedSets only;
    only.camera_ids = {"front"};
    return only;
  }();
  telemetry::Metrics metrics{sets};
  LiveInstruments instruments{metrics};
  LiveInstruments hls_instruments{metrics, "hls"};
  Wakeup wakeup = Wakeup::create().value();
  Limits limits;
  std::string state = "connected";
  std::shared_ptr<Feed> feed = std::make_shared<Feed>("front", Quality::main, true, wakeup);
  Channel channel{
      {feed, [this]() -> std::string_view { return state; }}, limits, clock, instruments, hls_instruments};
  Packets video;
  std::filesystem::path file;
};

TEST_F(LiveTest, ANewcomerSeesTheNewestGroupAtOnceAndThenEveryPicture) {
  arrive(channel, video, 0, 35);  // keyframes are 0, 15, 30
  Client client;
  join(channel, client);
  ASSERT_GE(client.texts.size(), 2U);
  EXPECT_EQ(client.texts[0]["type"], "hello");
  EXPECT_EQ(client.texts[0]["camera"], "front");
  EXPECT_EQ(client.texts[1]["type"], "init");
  EXPECT_EQ(client.texts[1]["width"], 640);
  EXPECT_EQ(seen(client), numbers(30, 35));
  arrive(channel, video, 35, 60);
  EXPECT_EQ(seen(client), numbers(30, 60));
  EXPECT_EQ(client.heads, 1U);
  EXPECT_TRUE(std::is_sorted(client.times.begin(), client.times.end()));
}

TEST_F(LiveTest, AllSeeTheSameAndTheMuxerIsThereOnlyWhileSomebodyWatches) {
  EXPECT_FALSE(channel.has_muxer());
  arrive(channel, video, 0, 20);
  EXPECT_FALSE(channel.has_muxer());
  Client first, second;
  const auto one = join(channel, first);
  arrive(channel, video, 20, 25);
  const auto two = join(channel, second);
  EXPECT_TRUE(channel.has_muxer());
  EXPECT_EQ(seen(second), numbers(15, 25));
  arrive(channel, video, 25, 40);
  EXPECT_EQ(seen(first), numbers(15, 40));
  EXPECT_EQ(first.times, second.times);
  one->leave();
  EXPECT_EQ(channel.viewers(), 1U) << "its seat is free at once";
  channel.tick();
  EXPECT_EQ(channel.viewers(), 1U);
  EXPECT_TRUE(channel.has_muxer());
  two->leave();
  channel.tick();
  EXPECT_FALSE(channel.has_muxer());
}

TEST_F(LiveTest, WhoDoesNotKeepUpGoesOnAtAKeyframeAndNobodyElseNotices) {
  arrive(channel, video, 0, 20);
  Client slow, other;
  const auto viewer = join(channel, slow), another = join(channel, other);
  slow.waiting = std::size_t{64} << 20;
  arrive(channel, video, 20, 25);
  slow.waiting = 0;
  arrive(channel, video, 25, 40);
  auto expected = numbers(15, 20);
  const auto rest = numbers(30, 40);
  expected.insert(expected.end(), rest.begin(), rest.end());
  EXPECT_EQ(seen(slow), expected);
  EXPECT_EQ(seen(other), numbers(15, 40));
  EXPECT_EQ(channel.withheld(), 10U);
  EXPECT_EQ(slow.code, 0);
}

TEST_F(LiveTest, WhoStaysBehindIsClosed) {
  arrive(channel, video, 0, 20);
  Client slow;
  const auto viewer = join(channel, slow);
  slow.waiting = std::size_t{64} << 20;
  channel.tick();
  clock.advance(limits.slow + 1s);
  ASSERT_TRUE(viewer->heard(R"({"t":1})", clock.now()));
  channel.tick();
  EXPECT_EQ(slow.code, try_again_later);
  EXPECT_EQ(channel.viewers(), 0U);
}

TEST_F(LiveTest, NothingIsFedToASilentClientForLong) {
  arrive(channel, video, 0, 20);
  Client client;
  const auto viewer = join(channel, client);
  clock.advance(14s);
  EXPECT_TRUE(viewer->heard(R"({"t":7,"rtt_ms":12.5})", clock.now()));
  EXPECT_EQ(client.texts.back(), (json{{"type", "pong"}, {"t", 7}}));
  EXPECT_EQ(viewer->round_trip(), 12ms);
  clock.advance(14s);
  channel.tick();
  EXPECT_EQ(client.code, 0);
  clock.advance(2s);
  channel.tick();
  EXPECT_EQ(client.code, try_again_later);
}

TEST_F(LiveTest, WhatAClientMayNotSayIsNoMessage) {
  Client client;
  const auto viewer = join(channel, client);
  for (const auto* text : {"", "1", "[]", "{}", R"({"t":"1"})", R"({"t":1,"rtt_ms":"x"})", R"({"t":)"})
    EXPECT_FALSE(viewer->heard(text, clock.now())) << text;
}

TEST_F(LiveTest, AnotherSizeComesWithAnotherHead) {
  const auto large = record::test::pictures({.width = 1280, .height = 720, .headers = Headers::in_band});
  ASSERT_TRUE(large);
  arrive(channel, video, 0, 20);
  Client client;
  const auto viewer = join(channel, client);
  arrive(channel, *large, 0, 30);
  EXPECT_EQ(client.heads, 2U);
  const auto init = std::find_if(client.texts.rbegin(), client.texts.rend(),
                                 [](const auto& text) { return text["type"] == "init"; });
  ASSERT_NE(init, client.texts.rend());
  EXPECT_EQ((*init)["width"], 1280);
  EXPECT_EQ(seen(client), numbers(0, 30));
}

TEST_F(LiveTest, ACameraThatIsLostIsSaidAndItsPictureReturns) {
  arrive(channel, video, 0, 20);
  Client client;
  const auto viewer = join(channel, client);
  state = "unreachable";
  clock.advance(2s);
  channel.tick();
  channel.tick();
  EXPECT_EQ(client.texts.back(), (json{{"type", "waiting"}, {"state", "unreachable"}}));
  const auto told = client.texts.size();
  state = "connected";
  const auto before = client.pictures();
  arrive(channel, video, 0, 30);  // its clock begins anew
  EXPECT_EQ(client.pictures(), before + 30);
  EXPECT_EQ(client.heads, 1U);
  EXPECT_EQ(client.texts.size(), told);
}

TEST_F(LiveTest, WhatNobodyCanDecodeIsNotShown) {
  arrive(channel, video, 0, 20);
  Client client;
  const auto viewer = join(channel, client);
  const auto again = record::test::described(video, [](media::StreamInfo&) {});  // another connection
  arrive(channel, again, 20, 35);
  auto expected = numbers(15, 20);
  const auto rest = numbers(30, 40);
  expected.insert(expected.end(), rest.begin(), rest.end());
  arrive(channel, again, 35, 40);
  EXPECT_EQ(seen(client), expected);
  arrive(channel,
         record::test::changed(again[40], [](AVPacket& data) { data.flags |= AV_PKT_FLAG_CORRUPT; }));
  arrive(channel, again, 41, 60);
  const auto last = numbers(45, 60);
  expected.insert(expected.end(), last.begin(), last.end());
  EXPECT_EQ(seen(client), expected);
}

TEST_F(LiveTest, ACodecThatBrowsersDoNotTakeIsSaid) {
  const auto jpegs = record::test::pictures({.encoder = "mjpeg"});
  ASSERT_TRUE(jpegs);
  arrive(channel, *jpegs, 0, 8);
  Client client;
  const auto viewer = join(channel, client);
  EXPECT_EQ(client.texts.back(), (json{{"type", "unsupported"}, {"codec", "mjpeg"}}));
  EXPECT_EQ(client.pictures(), 0U);
}

TEST_F(LiveTest, ALongGroupIsNotKept) {
  limits.group_bytes = 1000;
  arrive(channel, video, 0, 20);
  Client client;
  const auto viewer = join(channel, client);
  EXPECT_EQ(client.pictures(), 0U);
  EXPECT_EQ(client.texts.back(), (json{{"type", "waiting"}, {"state", "connected"}}));
  arrive(channel, video, 20, 40);
  EXPECT_EQ(seen(client), numbers(30, 40));
}

// A browser shows no picture beyond the end of the sound it was promised.
TEST_F(LiveTest, ASoundThatStopsIsTakenOutAndIsBackWhenItIsBack) {
  const auto audio = record::test::sound("aac", 2, record::test::Wrap::bare);
  ASSERT_TRUE(audio);
  const auto codecs = [](Client& of) {
    const auto init = std::find_if(of.texts.rbegin(), of.texts.rend(),
                                   [](const auto& text) { return text["type"] == "init"; });
    return init == of.texts.rend() ? std::string() : (*init)["codecs"].get<std::string>();
  };
  const auto hear = [&] {
    auto now = std::make_shared<media::Packet>(*(*audio)[0]);
    now->arrived = clock.now();
    feed->push(now);
  };
  hear();
  arrive(channel, video, 0, 20);
  hear();
  Client client;
  const auto viewer = join(channel, client);
  arrive(channel, video, 20, 22);
  EXPECT_NE(codecs(client).find("mp4a"), std::string::npos);
  arrive(channel, video, 22, 60);
  arrive(channel, video, 0, 40);  // 2.6 s without a sound
  EXPECT_EQ(codecs(client).find("mp4a"), std::string::npos) << codecs(client);
  EXPECT_EQ(client.heads, 2U);
  hear();
  arrive(channel, video, 40, 60);
  EXPECT_EQ(client.heads, 2U) << "it comes and goes";
  clock.advance(6s);
  hear();
  arrive(channel, video, 0, 2);
  EXPECT_EQ(client.heads, 3U);
  EXPECT_NE(codecs(client).find("mp4a"), std::string::npos);
}

TEST_F(LiveTest, WhatANewcomerMayWaitForIsWhatItWasGivenUntilItHasReadIt) {
  limits.waiting_bytes = 10'000;
  limits.group_bytes = std::size_t{1} << 30U;
  arrive(channel, video, 0, 15);
  arrive(channel, video, 16, 30);
  Client first;
  const auto one = join(channel, first);
  for (int i = 0; i < 10; ++i) arrive(channel, video, 1, 15);  // a group that does not end
  Client second;
  const auto two = join(channel, second);
  const auto given = second.pictures();
  ASSERT_GT(given, 100U);
  second.waiting = 20'000;  // of what it was given: it is on its way to it
  arrive(channel, video, 1, 3);
  EXPECT_EQ(second.pictures(), given + 2);
  second.waiting = 0;
  arrive(channel, video, 3, 4);
  second.waiting = 20'000;  // and now of something else
  arrive(channel, video, 4, 6);
  EXPECT_EQ(second.pictures(), given + 3);
  EXPECT_EQ(channel.withheld(), 2U);
}

TEST_F(LiveTest, AGroupThatIsTooLongIsNobodysAllowance) {
  limits.waiting_bytes = 10'000;
  limits.group_bytes = 60'000;
  arrive(channel, video, 0, 15);
  Client first;
  const auto one = join(channel, first);
  for (int i = 0; i < 20; ++i) arrive(channel, video, 1, 15);
  Client second;
  const auto two = join(channel, second);
  arrive(channel, video, 15, 17);
  EXPECT_EQ(second.pictures(), 2U);
  second.waiting = 20'000;
  arrive(channel, video, 17, 19);
  EXPECT_EQ(second.pictures(), 2U);
}

TEST_F(LiveTest, LatencyIsThatOfTheSlowestViewerUntilItIsShown) {
  arrive(channel, video, 0, 20);
  Client near, far, silent;
  const auto one = join(channel, far), two = join(channel, near), three = join(channel, silent);
  arrive(channel, video, 20, 25);
  EXPECT_FALSE(channel.figures().latency_s) << "nobody has said how late it is";
  EXPECT_TRUE(one->heard(R"({"t":1,"rtt_ms":400,"behind_ms":300})", clock.now()));
  EXPECT_TRUE(two->heard(R"({"t":1,"rtt_ms":20})", clock.now()));
  EXPECT_FALSE(two->heard(R"({"t":1,"behind_ms":"x"})", clock.now()));
  arrive(channel, video, 25, 30);
  ASSERT_TRUE(channel.figures().latency_s);
  EXPECT_NEAR(*channel.figures().latency_s, 0.5, 0.001);
}

class LaneTest : public LiveTest {
 protected:
  void begin(Limits some) {
    lane = Lane::create({"1.2.3", some}, system, metrics).value();
    shared = std::make_shared<Feed>("front", Quality::main, true, lane->wakeup());
    lane->set_sources(
        std::make_shared<const Sources>(Sources{{shared, []() -> std::string_view { return "connected"; }}}));
    worker = std::jthread([this](std::stop_token stop) { lane->run(std::move(stop), heartbeat); });
  }
  template <class Predicate>
  bool soon(Predicate predicate) {
    for (int i = 0; i < 30'000 && !predicate(); ++i) std::this_thread::sleep_for(1ms);
    return predicate();
  }
  SystemClock system;
  Heartbeat heartbeat{system};
  std::unique_ptr<Lane> lane;
  std::shared_ptr<Feed> shared;
  std::jthread worker;
};

TEST_F(LaneTest, ShowsWhatTheCameraSendsAndSaysWhenTheDaemonStops) {
  begin({});
  Client client;
  const auto viewer = lane->join("front", Quality::sub, outlet_to(client));
  ASSERT_TRUE(soon([&] { return client.heard("hello"); }));
  for (const auto& packet : video) {
    auto now = std::make_shared<media::Packet>(*packet);
    now->arrived = system.now();
    shared->push(now);
  }
  ASSERT_TRUE(soon([&] { return client.pictures() == 60; }));
  EXPECT_EQ(seen(client), numbers(0, 60));
  worker.request_stop();
  worker.join();
  EXPECT_EQ(client.code, going_away);
}

TEST_F(LaneTest, WhoFindsNoPlaceIsToldSo) {
  begin({.viewers_of_camera = 1});
  Client first, second, lost;
  const auto one = lane->join("front", Quality::main, outlet_to(first));
  ASSERT_TRUE(soon([&] { return first.heard("hello"); }));
  const auto two = lane->join("front", Quality::main, outlet_to(second));
  const auto three = lane->join("nowhere", Quality::main, outlet_to(lost));
  const auto code = [](Client& client) {
    const std::lock_guard lock(client.mutex);
    return client.code;
  };
  EXPECT_TRUE(soon([&] { return code(second) == try_again_later && code(lost) == going_away; }));
  EXPECT_EQ(code(first), 0);
  worker.request_stop();
  worker.join();
}

}  // namespace
}  // namespace porchlight::live
