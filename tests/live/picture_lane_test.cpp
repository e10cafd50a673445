// SPDX-License-Identifier: Apache-2.0
// One picture for all who look, the newest for one who is slow, and nothing while nobody looks.
#include "porchlight/live/picture_lane.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <thread>

namespace porchlight::live {
namespace {

using namespace std::chrono_literals;

// A client, as the lane sees it.
struct Client {
  std::mutex mutex;
  std::vector<http::SharedFrame> parts;
  std::atomic<std::size_t> waiting{0};
  std::atomic<bool> open{true};
  std::atomic<bool> dropped{false};
  std::atomic<bool> deaf{false};  // what it is sent waits

  std::size_t count() {
    const std::lock_guard lock(mutex);
    return parts.size();
  }
  http::SharedFrame last() {
    const std::lock_guard lock(mutex);
    return parts.empty() ? nullptr : parts.back();
  }
};

PictureOutlet outlet_of(const std::shared_ptr<Client>& client) {
  return {[client](const http::SharedFrame& part) {
            const std::lock_guard lock(client->mutex);
            client->parts.push_back(part);
            if (client->deaf) client->waiting += part->size();
          },
          [client] { return client->open.load(); }, [client] { return client->waiting.load(); },
          [client] { client->open = false; },
          [client] {
            client->open = false;
            client->dropped = true;
          }};
}

struct PictureLaneTest : testing::Test {
  SystemClock clock;
  telemetry::ClosedSets sets = [] {
    telemetry::ClosedSets only;
    only.camera_ids = {"front"};
    return only;
  }();
  telemetry::Metrics metrics{sets};
  std::mutex mutex;
  std::map<std::string, bool> watched;
  std::atomic<int> asked{0};
  std::atomic<bool> lost{false};
  std::atomic<bool> still{false};  // the camera sends nothing new
  std::atomic<bool> removed{false};
  MonotonicTime stood{};
  std::unique_ptr<PictureLane> lane;
  std::jthread thread;

