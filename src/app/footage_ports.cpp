// SPDX-License-Identifier: Apache-2.0
#include "app/footage_ports.hpp"

#include <memory>
#include <utility>

#include "porchlight/api/footage_shelf.hpp"
#include "porchlight/record/footage_reader.hpp"
#include "porchlight/record/render_meter.hpp"

namespace porchlight::app {
namespace {

using Job = api::FootagePorts::Job;

// Over a connection of its own: this is neither the library's thread nor the keeper's.
Status render(api::FootageShelf& shelf, const std::filesystem::path& storage,
              const std::filesystem::path& recordings, const api::ClipOrder& order,
              const std::function<void()>& going_on, std::stop_token stop) {
  auto index = shelf.index();
  if (!index) return std::move(index).error();
  if (*index == nullptr) return Error(ErrorCode::not_found, "nothing was ever recorded");
  const record::ExportOrder wanted{order.camera_id, order.from, order.to, order.out, false};
  auto made = record::export_footage(
      **index, recordings, storage / "footage.key", wanted, [&](const record::Progress&) { going_on(); },
      std::move(stop));
  if (made) return {};
  // Whether it was the index or a file is not told apart here.
  if (made.error().code() == ErrorCode::corrupt || made.error().code() == ErrorCode::io) shelf.note_failure();
  return std::move(made).error();
}

}  // namespace

api::FootagePorts make_footage_ports(pipeline::Pipeline& pipeline, const std::filesystem::path& storage,
                                     const std::filesystem::path& recordings, const Clock& clock,
                                     telemetry::Metrics& metrics) {
  const auto meter = std::make_shared<record::RenderMeter>(metrics);
  auto& executor = pipeline.clips();
  api::FootagePorts ports;
  ports.folder = recordings;
  ports.rolls = [&pipeline] {
    const auto rolls = pipeline.rolls();
    return api::FootagePorts::Rolls{rolls.before, rolls.after};
  };
  ports.quick = [&executor](Job job) {
    return executor.quick([&executor, job = std::move(job)] { job(executor.stop_token()); });
  };
  ports.slow = [&executor](Job job) {
    return executor.slow([&executor, job = std::move(job)] { job(executor.stop_token()); });
  };
  const auto shelf = std::make_shared<api::FootageShelf>(storage / "footage.db", metrics);
  ports.render = [shelf, storage, recordings, &clock, meter](const api::ClipOrder& order,
                                                             const std::function<void()>& going_on,
                                                             std::stop_token stop) {
    const auto mode =
        order.kind == api::ClipKind::interval ? record::Rendering::export_ : record::Rendering::clip;
    return meter->run(mode, clock,
                      [&] { return render(*shelf, storage, recordings, order, going_on, std::move(stop)); });
  };
  pipeline.set_clip_maker([render = ports.render](const std::string& camera, WallTime from, WallTime to,
                                                  const std::filesystem::path& out, std::stop_token stop) {
    return render(
        {camera, from, to, out, api::ClipKind::event}, [] {}, std::move(stop));
  });
  ports.thumbnail = [recordings, &clock, meter](const store::Segment& segment, std::chrono::milliseconds into,
                                                int width) {
    return meter->run(record::Rendering::thumbnail, clock, [&] {
      return record::thumbnail(record::file_on_disk(recordings, segment), into, width);
    });
  };
  ports.protect = [&pipeline](std::int64_t id, bool is_protected, std::function<void(Status)> done) {
    pipeline.protect_segment(id, is_protected, std::move(done));
  };
  return ports;
}

}  // namespace porchlight::app
