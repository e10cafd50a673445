// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "store/child.hpp"

namespace porchlight::notify {

std::string decode_base64(const std::string& text);

struct Hit {
  bool cut = false;  // the server reset the connection before it had everything
  int connection = 0;
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;
  std::string body;
  struct Part {
    std::string name;
    std::string file_name;
    std::string content_type;
    std::string body;
  };
  std::vector<Part> parts;
};

// hook_server.py as a child process.
class Hook {
 public:
  explicit Hook(const std::vector<std::string>& arguments = {});
  // Blocks until the server has received one more request.
  Hit next();
  int port() const { return port_; }
  std::string url(const std::string& path = "/hook", const std::string& scheme = "http") const {
    return scheme + "://127.0.0.1:" + std::to_string(port_) + path;
  }

 private:
  store::Child child_;
  std::vector<std::string> lines_;
  int port_ = 0;
};

// A socket that listens and that nobody accepts from: whoever connects waits for ever.
struct Listening {
  Listening();
  UniqueFd fd;
  int port = 0;
};

// Two authorities, and a certificate for 127.0.0.1 by the first. Made once by the openssl command.
struct Certificates {
  std::filesystem::path folder;
  std::string authority, stranger, certificate, key;
  static const Certificates& get();
};

}  // namespace porchlight::notify
