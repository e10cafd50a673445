// SPDX-License-Identifier: Apache-2.0
// Footage as one film: which is asked for, how often it is made, and what is said when there is none.
#include "api/clip_desk.hpp"
#include "api/footage_house.hpp"

namespace porchlight::api {
namespace {

using namespace std::chrono_literals;
using event::GapCause;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ClipRoutes : public test::FootageTest {
 protected:
  void SetUp() override {
    FootageTest::SetUp();
    house.on_render = [this](const ClipOrder& order, const std::function<void()>&,
                             const std::stop_token&) -> Status {
      orders.push_back(order);
      std::ofstream(order.out) << film;
      return {};
    };
    clock.advance(3600s);  // what the tests record lies in the past
  }
  std::string video(double from, double to, const std::string& camera = "porch") const {
    return "/api/v1/footage/video?camera=" + camera + "&from=" + text(from) + "&to=" + text(to);
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(data.path() / "clips"))
      names.push_back(entry.path().filename().string());
    return names;
  }
  std::string event_at(double seconds, const std::string& camera = "porch", std::optional<double> end = {}) {
    event::Motion motion;
    motion.header = {event::EventId::generate(at(seconds)), at(seconds), {}, event::TraceContext::start()};
    motion.camera_id = camera;
    if (end) motion.ended = at(*end);
    return "/api/v1/events/" + commit(motion) + "/clip";
  }
  static std::string detail(const test::Reply& reply) {
    return nlohmann::json::parse(reply.body).value("detail", "");
  }

  std::string film = "a film of an interval";
  std::vector<ClipOrder> orders;  // of the cutter's thread; read when it has answered
};

TEST_F(ClipRoutes, AnIntervalIsMadeOnceAndServedInParts) {
  segment("porch", 0, 60);
  segment("porch", 60, 120);
  auto client = login("viewer");
  auto whole = ask("GET", video(30, 90), client);
  ASSERT_EQ(whole.status, 200) << whole.body;
  EXPECT_EQ(whole.body, film);
  EXPECT_EQ(whole.headers["content-type"], "video/mp4");
  ASSERT_THAT(orders, SizeIs(1));
  EXPECT_EQ(orders[0].camera_id, "porch");
  EXPECT_EQ(orders[0].from, at(30));
  EXPECT_EQ(orders[0].to, at(90));
  EXPECT_EQ(orders[0].kind, ClipKind::interval);
  client.more = "Range: bytes=2-5\r\n";
  const auto part = ask("GET", video(30, 90), client);
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, "film");
  client.more = "If-None-Match: " + whole.headers["etag"] + "\r\n";
  EXPECT_EQ(ask("GET", video(30, 90), client).status, 304);
  client.more = "Range: bytes=900-\r\n";
  EXPECT_EQ(ask("GET", video(30, 90), client).status, 416);
  EXPECT_THAT(orders, SizeIs(1)) << "a player asks for one in many parts";
  client.more = {};
  EXPECT_EQ(ask("GET", video(30, 91), client).status, 200);
  EXPECT_THAT(orders, SizeIs(2)) << "another interval";
}

TEST_F(ClipRoutes, FootageThatChangedIsMadeAnew) {
  const auto first = segment("porch", 0, 60);
  segment("porch", 60, 120);
  const auto client = login("viewer");
  EXPECT_EQ(ask("GET", video(30, 90), client).status, 200);
  ASSERT_TRUE(index().begin_delete({first}));
  EXPECT_EQ(ask("GET", video(30, 90), client).status, 200);
  EXPECT_THAT(orders, SizeIs(2)) << "what was deleted is not shown out of a copy";
}

TEST_F(ClipRoutes, WhatIsWrittenBehindTheIntervalMakesNoOtherFilm) {
  const auto now = 3600.0;
  const auto id = open_segment("porch", now - 30, now - 5);
  auto client = login("viewer");
  auto film_before = ask("GET", video(now - 20, now - 6), client);
  ASSERT_EQ(film_before.status, 200);
  const auto file = (*index().segment(id))->file;
  ASSERT_TRUE(index().grow({{file, moment(now).at, 14, 8}}));
  client.more = "If-None-Match: " + film_before.headers["etag"] + "\r\n";
  EXPECT_EQ(ask("GET", video(now - 20, now - 6), client).status, 304);
  EXPECT_THAT(orders, SizeIs(1));
}

