// SPDX-License-Identifier: Apache-2.0
#include "rtsp_source.hpp"

#include "input.hpp"
#include "url.hpp"

namespace porchlight::camera {
namespace {

// From the first SYN to the answer to PLAY. Cameras that start their encoder on demand need seconds.
constexpr std::chrono::seconds open_deadline{10};

// A keyframe of a 4K camera comes at once, and the kernel's own buffer holds a fraction of it.
constexpr const char* datagram_buffer = "2097152";

Input::Address address_of(const CameraOptions& options, bool audio) {
  const bool udp = options.transport == Transport::udp;
  return {options.printable_url(),
          with_credentials(options.url, options.user, options.password),
          {{"rtsp_transport", udp ? "udp" : "tcp"},
           {"allowed_media_types", audio ? "video+audio" : "video"},
           {"protocol_whitelist", udp ? "rtsp,tcp,udp,rtp" : "rtsp,tcp,rtp"},
           {"buffer_size", udp ? datagram_buffer : "-1"},
           {"user_agent", "porchlight"}},
          // The decoder learns from the stream itself; reading ahead would hold the first pictures back.
          Input::Probe::never,
          {},
          false,
          nullptr,
          audio};
}

// The camera answers and refuses something, not us.
bool may_be_the_sound(ErrorCode code) {
  return code == ErrorCode::corrupt || code == ErrorCode::unsupported || code == ErrorCode::unavailable ||
         code == ErrorCode::internal || code == ErrorCode::not_found;
}

}  // namespace

Error RtspSource::run(const PacketSink& sink, std::stop_token stop) {
  Guard guard(sink, std::move(stop), clock_);
  guard.set_deadline(open_deadline);
  auto input = Input::open(address_of(options_, options_.audio), guard);
  // A camera that cannot set its sound up is to be seen all the same.
  if (!input && options_.audio && may_be_the_sound(input.error().code())) {
    if (auto silent = Input::open(address_of(options_, false), guard); silent) input = std::move(silent);
  }
  if (!input) {
    // Silence before the stream runs means that nobody is there.
    if (input.error().code() == ErrorCode::timeout) return Error(ErrorCode::network, input.error().text());
    return std::move(input).error();
  }
  guard.set_deadline(options_.stall);
  for (;;) {
    auto data = (*input)->read();
    if (!data) return std::move(data).error();
    // Sound alone is no sign of life.
    if ((*input)->is_video()) guard.set_deadline(options_.stall);
    sink.packet(make_packet(std::move(data).value(), (*input)->stream(), clock_.now()));
    if (!guard.go_on())
      return Error(ErrorCode::cancelled, "read '" + options_.printable_url() + "': given up");
  }
}

}  // namespace porchlight::camera
