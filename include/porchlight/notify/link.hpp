// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "porchlight/base/clock.hpp"
#include "porchlight/store/outbox.hpp"

namespace porchlight::notify {

// What a link of a message stands for: one event, as one channel was told of it, until some time.
struct Link {
  event::EventId event;
  std::string channel;
  WallTime expires{};  // whole seconds
};

// The link as a token: base64url, without padding, of the version (1), the event's id (16 bytes), the expiry
// (Unix seconds, 4 bytes, big endian), the channel's id, and the first 16 bytes of HMAC-SHA256 under `key`
// over all before. The same link is always the same token; nothing is kept of it.
std::string mint(std::string_view key, const Link& link);

// Nothing for what mint() did not make under this key; how far it is from that does not show in the time it
// takes. Whether it has expired is for the caller to say.
std::optional<Link> opened_link(std::string_view key, std::string_view token);

// Makes the addresses that messages carry. Constant: any thread.
class LinkMaker {
 public:
  // `public_url` is where people reach the house. A link is good for `lifetime` from the event on.
  LinkMaker(std::string key, std::string public_url, std::chrono::milliseconds lifetime);

  std::string address_for(const store::OutboxRow& row) const;

 private:
  const std::string key_;
  const std::string base_;
  const std::chrono::milliseconds lifetime_;
};
using LinkMakerPtr = std::shared_ptr<const LinkMaker>;  // null: messages carry no link

}  // namespace porchlight::notify
