// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "porchlight/http/client.hpp"
#include "porchlight/notify/channel.hpp"

namespace porchlight::notify {

struct WebhookOptions {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  http::ClientOptions client;
};

// POSTs the payload as JSON, or as multipart/form-data (parts `event` and `picture`) when a picture
// goes with it. 2xx is delivered; 408, 425, 429, 5xx and a broken connection are tried again; every
// other answer, a redirect too, is a refusal.
class Webhook final : public Channel {
 public:
  static Result<std::unique_ptr<Channel>> create(WebhookOptions options, const Clock& clock);
  Delivery deliver(const Message& message, std::stop_token stop) override;
  // Name, TCP, TLS with the channel's own authorities.
  Status reach(std::stop_token stop) override { return client_.connect(options_.url, std::move(stop)); }

 private:
  Webhook(WebhookOptions options, http::Client client, const Clock& clock)
      : options_(std::move(options)), client_(std::move(client)), clock_(clock) {}
  http::ClientRequest request_for(const Message& message) const;
  Delivery judge(const http::ClientResponse& response) const;

  const WebhookOptions options_;
  http::Client client_;
  const Clock& clock_;
};

}  // namespace porchlight::notify
