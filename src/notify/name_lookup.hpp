// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "porchlight/base/result.hpp"

namespace porchlight::notify {

// The addresses of a host without waiting for the resolver, whose patience is longer than a stop may take.
// glibc asks on a thread of its own (docs/threads.md). One thread.
class NameLookup {
 public:
  explicit NameLookup(std::string host);
  // A look-up that is still under way and cannot be called back keeps its few bytes for good.
  ~NameLookup();
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

  // Numeric addresses in the resolver's order. Nothing: still under way. not_found: no such name;
  // unavailable: nobody answered.
  std::optional<Result<std::vector<std::string>>> result();

 private:
  struct Request;
  std::unique_ptr<Request> request_;
};

}  // namespace porchlight::notify
