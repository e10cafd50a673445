// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "live/fragment_maker.hpp"
#include "live/hls_playlist.hpp"
#include "live/hls_stage.hpp"
#include "live/instruments.hpp"
#include "live/viewing.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::live {

// One stream, and who watches it. The newest group is kept while nobody does, so that a newcomer sees at
// once. Lane's thread.
class Channel {
 public:
  Channel(Source source, const Limits& limits, const Clock& clock, LiveInstruments& instruments,
          LiveInstruments& hls_instruments);
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel();

  const Source& source() const noexcept { return source_; }
  // Who has left holds no seat, also before the next tick.
  std::size_t viewers() const;
  bool has_muxer() const noexcept { return maker_ != nullptr; }
  std::uint64_t withheld() const noexcept { return withheld_; }

  // Everything that waits in the feed.
  void take_packets();
  void add(std::shared_ptr<Viewer> viewer, std::string_view version);
  // A file of HLS other than the index.
  void ask(HlsRequest request);
  bool knows(const HlsViewer* viewer) const noexcept { return hls_.knows(viewer); }
  // Nothing: there was no keyframe of late, or it cannot be shown.
  std::optional<HlsRendition> rendition() const;
  bool is_unsupported() const;
  // Viewers of a feed that has been built anew.
  void adopt(Channel& former);
  void note_ring(MonotonicTime edge) noexcept { rung_ = edge; }
  void end_all(std::uint16_t code, std::string_view reason);
  // About once a second.
  void tick();
  FeedFigures figures();

 private:
  void take(const media::PacketPtr& packet);
  bool is_watched() const noexcept { return !viewings_.empty() || hls_.is_running(); }
  void count_group(const media::Packet& picture);
  bool can_follow(const media::Packet& picture);
  void take_sound(const media::PacketPtr& packet);
  void keep(const media::PacketPtr& packet);
  void watch();
  void rest();
  // A picture, with the sound since the one before.
  void show(const media::Packet& picture);
  bool begin_anew(const media::Packet& keyframe);
  bool needs_another(const media::Packet& keyframe) const;
  void send(const Fragment& fragment);
  void measure(Viewing& viewing, MonotonicTime arrived, MonotonicTime now);
  void greet(Viewing& viewing);
  bool shows_nothing(MonotonicTime now) const;
  void note_silence(const media::Packet& picture);

  const Source source_;
  const Limits& limits_;
  const Clock& clock_;
  LiveInstruments& instruments_;
  const telemetry::Logger log_{"doorbell.live", telemetry::Component::streaming};
  std::vector<std::unique_ptr<Viewing>> viewings_;
  HlsStage hls_;
  std::uint64_t withheld_ = 0;
  std::optional<MonotonicTime> rung_;
  // of the stream, watched or not
  std::vector<media::PacketPtr>
      group_;  // from the newest keyframe on; empty: it is too long, or there is none
  std::size_t group_bytes_ = 0;
  bool broken_ = false;
  PictureDepth depth_;
  std::shared_ptr<const media::StreamInfo> video_;
  std::shared_ptr<const media::StreamInfo> announced_sound_;
  std::shared_ptr<const media::StreamInfo> sound_;  // the same, described; null: none that can be heard
  std::optional<MonotonicTime> last_picture_;
  std::shared_ptr<const media::StreamInfo> stopped_sound_;  // described; it may come back
  std::optional<MonotonicTime> sound_stopped_;
  MonotonicTime::duration silent_for_{};  // of pictures, since the last sound
  std::optional<MonotonicTime> last_keyframe_;
  std::size_t bytes_since_keyframe_ = 0;
  double group_bps_ = 0;  // of the largest group of late
  bool awake_ = false;    // there is something to put away when nobody watches any more
  // while watched
  std::unique_ptr<FragmentMaker> maker_;
  std::optional<Head> head_;
  std::uint64_t heads_ = 0;
  std::vector<media::PacketPtr> sounds_;  // since the last picture
  std::vector<Fragment> fragments_;       // of the newest group, as long as it is kept
  std::size_t fragment_bytes_ = 0;
  bool fragments_whole_ = false;
  bool catching_up_ = false;  // with a group that came before somebody watched
  std::string unsupported_;   // the codec that cannot be shown
  std::string failed_;        // said in the log
  // figures
  std::uint64_t sent_bits_ = 0;
  MonotonicTime counted_from_{};
  double bitrate_bps_ = 0;
};

}  // namespace porchlight::live
