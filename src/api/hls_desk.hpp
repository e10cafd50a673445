// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "api/accounts_state.hpp"
#include "api/watching.hpp"
#include "porchlight/api/library.hpp"
#include "porchlight/http/responder.hpp"

namespace porchlight::api {

// Who watches cameras by asking for one file after the other. A viewing is what one session or token asks of
// one camera from one address, until it has been silent for a while; it is on record when it is first given
// something and when it has ended.
class HlsDesk {
 public:
  using Ask = decltype(LibraryPorts::hls);

  HlsDesk(Accounts::State& accounts, const Clock& clock, Ask ask, telemetry::Metrics& metrics)
      : accounts_(accounts),
        clock_(clock),
        ask_(std::move(ask)),
        playlists_(metrics.counter("hls_playlist_requests_total")) {}

  // Any thread; does not wait. Whether the caller may still watch is judged again when the answer is there.
  void ask(const http::Request& request, const Caller& caller, const live::HlsName& name,
           std::optional<live::HlsMoment> moment, const http::Responder& responder);

  // Library's thread.
  void end_those_who_left();

 private:
  struct Viewing : Watching {
    std::shared_ptr<live::HlsViewer> viewer;
    std::atomic<bool> on_record{false};
    std::atomic<std::size_t> on_their_way{0};  // media answers
    // Who is still being sent something has not left, unless its right has ended.
    bool is_over(MonotonicTime now) const noexcept {
      return viewer->has_left() || (viewer->is_gone(now) && on_their_way == 0);
    }
  };

  std::shared_ptr<Viewing> viewing_of(const http::Request& request, const Caller& caller);
  http::Response response(const http::Request& request, const std::shared_ptr<Viewing>& viewing,
                          const live::HlsName& name, live::HlsAnswer answer);
  // For one more media answer, until it is let go; null: there are too many.
  static std::shared_ptr<const void> place_in(const std::shared_ptr<Viewing>& viewing);

  Accounts::State& accounts_;
  const Clock& clock_;
  const Ask ask_;
  telemetry::Counter playlists_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Viewing>> viewings_;
};

}  // namespace porchlight::api
