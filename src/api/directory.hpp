// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <unordered_map>

#include "api/access.hpp"
#include "api/jwt.hpp"
#include "porchlight/store/accounts_store.hpp"

namespace porchlight::api {

// What happens to a session between two copies of the directory. Any thread.
struct SessionLife {
  explicit SessionLife(WallTime at) : seen_ms(to_ms(at)) {}
  static std::int64_t to_ms(WallTime time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  }
  WallTime seen() const {
    return WallTime{std::chrono::milliseconds{seen_ms.load(std::memory_order_relaxed)}};
  }
  std::atomic<std::int64_t> seen_ms;
  std::atomic<bool> ended{false};
};

struct KnownSession {
  store::Session row;
  std::shared_ptr<SessionLife> life;
};

// The accounts as of one moment: made by the executor after every change, read by the listener.
// Const once published, but for the sessions' lives.
struct Directory {
  bool read = false;  // false until the database was open once: nobody is known then
  std::shared_ptr<const TokenSigner> signer;
  std::unordered_map<std::int64_t, store::User> users;
  std::unordered_map<std::string, KnownSession> sessions;       // by hash of the cookie's value
  std::unordered_map<std::string, store::Token> api_tokens;     // by jti
  std::unordered_map<std::string, store::Token> scrape_tokens;  // by hash of the secret

  const store::User* enabled_user(std::int64_t id) const {
    const auto found = users.find(id);
    return found == users.end() || found->second.disabled ? nullptr : &found->second;
  }
};
using DirectoryPtr = std::shared_ptr<const Directory>;

}  // namespace porchlight::api
