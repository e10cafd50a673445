// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "notify/courier.hpp"
#include "notify/link_words.hpp"

namespace porchlight::notify {

struct SlackOptions {
  Destination webhook;  // the incoming webhook's URL: whoever has it may write
  LinkWords phrases{};
};

// Writes into a Slack channel by an incoming webhook. Such a webhook takes text only and changes nothing
// that stands there: a ring's picture is passed over, its name is a second message.
class Slack final : public Channel {
 public:
  static Result<std::unique_ptr<Channel>> create(SlackOptions options, const Clock& clock);
  Delivery deliver(const Message& message, std::stop_token stop) override;
  Status reach(std::stop_token stop) override { return courier_.reach(std::move(stop)); }

 private:
  Slack(SlackOptions options, Courier courier) : options_(std::move(options)), courier_(std::move(courier)) {}
  std::string body_for(const Words& words) const;

  const SlackOptions options_;
  Courier courier_;
};

}  // namespace porchlight::notify
