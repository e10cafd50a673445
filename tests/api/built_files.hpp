// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "api/account_client.hpp"
#include "api/guard.hpp"

namespace porchlight::api::test {

// A server of what the build lays beside the program: it reads its files when it starts.
class BuiltFiles : public ApiTest {
 protected:
  http::test::TemporaryFolder built;

  void write(const std::filesystem::path& name, const std::string& text) {
    std::filesystem::create_directories((built.path() / name).parent_path());
    std::ofstream(built.path() / name) << text;
  }
  http::test::Reply ask(const std::vector<std::string>& routes, const std::function<void(Guard&)>& add,
                        const std::string& path, const std::string& headers) {
    http::test::RunningServer door(routes, [&](telemetry::Metrics&) {
      Guard guard(accounts->state(), [](const std::string&) { return std::string(); });
      add(guard);
      return std::move(guard).router();
    });
    auto reply = door.tcp().ask(http::test::get(path, headers));
    door.stop();
    return reply;
  }
};

}  // namespace porchlight::api::test