  void start(std::chrono::milliseconds slow = 60s, std::chrono::milliseconds fresh = 60s) {
    PicturePorts ports;
    ports.picture = [this](const std::string&) { return picture(); };
    ports.watched = [this](const std::string& camera, bool is) {
      const std::lock_guard lock(mutex);
      watched[camera] = is;
    };
    lane = std::move(*PictureLane::create({.fresh = fresh, .slow = slow}, std::move(ports), clock, metrics));
    thread = std::jthread([this](const std::stop_token& stop) {
      Heartbeat heartbeat{clock};
      lane->run(stop, heartbeat);
    });
  }
  void TearDown() override {
    if (!thread.joinable()) return;
    thread.request_stop();
    thread.join();
  }
  // Each is a number, which stands where the picture's bytes would.
  Result<Jpeg> picture() {
    const auto number = std::to_string(++asked);
    if (removed) return Error(ErrorCode::not_found, "there is no such camera");
    if (lost) return Error(ErrorCode::unavailable, "the camera shows no picture");
    if (!still) stood = clock.now();
    return Jpeg{std::make_shared<const std::vector<std::uint8_t>>(number.begin(), number.end()), clock.wall(),
                stood};
  }
  std::shared_ptr<Client> join(const std::string& camera, int rate) {
    auto client = std::make_shared<Client>();
    viewers.push_back(lane->join(camera, rate, outlet_of(client)));
    return client;
  }
  bool is_watched(const std::string& camera) {
    const std::lock_guard lock(mutex);
    return watched[camera];
  }
  template <class Done>
  static bool eventually(Done done) {
    for (int i = 0; i < 30'000 && !done(); ++i) std::this_thread::sleep_for(1ms);
    return done();
  }
  std::vector<std::shared_ptr<PictureViewer>> viewers;
};

TEST_F(PictureLaneTest, FiftyShareOnePictureByReference) {
  start();
  std::vector<std::shared_ptr<Client>> clients;
  for (int i = 0; i < 50; ++i) clients.push_back(join("front", 10));
  for (const auto& client : clients) ASSERT_TRUE(eventually([&] { return client->count() >= 5; }));
  TearDown();
  std::map<const std::string*, std::size_t> seen;
  for (const auto& client : clients)
    for (const auto& part : client->parts) ++seen[part.get()];
  // Those who came a little later began with a picture of their own.
  EXPECT_LE(seen.size(), static_cast<std::size_t>(asked.load()));
  const auto shared = std::count_if(seen.begin(), seen.end(), [](const auto& s) { return s.second >= 45; });
  EXPECT_GE(shared, 2) << seen.size() << " pictures";
}

TEST_F(PictureLaneTest, PartIsWholeAndEndsWithTheBoundary) {
  start();
  const auto client = join("front", 15);
  ASSERT_TRUE(eventually([&] { return client->count() >= 1; }));
  const auto part = *client->last();
  EXPECT_EQ(part.find("Content-Type: image/jpeg\r\nContent-Length: "), 0U);
  EXPECT_NE(part.find("\r\nX-Timestamp: "), std::string::npos);
  EXPECT_TRUE(part.ends_with("\r\n--porchlight\r\n")) << part;
}

TEST_F(PictureLaneTest, NothingIsAskedWhileNobodyLooks) {
  start();
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(asked, 0);
  EXPECT_FALSE(is_watched("front"));
  const auto client = join("front", 15);
  ASSERT_TRUE(eventually([&] { return client->count() >= 1; }));
  EXPECT_TRUE(is_watched("front"));
  viewers.back()->leave();
  ASSERT_TRUE(eventually([&] { return lane->figures().empty() && !is_watched("front"); }));
  const int before = asked;
  std::this_thread::sleep_for(300ms);
  EXPECT_EQ(asked, before);
}

// For a look in between: the same bytes, not made again.
TEST_F(PictureLaneTest, NewestThatIsShownIsThereForAll) {
  start();
  EXPECT_FALSE(lane->newest("front"));
  const auto client = join("front", 15);
  ASSERT_TRUE(eventually([&] { return lane->newest("front").has_value(); }));
  still = true;
  const int at = asked;
  ASSERT_TRUE(eventually([&] { return asked >= at + 2; }));
  const auto newest = lane->newest("front");
  ASSERT_TRUE(newest);
  EXPECT_EQ(newest->arrived, stood);
  EXPECT_FALSE(lane->newest("back"));
  viewers.back()->leave();
  EXPECT_TRUE(eventually([&] { return !lane->newest("front"); }));
}

TEST_F(PictureLaneTest, PictureThatIsTooOldIsNoneOfNow) {
  start(60s, 1ms);
  const auto client = join("front", 1);
  ASSERT_TRUE(eventually([&] { return client->count() >= 1; }));
  still = true;
  EXPECT_TRUE(eventually([&] { return !lane->newest("front"); }));
}

TEST_F(PictureLaneTest, SlowOneGetsTheNewestWhenItHasTakenWhatWaits) {
  start();
  const auto slow = join("front", 15);
  const auto other = join("front", 15);
  slow->deaf = true;
  ASSERT_TRUE(eventually([&] { return slow->waiting > 0; }));
  const auto count = slow->count();
  const auto seen = other->count();
  ASSERT_TRUE(eventually([&] { return other->count() >= seen + 10; })) << "another one waits for nobody";
  EXPECT_EQ(slow->count(), count) << "one picture waits, not ten";
  slow->deaf = false;
  slow->waiting = 0;
  ASSERT_TRUE(eventually([&] { return slow->count() > count; }));
  const std::lock_guard lock(slow->mutex);
  EXPECT_NE(slow->parts[count], slow->parts[count - 1]);
  EXPECT_TRUE(slow->open);
}

TEST_F(PictureLaneTest, OneThatNeverReadsIsDroppedAndNoOther) {
  start(400ms);
  const auto deaf = join("front", 15);
  const auto other = join("front", 15);
  deaf->deaf = true;
  ASSERT_TRUE(eventually([&] { return deaf->dropped.load(); }));
  const auto seen = other->count();
  EXPECT_TRUE(eventually([&] { return other->count() >= seen + 5; }));
  EXPECT_TRUE(other->open);
  EXPECT_FALSE(other->dropped);
}

TEST_F(PictureLaneTest, LostCameraStandsStillAndGoesOn) {
  start();
  const auto client = join("front", 15);
  ASSERT_TRUE(eventually([&] { return client->count() >= 2; }));
  still = true;  // the newest stays the newest
  int at = asked;
  ASSERT_TRUE(eventually([&] { return asked >= at + 3; }));
  const auto count = client->count();
  lost = true;  // and then is too old
  at = asked;
  ASSERT_TRUE(eventually([&] { return asked >= at + 3; }));
  EXPECT_EQ(client->count(), count) << "nothing is repeated";
  EXPECT_TRUE(client->open);
  still = false;
  lost = false;
  EXPECT_TRUE(eventually([&] { return client->count() > count; }));
}

TEST_F(PictureLaneTest, EndsWithTheCameraAndWithTheDaemon) {
  start();
  const auto client = join("front", 15);
  ASSERT_TRUE(eventually([&] { return client->count() >= 1; }));
  removed = true;
  EXPECT_TRUE(eventually([&] { return !client->open; }));
  removed = false;
  const auto last = join("front", 15);
  ASSERT_TRUE(eventually([&] { return last->count() >= 1; }));
  TearDown();
  EXPECT_FALSE(last->open);
  EXPECT_FALSE(last->dropped) << "it is not its fault";
}

}  // namespace
}  // namespace porchlight::live
