// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "notify/courier.hpp"
#include "notify/link_words.hpp"

namespace porchlight::notify {

struct NtfyOptions {
  Destination server;
  std::string topic;
  std::string authorization{};  // the header's value, or empty
  int priority = 4;             // 1…5, of what is neither critical nor an update
  LinkWords phrases{};
};

// Publishes to a topic of ntfy.sh or of an own server. All messages of one event have one sequence id, so
// that the picture and the name replace the text on the phone. The receipt is the message's id, or where
// the server keeps its picture.
class Ntfy final : public Channel {
 public:
  static Result<std::unique_ptr<Channel>> create(NtfyOptions options, const Clock& clock);
  Delivery deliver(const Message& message, std::stop_token stop) override;
  Status reach(std::stop_token stop) override { return courier_.reach(std::move(stop)); }

 private:
  Ntfy(NtfyOptions options, Courier courier) : options_(std::move(options)), courier_(std::move(courier)) {}
  http::ClientRequest text_request(const Message& message) const;
  http::ClientRequest picture_request(const Message& message) const;
  nlohmann::json actions_for(const Message& message) const;
  int priority_of(const Message& message) const;
  Delivery judge(const http::ClientResponse& response, bool& about_picture) const;

  const NtfyOptions options_;
  Courier courier_;
};

}  // namespace porchlight::notify
