// SPDX-License-Identifier: Apache-2.0
#include "live/channel.hpp"

#include <algorithm>
#include <utility>

#include "live/messages.hpp"
#include "porchlight/media/packet_time.hpp"
#include "porchlight/media/track_parameters.hpp"

namespace porchlight::live {
namespace {

using namespace std::chrono_literals;

constexpr auto stale = 5s;            // a picture older than that is none of now
constexpr auto between_rates = 5s;    // over which a bit rate is counted
constexpr auto quick_answer = 60s;    // who joins later did not come because of the ring
constexpr auto longest_silence = 2s;  // of a sound whose packets do not come
constexpr auto longest_step = 1s;     // between two pictures that follow each other
constexpr auto between_heads = 5s;    // for a sound that stops and comes back
constexpr double unknown_bps = 4e6;
constexpr const char* not_for_browsers = "browsers do not take the camera's codec in MP4";
constexpr std::size_t most_sounds = 512;  // without a picture between them

}  // namespace

Channel::Channel(Source source, const Limits& limits, const Clock& clock, LiveInstruments& instruments,
                 LiveInstruments& hls_instruments)
    : source_(std::move(source)),
      limits_(limits),
      clock_(clock),
      instruments_(instruments),
      hls_(source_.feed->quality(), clock, hls_instruments) {}

Channel::~Channel() {
  source_.feed->set_watched(false);
}

void Channel::take_packets() {
  while (auto packet = source_.feed->pop()) take(*packet);
}

void Channel::take(const media::PacketPtr& packet) {
  if (packet->stream->kind != media::MediaKind::video) return take_sound(packet);
  if (!can_follow(*packet)) return;
  if (!video_ || !media::same_coding(*video_, *packet->stream)) depth_.forget();
  video_ = packet->stream;
  note_silence(*packet);
  last_picture_ = packet->arrived;
  count_group(*packet);
  depth_.saw(*packet);
  keep(packet);
  if (is_watched()) show(*packet);
}

// The largest counts; it is forgotten slowly.
void Channel::count_group(const media::Packet& picture) {
  if (picture.keyframe) {
    const std::chrono::duration<double> lasted = picture.arrived - last_keyframe_.value_or(picture.arrived);
    if (lasted > 0s)
      group_bps_ =
          std::max(static_cast<double>(bytes_since_keyframe_) * 8 / lasted.count(), group_bps_ * 0.9);
    last_keyframe_ = picture.arrived;
    bytes_since_keyframe_ = 0;
  }
  bytes_since_keyframe_ += picture.size;
}

// Behind a new connection, and behind a picture that came damaged, nothing can be decoded before a keyframe;
// browsers give up on what cannot.
bool Channel::can_follow(const media::Packet& picture) {
  if (media::is_damaged(picture) || picture.stream != video_) {
    broken_ = true;
    group_.clear();
  }
  if (picture.keyframe && !media::is_damaged(picture)) broken_ = false;
  return !broken_;
}

// Browsers show no picture beyond the end of the sound, also where they are mute: a sound that has stopped is
// none, until it comes back.
void Channel::note_silence(const media::Packet& picture) {
  if (!sound_ || !last_picture_) return;
  silent_for_ += std::clamp<MonotonicTime::duration>(picture.arrived - *last_picture_, 0s, longest_step);
  if (silent_for_ <= longest_silence) return;
  stopped_sound_ = std::exchange(sound_, nullptr);
  sound_stopped_ = picture.arrived;
  // With the pictures of its group; of a group that is not kept, from the next keyframe on.
  if (maker_ && !group_.empty() && !picture.keyframe) watch();
}

void Channel::take_sound(const media::PacketPtr& packet) {
  silent_for_ = {};
  if (announced_sound_ != packet->stream) {
    auto described = is_carried(*packet->stream) ? media::described_sound(*packet) : nullptr;
    const bool is_silent = described == nullptr && is_carried(*packet->stream);
    if (!is_silent) announced_sound_ = packet->stream;  // else the next packet may say it
    sound_ = std::move(described);
    stopped_sound_.reset();
  } else if (stopped_sound_ && packet->arrived - *sound_stopped_ > between_heads) {
    sound_ = std::exchange(stopped_sound_, nullptr);
  }
  keep(packet);
  if (is_watched() && sounds_.size() < most_sounds) sounds_.push_back(packet);
}

// A group that is too long to be kept is forgotten up to the next keyframe.
void Channel::keep(const media::PacketPtr& packet) {
  const bool begins = packet->stream->kind == media::MediaKind::video && packet->keyframe;
  if (begins) {
    group_.clear();
    group_bytes_ = 0;
  } else if (group_.empty()) {
    return;
  }
  group_.push_back(packet);
  group_bytes_ += packet->size;
  if (group_bytes_ > limits_.group_bytes) group_.clear();
}

bool Channel::needs_another(const media::Packet& keyframe) const {
  if (!maker_ || !maker_->fits(keyframe) || maker_->depth() < depth_.depth()) return true;
  if (!sound_ || !maker_->sound()) return sound_ != maker_->sound();
  return !media::same_coding(*sound_, *maker_->sound());
}

bool Channel::begin_anew(const media::Packet& keyframe) {
  maker_.reset();
  head_.reset();
  fragments_.clear();
  auto made = FragmentMaker::create(keyframe, sound_, depth_.depth());
  if (!made) {
    unsupported_ = keyframe.stream->codec;
    if (std::exchange(failed_, made.error().text()) != made.error().text())
      log_.warning("a camera cannot be shown live",
                   {{"camera_id", source_.feed->camera_id()}, {"fault", made.error().text()}});
    for (auto& viewing : viewings_) viewing->tell(unsupported(unsupported_));
    hls_.refuse(404, not_for_browsers);
    return false;
  }
  maker_ = std::move(*made);
  unsupported_.clear();
  failed_.clear();
  // A sound that cannot be described is tried once.
  if (maker_->sound() == nullptr) sound_.reset();
  head_ =
      Head{++heads_, begins(maker_->type(), maker_->width(), maker_->height()), head_frame(maker_->head())};
  head_->offset = head_->frame->size() - maker_->head().size();
  return true;
}

void Channel::show(const media::Packet& picture) {
  // In what order pictures come is known after a few: until then the first viewer of a camera that has just
  // begun waits, for a fifth of a second.
  if (!maker_ && !picture.keyframe && depth_.is_known() && unsupported_.empty() && !group_.empty())
    return watch();
  if (picture.keyframe && needs_another(picture)) {
    if (!depth_.is_known()) maker_.reset();
    if (depth_.is_known() && !begin_anew(picture)) return;
  }
  if (!maker_) return;
  auto bytes = maker_->fragment(picture, sounds_);
  sounds_.clear();
  if (!bytes) {
    // What libavformat refused once it would refuse again: another muxer, from the next keyframe on.
    log_.warning("a picture could not be put into the live stream",
                 {{"camera_id", source_.feed->camera_id()}, {"fault", bytes.error().text()}});
    maker_.reset();
    group_.clear();
    return fragments_.clear();
  }
  const auto arrived =
      clock_.wall() - std::chrono::duration_cast<WallTime::duration>(clock_.now() - picture.arrived);
  Fragment made{media_frame(arrived, *bytes), picture.keyframe, picture.arrived};
  made.offset = made.frame->size() - bytes->size();
  made.at = maker_->at();
  made.wall = arrived;
  send(made);
}

void Channel::send(const Fragment& fragment) {
  if (fragment.keyframe) {
    fragments_.clear();
    fragment_bytes_ = 0;
    fragments_whole_ = true;
  }
  fragment_bytes_ += fragment.frame->size();
  if (fragment_bytes_ > limits_.group_bytes) fragments_whole_ = false;
  if (fragments_whole_)
    fragments_.push_back(fragment);
  else
    fragments_.clear();
  if (!catching_up_) sent_bits_ += fragment.frame->size() * 8;
  const auto now = clock_.now();
  for (auto& viewing : viewings_) {
    const bool first = viewing->is_new();
    if (!viewing->give(*head_, fragment, now)) {
      if (!first) ++withheld_;
      continue;
    }
    instruments_.bytes.increment(static_cast<double>(viewing->take_bytes()));
    if (first) greet(*viewing);
    if (!catching_up_ && viewing->is_measured(now)) measure(*viewing, fragment.arrived, now);
  }
  hls_.add(*head_, fragment);
}

// The first picture of one who came because of a ring.
void Channel::greet(Viewing& viewing) {
  if (!is_answer(rung_, viewing.joined())) return;
  instruments_.ring_to_view.observe(std::chrono::duration<double>(clock_.now() - *rung_).count());
}

void Channel::measure(Viewing& viewing, MonotonicTime arrived, MonotonicTime now) {
  const auto latency = (now - arrived) + viewing.viewer().round_trip() / 2 + viewing.viewer().behind();
  viewing.note_latency(latency);
  instruments_.latency.observe(std::chrono::duration<double>(latency).count());
}

void Channel::watch() {
  awake_ = true;
  source_.feed->set_watched(true);
  if (counted_from_ == MonotonicTime{}) counted_from_ = clock_.now();
  if (group_.empty() || shows_nothing(clock_.now()) || !depth_.is_known()) return;
  if (!begin_anew(*group_.front())) return;
  sounds_.clear();
  catching_up_ = true;
  for (auto& viewing : viewings_) viewing->begin_group();
  // By value: what fails forgets the group.
  for (const auto& packet : std::vector<media::PacketPtr>(group_)) {
    if (!maker_) break;
    if (packet->stream->kind == media::MediaKind::video)
      show(*packet);
    else
      sounds_.push_back(packet);
  }
  for (auto& viewing : viewings_) viewing->end_group();
  catching_up_ = false;
}

void Channel::rest() {
  awake_ = false;
  source_.feed->set_watched(false);
  maker_.reset();
  head_.reset();
  fragments_.clear();
  sounds_.clear();
  unsupported_.clear();
  counted_from_ = {};
  sent_bits_ = 0;
  bitrate_bps_ = 0;
}

std::size_t Channel::viewers() const {
  const auto sockets = std::count_if(viewings_.begin(), viewings_.end(),
                                     [](const auto& viewing) { return !viewing->viewer().is_gone(); });
  return static_cast<std::size_t>(sockets) + hls_.viewers();
}

bool Channel::shows_nothing(MonotonicTime now) const {
  return !last_picture_ || now - *last_picture_ > stale;
}

void Channel::add(std::shared_ptr<Viewer> viewer, std::string_view version) {
  take_packets();
  const auto now = clock_.now();
  auto viewing = std::make_unique<Viewing>(std::move(viewer), limits_, now);
  viewing->viewer().outlet.text(hello(*source_.feed, version));
  const bool watched = is_watched();
  viewings_.push_back(std::move(viewing));
  auto& added = *viewings_.back();
  if (!watched) {
    watch();
  } else if (head_ && !shows_nothing(now)) {
    added.begin_group();
    for (const auto& fragment : fragments_) added.give(*head_, fragment, now);
    added.end_group();
    if (!added.is_new()) {
      instruments_.bytes.increment(static_cast<double>(added.take_bytes()));
      greet(added);
    }
  }
  if (!unsupported_.empty()) return added.tell(unsupported(unsupported_));
  if (added.is_new()) added.tell(waiting(source_.state()));
}

void Channel::adopt(Channel& former) {
  heads_ = std::max(heads_, former.heads_);
  for (auto& viewing : former.viewings_) {
    viewing->tell(waiting(source_.state()));
    viewings_.push_back(std::move(viewing));
  }
  former.viewings_.clear();
  former.hls_.move_to(hls_);
  if (is_watched()) watch();
}

void Channel::ask(HlsRequest request) {
  take_packets();
  const bool watched = is_watched();
  if (!hls_.is_running()) {
    hls_.begin();
    if (!watched)
      watch();
    else if (head_ && !shows_nothing(clock_.now()))
      for (const auto& fragment : fragments_) hls_.add(*head_, fragment);
  }
  // What cannot be shown ended it again.
  if (!unsupported_.empty()) {
    hls_.refuse(404, not_for_browsers);
    if (!is_watched()) rest();
    return request.answer({.status = 404, .why = not_for_browsers});
  }
  hls_.ask(std::move(request), rung_);
}

bool Channel::is_unsupported() const {
  return video_ != nullptr && !is_carried(*video_);
}

std::optional<HlsRendition> Channel::rendition() const {
  // Of a group that is too long to be kept the muxer knows, while somebody watches.
  if ((group_.empty() && !maker_) || !last_picture_ || is_unsupported()) return std::nullopt;
  std::unique_ptr<FragmentMaker> made;
  if (!maker_) {
    auto tried = FragmentMaker::create(*group_.front(), sound_, depth_.depth());
    if (!tried) return std::nullopt;
    made = std::move(*tried);
  }
  const auto& maker = maker_ ? *maker_ : *made;
  const auto& type = maker.type();
  const auto from = type.find('"') + 1;
  const std::chrono::duration<double> lasted = *last_picture_ - last_keyframe_.value_or(*last_picture_);
  const double bps = group_bps_ > 0  ? group_bps_
                     : lasted > 0.5s ? static_cast<double>(bytes_since_keyframe_) * 8 / lasted.count()
                                     : unknown_bps;
  return HlsRendition{source_.feed->quality(), type.substr(from, type.rfind('"') - from), maker.width(),
                      maker.height(), bps};
}

void Channel::end_all(std::uint16_t code, std::string_view reason) {
  for (auto& viewing : viewings_) viewing->viewer().outlet.close(code, reason);
  viewings_.clear();
  hls_.refuse(503, "the camera is not in use");
  rest();
}

void Channel::tick() {
  const auto now = clock_.now();
  std::erase_if(viewings_, [&](const auto& viewing) { return !viewing->is_well(now); });
  hls_.tick();
  if (!is_watched()) {
    if (awake_) rest();
    return;
  }
  if (now - counted_from_ >= between_rates) {
    bitrate_bps_ = static_cast<double>(std::exchange(sent_bits_, 0)) /
                   std::chrono::duration<double>(now - counted_from_).count();
    counted_from_ = now;
  }
  const auto state = source_.state();
  const bool lost = state != "connected" && (!last_picture_ || now - *last_picture_ > 1s);
  if (!unsupported_.empty() || !(lost || shows_nothing(now))) return;
  for (auto& viewing : viewings_) viewing->tell(waiting(state));
}

FeedFigures Channel::figures() {
  std::optional<double> slowest;
  for (const auto& viewing : viewings_)
    if (const auto latency = viewing->latency()) slowest = std::max(slowest.value_or(0), latency->count());
  return {source_.feed->camera_id(), source_.feed->quality(), viewers(), bitrate_bps_, slowest,
          hls_.latency_s()};
}

}  // namespace porchlight::live
