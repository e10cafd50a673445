// SPDX-License-Identifier: Apache-2.0
#include "record/open_segment.hpp"

#include <algorithm>
#include <utility>

#include "porchlight/media/packet_time.hpp"
#include "record/closed_keyframe.hpp"

namespace porchlight::record {
namespace {

using namespace std::chrono_literals;
constexpr auto fragment = 800ms;
constexpr auto longest_fragment = 1s;
constexpr auto longest_leading = 2s;

// How long the work of this scope takes, for whoever wants to know.
class Stopwatch {
 public:
  std::chrono::nanoseconds elapsed() const { return std::chrono::steady_clock::now() - begun_; }

 private:
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace

Result<std::unique_ptr<OpenSegment>> OpenSegment::create(Order order, const media::Packet& first,
                                                         RecordInstruments& instruments) {
  auto writer = SegmentWriter::create(order.folder, order.file, order.head, first.stream, order.audio,
                                      [&instruments](auto duration) { instruments.sync_took(duration); });
  if (!writer) return std::move(writer).error();
  return std::unique_ptr<OpenSegment>(
      new OpenSegment(std::move(order), first, std::move(*writer), instruments));
}

OpenSegment::OpenSegment(Order order, const media::Packet& first, std::unique_ptr<SegmentWriter> writer,
                         RecordInstruments& instruments)
    : order_(std::move(order)),
      video_(first.stream),
      writer_(std::move(writer)),
      instruments_(instruments),
      rules_(first, order_.longest),
      kept_until_(order_.head.begin) {
  if (!is_closed(first)) leading_before_ = shown_time(first);
}

// They come all together (ITU-T H.265, 3.76; H.264 has no word for them). What lies further back is another
// clock, on which CutRules have their word.
bool OpenSegment::leaves_out(const media::Packet& picture) {
  if (!leading_before_) return false;
  const auto shown = shown_time(picture);
  if (!picture.keyframe && shown && *shown < *leading_before_ && *leading_before_ - *shown <= longest_leading)
    return true;
  leading_before_.reset();
  return false;
}

bool OpenSegment::takes(const media::StreamInfo& audio) const {
  return order_.audio != nullptr && same_coding(audio, *order_.audio);
}

bool OpenSegment::join(const std::shared_ptr<const media::StreamInfo>& audio) {
  if (order_.audio || !writer_->join(audio)) return false;
  order_.audio = audio;
  return true;
}

Status OpenSegment::append(const media::Packet& packet) {
  const bool is_picture = packet.stream->kind == media::MediaKind::video;
  if (is_picture && overfills(packet))
    if (auto status = write(); !status) return status;
  if (!oldest_pending_) oldest_pending_ = packet.arrived;
  if (is_picture && pending_pictures_++ == 0) first_picture_ = packet.arrived;
  return writer_->append(packet);
}

// It is taken to last as long as those before it.
bool OpenSegment::overfills(const media::Packet& picture) const {
  if (pending_pictures_ == 0) return false;
  const auto by_arrival = picture.arrived - *first_picture_;
  return by_arrival + by_arrival / pending_pictures_ > longest_fragment ||
         writer_->pending() * (pending_pictures_ + 1) / pending_pictures_ > longest_fragment;
}

bool OpenSegment::sync_due(MonotonicTime now) const {
  if (unsynced_) return true;
  return oldest_pending_ && (writer_->pending() >= fragment || now - *oldest_pending_ >= fragment);
}

Status OpenSegment::write() {
  if (!oldest_pending_) return {};
  const Stopwatch watch;
  const auto before = writer_->bytes();
  auto status = writer_->write();
  if (!status) return status;
  instruments_.write_took(watch.elapsed());
  note_written(before);
  unsynced_ = true;
  oldest_pending_.reset();
  pending_pictures_ = 0;
  return {};
}

Status OpenSegment::sync() {
  if (!unsynced_) return {};
  if (auto status = writer_->sync(); !status) return status;
  unsynced_ = false;
  note_kept();
  return {};
}

void OpenSegment::note_written(std::uint64_t before) {
  instruments_.written(writer_->bytes() - before);
}

void OpenSegment::note_kept() {
  kept_until_ = begin() + writer_->duration();
  kept_bytes_ = writer_->bytes();
  kept_frames_ = writer_->frames();
}

Status OpenSegment::close(std::optional<MonotonicTime> end, std::chrono::nanoseconds later) {
  closing_since_ = std::chrono::steady_clock::now();
  const auto before = writer_->bytes();
  auto tail = writer_->write_tail();
  if (!tail) return std::move(tail).error();
  note_written(before);
  finished_.camera_id = order_.head.camera_id;
  finished_.file = order_.file;
  finished_.end = begin() + tail->duration;
  if (end) finished_.end = std::clamp(finished_.end, *end, *end + later);
  finished_.bytes = writer_->bytes();
  finished_.frames = tail->frames;
  finished_.crc = tail->crc;
  tail_ = std::make_unique<SideJob>([this] { return writer_->sync(); });
  return {};
}

Status OpenSegment::await_tail() {
  if (naming_) return {};
  if (auto status = tail_->wait(); !status) return status;
  note_kept();
  kept_until_ = finished_.end;
  naming_ = std::make_unique<SideJob>([this] {
    auto status = writer_->give_name();
    instruments_.closing_took(std::chrono::steady_clock::now() - closing_since_);
    return status;
  });
  return {};
}

Result<SegmentFinished> OpenSegment::await_name() {
  if (auto status = await_tail(); !status) return std::move(status).error();
  if (auto status = naming_->wait(); !status) return std::move(status).error();
  return finished_;
}

std::optional<SegmentFinished> OpenSegment::abandon() {
  writer_->abandon();
  if (!kept()) {
    // Nothing of it ever counted as kept, and a full disk must not fill up with attempts.
    std::error_code ignored;
    std::filesystem::remove(order_.folder / (order_.file + ".part"), ignored);
    return std::nullopt;
  }
  return SegmentFinished{order_.head.camera_id, order_.file, kept_until_, kept_bytes_,
                         kept_frames_,          0,           false};
}

SegmentBegun OpenSegment::begun() const {
  return {order_.head.camera_id,
          order_.file,
          begin(),
          video_->codec,
          order_.audio ? order_.audio->codec : std::string(),
          writer_->width(),
          writer_->height()};
}

SegmentGrown OpenSegment::grown() const {
  return {order_.head.camera_id, order_.file, kept_until_, kept_bytes_, kept_frames_};
}

}  // namespace porchlight::record
