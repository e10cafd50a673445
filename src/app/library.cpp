// SPDX-License-Identifier: Apache-2.0
#include "app/library.hpp"

#include <utility>

#include "porchlight/pipeline/picture.hpp"

namespace porchlight::app {

std::unique_ptr<api::Library> make_library(pipeline::Pipeline& pipeline, api::Accounts& accounts,
                                           const std::filesystem::path& folder, const Clock& clock,
                                           telemetry::Metrics& metrics, const telemetry::Health& health,
                                           api::FootagePorts footage) {
  auto& executor = pipeline.library();
  api::LibraryPorts ports;
  ports.quick = [&executor](api::LibraryPorts::Job job) { return executor.quick(std::move(job)); };
  ports.slow = [&executor](api::LibraryPorts::Job job) { return executor.slow(std::move(job)); };
  ports.picture = [&pipeline](const std::string& camera) -> Result<api::CameraPicture> {
    auto picture = pipeline.picture(camera);
    if (!picture) return std::move(picture).error();
    return api::CameraPicture{std::move(picture->jpeg), picture->taken};
  };
  ports.footage = std::move(footage);
  ports.watch = [&pipeline](const std::string& camera, live::Quality quality, live::Outlet outlet) {
    return pipeline.watch(camera, quality, std::move(outlet));
  };
  ports.watch_pictures = [&pipeline](const std::string& camera, int rate, live::PictureOutlet outlet) {
    return pipeline.watch_pictures(camera, rate, std::move(outlet));
  };
  ports.hls = [&pipeline](live::HlsRequest request) { pipeline.ask_hls(std::move(request)); };
  ports.ready = [&health] { return health.database_connected.load(); };
  auto library = std::make_unique<api::Library>(folder, clock, metrics, accounts, std::move(ports));
  executor.set_tick([&library = *library] {
    library.tick();
    return true;
  });
  pipeline.on_events_changed([&library = *library] { library.events_changed(); });
  return library;
}

std::vector<api::CameraCondition> cameras_of(pipeline::Pipeline& pipeline) {
  std::vector<api::CameraCondition> list;
  for (auto& camera : pipeline.cameras())
    list.push_back({std::move(camera.id), std::move(camera.name), std::move(camera.state)});
  return list;
}

}  // namespace porchlight::app