TEST_F(ClipRoutes, WhereNothingWasRecordedItSaysWhy) {
  segment("porch", 0, 60);
  gap("porch", GapCause::power_cut, 60, 300);
  gap("porch", GapCause::network, 300, 320);
  gap("porch", GapCause::power_cut, 320, 340);
  const auto client = login("viewer");
  auto reply = ask("GET", video(100, 330), client);
  EXPECT_EQ(reply.status, 404);
  EXPECT_THAT(detail(reply), HasSubstr("porch"));
  EXPECT_THAT(detail(reply), HasSubstr(": power_cut, network")) << "each cause once";
  reply = ask("GET", video(2000, 2010), client);
  EXPECT_EQ(reply.status, 404);
  EXPECT_THAT(detail(reply), HasSubstr("not to be recorded"));
  house.on_render = [](const ClipOrder&, const std::function<void()>&, const std::stop_token&) -> Status {
    return Error(ErrorCode::not_found, "nothing was recorded then");
  };
  EXPECT_EQ(ask("GET", video(10, 20), client).status, 404);
  EXPECT_THAT(orders, IsEmpty());
}

TEST_F(ClipRoutes, WhatIsStillBeingRecordedIsSaidToBe) {
  const auto now = 3600.0;
  open_segment("porch", now - 30, now - 5);
  const auto client = login("viewer");
  auto reply = ask("GET", video(now - 20, now - 2), client);
  EXPECT_EQ(reply.status, 409);
  EXPECT_EQ(type_of(reply), "urn:porchlight:problem:still-recording");
  EXPECT_GE(std::stoi(reply.headers["retry-after"]), 1);
  EXPECT_EQ(ask("GET", video(now - 20, now + 60), client).status, 409) << "the end is to come";
  EXPECT_EQ(ask("GET", video(now - 20, now - 6), client).status, 200) << "what is on the medium is whole";
  clock.advance(61s);
  EXPECT_EQ(ask("GET", video(now - 20, now - 2), client).status, 200) << "no more of it comes";
}

TEST_F(ClipRoutes, AnEventsFilmIsFromBeforeItUntilAfterIt) {
  segment("porch", 0, 600);
  const auto client = login("viewer");
  const auto path = event_at(100);
  EXPECT_EQ(ask("GET", path, client).body, film);
  ASSERT_THAT(orders, SizeIs(1));
  EXPECT_EQ(orders[0].camera_id, "porch");
  EXPECT_EQ(orders[0].from, at(92));
  EXPECT_EQ(orders[0].to, at(105));
  EXPECT_EQ(orders[0].kind, ClipKind::event);
  EXPECT_EQ(ask("GET", event_at(200, "porch", 230), client).status, 200);
  EXPECT_EQ(orders.at(1).from, at(192));
  EXPECT_EQ(orders.at(1).to, at(235)) << "one that lasted";
  segment("porch", 600, 3500);
  EXPECT_EQ(ask("GET", event_at(300, "porch", 3000), client).status, 200);
  EXPECT_EQ(orders.at(2).to, at(292) + 30min) << "no film is longer";
  std::vector<std::string> seen;
  for (const auto& look : looks()) seen.push_back(look.resource);
  EXPECT_THAT(seen, testing::Contains(path));
}

TEST_F(ClipRoutes, AnEventWithoutAFilmSaysWhy) {
  const auto client = login("admin");
  EXPECT_EQ(ask("GET", event_at(3598), client).status, 409) << "its end is still being recorded";
  gap("porch", GapCause::volume, 0, 3600);
  const auto missing = ask("GET", event_at(100), client);
  EXPECT_EQ(missing.status, 404);
  EXPECT_THAT(detail(missing), HasSubstr("volume"));
  EXPECT_EQ(detail(ask("GET", event_at(100, ""), client)), "this event has no camera");
  EXPECT_EQ(ask("GET", "/api/v1/events/" + event::EventId::generate(at(0)).text() + "/clip", client).status,
            404);
  EXPECT_EQ(ask("GET", event_at(100, "lawn"), login("viewer")).status, 404) << "another's camera";
  EXPECT_EQ(executor.recorded().back().permission, "viewer camera 'lawn'");
  EXPECT_EQ(ask("GET", event_at(100) + "?x=1", client).status, 400);
}

TEST_F(ClipRoutes, WhichIntervalWasLookedAtIsOnRecord) {
  segment("porch", 0, 60);
  const auto viewer = login("viewer");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(ask("GET", video(10, 20), viewer).status, 200);
  EXPECT_EQ(ask("GET", video(10, 30), viewer).status, 200);
  ASSERT_THAT(looks(), SizeIs(2));
  EXPECT_EQ(looks()[0].resource, video(10, 20));
  EXPECT_EQ(looks()[1].resource, video(10, 30));
}

TEST_F(ClipRoutes, OneThatTakesTooLongIsGivenUp) {
  segment("porch", 0, 60);
  std::atomic<int> steps{0};
  house.on_render = [&](const ClipOrder&, const std::function<void()>& going_on,
                        const std::stop_token& stop) -> Status {
    while (!stop.stop_requested()) {
      clock.advance(1s);
      ++steps;
      going_on();
    }
    return Error(ErrorCode::cancelled, "export 'x': cancelled");
  };
  const auto reply = ask("GET", video(10, 20), login("viewer"));
  EXPECT_EQ(reply.status, 503);
  EXPECT_THAT(detail(reply), HasSubstr("shorter interval"));
  EXPECT_EQ(steps, 60);
}

