// SPDX-License-Identifier: Apache-2.0
// Answers made of texts that others hold as well, by real requests to a real server.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "http/running_server.hpp"
#include "porchlight/http/tls.hpp"

namespace porchlight::http {
namespace {

using namespace std::chrono_literals;
using test::Body;
using test::get;
using test::route;
using test::RunningServer;
using test::Wire;

template <class Condition>
bool eventually(Condition condition) {
  for (int i = 0; i < 6000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

SharedFrame text_of(std::size_t bytes, unsigned seed) {
  std::string text(bytes, '\0');
  for (auto& byte : text) byte = static_cast<char>((seed = seed * 1103515245U + 12345U) >> 16U);
  return std::make_shared<const std::string>(std::move(text));
}

// Of texts of all sizes that matter: empty, a byte, more than a TLS record, more than one write takes.
SharedSlices film_of_many_slices() {
  SharedSlices film;
  for (unsigned i = 0; i < 300; ++i) {
    const std::size_t bytes = i % 50 == 7 ? 1'500'000 : i % 10 == 3 ? 40'000 : i * 7;
    const std::size_t before = i % 3, after = i % 4;
    film.push_back({text_of(before + bytes + after, i), before, bytes});
  }
  return film;
}

class SharedBodies : public testing::Test {
 protected:
  // What the answer holds beside its texts.
  std::shared_ptr<int> hold = std::make_shared<int>(0);
  std::chrono::milliseconds within{0};
  const SharedSlices film = film_of_many_slices();
  const SharedSlices small{{text_of(100, 1), 10, 20}, {text_of(50, 2), 0, 50}};
  const SharedSlices giant{{text_of(100, 3), 0, 100}, {text_of(64 << 20, 4), 1, (64 << 20) - 1}};

  Handler shares(const SharedSlices& slices) {
    return [this, &slices](const Request&, const Responder& responder) {
      Response response{200, {{"Content-Type", "video/iso.segment"}}, {}};
      response.shared = std::make_shared<SharedBody>(SharedBody{slices, hold, within});
      responder.send(std::move(response));
    };
  }
  Router rooms() {
    Router router;
    router.add(route(Method::get, "/film", shares(film)));
    router.add(route(Method::get, "/small", shares(small)));
    router.add(route(Method::get, "/giant", shares(giant)));
    router.add(route(Method::get, "/greeting", test::says("hello")));
    return router;
  }
  bool only_we_hold(const SharedSlices& slices) const {
    for (const auto& slice : slices)
      if (slice.text.use_count() != 1) return false;
    return hold.use_count() == 1;
  }
  void expect_film(Wire wire) {
    for (int i = 0; i < 2; ++i) {
      const auto reply = wire.ask(get("/film", "Accept-Encoding: gzip\r\n"));
      EXPECT_EQ(reply.status, 200);
      EXPECT_EQ(reply.headers.count("content-encoding"), 0U);
      EXPECT_TRUE(reply.body == joined(film)) << reply.body.size();
      EXPECT_EQ(wire.ask(get("/small")).body, joined(small));
      EXPECT_EQ(wire.ask(get("/greeting")).body, "hello");
    }
    // The answer is in the client's hands an instant before it is let go.
    EXPECT_TRUE(eventually([&] { return only_we_hold(film) && only_we_hold(small); }));
  }
};

TEST(SharedSlicesTest, AreCutWithoutACopy) {
  const SharedSlices slices{{text_of(10, 1), 2, 8}, {text_of(5, 2), 0, 0}, {text_of(20, 3), 5, 10}};
  const auto whole = joined(slices);
  ASSERT_EQ(whole.size(), 18U);
  EXPECT_EQ(length_of(slices), 18U);
  for (std::size_t from = 0; from <= 20; ++from) {
    for (std::size_t bytes = 0; bytes <= 20; ++bytes) {
      const auto stretch = cut(slices, from, bytes);
      EXPECT_EQ(joined(stretch), from < 18 ? whole.substr(from, bytes) : "") << from << ' ' << bytes;
      EXPECT_EQ(length_of(stretch), joined(stretch).size());
    }
  }
  const auto stretch = cut(slices, 6, 4);
  ASSERT_EQ(stretch.size(), 2U);
  EXPECT_EQ(stretch[0].text, slices[0].text);
  EXPECT_EQ(stretch[1].text, slices[2].text);
}

TEST_F(SharedBodies, ComeWholeAndInOrder) {
  RunningServer house(rooms());
  expect_film(house.tcp());
  expect_film(house.control());
}

TEST_F(SharedBodies, ComeWholeAndInOrderUnderTls) {
  const test::TemporaryFolder folder;
  const SystemClock clock;
  TlsOptions options;
  options.folder = folder.path() / "tls";
  const std::shared_ptr<Credentials> credentials =
      std::move(Credentials::create(std::move(options), clock)).value();
  ServerOptions with;
  with.credentials = credentials;
  RunningServer house(rooms(), std::move(with));
  auto wire = house.tcp();
  ASSERT_TRUE(wire.secure({.authority = credentials->authority()}));
  expect_film(std::move(wire));
}

TEST_F(SharedBodies, OfHeadAreTheirLengthAlone) {
  RunningServer house(rooms());
  auto wire = house.tcp();
  for (const auto* path : {"/film", "/small"}) {
    wire.send("HEAD " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto reply = wire.reply(Body::none);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.headers.at("content-length"),
              std::to_string(length_of(path == std::string("/film") ? film : small)));
  }
  EXPECT_EQ(wire.ask(get("/greeting")).body, "hello") << "nothing lies between";
  EXPECT_TRUE(eventually([&] { return only_we_hold(film) && only_we_hold(small); }));
}

TEST_F(SharedBodies, AreSentByReferenceAndLetGoWhenTheClientLeaves) {
  RunningServer house(rooms());
  auto wire = house.tcp();
  wire.send(get("/giant"));
  ASSERT_TRUE(wire.readable_within(30'000));
  // The first text is with the kernel; the other is larger than what it takes.
  EXPECT_TRUE(eventually([&] { return giant[0].text.use_count() == 1; }));
  EXPECT_EQ(giant[1].text.use_count(), 2);
  EXPECT_EQ(hold.use_count(), 2);
  wire.close();
  EXPECT_TRUE(eventually([&] { return only_we_hold(giant); }));
  EXPECT_EQ(house.tcp().ask(get("/greeting")).body, "hello");
}

TEST_F(SharedBodies, AreLetGoWhenTheServerEnds) {
  auto house = std::make_unique<RunningServer>(rooms());
  auto wire = house->tcp();
  wire.send(get("/giant"));
  ASSERT_TRUE(wire.readable_within(30'000));
  house.reset();
  EXPECT_TRUE(only_we_hold(giant));
}

TEST_F(SharedBodies, OfAClientThatDoesNotReadAreLetGoInTime) {
  RunningServer house(rooms(), Limits{.write = 200ms});
  auto wire = house.tcp();
  wire.send(get("/giant"));
  ASSERT_TRUE(wire.readable_within(30'000));
  EXPECT_TRUE(eventually([&] { return only_we_hold(giant); }));
}

TEST_F(SharedBodies, OfAClientThatReadsSteadilyButNotInTimeAreLetGo) {
  within = 300ms;
  RunningServer house(rooms());
  auto wire = house.tcp();
  wire.send(get("/giant"));
  std::vector<char> some(64 << 10);
  std::uint64_t came = 0;
  while (came < length_of(giant)) {
    const auto got = ::recv(wire.fd(), some.data(), some.size(), 0);
    if (got <= 0) break;
    came += static_cast<std::uint64_t>(got);
    std::this_thread::sleep_for(10ms);  // all of it would take ten seconds
  }
  EXPECT_GT(came, 0U);
  EXPECT_LT(came, length_of(giant));
  EXPECT_TRUE(eventually([&] { return only_we_hold(giant); }));
}

TEST_F(SharedBodies, OfAClientThatReadsInTimeComeWhole) {
  within = 120s;
  RunningServer house(rooms(), Limits{.write = 5s, .write_bytes = 1});
  auto wire = house.tcp();
  wire.send(get("/giant"));
  const auto wanted = joined(giant);
  std::string came;
  std::vector<char> some(64 << 10);
  for (std::size_t head = 0; head == 0 || came.size() < head + wanted.size();) {
    const auto got = ::recv(wire.fd(), some.data(), some.size(), 0);
    ASSERT_GT(got, 0) << came.size();
    came.append(some.data(), static_cast<std::size_t>(got));
    if (const auto end = came.find("\r\n\r\n"); head == 0 && end != std::string::npos) head = end + 4;
    if (came.size() < (20 << 20)) std::this_thread::sleep_for(20ms);  // six seconds: longer than `write`
  }
  EXPECT_TRUE(came.ends_with(wanted));
  EXPECT_EQ(wire.ask(get("/greeting")).body, "hello") << "its limits are not those of the next answer";
}

TEST_F(SharedBodies, EndWhereTheyAreOnceTheyMayNotGoOn) {
  std::atomic<bool> over{false};
  Router router;
  router.add(route(Method::get, "/giant", [&](const Request&, const Responder& responder) {
    Response response;
    response.shared =
        std::make_shared<SharedBody>(SharedBody{giant, hold, {}, [&over] { return over.load(); }});
    responder.send(std::move(response));
  }));
  RunningServer house(std::move(router));
  auto wire = house.tcp();
  wire.send(get("/giant"));
  ASSERT_TRUE(wire.readable_within(30'000));
  EXPECT_EQ(hold.use_count(), 2);
  over = true;
  std::vector<char> some(64 << 10);
  std::uint64_t came = 0;
  for (::ssize_t got = 1; got > 0; came += static_cast<std::uint64_t>(std::max<::ssize_t>(got, 0)))
    got = ::recv(wire.fd(), some.data(), some.size(), 0);
  EXPECT_LT(came, length_of(giant));
  EXPECT_TRUE(eventually([&] { return only_we_hold(giant); }));
}

}  // namespace
}  // namespace porchlight::http
