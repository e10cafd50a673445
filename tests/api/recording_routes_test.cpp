// SPDX-License-Identifier: Apache-2.0
#include <future>
#include <thread>

#include "api/footage_house.hpp"

namespace porchlight::api {
namespace {

using namespace std::chrono_literals;
using event::GapCause;
using test::Client;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RecordingRoutes : public test::FootageTest {};

TEST_F(RecordingRoutes, ASegmentIsShownAsItIs) {
  const auto id = segment("porch", 0, 60.5);
  const auto path = "/api/v1/recordings/" + std::to_string(id);
  const auto shown = json(path, login("viewer"));
  EXPECT_EQ(shown, (nlohmann::json{{"id", id},
                                   {"camera", "porch"},
                                   {"state", "closed"},
                                   {"start", text(0)},
                                   {"end", text(60.5)},
                                   {"duration_ms", 60500},
                                   {"bytes", 10},
                                   {"frames", 7},
                                   {"codec", "h264"},
                                   {"audio_codec", "aac"},
                                   {"width", 640},
                                   {"height", 360},
                                   {"protected", false},
                                   {"video", path + "/video"},
                                   {"thumbnail", path + "/thumbnail"}}));
  const auto page = json("/api/v1/recordings", login("viewer"));
  EXPECT_EQ(page.at("recordings"), nlohmann::json::array({shown}));
  EXPECT_TRUE(page.at("next_cursor").is_null());
}

TEST_F(RecordingRoutes, WithoutAnIndexNothingWasRecorded) {
  std::filesystem::remove(data.path() / "footage.db");
  EXPECT_THAT(numbers(json("/api/v1/recordings", login("admin"))), IsEmpty());
  EXPECT_EQ(ask("GET", "/api/v1/recordings/1", login("admin")).status, 404);
  const auto ledger =
      json("/api/v1/footage/ledger?camera=porch&from=" + text(0) + "&to=" + text(60), login("admin"));
  EXPECT_THAT(ledger.at("recorded"), IsEmpty());
  EXPECT_THAT(ledger.at("gaps"), IsEmpty());
}

TEST_F(RecordingRoutes, ListFiltersByCameraAndTime) {
  const auto first = segment("porch", 0, 60), second = segment("porch", 60, 120);
  const auto lawn = segment("lawn", 30, 90);
  const auto client = login("admin");
  const auto found = [&](const std::string& query) {
    return numbers(json("/api/v1/recordings?" + query, client));
  };
  EXPECT_THAT(found(""), ElementsAre(second, lawn, first));
  EXPECT_THAT(found("camera=porch"), ElementsAre(second, first));
  EXPECT_THAT(found("camera=attic"), IsEmpty());
  EXPECT_THAT(found("from=" + text(75)), ElementsAre(second, lawn));
  EXPECT_THAT(found("to=" + text(60)), ElementsAre(lawn, first));
  EXPECT_THAT(found("camera=porch&from=" + text(10) + "&to=" + text(20)), ElementsAre(first));
}

TEST_F(RecordingRoutes, PagesShowEachSegmentOnceWhileNewOnesArrive) {
  std::vector<std::int64_t> before;
  for (int i = 0; i < 7; ++i)
    before.insert(before.begin(), segment(i % 2 == 0 ? "porch" : "lawn", i * 60, i * 60 + 60));
  grant("viewer", {false, {"porch", "lawn"}});
  reload();
  for (const auto* name : {"admin", "viewer"}) {  // one question for all cameras, or one for each
    const auto client = login(name);
    std::vector<std::int64_t> walked;
    std::string path = "/api/v1/recordings?limit=3";
    for (int pages = 0; pages < 9; ++pages) {
      const auto page = json(path, client);
      const auto some = numbers(page);
      walked.insert(walked.end(), some.begin(), some.end());
      segment("porch", 3000 + pages, 3000.5 + pages);
      if (page.at("next_cursor").is_null()) break;
      path = "/api/v1/recordings?limit=3&cursor=" + page.at("next_cursor").get<std::string>();
    }
    if (std::string(name) == "viewer") walked.erase(walked.begin(), walked.end() - 7);
    EXPECT_EQ(walked, before) << name;
  }
}

TEST_F(RecordingRoutes, EachBadParameterIsRefusedByName) {
  const auto id = std::to_string(segment("porch", 0, 60));
  const auto client = login("admin");
  const auto interval = [&](double from, double to) {
    return "camera=porch&from=" + text(from) + "&to=" + text(to);
  };
  for (const auto& [path, name] : std::vector<std::pair<std::string, std::string>>{
           {"/recordings?limit=0", "limit"},
           {"/recordings?limit=501", "limit"},
           {"/recordings?cursor=x", "cursor"},
           {"/recordings?cursor=MS54", "cursor"},
           {"/recordings?cursor=MS4tMQ", "cursor"},
           {"/recordings?from=now", "from"},
           {"/recordings?sort=asc", "sort"},
           {"/recordings/" + id + "?x=1", "x"},
           {"/recordings/" + id + "/thumbnail?width=63", "width"},
           {"/recordings/" + id + "/thumbnail?at=-1", "at"},
           {"/footage/ledger", "camera"},
           {"/footage/ledger?camera=porch&to=" + text(0), "from"},
           {"/footage/ledger?camera=porch&from=" + text(0), "to"},
           {"/footage/ledger?" + interval(5, 5), "to"},
           {"/footage/ledger?" + interval(0, 7 * 86400 + 1), "to"},
           {"/footage/video?" + interval(0, 30 * 60 + 1), "to"},
           {"/footage/video?" + interval(5, 4), "to"}}) {
    const auto reply = ask("GET", "/api/v1" + path, client);
    EXPECT_EQ(reply.status, 400) << path;
    EXPECT_THAT(reply.body, HasSubstr("'" + name + "'")) << path;
  }
}

TEST_F(RecordingRoutes, OnlyGrantedCamerasAreThereAndTheAskingIsOnRecord) {
  const auto porch = segment("porch", 0, 60);
  const auto lawn = segment("lawn", 0, 60, "secret");
  const auto viewer = login("viewer");  // of the porch
  EXPECT_THAT(numbers(json("/api/v1/recordings", viewer)), ElementsAre(porch));
  const auto stranger = ask("GET", "/api/v1/recordings/777", viewer);
  EXPECT_EQ(stranger.status, 404);
  for (const auto* tail : {"", "/video", "/thumbnail"}) {
    const auto path = "/api/v1/recordings/" + std::to_string(lawn) + tail;
    const auto reply = ask("GET", path, viewer);
    EXPECT_EQ(reply.status, 404) << tail;
    EXPECT_EQ(nlohmann::json::parse(reply.body)["detail"], nlohmann::json::parse(stranger.body)["detail"]);
    EXPECT_EQ(executor.recorded().back().permission, "viewer camera 'lawn'");
    EXPECT_EQ(executor.recorded().back().resource, path);
  }
  for (const std::string path : {"/api/v1/recordings?camera=lawn", "/api/v1/footage/ledger?camera=lawn",
                                 "/api/v1/footage/video?camera=lawn"}) {
    const auto more = path.find("footage") == std::string::npos ? "" : "&from=" + text(0) + "&to=" + text(9);
    EXPECT_EQ(ask("GET", path + more, viewer).status, 403) << path;
  }
  grant("viewer", {});
  reload();
  EXPECT_THAT(numbers(json("/api/v1/recordings", login("viewer"))), IsEmpty());
}

TEST_F(RecordingRoutes, VideoComesWholeInPartsAndNotAgain) {
  const auto path = "/api/v1/recordings/" + std::to_string(segment("porch", 0, 60)) + "/video";
  auto client = login("viewer");
  auto whole = ask("GET", path, client);
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.body, "0123456789");
  EXPECT_EQ(whole.headers["content-type"], "video/mp4");
  client.more = "Range: bytes=2-4\r\n";
  EXPECT_EQ(ask("GET", path, client).body, "234");
  client.more = "Range: bytes=90-\r\n";
  EXPECT_EQ(ask("GET", path, client).status, 416);
  client.more = "If-None-Match: " + whole.headers["etag"] + "\r\n";
  EXPECT_EQ(ask("GET", path, client).status, 304);
  client.more = {};
  auto quicktime =
      ask("GET", "/api/v1/recordings/" + std::to_string(segment("porch", 60, 90, "sound", "mov")) + "/video",
          client);
  EXPECT_EQ(quicktime.headers["content-type"], "video/quicktime");
}

// What is not on the medium yet may be gone after a power cut: nobody is shown it.
TEST_F(RecordingRoutes, AnOpenSegmentIsServedUpToWhatIsOnTheMedium) {
  const auto id = open_segment("porch", 0, 10);
  const auto path = "/api/v1/recordings/" + std::to_string(id);
  auto client = login("viewer");
  EXPECT_EQ(json(path, client).at("state"), "open");
  auto part = ask("GET", path + "/video", client);
  EXPECT_EQ(part.status, 200);
  EXPECT_EQ(part.body, "0123456789");
  EXPECT_EQ(part.headers.count("last-modified"), 0U);
  client.more = "Range: bytes=8-\r\n";
  auto end = ask("GET", path + "/video", client);
  EXPECT_EQ(end.status, 206);
  EXPECT_EQ(end.body, "89");
  EXPECT_EQ(end.headers["content-range"], "bytes 8-9/10");
  client.more = "If-None-Match: " + part.headers["etag"] + "\r\n";
  EXPECT_EQ(ask("GET", path + "/video", client).status, 304);
  const auto file = (*index().segment(id))->file;
  ASSERT_TRUE(index().grow({{file, moment(11).at, 14, 8}}));
  const auto grown = ask("GET", path + "/video", client);
  EXPECT_EQ(grown.status, 200) << "there is more of it now";
  EXPECT_EQ(grown.body, "0123456789 and");
  client.more = "If-Range: " + part.headers["etag"] + "\r\nRange: bytes=10-\r\n";
  EXPECT_EQ(ask("GET", path + "/video", client).status, 200) << "the rest of another representation";
  client.more = {};
  const auto folder = data.path() / "recordings";
  std::filesystem::rename(folder / (file + ".part"), folder / file);
  EXPECT_EQ(ask("GET", path + "/video", client).body, "0123456789 and") << "the index learns of it later";
}

TEST_F(RecordingRoutes, AFileThatIsGoneIsNotThere) {
  const auto id = segment("porch", 0, 60);
  std::filesystem::remove(data.path() / "recordings" / (*index().segment(id))->file);
  EXPECT_EQ(ask("GET", "/api/v1/recordings/" + std::to_string(id) + "/video", login("viewer")).status, 404);
}

TEST_F(RecordingRoutes, WhatIsBeingDeletedIsNotThere) {
  const auto kept = segment("porch", 0, 60), going = segment("porch", 60, 120);
  ASSERT_TRUE(index().begin_delete({going}));
  const auto client = login("admin");
  EXPECT_THAT(numbers(json("/api/v1/recordings", client)), ElementsAre(kept));
  for (const auto* tail : {"", "/video", "/thumbnail"})
    EXPECT_EQ(ask("GET", "/api/v1/recordings/" + std::to_string(going) + tail, client).status, 404) << tail;
  EXPECT_EQ(json("/api/v1/footage/ledger?camera=porch&from=" + text(0) + "&to=" + text(120), client)
                .at("recorded_seconds"),
            60);
}

TEST_F(RecordingRoutes, IdsLeadNowhereElse) {
  segment("porch", 0, 60);
  const auto client = login("admin");
  for (const auto* id : {"0", "-1", "1x", "x", "1.0", "%00", "..%2f1", "99999999999999999999", " 1", "+1"})
    for (const auto* tail : {"", "/video", "/thumbnail"}) {
      const auto reply = ask("GET", std::string("/api/v1/recordings/") + id + tail, client);
      EXPECT_TRUE(reply.status == 404 || reply.status == 400) << id << tail << ' ' << reply.status;
    }
}

TEST_F(RecordingRoutes, APictureIsDecodedWhereItIsAskedFor) {
  const auto id = segment("porch", 0, 60);
  const auto path = "/api/v1/recordings/" + std::to_string(id) + "/thumbnail";
  std::string asked;
  house.on_thumbnail = [&](const store::Segment& segment, std::chrono::milliseconds into,
                           int width) -> Result<std::string> {
    asked = std::to_string(segment.id) + " " + std::to_string(into.count()) + " " + std::to_string(width);
    return std::string("a picture");
  };
  auto client = login("viewer");
  auto reply = ask("GET", path, client);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "a picture");
  EXPECT_EQ(reply.headers["content-type"], "image/jpeg");
  EXPECT_EQ(asked, std::to_string(id) + " 0 320");
  EXPECT_EQ(ask("GET", path + "?at=59999&width=640", client).status, 200);
  EXPECT_EQ(asked, std::to_string(id) + " 59999 640");
  EXPECT_EQ(ask("GET", path + "?at=60000", client).status, 404) << "the recording is not so long";
  house.on_thumbnail = [](const store::Segment&, std::chrono::milliseconds, int) -> Result<std::string> {
    return Error(ErrorCode::corrupt, "decode '/srv/secret/place.mp4'");
  };
  reply = ask("GET", path, client);
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.body.find("secret"), std::string::npos) << "the place is for the journal";
  cutter.full = true;
  EXPECT_EQ(ask("GET", path, client).status, 503);
}

