// SPDX-License-Identifier: Apache-2.0
// What a channel is handed to read carries the event's link, on each attempt the same.
#include <gmock/gmock.h>

#include <future>
#include <thread>

#include "porchlight/notify/channel_lane.hpp"
#include "porchlight/notify/options.hpp"
#include "porchlight/notify/payload.hpp"

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;

// Takes a message at the second attempt.
class Reader : public Channel {
 public:
  explicit Reader(std::vector<std::string>& links, std::promise<void>& done) : links_(links), done_(done) {}
  Delivery deliver(const Message& message, std::stop_token) override {
    links_.push_back(message.words.link);
    if (links_.size() == 1) return Delivery::retry(ErrorCode::network, "not yet", 1ms);
    done_.set_value();
    return Delivery::delivered();
  }
  Status reach(std::stop_token) override { return {}; }

 private:
  std::vector<std::string>& links_;
  std::promise<void>& done_;
};

std::vector<std::string> links_of(const LinkMakerPtr& maker, const store::OutboxRow& row) {
  SystemClock clock;
  telemetry::ClosedSets sets;
  sets.channel_types = {"log"};
  telemetry::Metrics metrics(sets);
  std::vector<std::string> links;
  std::promise<void> done;
  LaneOptions options{.first_backoff = 1ms, .longest_backoff = 2ms};
  options.links = maker;
  const ChannelOptions channel{"mum", "log", [&](const Clock&) -> Result<std::unique_ptr<Channel>> {
                                 return {std::make_unique<Reader>(links, done)};
                               }};
  auto lane = ChannelLane::create(channel, options, clock, metrics,
                                  {[](const Outcome&) { return true; }, [] { return true; }});
  if (!lane) return {lane.error().text()};
  Message message;
  message.row = row;
  (*lane)->push(std::move(message));
  Heartbeat heartbeat(clock);
  std::jthread thread([&](const std::stop_token& stop) { (*lane)->run(stop, heartbeat); });
  if (done.get_future().wait_for(60s) != std::future_status::ready) links.emplace_back("never delivered");
  thread.request_stop();
  thread.join();
  return links;
}

TEST(LaneLinks, EveryAttemptCarriesTheEventsLinkForThisChannel) {
  const SystemClock clock;
  const event::Ring ring{event::make_header(clock), "front", "porch", event::TriggerSource::cli};
  const auto row = message_of(ring, {"mum", false}, clock.wall());
  const auto maker = std::make_shared<const LinkMaker>(std::string(32, 'k'), "https://door.example", 1h);
  EXPECT_THAT(links_of(maker, row), testing::ElementsAre(maker->address_for(row), maker->address_for(row)));
  EXPECT_THAT(maker->address_for(row), testing::StartsWith("https://door.example/l/"));
  EXPECT_THAT(links_of(nullptr, row), testing::ElementsAre("", "")) << "nobody could follow one";
}

}  // namespace
}  // namespace porchlight::notify
