// SPDX-License-Identifier: Apache-2.0
#include "app/footage_ports.hpp"

#include <utility>

#include "porchlight/record/footage_reader.hpp"

namespace porchlight::app {
namespace {

using Job = api::FootagePorts::Job;

// Over a connection of its own: this is neither the library's thread nor the keeper's.
Status render(const std::filesystem::path& storage, const std::filesystem::path& recordings,
              const api::ClipOrder& order, const std::function<void()>& going_on, std::stop_token stop) {
  auto database =
      store::SegmentIndex::open(storage / "footage.db", {.mode = store::OpenMode::read_only}, nullptr);
  if (!database) return std::move(database).error();
  store::SegmentIndex index(**database);
  const record::ExportOrder wanted{order.camera_id, order.from, order.to, order.out, false};
  auto made = record::export_footage(
      index, recordings, storage / "footage.key", wanted, [&](const record::Progress&) { going_on(); },
      std::move(stop));
  return made ? Status() : Status(std::move(made).error());
}

}  // namespace

api::FootagePorts make_footage_ports(pipeline::Pipeline& pipeline, const std::filesystem::path& storage,
                                     const std::filesystem::path& recordings,
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
  ports.render = [storage, recordings](const api::ClipOrder& order, const std::function<void()>& going_on,
                                       std::stop_token stop) {
    return render(storage, recordings, order, going_on, std::move(stop));
  };
  ports.thumbnail = [recordings](const store::Segment& segment, std::chrono::milliseconds into, int width) {
    return record::thumbnail(record::file_on_disk(recordings, segment), into, width);
  };
  return ports;
}

}  // namespace porchlight::app