TEST_F(ClipRoutes, OneIsGivenUpWhenTheDaemonStops) {
  segment("porch", 0, 60);
  house.on_render = [&](const ClipOrder&, const std::function<void()>&,
                        const std::stop_token& stop) -> Status {
    stopping.request_stop();
    return stop.stop_requested() ? Status(Error(ErrorCode::cancelled, "cancelled")) : Status();
  };
  EXPECT_EQ(ask("GET", video(10, 20), login("viewer")).status, 503);
}

TEST_F(ClipRoutes, FaultsOfTheFilesAreForTheJournal) {
  segment("porch", 0, 60);
  const auto client = login("viewer");
  const auto fail = [&](ErrorCode code) {
    house.on_render = [code](const ClipOrder&, const std::function<void()>&,
                             const std::stop_token&) -> Status {
      return Error(code, "read '/srv/secret/place.mp4'");
    };
    return ask("GET", video(10, 20), client);
  };
  for (const auto code :
       {ErrorCode::io, ErrorCode::corrupt, ErrorCode::resource, ErrorCode::unavailable, ErrorCode::timeout,
        ErrorCode::not_found, ErrorCode::unsupported, ErrorCode::permission_denied}) {
    const auto reply = fail(code);
    EXPECT_EQ(reply.status, code == ErrorCode::not_found ? 404 : 503) << to_string(code);
    EXPECT_EQ(reply.body.find("secret"), std::string::npos) << to_string(code);
  }
  house.on_render = [](const ClipOrder&, const std::function<void()>&, const std::stop_token&) -> Status {
    return Error(ErrorCode::unsupported, "export 'porch': its pictures change from h264 to hevc");
  };
  const auto reply = ask("GET", video(10, 20), client);
  EXPECT_EQ(reply.status, 400);
  EXPECT_THAT(detail(reply), HasSubstr("from h264 to hevc"));
}

TEST_F(ClipRoutes, ABusyCutterRefuses) {
  segment("porch", 0, 60);
  cutter.full = true;
  auto reply = ask("GET", video(10, 20), login("viewer"));
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.headers["retry-after"], "2");
  cutter.full = false;
  EXPECT_EQ(ask("GET", video(10, 20), login("viewer")).status, 200);
}

// The desk alone, with bounds that a test can reach.
class Desk : public ClipRoutes {
 protected:
  void make_desk(ClipLimits limits) { desk.emplace(data.path(), ports, clock, limits); }
  Result<std::string> make(double from, std::uint64_t bytes) {
    store::Segment one;
    one.id = 1;
    one.bytes = bytes;
    one.start = at(from);
    one.end = at(from + 10);
    std::promise<Result<std::string>> promise;
    auto made = promise.get_future();
    desk->make({"porch", at(from), at(from + 10), {one}},
               [&promise](Result<std::string> name) { promise.set_value(std::move(name)); });
    return made.get();
  }

  FootagePorts ports = footage_ports();
  std::optional<ClipDesk> desk;
};

TEST_F(Desk, TheOldestGoesWhenThereAreTooMany) {
  make_desk({.all_bytes = 3000, .free_bytes = 0});
  film.assign(1000, 'x');
  std::vector<std::string> names;
  for (int i = 0; i < 3; ++i) {
    const auto name = make(i * 100, 1000);
    ASSERT_TRUE(name) << name.error().text();
    names.push_back(*name);
    // The file system's clock is coarse.
    std::filesystem::last_write_time(data.path() / "clips" / *name,
                                     std::filesystem::file_time_type::clock::now() - 10min + i * 1s);
  }
  EXPECT_THAT(files(), SizeIs(3));
  std::ofstream(data.path() / "clips" / "left.mp4.part") << "of a crash";
  ASSERT_TRUE(make(300, 1500));
  const auto left = files();
  EXPECT_THAT(left, SizeIs(2)) << "two of them had to go for one of 1500 bytes, and what a crash left";
  EXPECT_THAT(left, testing::Contains(names[2]));
  EXPECT_THAT(left, testing::Not(testing::Contains("left.mp4.part")));
}

TEST_F(Desk, OneThatIsTooLargeOrHasNoRoomIsNotMade) {
  make_desk({.clip_bytes = 500, .free_bytes = 0});
  const auto large = make(0, 1000);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code(), ErrorCode::unsupported);
  make_desk({.free_bytes = ~std::uint64_t{0} >> 1U});
  const auto full = make(0, 1000);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code(), ErrorCode::unavailable);
  EXPECT_EQ(full.error().text().find('/'), std::string::npos) << "it is told to whoever asks";
  EXPECT_THAT(orders, IsEmpty());
}

