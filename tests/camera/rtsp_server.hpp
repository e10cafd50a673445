// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/unique_fd.hpp"

namespace porchlight::test {

// The RTSP test server (tests/rtsp_server) as a child process; it ends with this object. Link the
// target of the test with add_dependencies(… rtsp_test_server).
class RtspServer {
 public:
  // Null when it cannot run here; `why` then says so, for GTEST_SKIP().
  static std::unique_ptr<RtspServer> start(const std::vector<std::string>& arguments, std::string& why);
  ~RtspServer();
  RtspServer(const RtspServer&) = delete;
  RtspServer& operator=(const RtspServer&) = delete;

  const std::string& url() const noexcept { return url_; }
  std::string port() const;
  // break, freeze, mend, drop: see the server. Returns once it is done.
  void order(std::string_view word);
  // At once, as in a power failure.
  void kill();

 private:
  RtspServer(pid_t child, UniqueFd input, UniqueFd output)
      : child_(child), input_(std::move(input)), output_(std::move(output)) {}
  std::string read_line();

  pid_t child_;
  UniqueFd input_;
  UniqueFd output_;
  std::string url_;
};

}  // namespace porchlight::test
