// SPDX-License-Identifier: Apache-2.0
#include "record/export_copy.hpp"

#include <algorithm>
#include <utility>

extern "C" {
#include <libavcodec/packet.h>
#include <libavformat/avformat.h>
#include <libavutil/mathematics.h>
}

namespace porchlight::record {
namespace {

constexpr AVRational microseconds{1, 1'000'000};
constexpr std::int64_t rounding = 1000;               // µs
constexpr std::int64_t longest_fragment = 2'000'000;  // µs
constexpr std::uint64_t progress_step = std::uint64_t{1} << 20;

std::int64_t micros(WallTime::duration span) {
  return std::chrono::duration_cast<std::chrono::microseconds>(span).count();
}

// A recorder may finish it meanwhile: the bytes stay, the name changes.
template <class Open>
auto with_either_name(ExportPart& part, const std::filesystem::path& folder, Open open) {
  auto result = open();
  if (result || result.error().code() != ErrorCode::not_found) return result;
  part.file = folder / part.segment.file;
  return open();
}

}  // namespace

ExportCopy::ExportCopy(const ExportOrder& order, const std::filesystem::path& folder, ExportPlan& plan,
                       const std::function<void(const Progress&)>& progress, std::stop_token stop)
    : order_(order), folder_(folder), plan_(plan), progress_(progress), stop_(std::move(stop)) {
  for (const auto& part : plan.parts) told_.all += part.bytes;
}

Error ExportCopy::given_up() const {
  return Error(ErrorCode::cancelled, "export '" + order_.camera_id + "': given up");
}

Result<Exported> ExportCopy::run(const std::filesystem::path& file) {
  for (auto part = plan_.parts.begin(); part != plan_.parts.end();) {
    const auto bytes = part->bytes;
    auto kept = copy_or_lose(*part, file);
    if (!kept) return std::move(kept).error();
    if (*kept) made_.files.push_back(part->segment.file);
    part = *kept ? part + 1 : plan_.parts.erase(part);
    done_ += bytes;
  }
  if (!out_)
    return Error(ErrorCode::corrupt, "export '" + order_.camera_id + "': " +
                                         (unreadable_ ? unreadable_->text() : "there is no picture in it"));
  // The index is put in front now, which copies the film once more: the last moment to be told of a deadline.
  if (progress_) progress_(told_);
  if (stop_.stop_requested()) return given_up();
  if (auto status = out_->finish(order_.signed_manifest); !status) return std::move(status).error();
  tell(told_.all);
  made_.end = made_.start + std::chrono::microseconds(out_->video_end());
  made_.frames = out_->frames();
  return std::move(made_);
}

// One sector that cannot be read, or a segment that is deleted meanwhile, is no reason to give nothing away.
Result<bool> ExportCopy::copy_or_lose(ExportPart& part, const std::filesystem::path& file) {
  unreadable_.reset();
  const auto before = out_ ? out_->frames() : 0;
  auto status = copy(part, file);
  if (status) return true;
  if (!unreadable_) return std::move(status).error();
  const bool nothing = !out_ || out_->frames() == before;
  lose(part, nothing, unreadable_->code());
  return !nothing;
}

void ExportCopy::lose(const ExportPart& part, bool whole, ErrorCode why) {
  const auto from = whole ? part.first() : made_.start + std::chrono::microseconds(out_->video_end());
  if (from < part.end) plan_.gaps.push_back(damaged_gap(part.segment, from, part.end, why));
}

// Of a segment, not of the film: an error of the film's own disk ends the export.
Error ExportCopy::unreadable(Error error) {
  if (error.code() == ErrorCode::io || error.code() == ErrorCode::corrupt ||
      error.code() == ErrorCode::not_found)
    unreadable_ = error;
  return error;
}

Status ExportCopy::digest(ExportPart& part) {
  auto digest = with_either_name(part, folder_, [&] {
    return digest_file(part.file, part.bytes, part.tail ? part.tail->bytes : 0,
                       [this] { return !stop_.stop_requested(); });
  });
  if (!digest) return unreadable(std::move(digest).error());
  part.digest = std::move(*digest);
  return {};
}

Status ExportCopy::copy(ExportPart& part, const std::filesystem::path& file) {
  if (order_.signed_manifest)
    if (auto status = digest(part); !status) return status;
  auto input = with_either_name(part, folder_, [&] { return SegmentInput::open(part.file, part.bytes); });
  if (!input) return unreadable(std::move(input).error());
  filter_.reset();
  if (plan_.parameters_change) {
    auto filter = AnnexB::create((*input)->video());
    if (!filter) return std::move(filter).error();
    filter_.emplace(std::move(*filter));
  }
  if (auto status = find_begin(part, **input); !status) return unreadable(std::move(status).error());
  return copy_packets(part, **input, file);
}

// Of the first part, what lies before the keyframe at or before `from` is left out.
Status ExportCopy::find_begin(const ExportPart& part, SegmentInput& input) {
  if (out_ || order_.from <= part.first()) return {};
  const auto into = av_rescale_q(micros(order_.from - part.first()), microseconds, input.video().time_base);
  return input.seek(input.zero() + into);
}

Status ExportCopy::copy_packets(const ExportPart& part, SegmentInput& input,
                                const std::filesystem::path& file) {
  std::optional<Place> place;
  if (out_) place = Place{input.zero(), std::max(micros(part.first() - made_.start), out_->video_end())};
  next_missing_ = 0;
  missing_from_.reset();
  bool over = false;
  const auto packet = media::make_av_packet();
  for (;;) {
    if (stop_.stop_requested()) return given_up();
    auto got = input.read(*packet);
    if (!got) return unreadable(std::move(got).error());
    if (!*got) {
      end_missing(part, part.end);
      return {};
    }
    tell(done_ + input.position());
    const bool video = packet->stream_index == input.video().index;
    if (!place && video) {
      auto begun = begin(part, input, file, packet->pts);
      if (!begun) return std::move(begun).error();
      place = *begun;
    }
    // Sound from before the film, and pictures whose keyframe is missing.
    const bool left_out = !place || (video && !over && is_lost(part, *packet, input));
    if (!left_out && video && out_->frames() > 0) {
      const auto behind = behind_end(*packet, input, *place);
      over = over || behind >= 0;
      // The sound of a fragment stands behind its pictures.
      if (over && (input.audio() == nullptr || behind > longest_fragment)) return {};
    }
    if (!left_out && !(video && over))
      if (auto status = put(*packet, video, input, *place); !status) return status;
    av_packet_unref(packet.get());
  }
}

Result<ExportCopy::Place> ExportCopy::begin(const ExportPart& part, const SegmentInput& input,
                                            const std::filesystem::path& file, std::int64_t pts) {
  const auto skipped = av_rescale_q(pts - input.zero(), input.video().time_base, microseconds);
  made_.start = part.first() + std::chrono::microseconds(skipped);
  ExportFile::Tracks tracks{filter_ ? &filter_->parameters() : plan_.video.get(), plan_.audio.get(),
                            plan_.parameters_change, plan_.quicktime, made_.start};
  auto out = ExportFile::create(file, tracks);
  if (!out) return std::move(out).error();
  out_ = std::move(*out);
  return Place{pts, 0};
}

// Behind missing fragments, until a keyframe comes. What a film that begins later leaves out is no gap of it.
bool ExportCopy::is_lost(const ExportPart& part, const AVPacket& packet, const SegmentInput& input) {
  const auto into = std::chrono::microseconds(
      av_rescale_q(packet.pts - input.zero(), input.video().time_base, microseconds));
  for (; next_missing_ < part.missing.size() && into >= part.missing[next_missing_].to; ++next_missing_)
    if (out_->frames() > 0 && !missing_from_) missing_from_ = part.first() + part.missing[next_missing_].from;
  if (!missing_from_) return false;
  if ((packet.flags & AV_PKT_FLAG_KEY) == 0) return true;
  end_missing(part, part.first() + into);
  return false;
}

void ExportCopy::end_missing(const ExportPart& part, WallTime to) {
  if (const auto from = std::exchange(missing_from_, std::nullopt))
    plan_.gaps.push_back(damaged_gap(part.segment, *from, to, ErrorCode::corrupt));
}

// By how much a picture lies behind the end of the interval, in µs; negative: before it.
std::int64_t ExportCopy::behind_end(const AVPacket& picture, const SegmentInput& input,
                                    const Place& place) const {
  const auto base = input.video().time_base;
  const auto origin = av_rescale_q(place.origin, base, microseconds);
  return av_rescale_q(picture.dts, base, microseconds) + place.offset - origin -
         micros(order_.to - made_.start);
}

Status ExportCopy::put(AVPacket& packet, bool video, const SegmentInput& input, const Place& place) {
  const auto& stream = video ? input.video() : *input.audio();
  const auto origin = av_rescale_q(place.origin, input.video().time_base, microseconds);
  av_packet_rescale_ts(&packet, stream.time_base, microseconds);
  packet.pts += place.offset - origin;
  packet.dts += place.offset - origin;
  const bool late = packet.dts >= micros(order_.to - made_.start);
  // From before the first picture of the film; a track's ticks are coarse.
  if (packet.pts < (video ? 0 : -rounding) || (!video && late)) return {};
  if (!video) packet.pts = packet.dts = std::max<std::int64_t>(0, packet.pts);
  if (video && filter_)
    if (auto status = filter_->apply(packet); !status) return unreadable(std::move(status).error());
  return out_->write(video ? media::MediaKind::video : media::MediaKind::audio, packet);
}

void ExportCopy::tell(std::uint64_t done) {
  done = std::min(done, told_.all);
  if (!progress_ || (done < told_.done + progress_step && done != told_.all) || done <= told_.done) return;
  told_.done = done;
  progress_(told_);
}

}  // namespace porchlight::record