// The recordings' disk may not answer: whoever opens a file on it is not the thread that shows events.
TEST_F(RecordingRoutes, ADiskThatDoesNotAnswerKeepsTheLibraryFree) {
  const auto id = std::to_string(segment("porch", 0, 60));
  const auto client = login("admin");
  std::promise<void> answers;
  auto disk = answers.get_future().share();
  ASSERT_TRUE(cutter.submit([disk] { disk.wait(); }));
  const int before = cutter.taken;
  auto video = std::async(std::launch::async,
                          [&] { return ask("GET", "/api/v1/recordings/" + id + "/video", client); });
  for (int i = 0; i < 3000 && cutter.taken == before; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_GT(cutter.taken, before) << "the file is opened elsewhere";
  EXPECT_EQ(ask("GET", "/api/v1/recordings/" + id, client).status, 200);
  EXPECT_EQ(ask("GET", "/api/v1/events", client).status, 200);
  answers.set_value();
  EXPECT_EQ(video.get().body, "0123456789");
  cutter.full = true;
  EXPECT_EQ(ask("GET", "/api/v1/recordings/" + id + "/video", client).status, 503);
}

TEST_F(RecordingRoutes, APictureForWhichNobodyWaitsAnyMoreIsNotDecoded) {
  const auto path = "/api/v1/recordings/" + std::to_string(segment("porch", 0, 60)) + "/thumbnail";
  const auto client = login("admin");
  std::atomic<int> decoded{0};
  house.on_thumbnail = [&](const store::Segment&, std::chrono::milliseconds, int) -> Result<std::string> {
    ++decoded;
    return std::string("p");
  };
  for (const auto wait : {20s, 90s}) {  // a clip is being made; 10 s is what other routes are given
    std::promise<void> over;
    auto clip = over.get_future().share();
    ASSERT_TRUE(cutter.submit([clip] { clip.wait(); }));
    const int before = cutter.taken;
    auto picture = std::async(std::launch::async, [&] { return ask("GET", path, client); });
    for (int i = 0; i < 3000 && cutter.taken == before; ++i) std::this_thread::sleep_for(10ms);
    clock.advance(wait);
    over.set_value();
    EXPECT_EQ(picture.get().status, wait == 20s ? 200 : 503);
  }
  EXPECT_EQ(decoded, 1);
}

TEST_F(RecordingRoutes, ProtectionIsAnAdministratorsAndOnRecord) {
  const auto id = segment("porch", 0, 60);
  const auto path = "/api/v1/recordings/" + std::to_string(id) + "/protection";
  std::vector<std::pair<std::int64_t, bool>> told;
  house.on_protect = [&](std::int64_t which, bool wanted) -> Status {
    told.emplace_back(which, wanted);
    return index().protect(which, wanted);
  };
  EXPECT_EQ(ask("PUT", path, login("user")).status, 403);
  const auto admin = login("admin");
  auto reply = ask("PUT", path, admin);
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(nlohmann::json::parse(reply.body).at("protected"), true);
  EXPECT_EQ(json("/api/v1/recordings/" + std::to_string(id), admin).at("protected"), true);
  reply = ask("DELETE", path, admin);
  EXPECT_EQ(nlohmann::json::parse(reply.body).at("protected"), false);
  EXPECT_THAT(told, ElementsAre(std::pair(id, true), std::pair(id, false)));
  librarian.do_now([] {});
  std::vector<std::string> changes;
  for (const auto& record : executor.recorded())
    if (record.kind == AuditRecord::Kind::data_modification && record.resource == path)
      changes.push_back(record.user + ": " + record.changes +
                        (record.done ? (*record.done ? ", done" : ", failed") : ""));
  EXPECT_THAT(changes, ElementsAre("admin: protected", "admin: protected, done",
                                   "admin: not protected any more", "admin: not protected any more, done"));
}

TEST_F(RecordingRoutes, AProtectionThatCannotBeRecordedOrMadeIsRefused) {
  const auto path = "/api/v1/recordings/" + std::to_string(segment("porch", 0, 60)) + "/protection";
  const auto admin = login("admin");
  bool asked = false;
  house.on_protect = [&](std::int64_t, bool) -> Status {
    asked = true;
    return Error(ErrorCode::unavailable, "the footage lane is not there");
  };
  executor.audit_fails = true;
  EXPECT_EQ(ask("PUT", path, admin).status, 503);
  EXPECT_FALSE(asked);
  executor.audit_fails = false;
  EXPECT_EQ(ask("PUT", path, admin).status, 503);
  EXPECT_TRUE(asked);
  librarian.do_now([] {});
  EXPECT_EQ(executor.recorded().back().done, false);
  EXPECT_EQ(ask("PUT", "/api/v1/recordings/777/protection", admin).status, 404);
}

TEST_F(RecordingRoutes, LedgerSaysWhatIsThereAndWhatIsMissingAndWhy) {
  segment("porch", 0, 60);
  segment("porch", 60.04, 120);  // the seam of two pictures
  gap("porch", GapCause::network, 120, 150, "no route to host");
  segment("porch", 150, 200);
  gap("porch", GapCause::disk_full, 200, std::nullopt);
  segment("lawn", 0, 500);
  gap("lawn", GapCause::auth, 500, 600);
  clock.advance(240s);
  const auto ledger =
      json("/api/v1/footage/ledger?camera=porch&from=" + text(30) + "&to=" + text(300), login("viewer"));
  EXPECT_EQ(ledger.at("camera"), "porch");
  EXPECT_EQ(ledger.at("from"), text(30));
  EXPECT_EQ(ledger.at("to"), text(300));
  EXPECT_EQ(ledger.at("recorded"), nlohmann::json::array({{{"start", text(30)}, {"end", text(120)}},
                                                          {{"start", text(150)}, {"end", text(200)}}}));
  EXPECT_EQ(ledger.at("gaps"),
            nlohmann::json::array(
                {{{"start", text(120)},
                  {"end", text(150)},
                  {"cause", "network"},
                  {"seconds", 30.0},
                  {"detail", "no route to host"}},
                 {{"start", text(200)}, {"end", nullptr}, {"cause", "disk_full"}, {"seconds", 40.0}}}));
  EXPECT_EQ(ledger.at("recorded_seconds"), 140);
  EXPECT_EQ(ledger.at("missing_seconds"), 70);
}

TEST_F(RecordingRoutes, EachLookIsOnRecord) {
  const auto id = std::to_string(segment("porch", 0, 60));
  house.on_thumbnail = [](const store::Segment&, std::chrono::milliseconds, int) -> Result<std::string> {
    return std::string("p");
  };
  const auto viewer = login("viewer");
  const std::vector<std::string> paths{"/api/v1/recordings", "/api/v1/recordings/" + id,
                                       "/api/v1/recordings/" + id + "/video",
                                       "/api/v1/recordings/" + id + "/thumbnail", "/api/v1/footage/ledger"};
  for (const auto& path : paths)
    for (int i = 0; i < 2; ++i)
      EXPECT_EQ(
          ask("GET",
              path + (path.ends_with("ledger") ? "?camera=porch&from=" + text(0) + "&to=" + text(9) : ""),
              viewer)
              .status,
          200)
          << path;
  std::vector<std::string> seen;
  for (const auto& look : looks()) seen.push_back(look.resource);
  EXPECT_EQ(seen, paths);
}

TEST_F(RecordingRoutes, ADamagedIndexIsSaidAndTheNewOneRead) {
  const auto client = login("admin");
  segment("porch", 0, 60);
  EXPECT_EQ(ask("GET", "/api/v1/recordings", client).status, 200);
  const auto file = data.path() / "footage.db";
  std::filesystem::rename(file, data.path() / "footage.db.damaged");
  for (const auto* tail : {"-wal", "-shm"}) std::filesystem::remove(file.string() + tail);
  std::ofstream(file) << std::string(8192, 'x');
  const auto interval = "?camera=porch&from=" + text(0) + "&to=" + text(9);
  for (const auto& path :
       {std::string("/api/v1/recordings"), std::string("/api/v1/recordings/1"),
        std::string("/api/v1/recordings/1/video"), std::string("/api/v1/recordings/1/thumbnail"),
        "/api/v1/footage/ledger" + interval, "/api/v1/footage/video" + interval}) {
    auto reply = ask("GET", path, client);
    EXPECT_EQ(reply.status, 503) << path;
    EXPECT_EQ(reply.headers["retry-after"], "2") << path;
    EXPECT_EQ(reply.body.find(data.path().string()), std::string::npos) << path;
  }
  EXPECT_EQ(ask("GET", "/api/v1/events", client).status, 200) << "events are none of its business";
  std::filesystem::remove(file);
  make_index();
  const auto again = segment("porch", 60, 120);
  EXPECT_THAT(numbers(json("/api/v1/recordings", client)), ElementsAre(again));
}

TEST_F(RecordingRoutes, ABusyLibraryRefusesAndSaysWhenToComeAgain) {
  const auto client = login("admin");
  librarian.full = true;
  for (const auto* path : {"/api/v1/recordings", "/api/v1/recordings/1", "/api/v1/recordings/1/thumbnail"})
    EXPECT_EQ(ask("GET", path, client).status, 503) << path;
}

}  // namespace
}  // namespace porchlight::api
