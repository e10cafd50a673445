// SPDX-License-Identifier: Apache-2.0
#include "record/recording_rig.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "media/clip.hpp"

extern "C" {
#include <libavcodec/packet.h>
}

namespace porchlight::record::test {
namespace {

using namespace std::chrono_literals;

const std::vector<media::PacketPtr>& clip() {
  static const auto packets = [] {
    media::test::ClipShape shape;
    shape.frames = 4 * RecordingRig::gop;
    shape.fps = RecordingRig::fps;
    shape.keyframe_interval = RecordingRig::gop;
    auto made = media::test::encode_clip(shape);
    return made ? *made : std::vector<media::PacketPtr>();
  }();
  return packets;
}

telemetry::ClosedSets sets() {
  telemetry::ClosedSets sets;
  sets.camera_ids = {"front"};
  return sets;
}

std::int64_t ms(MonotonicTime at) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

double value_of(const std::string& exposition, const std::string& series) {
  const auto at = exposition.find("\n" + series + " ");
  EXPECT_NE(at, std::string::npos) << series;
  return at == std::string::npos ? -1 : std::stod(exposition.substr(at + series.size() + 2));
}

}  // namespace

std::int64_t Stretch::begin_ms() const {
  return ms(begin);
}
std::int64_t Stretch::end_ms() const {
  return end ? ms(*end) : -1;
}

RecordingRig::RecordingRig(Mode mode, RecordOptions wanted, bool audio, bool fresh) : metrics(sets()) {
  auto made = Volume::init(folder.path());
  EXPECT_TRUE(made) << made.error().text();
  volume = [kept = std::make_shared<const Volume>(
                std::move(*made))]() -> Result<std::shared_ptr<const Volume>> { return kept; };
  RecorderOptions options;
  options.camera_id = "front";
  options.mode = mode;
  options.audio = audio;
  // A gap without length would not be told; what an event wanted begins with the rig.
  if (!fresh) options.since = clock.now() - (mode == Mode::continuous ? 1ms : 0ms);
  options.recording = std::move(wanted);
  options.recording.folder = folder.path();
  options.boot_id = "0a1b2c3d-0000-4000-8000-000000000000";
  options.version = "test";
  instruments = std::make_unique<RecordInstruments>("front", folder.path(), metrics);
  Recorder::Ports ports;
  ports.tell = [this](RecordNote note) { notes.push_back(std::move(note)); };
  ports.volume = [this] { return volume(); };
  ports.wall = [this](MonotonicTime at) {
    return std::optional(clock.wall() - std::chrono::duration_cast<WallTime::duration>(clock.now() - at));
  };
  ports.make_room = [this] { ++rooms_asked; };
  recording = std::make_unique<Recording>(std::move(options), clock, *instruments, std::move(ports));
  recording->begin();
}

media::PacketPtr RecordingRig::next() {
  const auto& packets = clip();
  const auto& model = *packets.at(static_cast<std::size_t>(number_) % packets.size());
  media::AvPacket data(av_packet_clone(model.data.get()));
  data->pts = data->dts = number_;
  auto packet = std::make_shared<media::Packet>(model);
  packet->data = std::shared_ptr<const AVPacket>(data.release(), media::AvDeleter{});
  packet->arrived = clock.now();
  ++number_;
  return packet;
}

void RecordingRig::play(std::chrono::milliseconds duration) {
  for (auto played = 0ms; played < duration; played += picture_time) {
    recording->take(next());
    clock.advance(picture_time);
    if (++turn_ % 5 == 0) settle();
  }
}

void RecordingRig::pause(std::chrono::milliseconds duration) {
  for (auto passed = 0ms; passed < duration; passed += 200ms) {
    clock.advance(200ms);
    settle();
  }
}

void RecordingRig::settle() {
  recording->settle();
  while (recording->naming()) {
    std::this_thread::sleep_for(1ms);
    recording->settle();
  }
}

void RecordingRig::reconnect() {
  number_ = 0;
}

std::vector<Stretch> RecordingRig::ledger() const {
  std::vector<Stretch> all;
  const auto of_file = [&](const std::string& file) -> Stretch& {
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& s) { return s.file == file; });
    EXPECT_NE(found, all.end()) << file << " was never begun";
    return *found;
  };
  for (const auto& note : notes) {
    if (const auto* begun = std::get_if<SegmentBegun>(&note)) {
      Stretch stretch;
      stretch.begin = begun->begin;
      stretch.file = begun->file;
      all.push_back(stretch);
    } else if (const auto* finished = std::get_if<SegmentFinished>(&note)) {
      auto& stretch = of_file(finished->file);
      stretch.end = finished->end;
      stretch.frames = finished->frames;
      stretch.whole = finished->whole;
    } else if (const auto* gap = std::get_if<GapNote>(&note)) {
      const auto known = std::find_if(all.begin(), all.end(), [&](const auto& s) {
        return s.cause == gap->cause && s.begin == gap->begin && !s.end;
      });
      if (known != all.end()) {
        known->end = gap->end;
        continue;
      }
      Stretch stretch;
      stretch.begin = gap->begin;
      stretch.end = gap->end;
      stretch.cause = gap->cause;
      stretch.detail = gap->detail;
      all.push_back(stretch);
    }
  }
  // Of two that begin at once the one without length comes first.
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end == a.begin && b.end != b.begin;
  });
  return all;
}

std::vector<Stretch> RecordingRig::segments() const {
  auto all = ledger();
  std::erase_if(all, [](const auto& s) { return s.cause.has_value(); });
  return all;
}

std::vector<Stretch> RecordingRig::gaps() const {
  auto all = ledger();
  std::erase_if(all, [](const auto& s) { return !s.cause; });
  return all;
}

std::vector<SpanNote> RecordingRig::spans() const {
  std::vector<SpanNote> found;
  for (const auto& note : notes)
    if (const auto* span = std::get_if<SpanNote>(&note)) found.push_back(*span);
  return found;
}

ScannedSegment RecordingRig::scan(const std::string& file, bool part) const {
  auto scanned = scan_segment(folder.path() / (file + (part ? ".part" : "")), Depth::contents);
  EXPECT_TRUE(scanned) << scanned.error().text();
  return scanned ? *scanned : ScannedSegment{};
}

std::vector<std::string> RecordingRig::files() const {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path()))
    if (entry.is_regular_file() && entry.path().filename() != Volume::identity_file)
      found.push_back(std::filesystem::relative(entry.path(), folder.path()).string());
  std::sort(found.begin(), found.end());
  return found;
}

double RecordingRig::gap_seconds() const {
  return value_of(metrics.exposition(), "recording_gap_seconds_total{camera_id=\"front\"}");
}
double RecordingRig::gap_seconds(event::GapCause cause) const {
  return value_of(metrics.exposition(), "recording_gap_seconds_by_cause_total{cause=\"" +
                                            std::string(event::to_string(cause)) + "\"}");
}
std::int64_t RecordingRig::now_ms() const {
  return ms(clock.now());
}

void expect_no_hole(const std::vector<Stretch>& ledger) {
  ASSERT_FALSE(ledger.empty());
  for (std::size_t i = 1; i < ledger.size(); ++i) {
    ASSERT_TRUE(ledger[i - 1].end) << "stretch " << i - 1 << " goes on beside the next";
    EXPECT_LE(std::abs(ledger[i].begin_ms() - ledger[i - 1].end_ms()), RecordingRig::picture_time.count())
        << "between stretch " << i - 1 << ", which ends at " << ledger[i - 1].end_ms() << ", and the next at "
        << ledger[i].begin_ms();
  }
}

}  // namespace porchlight::record::test
