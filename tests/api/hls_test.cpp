// SPDX-License-Identifier: Apache-2.0
// Who may ask for a camera's films, what the answers say, and what stays of a viewing on record.
#include <gtest/gtest.h>

#include "api/hls_answers.hpp"
#include "api/look_house.hpp"
#include "live/hls_house.hpp"

namespace porchlight::api::test {
namespace {

using namespace std::chrono_literals;

class HlsRoute : public LookTest {
 protected:
  void SetUp() override {
    LookTest::SetUp();
    on_hls = [this](live::HlsRequest request) {
      const std::lock_guard lock(mutex);
      viewer = request.viewer;
      if (request.moment) return held.push_back(std::move(request));
      using Kind = live::HlsName::Kind;
      if (request.name.kind == Kind::index || request.name.kind == Kind::playlist)
        return request.answer({.playlist = "#EXTM3U\n"});
      if (request.name.number == large_number) return request.answer({.media = {{large, 0, large->size()}}});
      const auto bytes = std::make_shared<const std::string>("..0123456789");
      request.answer({.media = {{bytes, 2, 4}, {bytes, 6, 6}}});
    };
  }
  auto get(const std::string& file, const Client& client, const std::string& more = {}) {
    auto with = client;
    with.more += more;
    return ask("GET", "/hls/porch/" + file, with);
  }
  std::vector<AuditRecord> records() {
    std::vector<AuditRecord> list;
    for (auto& record : looks())
      if (record.resource.starts_with("/hls/")) list.push_back(std::move(record));
    return list;
  }
  // Asks for more than the kernel takes, and does not read it.
  Wire begin_large(const Client& client) {
    Wire wire{server.tcp()};
    wire.send("GET /hls/porch/main-7.m4s HTTP/1.1\r\n" + headers_of(client) + "\r\n");
    EXPECT_TRUE(wire.readable_within(30'000));
    return wire;
  }
  template <class Condition>
  static bool eventually(Condition condition) {
    for (int i = 0; i < 6000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(5ms);
    }
    return false;
  }
  std::size_t waiting() {
    const std::lock_guard lock(mutex);
    return held.size();
  }

  std::mutex mutex;
  std::vector<live::HlsRequest> held;
  std::shared_ptr<live::HlsViewer> viewer;
  static constexpr std::uint64_t large_number = 7;
  const http::SharedFrame large = std::make_shared<const std::string>(std::size_t{32} << 20, 'x');
};

TEST_F(HlsRoute, RoleByCamera) {
  for (const std::string role : {"viewer", "user", "admin", "monitor", "nobody"}) {
    const auto client = role == "nobody" ? Client{} : login(role);
    for (const std::string camera : {"porch", "lawn"}) {
      const bool granted =
          role == "admin" || (role == "viewer" && camera == "porch") || (role == "user" && camera == "lawn");
      for (const std::string file :
           {"index.m3u8", "main.m3u8", "main-init-5.mp4", "main-5.m4s", "main-5.1.m4s", "nothing"})
        EXPECT_EQ(ask("GET", "/hls/" + camera + '/' + file, client).status,
                  granted            ? (file == "nothing" ? 404 : 200)
                  : role == "nobody" ? 401
                                     : 403)
            << role << ' ' << camera << ' ' << file;
    }
  }
}

TEST_F(HlsRoute, PlaylistsAreNotStoredAndFilmsAreForAMinute) {
  const auto client = login("viewer");
  const auto list = get("main.m3u8", client);
  EXPECT_EQ(list.headers.at("content-type"), "application/vnd.apple.mpegurl");
  EXPECT_EQ(list.headers.at("cache-control"), "no-store");
  const auto film = get("main-5.m4s", client);
  EXPECT_EQ(film.body, "0123456789");
  EXPECT_EQ(film.headers.at("cache-control"), "private, max-age=60, immutable");
}

TEST_F(HlsRoute, OneRangeIsServed) {
  const auto client = login("viewer");
  const auto range = [&](const std::string& wanted) {
    return get("main-5.m4s", client, "Range: bytes=" + wanted + "\r\n");
  };
  EXPECT_EQ(range("2-5").status, 206);
  EXPECT_EQ(range("2-5").body, "2345");
  EXPECT_EQ(range("2-5").headers.at("content-range"), "bytes 2-5/10");
  EXPECT_EQ(range("7-").body, "789");
  EXPECT_EQ(range("-3").body, "789");
  EXPECT_EQ(range("3-999").body, "3456789");
  EXPECT_EQ(range("10-").status, 416);
  EXPECT_EQ(range("10-").headers.at("content-range"), "bytes */10");
  for (const auto* whole : {"0-1,3-4", "5-2", "x-y", "-", "--3"})
    EXPECT_EQ(range(whole).status, 200) << whole;
}

TEST(HlsMedia, IsTheWindowsOwn) {
  live::test::Film film;
  live::HlsWindow window{1, {}};
  for (int i = 0; i < 60; ++i) window.add(film.head, film.next());
  const auto& pictures = window.segments().front().parts.at(1).pictures;
  ASSERT_GE(pictures.size(), 3U);
  http::Request request;
  const auto hold = std::make_shared<int>(0);
  const auto viewer = std::make_shared<live::HlsViewer>(MonotonicTime{});
  const auto whole = hls_media(request, *live::hls_name("main-1.1.m4s"), pictures, hold, viewer);
  ASSERT_TRUE(whole.shared);
  ASSERT_EQ(whole.shared->slices.size(), pictures.size());
  for (std::size_t i = 0; i < pictures.size(); ++i)
    EXPECT_EQ(whole.shared->slices[i].text.get(), pictures[i].text.get());
  EXPECT_TRUE(whole.body.empty());
  EXPECT_EQ(hold.use_count(), 2);
  EXPECT_EQ(whole.shared->within, 60s);
  EXPECT_FALSE(whole.shared->is_over());
  request.headers = {{"Range", "bytes=9-17"}};
  const auto range = hls_media(request, *live::hls_name("main-1.1.m4s"), pictures, hold, viewer);
  ASSERT_TRUE(range.shared);
  ASSERT_EQ(range.shared->slices.size(), 2U);
  EXPECT_EQ(range.shared->slices[0].text.get(), pictures[1].text.get());
  EXPECT_EQ(range.shared->slices[1].text.get(), pictures[2].text.get());
  EXPECT_EQ(joined(range.shared->slices), joined(pictures).substr(9, 9));
  viewer->leave();  // its right to watch has ended
  EXPECT_TRUE(whole.shared->is_over());
  EXPECT_TRUE(range.shared->is_over());
}

TEST_F(HlsRoute, AViewerHasSoManyMediaAnswersOnTheirWay) {
  const auto client = login("viewer");
  std::vector<Wire> wires;
  for (int i = 0; i < 8; ++i) wires.push_back(begin_large(client));
  const auto refused = get("main-5.m4s", client);
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.at("retry-after"), "1");
  EXPECT_EQ(get("main.m3u8", client).status, 200);
  EXPECT_EQ(get("main-5.m4s", login("viewer")).status, 200) << "another session";
  EXPECT_EQ(large.use_count(), 1 + 8);
  wires.back().close();
  EXPECT_TRUE(eventually([&] { return get("main-5.m4s", client).status == 200; }));
  wires.clear();
  EXPECT_TRUE(eventually([&] { return large.use_count() == 1; }));
}

TEST_F(HlsRoute, WhoIsStillBeingSentSomethingHasNotLeft) {
  auto wire = begin_large(login("viewer"));
  clock.advance(16s);
  tick();
  EXPECT_EQ(records().size(), 1U);
  wire.close();
  EXPECT_TRUE(eventually([&] { return large.use_count() == 1; }));
  EXPECT_TRUE(eventually([&] {
    tick();
    return records().size() == 2U;
  }));
}

TEST_F(HlsRoute, PageOfAnotherSiteIsRefused) {
  const auto client = login("viewer");
  EXPECT_EQ(get("main.m3u8", client, "Origin: https://evil.example\r\n").status, 403);
  EXPECT_EQ(get("main.m3u8", client, "Sec-Fetch-Site: cross-site\r\n").status, 403);
  EXPECT_TRUE(records().empty());
}

TEST_F(HlsRoute, MomentsAreWholeNumbers) {
  const auto client = login("viewer");
  for (const auto* query :
       {"?_HLS_part=1", "?_HLS_msn=x", "?_HLS_msn=-1", "?_HLS_msn=1&_HLS_part=", "?_HLS_msn=1.5"})
    EXPECT_EQ(get(std::string("main.m3u8") + query, client).status, 400) << query;
}

TEST_F(HlsRoute, AViewingIsOnRecordWhenItBeginsAndWhenItHasEnded) {
  const auto client = login("viewer");
  get("index.m3u8", client);
  for (int i = 0; i < 5; ++i) {
    get("main.m3u8", client);
    clock.advance(2s);
  }
  tick();
  ASSERT_EQ(records().size(), 1U);
  clock.advance(16s);
  tick();
  ASSERT_EQ(records().size(), 2U);
  EXPECT_EQ(records()[0].seconds, std::nullopt);
  EXPECT_EQ(records()[1].seconds, 26);
  for (const auto& record : records()) {
    EXPECT_EQ(record.user, "viewer");
    EXPECT_EQ(record.resource, "/hls/porch");
    EXPECT_EQ(record.operation, "view");
  }
  get("main.m3u8", client);
  EXPECT_EQ(records().size(), 3U);
}

TEST_F(HlsRoute, WhoWaitsIsNotAnsweredWhenTheRightHasEnded) {
  const auto client = login("viewer");
  Wire wire{server.tcp()};
  wire.send("GET /hls/porch/main.m3u8?_HLS_msn=5 HTTP/1.1\r\n" + headers_of(client) + "\r\n");
  for (int i = 0; i < 30'000 && waiting() == 0; ++i) std::this_thread::sleep_for(1ms);
  ASSERT_EQ(waiting(), 1U);
  grant("viewer", {});
  reload();
  tick();
  EXPECT_TRUE(viewer->has_left());
  held[0].answer({.playlist = "#EXTM3U\n"});
  EXPECT_EQ(wire.reply().status, 403);
}

}  // namespace
}  // namespace porchlight::api::test
