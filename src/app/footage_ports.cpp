// SPDX-License-Identifier: Apache-2.0
#include "app/footage_ports.hpp"

#include <utility>

namespace porchlight::app {
namespace {

using Job = api::FootagePorts::Job;

}  // namespace

api::FootagePorts make_footage_ports(pipeline::Pipeline& pipeline, const std::filesystem::path& recordings,
                                     std::function<api::FootagePorts::Rolls()> rolls) {
  auto& executor = pipeline.clips();
  api::FootagePorts ports;
  ports.folder = recordings;
  ports.rolls = std::move(rolls);
  ports.quick = [&executor](Job job) {
    return executor.quick([&executor, job = std::move(job)] { job(executor.stop_token()); });
  };
  ports.slow = [&executor](Job job) {
    return executor.slow([&executor, job = std::move(job)] { job(executor.stop_token()); });
  };
  return ports;
}

}  // namespace porchlight::app
