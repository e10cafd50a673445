// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "notify/courier.hpp"

namespace porchlight::notify {

struct WebhookOptions {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  http::ClientOptions client;
  std::string secret{};              // of the signature; empty: not signed
  std::string cloud_event_source{};  // empty: the payload as it is
};

// POSTs the payload as JSON, or as multipart/form-data (parts `event` and `picture`) when a picture goes
// with it; or either as one CloudEvent. The answer's status decides, as Courier::judge() says.
class Webhook final : public Channel {
 public:
  static Result<std::unique_ptr<Channel>> create(WebhookOptions options, const Clock& clock);
  Delivery deliver(const Message& message, std::stop_token stop) override;
  Status reach(std::stop_token stop) override { return courier_.reach(std::move(stop)); }

 private:
  Webhook(WebhookOptions options, Courier courier, const Clock& clock)
      : options_(std::move(options)), courier_(std::move(courier)), clock_(clock) {}
  http::ClientRequest request_for(const Message& message) const;

  const WebhookOptions options_;
  Courier courier_;
  const Clock& clock_;
};

}  // namespace porchlight::notify
