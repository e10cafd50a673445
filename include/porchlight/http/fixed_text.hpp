// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "porchlight/http/message.hpp"

namespace porchlight::http {

// A body that stays the same while the program runs: its entity tag and its gzip form are made once.
// Constant from then on, so any thread may ask.
class FixedText {
 public:
  FixedText(std::string text, std::string content_type);

  // 200, in gzip when Accept-Encoding takes it; 304 when If-None-Match names the tag.
  Response answer(const Request& request) const;

 private:
  const std::string text_;
  const std::string packed_;
  const std::string content_type_;
  const std::string tag_;  // sent as a weak one, for both forms
};

}  // namespace porchlight::http
