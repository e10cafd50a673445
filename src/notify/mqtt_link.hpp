// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "notify/mqtt_connection.hpp"
#include "notify/name_lookup.hpp"
#include "porchlight/base/clock.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::notify {

// Keeps one connection to the broker: looks its name up, connects, falls back to MQTT 3.1.1 where 5 is
// refused, and connects again after a pause. Bound to one thread.
//
// A broker that is away is tried again after 1 s, doubled up to 10 s; one that refuses us, or hangs up soon
// after it accepted us, up to 1 min. When it says that another client took our client id over, the pause
// is 1 min, doubled up to 10 min: two that take it from each other would both be worth nothing.
// (mosquitto 2.0 does not say so, it hangs up.)
class MqttLink {
 public:
  MqttLink(MqttOptionsPtr options, std::string client_id, std::string will_topic, const Clock& clock)
      : options_(std::move(options)),
        client_id_(std::move(client_id)),
        will_topic_(std::move(will_topic)),
        clock_(clock) {}

  // Does what can be done without waiting.
  void turn();
  // The connection that the broker accepted, or null.
  MqttConnection* connection() noexcept {
    return connection_ && connection_->accepted() ? connection_.get() : nullptr;
  }
  // Counts accepted connections: another number, another connection.
  std::uint64_t generation() const noexcept { return generation_; }

  // Waits until there is one, 5 s at most. Within the pause after a failure: that failure, at once.
  Status connect(const std::stop_token& stop);
  // Until the next attempt; nothing when it may come at any time.
  std::optional<std::chrono::milliseconds> pause_left() const;
  // Sleeps until there is something to read or write, `longest` at most.
  void wait(std::chrono::milliseconds longest) const;
  // Gives up a connection that says nothing any more.
  void drop(MqttEnd end);
  const MqttEnd& last_end() const noexcept { return last_end_; }
  void leave();

  int descriptor() const noexcept { return connection_ ? connection_->descriptor() : -1; }
  bool wants_to_write() const noexcept { return connection_ && connection_->wants_to_write(); }

 private:
  void look_up();
  void open();
  void conclude(MqttEnd end);
  std::chrono::milliseconds pause_after(const MqttEnd& end, bool was_accepted);
  void say(const MqttEnd& end, bool was_accepted);
  void say(const MqttRefusal& refusal);
  std::string place() const;

  const MqttOptionsPtr options_;
  const std::string client_id_;
  const std::string will_topic_;
  const Clock& clock_;
  const telemetry::Logger log_{"doorbell.notification", telemetry::Component::notification};
  std::unique_ptr<NameLookup> lookup_;
  std::vector<std::string> addresses_;
  std::size_t next_address_ = 0;
  std::unique_ptr<MqttTls> tls_;  // null: in the clear, or its files are to be read (again)
  std::unique_ptr<MqttConnection> connection_;
  MqttProtocol protocol_ = MqttProtocol::v5;
  bool was_accepted_ = false;
  std::uint64_t generation_ = 0;
  MonotonicTime opened_{};
  MonotonicTime next_attempt_{};
  std::uint32_t failures_ = 0;
  std::uint32_t takeovers_ = 0;
  std::uint32_t hang_ups_ = 0;  // in a row, each soon after we were accepted
  MqttEnd last_end_{ErrorCode::unavailable, "not connected yet"};
  std::string said_;
  std::set<std::string> refused_;  // what the access list lacks, as far as it was said
};

}  // namespace porchlight::notify
