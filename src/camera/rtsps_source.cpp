// SPDX-License-Identifier: Apache-2.0
#include "rtsps_source.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include "input.hpp"
#include "rtsp_session.hpp"

extern "C" {
#include <libavutil/error.h>
}

namespace porchlight::camera {
namespace {

constexpr std::chrono::seconds open_deadline{10};

// What libavformat reads: the description first (it looks for a music file's tag before, and loses ten
// bytes of it, which are its version), then one RTP or RTCP packet each time.
class RtpReader {
 public:
  explicit RtpReader(RtspSession& session) : session_(session) {}

  int read(std::uint8_t* into, int room) {
    const auto size = static_cast<std::size_t>(room);
    if (!begun_) return describe(into, size);
    const auto packet = session_.next();
    if (!packet) {
      failure_ = packet.error();
      return packet.error().code() == ErrorCode::end_of_stream ? AVERROR_EOF : AVERROR_EXIT;
    }
    const auto taken = std::min(packet->size(), size);
    std::memcpy(into, packet->data(), taken);
    return static_cast<int>(taken);
  }

  // The description was understood: what comes now are packets.
  void begin() noexcept { begun_ = true; }

  const std::optional<Error>& failure() const noexcept { return failure_; }

 private:
  int describe(std::uint8_t* into, std::size_t room) {
    const auto left = std::string_view(session_.sdp()).substr(told_);
    const auto taken = std::min(left.size(), room);
    std::memcpy(into, left.data(), taken);
    told_ += taken;
    return taken == 0 ? AVERROR_EOF : static_cast<int>(taken);
  }

  RtspSession& session_;
  std::size_t told_ = 0;  // of the description
  bool begun_ = false;
  std::optional<Error> failure_;
};

Input::Address address_of(const CameraOptions& options, RtpReader& reader) {
  Input::Address address;
  address.name = options.printable_url();
  address.options = {{"sdp_flags", "custom_io"}, {"reorder_queue_size", "0"}};
  address.format = "sdp";
  address.packets = true;
  address.audio = options.audio;
  address.bytes = [&reader](std::uint8_t* into, int room) { return reader.read(into, room); };
  return address;
}

}  // namespace

Error RtspsSource::run(const PacketSink& sink, std::stop_token stop) {
  Guard guard(sink, std::move(stop), clock_);
  guard.set_deadline(open_deadline);
  auto session = RtspSession::play({options_.printable_url(), options_.url, options_.user, options_.password,
                                    options_.ca_file, options_.tls_verify, options_.audio},
                                   guard, clock_);
  if (!session) {
    // Silence before the stream runs means that nobody is there.
    const auto& error = session.error();
    return error.code() == ErrorCode::timeout ? Error(ErrorCode::network, error.text()) : error;
  }
  RtpReader reader(**session);
  auto input = Input::open(address_of(options_, reader), guard);
  if (!input) return reader.failure().value_or(std::move(input).error());
  reader.begin();
  guard.set_deadline(options_.stall);
  for (;;) {
    auto data = (*input)->read();
    if (!data) return reader.failure().value_or(std::move(data).error());
    // Sound alone is no sign of life.
    if ((*input)->is_video()) guard.set_deadline(options_.stall);
    sink.packet(make_packet(std::move(data).value(), (*input)->stream(), clock_.now()));
    if (!guard.go_on())
      return Error(ErrorCode::cancelled, "read '" + options_.printable_url() + "': given up");
  }
}

}  // namespace porchlight::camera
