// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "store/child.hpp"

namespace porchlight::notify {

// mail_server.py as a child process.
class MailSink {
 public:
  explicit MailSink(const std::vector<std::string>& arguments = {});
  // False where Debian's python3-aiosmtpd is missing.
  static bool available();
  // Blocks until the server has told one thing more: a mail as its parser reads it, or a hanging.
  nlohmann::json next();
  int port() const { return port_; }
  std::string url(const std::string& scheme = "smtp", const std::string& host = "127.0.0.1") const {
    return scheme + "://" + host + ":" + std::to_string(port_);
  }

 private:
  store::Child child_;
  std::vector<std::string> lines_;
  int port_ = 0;
};

}  // namespace porchlight::notify
