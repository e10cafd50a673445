// SPDX-License-Identifier: Apache-2.0
#include "record/export_plan.hpp"

#include <algorithm>
#include <new>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace porchlight::record {
namespace {

using namespace std::chrono_literals;

// A row's end is the next segment's begin where nothing is missing, and a camera's clock may be off.
constexpr auto drift = 1s;
constexpr std::chrono::milliseconds least_tolerance{100};

// A sample of MP4 lasts at most 2³¹ ticks: at 90 kHz 6.6 h.
constexpr auto longest_hole = 6h;

bool is_g711(AVCodecID codec) {
  return codec == AV_CODEC_ID_PCM_ALAW || codec == AV_CODEC_ID_PCM_MULAW;
}

media::AvParameters copy_of(const AVStream& stream) {
  media::AvParameters parameters(avcodec_parameters_alloc());
  if (!parameters || avcodec_parameters_copy(parameters.get(), stream.codecpar) < 0) throw std::bad_alloc();
  return parameters;
}

bool same_sets(const AVCodecParameters& a, const AVCodecParameters& b) {
  return a.width == b.width && a.height == b.height &&
         std::equal(a.extradata, a.extradata + a.extradata_size, b.extradata, b.extradata + b.extradata_size);
}

// One track holds one codec, and sound of one kind.
bool same_sound(const AVCodecParameters& a, const AVCodecParameters& b) {
  return a.codec_id == b.codec_id && a.sample_rate == b.sample_rate &&
         a.ch_layout.nb_channels == b.ch_layout.nb_channels;
}

bool is_whole(const ScannedSegment& scanned) {
  return scanned.tail && std::all_of(scanned.faults.begin(), scanned.faults.end(),
                                     [](const auto& fault) { return fault == "trailing_bytes"; });
}

// Of the file's faults the one that is no end of it: fragments that are missing in between.
void find_missing(ExportPart& part, const ScannedSegment& scanned) {
  for (const auto& missing : scanned.missing)
    if (missing.from.count() < 0)
      part.lead = -missing.from;
    else
      part.missing.push_back(missing);
}

// Its own time, or its row's where the two differ by no more than clocks do.
void find_end(ExportPart& part, const ScannedSegment& scanned) {
  part.duration = scanned.duration;
  part.tolerance = least_tolerance;
  if (scanned.frames > 0)
    part.tolerance = std::max(part.tolerance, scanned.duration / static_cast<std::int64_t>(scanned.frames));
  part.end = part.first() + part.duration;
  if (part.segment.state == store::SegmentState::open || !part.segment.end) return;
  const WallTime::duration most =
      is_whole(scanned) ? WallTime::duration(drift) : WallTime::duration(part.tolerance);
  if (std::chrono::abs(*part.segment.end - part.end) <= most) part.end = *part.segment.end;
}

std::string sound_of(const AVCodecParameters& audio) {
  return std::string(avcodec_get_name(audio.codec_id)) + " of " + std::to_string(audio.sample_rate) + " Hz";
}

Error changed(const ExportOrder& order, const ExportPart& part, const std::string& what) {
  const auto at = rfc3339(*part.segment.start);
  return Error(ErrorCode::unsupported, "export '" + order.camera_id + "': its " + what + " at " + at +
                                           ", and one file holds one kind; export two intervals, up to " +
                                           at + " and from then on");
}

// Collects the parts in their order and refuses what one file cannot hold.
class Planner {
 public:
  explicit Planner(const ExportOrder& order) : order_(order) {}

  Status add(ExportPart part, const SegmentInput& input) {
    if (auto status = add_video(part, *input.video().codecpar); !status) return status;
    if (input.audio() != nullptr)
      if (auto status = add_audio(part, *input.audio()); !status) return status;
    const auto end = part.first() + part.duration;
    video_end_ = end;
    if (input.audio() != nullptr) audio_end_ = end;
    if (!plan_.video) plan_.video = copy_of(input.video());
    plan_.parts.push_back(std::move(part));
    return {};
  }
  void lose(const store::Segment& segment, const Error& why) {
    auto gap = damaged_gap(segment, *segment.start, *segment.start, why.code());
    gap.stop = segment.end;
    plan_.gaps.push_back(std::move(gap));
    lost_ = why;
  }
  // What the row says was kept and the file does not show any more.
  void look_at_edges(const ExportPart& part) {
    const auto& segment = part.segment;
    if (part.lead.count() > 0)
      plan_.gaps.push_back(damaged_gap(segment, *segment.start, part.first(), ErrorCode::corrupt));
    if (segment.state == store::SegmentState::open || !segment.end || *segment.end <= part.end) return;
    plan_.gaps.push_back(damaged_gap(segment, part.end, *segment.end, ErrorCode::corrupt));
    lost_ = Error(ErrorCode::corrupt,
                  "read '" + part.file.string() + "': it is damaged from " + rfc3339(part.end) + " on");
  }

