// SPDX-License-Identifier: Apache-2.0
#include "porchlight/record/recording_proof.hpp"

#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "porchlight/telemetry/build.hpp"
#include "record/segment_file.hpp"

namespace porchlight::record {
namespace {

constexpr const char* file = "porchlight-health.mp4";

// What a crash left of the last one, too.
void remove(const Volume& volume) {
  for (const auto* ending : {"", ".part"}) ::unlink((volume.folder() / (std::string(file) + ending)).c_str());
}

Status write(const Volume& volume, std::span<const media::PacketPtr> packets) {
  SegmentHead head;
  head.camera_id = "health";
  head.begin = packets.front()->arrived;
  head.version = telemetry::build_version();
  auto writer = SegmentWriter::create(volume.folder(), file, head, packets.front()->stream, nullptr);
  if (!writer) return std::move(writer).error();
  for (const auto& packet : packets)
    if (auto status = (*writer)->append(*packet); !status) return status;
  auto tail = (*writer)->finish();
  if (!tail) return std::move(tail).error();
  return {};
}

Status read(const Volume& volume, std::size_t pictures) {
  const auto found = scan_segment(volume.folder() / file, Depth::contents);
  if (!found) return found.error();
  if (!found->faults.empty())
    return Error(ErrorCode::corrupt, "the segment that was written is read as " + found->faults.front());
  if (!found->tail || found->frames != pictures)
    return Error(ErrorCode::corrupt, "the segment that was written is not whole");
  return {};
}

}  // namespace

Status prove_recording(const Volume& volume, std::span<const media::PacketPtr> packets) {
  if (packets.empty()) return Error(ErrorCode::invalid_argument, "prove a recording: of nothing");
  remove(volume);
  auto status = write(volume, packets);
  if (status) status = read(volume, packets.size());
  remove(volume);
  if (status) return {};
  return std::move(status).error().context("prove a recording in '" + volume.folder().string() + "'");
}

}  // namespace porchlight::record
