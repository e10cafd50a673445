// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "porchlight/base/unique_fd.hpp"
#include "porchlight/http/message.hpp"

namespace porchlight::http {

struct Accepted {
  UniqueFd fd;
  int family = 0;  // AF_INET, AF_INET6, AF_UNIX
  Peer peer;
};

enum class AcceptOutcome { accepted, nobody, exhausted };

// Takes one waiting client without blocking. `exhausted` means that descriptors or memory ran out:
// the client still waits, and trying again at once would spin.
AcceptOutcome accept_one(int listening_fd, Listener listener, Accepted& accepted);

// Answers 503 as far as the socket takes it at once, and closes.
void turn_away(UniqueFd fd);

}  // namespace porchlight::http
