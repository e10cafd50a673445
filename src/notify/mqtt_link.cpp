// SPDX-License-Identifier: Apache-2.0
#include "notify/mqtt_link.hpp"

#include <poll.h>

#include <algorithm>
#include <utility>

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr auto handshake_limit = 10s;
constexpr auto connect_limit = 5s;
constexpr auto stop_look = 50ms;
constexpr auto lookup_look = 10ms;
constexpr auto settled_after = 10s;  // a connection that lived so long was a good one
constexpr auto forgiven_after = 10min;
constexpr std::size_t most_refused = 64;

milliseconds doubled(milliseconds first, milliseconds most, std::uint32_t times) {
  for (; times > 0 && first < most; --times) first *= 2;
  return std::min(first, most);
}

bool is_refusal(ErrorCode code) {
  return code == ErrorCode::auth || code == ErrorCode::invalid_argument;
}

}  // namespace

std::string MqttLink::place() const {
  return options_->host + ":" + std::to_string(options_->port);
}

void MqttLink::turn() {
  const auto now = clock_.now();
  if (connection_) {
    connection_->turn();
    for (const auto& refusal : connection_->refusals(now)) say(refusal);
    if (connection_->accepted() && !was_accepted_) {
      was_accepted_ = true;
      ++generation_;
      opened_ = now;
      said_.clear();
      log_.info("connected to the broker",
                {{"broker", place()}, {"protocol", protocol_ == MqttProtocol::v5 ? "5" : "3.1.1"}});
    }
    if (was_accepted_ && now - opened_ > settled_after) failures_ = hang_ups_ = 0;
    if (was_accepted_ && now - opened_ > forgiven_after) takeovers_ = 0;
    if (!was_accepted_ && !connection_->end() && now - opened_ > handshake_limit)
      return conclude({ErrorCode::timeout, "the broker does not answer"});
    if (connection_->end()) conclude(*connection_->end());
    return;
  }
  if (now < next_attempt_) return;
  if (addresses_.empty()) look_up();
  if (!addresses_.empty()) open();
}

void MqttLink::look_up() {
  if (!lookup_) lookup_ = std::make_unique<NameLookup>(options_->host);
  auto found = lookup_->result();
  if (!found) return;
  lookup_.reset();
  next_address_ = 0;
  if (!*found) return conclude({found->error().code(), found->error().text()});
  addresses_ = std::move(**found);
  if (addresses_.empty()) conclude({ErrorCode::not_found, "look up '" + options_->host + "': no address"});
}

void MqttLink::open() {
  if (options_->tls && !tls_) {
    auto tls = MqttTls::create(*options_);
    if (!tls) return conclude({tls.error().code(), tls.error().text()});
    tls_ = std::move(*tls);
  }
  auto made = MqttConnection::open(*options_, addresses_[next_address_], client_id_, protocol_, will_topic_,
                                   tls_.get());
  opened_ = clock_.now();
  was_accepted_ = false;
  if (!made) return conclude({made.error().code(), made.error().text()});
  connection_ = std::move(*made);
}

void MqttLink::drop(MqttEnd end) {
  conclude(std::move(end));
}

void MqttLink::conclude(MqttEnd end) {
  const bool accepted = std::exchange(was_accepted_, false);
  connection_.reset();
  // Certificates may have been renewed in the meantime.
  if (accepted || end.code == ErrorCode::auth) tls_.reset();
  // A host with several addresses may listen on one of them only. After the last they are asked for anew.
  if (!accepted && ++next_address_ >= addresses_.size()) addresses_.clear();
  if (accepted) next_address_ = 0;
  if (end.other_version) {
    protocol_ = MqttProtocol::v311;
    next_attempt_ = clock_.now();
    return;
  }
  // Old brokers hang up on what they cannot read.
  if (!accepted && end.unexplained)
    protocol_ = protocol_ == MqttProtocol::v5 ? MqttProtocol::v311 : MqttProtocol::v5;
  if (accepted && end.unexplained && clock_.now() - opened_ < settled_after) ++hang_ups_;
  say(end, accepted);
  next_attempt_ = clock_.now() + pause_after(end, accepted);
  last_end_ = std::move(end);
}

milliseconds MqttLink::pause_after(const MqttEnd& end, bool was_accepted) {
  if (end.taken_over) return doubled(1min, 10min, takeovers_++);
  const bool short_lived = was_accepted && clock_.now() - opened_ < settled_after;
  return doubled(1s, is_refusal(end.code) || short_lived ? milliseconds(1min) : milliseconds(10s),
                 failures_++);
}

// A fault that repeats is said once.
void MqttLink::say(const MqttEnd& end, bool was_accepted) {
  if (std::exchange(said_, end.text) == end.text && !was_accepted) return;
  telemetry::Fields fields{{"broker", place()}, {"fault", end.text}};
  if (end.taken_over || hang_ups_ > 1)
    fields.push_back(
        {"mend", "another client uses the id '" + client_id_ + "': give each its own mqtt.client_id"});
  if (end.code == ErrorCode::auth && !was_accepted)
    fields.push_back({"mend", "mqtt.user and mqtt.password, or mqtt.tls"});
  log_.warning(was_accepted ? "the connection to the broker is lost, connecting again"
                            : "no connection to the broker, trying again",
               std::move(fields));
}

// Once, whatever connections come; a reload of the broker's options makes another link.
void MqttLink::say(const MqttRefusal& refusal) {
  auto line = (refusal.reading ? "topic read " : "topic write ") + refusal.topic;
  if (refused_.size() >= most_refused) refused_.clear();
  if (!refused_.insert(line).second) return;
  log_.warning(refusal.reading ? "the broker does not let us read a topic" : "the broker refuses a topic",
               {{"topic", refusal.topic},
                {"fault", refusal.fault},
                {"mend", "the broker's access list (mosquitto's acl_file: '" + line + "')"}});
}

std::optional<milliseconds> MqttLink::pause_left() const {
  const auto left = std::chrono::ceil<milliseconds>(next_attempt_ - clock_.now());
  if (connection_ || left <= 0ms) return std::nullopt;
  return left;
}

void MqttLink::wait(milliseconds longest) const {
  pollfd look{descriptor(), static_cast<short>(POLLIN | (wants_to_write() ? POLLOUT : 0)), 0};
  static_cast<void>(::poll(&look, look.fd >= 0 ? 1 : 0, static_cast<int>(longest.count())));
}

Status MqttLink::connect(const std::stop_token& stop) {
  const auto deadline = clock_.now() + connect_limit;
  while (!stop.stop_requested()) {
    turn();
    if (connection() != nullptr) return {};
    if (pause_left()) return Error(last_end_.code, last_end_.text);
    if (clock_.now() >= deadline)
      return Error(ErrorCode::timeout, "connect to '" + place() + "': no answer yet");
    wait(connection_ ? milliseconds(stop_look) : milliseconds(lookup_look));
  }
  return Error(ErrorCode::cancelled, "stopped");
}

void MqttLink::leave() {
  if (connection_) connection_->leave();
  connection_.reset();
  was_accepted_ = false;
  next_attempt_ = {};
}

}  // namespace porchlight::notify
