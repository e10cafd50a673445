// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "notify/courier.hpp"
#include "notify/link_words.hpp"

namespace porchlight::notify {

struct PagerDutyOptions {
  Destination events;
  std::string routing_key;
  std::string source = "porchlight";
  LinkWords phrases{};
};

// Events API v2: what happens triggers an alert, what is over resolves it, an acknowledgement
// acknowledges it. One camera's losses, one alert's life and one event's messages each have one dedup_key,
// so a repetition never opens a second alert.
class PagerDuty final : public Channel {
 public:
  static Result<std::unique_ptr<Channel>> create(PagerDutyOptions options, const Clock& clock);
  Delivery deliver(const Message& message, std::stop_token stop) override;
  Status reach(std::stop_token stop) override { return courier_.reach(std::move(stop)); }

 private:
  PagerDuty(PagerDutyOptions options, Courier courier)
      : options_(std::move(options)), courier_(std::move(courier)) {}
  nlohmann::json event_for(const Message& message) const;
  nlohmann::json details_of(const Message& message, const nlohmann::json& object) const;
  Delivery judge(const http::ClientResponse& response) const;

  const PagerDutyOptions options_;
  Courier courier_;
};

}  // namespace porchlight::notify
