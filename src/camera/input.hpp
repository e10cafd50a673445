// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "porchlight/media/av.hpp"
#include "porchlight/media/packet.hpp"
#include "report_step.hpp"
#include "source.hpp"

namespace porchlight::camera {

// Decides for libav whether a blocking call goes on: libav asks about every 100 ms.
class Guard {
 public:
  Guard(const PacketSink& sink, std::stop_token stop, const Clock& clock)
      : sink_(sink), stop_(std::move(stop)), clock_(clock) {}

  void set_deadline(std::chrono::nanoseconds from_now) { deadline_ = clock_.now() + from_now; }
  bool go_on() { return !given_up_ && !(given_up_ = stop_.stop_requested() || !sink_.go_on()); }
  bool expired() const { return clock_.now() >= deadline_; }
  bool given_up() const noexcept { return given_up_; }

 private:
  const PacketSink& sink_;
  const std::stop_token stop_;
  const Clock& clock_;
  MonotonicTime deadline_ = MonotonicTime::max();
  bool given_up_ = false;
};

// The video stream of one URL through libavformat, and its sound where that is wanted. Thread-bound; every
// call ends by the guard.
class Input {
 public:
  // Whether to read ahead for what the container's header does not say.
  enum class Probe : std::uint8_t { never, if_streams_are_unknown, always };
  // Up to so many bytes; one of libav's error codes when there are none.
  using Bytes = std::function<int(std::uint8_t*, int)>;
  struct Address {
    std::string name;                                          // for error texts: without credentials
    std::string url;                                           // may carry credentials
    std::vector<std::pair<std::string, std::string>> options;  // libavformat's
    Probe probe = Probe::never;
    Bytes bytes{};                 // where the bytes come from; empty: libavformat opens the URL
    bool packets = false;          // each read of `bytes` gives one packet of a protocol
    const char* format = nullptr;  // libavformat's; null: it finds out
    bool audio = false;            // the best sound beside the pictures, if there is any
  };

  // `guard` outlives the input.
  static Result<std::unique_ptr<Input>> open(const Address& address, Guard& guard);

  // Of the packet that was read last (before the first: of the video): another one once the codec changes in
  // mid-stream.
  const std::shared_ptr<const media::StreamInfo>& stream() const noexcept { return last_->info; }
  bool is_video() const noexcept { return last_ == &video_; }
  // Null: there is no sound, or it is not wanted.
  const std::shared_ptr<const media::StreamInfo>& audio() const noexcept { return audio_.info; }
  // False of a bare elementary stream, whose timestamps libavformat invents.
  bool tells_time() const noexcept;
  // The next packet of the video or the sound. `timeout` at the guard's deadline, `cancelled` when it gave
  // up.
  Result<media::AvPacket> read();

 private:
  Input(std::string name, Guard& guard) : name_(std::move(name)), guard_(guard) {}
  Status connect(const Address& address);
  bool tells_decoding() const noexcept;
  Status probe(Probe wanted);
  Status choose_streams(bool with_audio);
  struct Chosen {
    int index = -1;
    std::shared_ptr<const media::StreamInfo> info;
  };
  Result<Chosen> choose(int index) const;
  Chosen* chosen(int index) noexcept;
  Status follow_codec(Chosen& stream) const;
  bool says_something(const AVPacket& packet, const Chosen& stream) const;
  Error explain(int code, std::string_view doing) const;
  static int interrupted(void* guard);

  const std::string name_;
  Guard& guard_;
  Bytes bytes_;
  media::AvBytes io_;  // around bytes_; outlives the format
  media::AvFormat format_;
  Chosen video_;
  Chosen audio_;
  const Chosen* last_ = &video_;
  ReportStep step_;
};

// Whether a decoder opened for one goes on with the other.
bool same_coding(const media::StreamInfo& a, const media::StreamInfo& b);

// Wraps what libav read.
media::PacketPtr make_packet(media::AvPacket data, std::shared_ptr<const media::StreamInfo> stream,
                             MonotonicTime arrived);

}  // namespace porchlight::camera
