// SPDX-License-Identifier: Apache-2.0
// Writes segments as a recorder does and says on descriptor 1 what is on the medium:
//   volume                   the volume has its identity
//   kept FILE FRAMES         so many pictures are synced
//   whole FILE FRAMES        finished
// A failure is told on descriptor 2 as `code: text`, the segment abandoned, the next one begun (exit 3 in the
// end).
//   record_segment_child FOLDER SEGMENTS
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "porchlight/record/volume.hpp"
#include "segment_media.hpp"

namespace {

using namespace porchlight;
using record::SegmentWriter;

bool failed = false;

void say(const std::string& line) {
  const auto text = line + "\n";
  if (::write(STDOUT_FILENO, text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::exit(4);
}

void tell(const Error& error) {
  failed = true;
  std::cerr << to_string(error.code()) << ": " << error.text() << '\n';
}

Status write_fragment(SegmentWriter& writer, const std::string& file) {
  auto status = writer.write();
  if (status) status = writer.sync();
  if (status) say("kept " + file + " " + std::to_string(writer.frames()));
  return status;
}

Status write_segment(const record::Volume& volume, const std::string& file,
                     const record::test::Packets& video) {
  auto made =
      SegmentWriter::create(volume.folder(), file, record::test::head(), video.front()->stream, nullptr);
  if (!made) return std::move(made).error();
  auto& writer = **made;
  for (const auto& packet : video) {
    if (auto status = writer.append(*packet); !status) return status;
    if (writer.pending() < std::chrono::milliseconds(400)) continue;
    if (auto status = write_fragment(writer, file); !status) {
      writer.abandon();
      return status;
    }
  }
  const auto tail = writer.finish();
  if (!tail) {
    writer.abandon();
    return tail.error();
  }
  say("whole " + file + " " + std::to_string(tail->frames));
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  media::test::ClipShape shape;
  shape.frames = 40;
  shape.fps = 20;
  shape.keyframe_interval = 20;
  shape.b_frames = 1;
  shape.height = 64;
  const auto video = record::test::pictures(shape);
  if (!video) return 5;
  auto volume = record::Volume::open(argv[1], std::nullopt);
  for (int again = 0; !volume && again < 3; ++again) {
    tell(volume.error());
    volume = record::Volume::open(argv[1], std::nullopt);
  }
  if (!volume) return 3;
  say("volume");
  for (int n = 0; n < std::atoi(argv[2]); ++n) {
    const auto file = "front/day/" + std::to_string(n) + ".mp4";
    if (auto status = write_segment(*volume, file, *video); !status) tell(status.error());
  }
  return failed ? 3 : 0;
}
