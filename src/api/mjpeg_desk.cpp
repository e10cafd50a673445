// SPDX-License-Identifier: Apache-2.0
#include "api/mjpeg_desk.hpp"

#include <utility>

#include "api/account_routes.hpp"
#include "api/standing.hpp"

namespace porchlight::api {
namespace {

// One picture waits for a client at most: this bounds its size.
constexpr std::size_t queue_bytes = std::size_t{32} << 20;

const std::string& content_type() {
  static const std::string type =
      std::string("multipart/x-mixed-replace; boundary=") + live::picture_boundary;
  return type;
}

void leave(std::map<std::string, std::size_t>& seats, const std::string& name) {
  if (--seats[name] == 0) seats.erase(name);
}

http::Response full_answer(bool of_account, const http::Request& request) {
  auto response = of_account
                      ? refusal(429, "this account looks at cameras in too many places already", request)
                      : refusal(503, "too many are looking at this moment", request);
  response.headers.emplace_back("Retry-After", "60");
  return response;
}

}  // namespace

std::shared_ptr<void> MjpegDesk::take_seat(const std::string& account, const std::string& camera,
                                           Full& full) {
  const std::lock_guard lock(seats_->mutex);
  auto& mine = seats_->by_account[account];
  auto& same = seats_->by_camera[camera];
  full = mine >= of_account ? Full::account
                            : (seats_->all >= in_all || same >= of_camera ? Full::house : Full::no);
  ++seats_->all, ++mine, ++same;
  // The value is of no use; it must only be there. Given back at once where there was none to give.
  return {seats_.get(), [seats = seats_, account, camera](void*) {
            const std::lock_guard again(seats->mutex);
            --seats->all;
            leave(seats->by_account, account);
            leave(seats->by_camera, camera);
          }};
}

http::Response MjpegDesk::open(const http::Request& request, const Caller& caller, int rate) {
  // The control socket's callers have no account: each uid counts as one.
  const auto account = caller.user_id == 0 ? caller.name : std::to_string(caller.user_id);
  const auto& camera = request.parameter("id");
  auto full = Full::no;
  auto seat = take_seat(account, camera, full);
  if (full != Full::no) return full_answer(full == Full::account, request);
  auto viewing = std::make_shared<Viewing>(
      Viewing{watching_of(request, caller, camera, request.path), rate, std::move(seat), nullptr});
  http::StreamBody body;
  body.queue_bytes = queue_bytes;
  body.opened = [this, viewing](const http::Sink& sink) { begin(viewing, sink); };
  body.closed = [this, viewing] { end(viewing); };
  return http::open_stream(std::move(body), content_type());
}

void MjpegDesk::begin(const std::shared_ptr<Viewing>& viewing, const http::Sink& sink) {
  sink.send(std::string("--") + live::picture_boundary + "\r\n");
  viewing->begun = clock_.now();
  viewing->viewer = watch_(viewing->camera, viewing->rate, live::outlet_to(sink));
  note_beginning(accounts_, *viewing);
  const std::lock_guard lock(mutex_);
  viewings_.push_back(viewing);
}

void MjpegDesk::end(const std::shared_ptr<Viewing>& viewing) {
  if (!viewing->viewer) return;
  viewing->viewer->leave();
  note_end(accounts_, *viewing, clock_.now());
  const std::lock_guard lock(mutex_);
  std::erase(viewings_, viewing);
}

void MjpegDesk::end_those_without_right() {
  const std::lock_guard lock(mutex_);
  if (viewings_.empty()) return;
  const auto known = accounts_.directory();
  for (const auto& viewing : viewings_)
    if (viewing->viewer->outlet.is_open() && !still_holds(accounts_, *known, viewing->caller))
      viewing->viewer->outlet.close();
}

}  // namespace porchlight::api
