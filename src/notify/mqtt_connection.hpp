// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "notify/mqtt_echoes.hpp"
#include "notify/mqtt_tls.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/notify/mqtt_options.hpp"
#include "porchlight/store/snapshot_folder.hpp"

struct mosquitto;

namespace porchlight::notify {

// One message to a topic, quality of service 1.
struct Publication {
  std::string topic;
  std::string payload;
  store::JpegBytes picture;  // instead of the payload, when it is there
  bool retain = false;
  std::string id{}, traceparent{},
      request_id{};  // user properties, where the broker speaks MQTT 5; empty: left out
};

struct MqttMessage {
  std::string topic, payload;
  bool retained = false;
};

// What the broker does not let us do.
struct MqttRefusal {
  std::string topic;     // or the filter, of `reading`
  bool reading = false;  // else writing
  std::string fault;     // why we think so: its words, where it said any
};

enum class MqttProtocol { v5, v311 };

// How a connection ended.
struct MqttEnd {
  ErrorCode code = ErrorCode::network;
  std::string text;            // no credentials
  bool other_version = false;  // the broker does not speak this version
  bool unexplained = false;    // closed by the other side without a word
  bool taken_over = false;     // another client came with our client id
};

// One connection to a broker, from the first packet to its end: a client of libmosquitto, driven by the
// thread that owns it. Nothing in it waits. What was not acknowledged when it ends is forgotten here;
// the outbox remembers.
class MqttConnection {
 public:
  // `address`: what to connect to, a number: a name would be looked up here, which waits. `tls`: null: in the
  // clear; else it must outlive what is made. `will_topic`: where the broker says `offline` for us; empty:
  // nowhere.
  static Result<std::unique_ptr<MqttConnection>> open(const MqttOptions& options, const std::string& address,
                                                      const std::string& client_id, MqttProtocol protocol,
                                                      const std::string& will_topic, MqttTls* tls);
  // Without a word to the broker, which then speaks the will.
  ~MqttConnection();
  MqttConnection(const MqttConnection&) = delete;
  MqttConnection& operator=(const MqttConnection&) = delete;

  // Reads and writes what can be, sends the keep-alive when it is due. About once a second at least.
  void turn();

  bool accepted() const noexcept { return accepted_; }
  const std::optional<MqttEnd>& end() const noexcept { return end_; }
  int descriptor() const noexcept;
  bool wants_to_write() const noexcept;

  // Written at once. The number under which reason_of() tells what the broker said; `awaited` false: it is
  // only told by refusals(). invalid_argument: the broker does not take so large a packet.
  Result<int> publish(const Publication& publication, bool awaited);
  Status subscribe(const std::string& filter);

  // The broker's reason code (MQTT 5.0, 2.4; below 0x80: taken), once; nothing while it has not answered.
  std::optional<int> reason_of(int number);
  // Publications that nobody awaited and subscriptions, since the last call.
  std::vector<MqttRefusal> refusals(MonotonicTime now);
  std::vector<MqttMessage> received() { return std::exchange(received_, {}); }

  // Takes leave: the broker keeps the will to itself.
  void leave();

 private:
  struct Callbacks;
  struct Flight {
    std::string topic;
    bool awaited = false;
    bool should_come_back = false;
  };
  MqttConnection(MqttProtocol protocol, MqttTls* tls) : protocol_(protocol), tls_(tls) {}
  Status prepare(const MqttOptions& options, const std::string& client_id, const std::string& will_topic);
  Status prepare_tls();
  bool reach();
  void notice_hang_up();
  void refuse(MqttRefusal refusal);
  void check(int code);
  void finish(MqttEnd end);
  MqttEnd explain(int code) const;

  const MqttProtocol protocol_;
  MqttTls* const tls_;
  ::mosquitto* client_ = nullptr;
  bool reached_ = false;  // TCP is connected
  bool accepted_ = false;
  std::optional<MqttEnd> end_;
  std::string complaint_;  // what libmosquitto said last of an error
  std::map<int, Flight> flights_;
  std::map<int, int> reasons_;
  std::map<int, std::string> subscriptions_;  // filters whose answer is to come
  MqttEchoes echoes_;
  std::vector<MqttRefusal> refusals_;
  std::vector<MqttMessage> received_;
};

// The broker's words for a reason code.
std::string mqtt_reason(int reason);

}  // namespace porchlight::notify