  Result<ExportPlan> finish(std::vector<store::Gap> gaps) {
    if (plan_.parts.empty() && lost_)
      return Error(ErrorCode::corrupt, "export '" + order_.camera_id + "': " + lost_->text());
    if (plan_.parts.empty())
      return Error(ErrorCode::not_found, "export '" + order_.camera_id + "': nothing was recorded between " +
                                             rfc3339(order_.from) + " and " + rfc3339(order_.to));
    plan_.gaps.insert(plan_.gaps.end(), gaps.begin(), gaps.end());
    return std::move(plan_);
  }

 private:
  Status add_video(const ExportPart& part, const AVCodecParameters& video) {
    if (!plan_.video) return {};
    if (video.codec_id != plan_.video->codec_id)
      return changed(order_, part,
                     std::string("pictures change from ") + avcodec_get_name(plan_.video->codec_id) + " to " +
                         avcodec_get_name(video.codec_id));
    if (!same_sets(video, *plan_.video)) plan_.parameters_change = true;
    return bridge(*video_end_, part, "gap");
  }
  Status add_audio(const ExportPart& part, const AVStream& audio) {
    if (!plan_.audio) {
      plan_.audio = copy_of(audio);
      plan_.quicktime = is_g711(audio.codecpar->codec_id);
      return {};
    }
    if (!same_sound(*audio.codecpar, *plan_.audio))
      return changed(order_, part,
                     "sound changes from " + sound_of(*plan_.audio) + " to " + sound_of(*audio.codecpar));
    return bridge(*audio_end_, part, "time without sound");
  }
  Status bridge(WallTime end, const ExportPart& part, const char* what) const {
    if (part.first() - end <= longest_hole) return {};
    return Error(ErrorCode::unsupported,
                 "export '" + order_.camera_id + "': there is a " + what + " from " + rfc3339(end) + " to " +
                     rfc3339(part.first()) +
                     ", longer than a file's timestamps span; export what is before and after it by itself");
  }

  const ExportOrder& order_;
  ExportPlan plan_;
  std::optional<WallTime> video_end_;
  std::optional<WallTime> audio_end_;
  std::optional<Error> lost_;
};

}  // namespace

store::Gap damaged_gap(const store::Segment& segment, WallTime from, WallTime to, ErrorCode why) {
  store::Gap gap;
  gap.camera_id = segment.camera_id;
  gap.cause = event::GapCause::damaged;
  gap.detail = segment.file + ": " + std::string(to_string(why));
  gap.start = from;
  gap.stop = to;
  return gap;
}

Result<ExportPart> open_part(const std::filesystem::path& folder, const store::Segment& segment,
                             std::unique_ptr<SegmentInput>& input) {
  for (bool again = segment.state == store::SegmentState::open;; again = false) {
    ExportPart part;
    part.segment = segment;
    part.file = file_on_disk(folder, segment);
    auto scanned = scan_segment(part.file);
    if (scanned && scanned->fragments == 0)
      return Error(ErrorCode::corrupt, "read '" + part.file.string() + "': there is no whole fragment in it");
    if (scanned) {
      part.bytes = scanned->whole_bytes;
      part.tail = scanned->tail;
      find_missing(part, *scanned);
      find_end(part, *scanned);
      auto opened = SegmentInput::open(part.file, part.bytes);
      if (opened) {
        input = std::move(*opened);
        return part;
      }
      if (!again || opened.error().code() != ErrorCode::not_found) return std::move(opened).error();
    } else if (!again || scanned.error().code() != ErrorCode::not_found) {
      return std::move(scanned).error();
    }
  }
}

Result<ExportPlan> plan_export(store::SegmentIndex& index, const std::filesystem::path& folder,
                               const ExportOrder& order, const std::stop_token& stop) {
  auto footage = footage_of(index, order.camera_id, order.from, order.to);
  if (!footage) return std::move(footage).error();
  Planner planner(order);
  for (const auto& segment : footage->segments) {
    if (stop.stop_requested())
      return Error(ErrorCode::cancelled, "export '" + order.camera_id + "': given up");
    std::unique_ptr<SegmentInput> input;
    auto part = open_part(folder, segment, input);
    if (!part) {
      planner.lose(segment, part.error());
      continue;
    }
    planner.look_at_edges(*part);
    if (part->first() + part->duration <= order.from) continue;
    if (auto status = planner.add(std::move(*part), *input); !status) return std::move(status).error();
  }
  return planner.finish(std::move(footage->gaps));
}

}  // namespace porchlight::record