TEST_F(Desk, ClipsAreForgottenAfterADay) {
  make_desk({.free_bytes = 0});
  const auto old = make(0, 10), young = make(100, 10);
  ASSERT_TRUE(old && young);
  std::filesystem::last_write_time(data.path() / "clips" / *old,
                                   std::filesystem::file_time_type::clock::now() - 25h);
  desk->tick();
  cutter.do_now([] {});
  EXPECT_THAT(files(), ElementsAre(*young));
}

TEST_F(Desk, WhatAnEarlierRunLeftIsNotShown) {
  make_desk({.free_bytes = 0});
  ASSERT_TRUE(make(0, 10));
  ASSERT_THAT(orders, SizeIs(1));
  make_desk({.free_bytes = 0});
  EXPECT_THAT(files(), IsEmpty()) << "a power cut may have left half of it";
  ASSERT_TRUE(make(0, 10));
  EXPECT_THAT(orders, SizeIs(2));
}

TEST_F(Desk, TheBoundsAreThoseOfTheManual) {
  const ClipLimits limits;
  EXPECT_EQ(limits.clip_bytes, 256U << 20U);
  EXPECT_EQ(limits.all_bytes, 512U << 20U);
  EXPECT_GE(limits.all_bytes, 2 * limits.clip_bytes) << "the one before stays while the next is made";
}

TEST_F(Desk, NoMoreThanAFewWaitAndNoneBeyondItsTime) {
  make_desk({.free_bytes = 0, .at_once = 2});
  std::promise<void> go;
  auto gate = go.get_future().share();
  std::ignore = cutter.submit([gate] { gate.wait(); });
  std::vector<std::future<Result<std::string>>> results;
  for (int i = 0; i < 3; ++i) {
    auto promise = std::make_shared<std::promise<Result<std::string>>>();
    results.push_back(promise->get_future());
    store::Segment one;
    one.id = i + 1;
    desk->make({"porch", at(i), at(i + 1), {one}},
               [promise](Result<std::string> name) { promise->set_value(std::move(name)); });
  }
  const auto third = results[2].get();
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code(), ErrorCode::unavailable) << "at once";
  clock.advance(90s);
  go.set_value();
  for (int i = 0; i < 2; ++i) {
    const auto late = results[static_cast<std::size_t>(i)].get();
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code(), ErrorCode::timeout) << "whoever asked has gone";
  }
  EXPECT_THAT(orders, IsEmpty());
  EXPECT_TRUE(make(500, 10)) << "their places are free again";
}

TEST_F(Desk, TheNameIsMadeOfWhatIsInIt) {
  store::Segment one;
  one.id = 7;
  one.bytes = 10;
  one.file = "porch/1.mp4";
  const ClipDesk::Wish wish{"porch", at(0), at(10), {one}};
  const auto name = ClipDesk::name_of(wish);
  EXPECT_TRUE(name.ends_with(".mp4"));
  EXPECT_EQ(ClipDesk::name_of(wish), name);
  std::set<std::string> names{name};
  const auto differs = [&](auto change) {
    auto other = wish;
    change(other);
    EXPECT_TRUE(names.insert(ClipDesk::name_of(other)).second);
  };
  differs([](auto& w) { w.camera_id = "lawn"; });
  differs([](auto& w) { w.from += 1ms; });
  differs([](auto& w) { w.to += 1ms; });
  differs([](auto& w) { w.segments[0].id = 8; });
  differs([](auto& w) { w.segments[0].bytes = 11; });
  differs([](auto& w) { w.segments[0].file = "porch/1.mov"; });
  differs([](auto& w) { w.segments.clear(); });
  auto part = wish;
  part.segments[0].end = at(9);
  const auto shorter = ClipDesk::name_of(part);
  part.segments[0].bytes = 11;
  EXPECT_NE(ClipDesk::name_of(part), shorter);
  auto grown = wish;
  grown.segments[0].end = at(10);
  const auto covered = ClipDesk::name_of(grown);
  grown.segments[0].end = at(20);
  grown.segments[0].bytes = 99;
  EXPECT_EQ(ClipDesk::name_of(grown), covered) << "what lies behind the interval is not in it";
  auto quicktime = one;
  quicktime.file = "porch/2.mov";
  for (const auto& segments :
       {std::vector{quicktime}, std::vector{one, quicktime}, std::vector{quicktime, one}})
    EXPECT_TRUE(ClipDesk::name_of({"porch", at(0), at(10), segments}).ends_with(".mov"));
}

}  // namespace
}  // namespace porchlight::api
