// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "porchlight/telemetry/build.hpp"

namespace porchlight::app {

int version_command(const CommandOptions& options) {
  const std::string version(telemetry::build_version()), revision(telemetry::build_revision()),
      compiler(telemetry::build_compiler()), arch(telemetry::build_arch());
  if (options.json)
    std::printf(
        "%s\n",
        nlohmann::json{{"version", version}, {"revision", revision}, {"compiler", compiler}, {"arch", arch}}
            .dump(2)
            .c_str());
  else
    std::printf("porchlight %s (%s, %s, %s)\n", version.c_str(), revision.c_str(), arch.c_str(),
                compiler.c_str());
  return exit_done;
}

}  // namespace porchlight::app
