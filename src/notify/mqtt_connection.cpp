// SPDX-License-Identifier: Apache-2.0
#include "notify/mqtt_connection.hpp"

#include <fcntl.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace porchlight::notify {
namespace {

constexpr int keep_alive_seconds = 30;
// More than a broker sends at once; what is beyond is not kept, so that nobody fills our memory.
constexpr std::size_t most_received = 1024;
constexpr std::size_t longest_received = 4096;  // bytes; no command and no state of ours is longer
constexpr std::size_t most_refusals = 16;
constexpr int first_failure = 0x80;

// The library counts its users itself; it is never given back, because connections come and go.
int start_library() {
  static const int started = ::mosquitto_lib_init();
  return started;
}

// "OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed" → its last part.
std::string last_part(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon != std::string_view::npos && colon + 1 < text.size()) text.remove_prefix(colon + 1);
  while (!text.empty() && (text.front() == ' ')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == '.' || text.back() == '\n')) text.remove_suffix(1);
  return std::string(text);
}

ErrorCode code_of_refusal(int reason) {
  switch (reason) {
    case CONNACK_REFUSED_BAD_USERNAME_PASSWORD:
    case CONNACK_REFUSED_NOT_AUTHORIZED:
    case MQTT_RC_BAD_USERNAME_OR_PASSWORD:
    case MQTT_RC_NOT_AUTHORIZED:
    case MQTT_RC_BANNED:
    case MQTT_RC_BAD_AUTHENTICATION_METHOD:
      return ErrorCode::auth;
    case CONNACK_REFUSED_IDENTIFIER_REJECTED:
    case MQTT_RC_CLIENTID_NOT_VALID:
      return ErrorCode::invalid_argument;
    default:
      return ErrorCode::unavailable;
  }
}

struct Properties {
  ~Properties() { ::mosquitto_property_free_all(&list); }
  mosquitto_property* list = nullptr;
};

void add_pair(Properties& properties, const char* name, const std::string& value) {
  if (!value.empty())
    ::mosquitto_property_add_string_pair(&properties.list, MQTT_PROP_USER_PROPERTY, name, value.c_str());
}

const char* content_type_of(const Publication& publication) {
  if (publication.picture) return "image/jpeg";
  return !publication.payload.empty() && publication.payload.front() == '{' ? "application/json"
                                                                            : "text/plain";
}

}  // namespace

std::string mqtt_reason(int reason) {
  std::string text = ::mosquitto_reason_string(reason);
  while (!text.empty() && text.back() == '.') text.pop_back();
  return text;
}

// Called by libmosquitto inside turn() and publish(), on the owner's thread. They only take notes.
struct MqttConnection::Callbacks {
  static MqttConnection& self(void* owner) { return *static_cast<MqttConnection*>(owner); }

  static void connected(::mosquitto*, void* owner, int reason, int, const mosquitto_property*) {
    auto& it = self(owner);
    if (reason == 0) {
      it.accepted_ = true;
      return;
    }
    const bool old = it.protocol_ == MqttProtocol::v311;
    MqttEnd end;
    end.other_version = !old && (reason == MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION ||
                                 reason == CONNACK_REFUSED_PROTOCOL_VERSION);
    end.code = code_of_refusal(reason);
    end.text = "the broker refused: " +
               (reason < first_failure ? last_part(::mosquitto_connack_string(reason)) : mqtt_reason(reason));
    it.finish(std::move(end));
  }

  static void disconnected(::mosquitto*, void* owner, int reason, const mosquitto_property*) {
    auto& it = self(owner);
    if (reason < first_failure) return it.finish(it.explain(reason));
    MqttEnd end;
    end.taken_over = reason == MQTT_RC_SESSION_TAKEN_OVER;
    end.code = reason == MQTT_RC_NOT_AUTHORIZED ? ErrorCode::auth : ErrorCode::unavailable;
    end.text = "the broker ended the connection: " + mqtt_reason(reason);
    it.finish(std::move(end));
  }

  static void published(::mosquitto*, void* owner, int number, int reason, const mosquitto_property*) {
    auto& it = self(owner);
    const auto flight = it.flights_.find(number);
    if (flight == it.flights_.end()) return;
    if (flight->second.awaited)
      it.reasons_[number] = reason;
    else if (reason >= first_failure)
      it.refuse({flight->second.topic, false, mqtt_reason(reason)});
    if (reason < first_failure && flight->second.should_come_back) it.echoes_.taken(flight->second.topic);
    it.flights_.erase(flight);
  }

  static void subscribed(::mosquitto*, void* owner, int number, int count, const int* granted,
                         const mosquitto_property*) {
    auto& it = self(owner);
    const auto asked = it.subscriptions_.extract(number);
    if (asked.empty() || count < 1 || granted[0] < first_failure) return;
    it.echoes_.refused(asked.mapped());
    it.refuse({asked.mapped(), true, mqtt_reason(granted[0])});
  }

  static void received(::mosquitto*, void* owner, const mosquitto_message* message,
                       const mosquitto_property*) {
    auto& it = self(owner);
    it.echoes_.heard(message->topic);
    if (it.received_.size() >= most_received) return;
    MqttMessage copy;
    copy.topic = message->topic;
    copy.retained = message->retain;
    if (message->payloadlen > 0)
      copy.payload.assign(static_cast<const char*>(message->payload),
                          std::min(static_cast<std::size_t>(message->payloadlen), longest_received));
    it.received_.push_back(std::move(copy));
  }

  static void logged(::mosquitto*, void* owner, int level, const char* text) {
    if (level == MOSQ_LOG_ERR) self(owner).complaint_ = last_part(text);
  }
};

Result<std::unique_ptr<MqttConnection>> MqttConnection::open(const MqttOptions& options,
                                                             const std::string& address,
                                                             const std::string& client_id,
                                                             MqttProtocol protocol,
                                                             const std::string& will_topic, MqttTls* tls) {
  if (start_library() != MOSQ_ERR_SUCCESS) return Error(ErrorCode::internal, "start libmosquitto");
  std::unique_ptr<MqttConnection> made(new MqttConnection(protocol, tls));
  if (auto status = made->prepare(options, client_id, will_topic); !status) return std::move(status).error();
  const int code =
      ::mosquitto_connect_async(made->client_, address.c_str(), options.port, keep_alive_seconds);
  if (code != MOSQ_ERR_SUCCESS && code != MOSQ_ERR_CONN_PENDING) {
    auto end = made->explain(code);
    return Error(end.code, std::move(end.text));
  }
  if (const int fd = made->descriptor(); fd >= 0) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  return made;
}

MqttConnection::~MqttConnection() {
  if (client_ != nullptr) ::mosquitto_destroy(client_);
}

Status MqttConnection::prepare(const MqttOptions& options, const std::string& client_id,
                               const std::string& will_topic) {
  client_ = ::mosquitto_new(client_id.c_str(), true, this);
  if (client_ == nullptr) return errno_error(errno, "make an MQTT client");
  ::mosquitto_int_option(client_, MOSQ_OPT_PROTOCOL_VERSION,
                         protocol_ == MqttProtocol::v5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
  ::mosquitto_int_option(client_, MOSQ_OPT_TCP_NODELAY, 1);
  ::mosquitto_connect_v5_callback_set(client_, Callbacks::connected);
  ::mosquitto_disconnect_v5_callback_set(client_, Callbacks::disconnected);
  ::mosquitto_publish_v5_callback_set(client_, Callbacks::published);
  ::mosquitto_subscribe_v5_callback_set(client_, Callbacks::subscribed);
  ::mosquitto_message_v5_callback_set(client_, Callbacks::received);
  ::mosquitto_log_callback_set(client_, Callbacks::logged);
  if (!options.user.empty())
    ::mosquitto_username_pw_set(client_, options.user.c_str(),
                                options.password.empty() ? nullptr : options.password.c_str());
  constexpr std::string_view last_word = "offline";
  if (!will_topic.empty() && ::mosquitto_will_set(client_, will_topic.c_str(), last_word.size(),
                                                  last_word.data(), 1, true) != MOSQ_ERR_SUCCESS)
    return Error(ErrorCode::invalid_argument, "'" + will_topic + "' is no topic");
  return tls_ != nullptr ? prepare_tls() : Status();
}

Status MqttConnection::prepare_tls() {
  ::mosquitto_int_option(client_, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0);
  if (::mosquitto_void_option(client_, MOSQ_OPT_SSL_CTX, tls_->context()) != MOSQ_ERR_SUCCESS)
    return Error(ErrorCode::internal, "libmosquitto takes no TLS context");
  return {};
}

int MqttConnection::descriptor() const noexcept {
  return ::mosquitto_socket(client_);
}

bool MqttConnection::wants_to_write() const noexcept {
  return !reached_ || ::mosquitto_want_write(client_);
}

// libmosquitto begins the TLS handshake before TCP is connected and then waits for bytes to read; so
// it is kept away from the socket until that is connected.
bool MqttConnection::reach() {
  int fault = 0;
  socklen_t size = sizeof fault;
  if (::getsockopt(descriptor(), SOL_SOCKET, SO_ERROR, &fault, &size) != 0) fault = errno;
  if (fault != 0) {
    const auto error = errno_error(fault, "connect");
    finish({ErrorCode::network, error.text()});
    return false;
  }
  reached_ = true;
  return true;
}

void MqttConnection::turn() {
  if (end_) return;
  pollfd look{descriptor(), static_cast<short>(POLLIN | (wants_to_write() ? POLLOUT : 0)), 0};
  if (look.fd < 0) return finish(explain(MOSQ_ERR_CONN_LOST));
  if (::poll(&look, 1, 0) > 0) {
    if (!reached_ && !reach()) return;
    if ((look.revents & (POLLIN | POLLHUP | POLLERR)) != 0) check(::mosquitto_loop_read(client_, 1));
    if (!end_ && (look.revents & POLLOUT) != 0) check(::mosquitto_loop_write(client_, 1));
    if (!end_ && !accepted_) notice_hang_up();
  }
  if (!end_ && reached_) check(::mosquitto_loop_misc(client_));
}

// During a handshake the library takes the end of the stream for patience.
void MqttConnection::notice_hang_up() {
  char byte = 0;
  const auto got = ::recv(descriptor(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got == 0) return finish(explain(MOSQ_ERR_CONN_LOST));
  if (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) finish(explain(MOSQ_ERR_ERRNO));
}

void MqttConnection::refuse(MqttRefusal refusal) {
  if (refusals_.size() < most_refusals) refusals_.push_back(std::move(refusal));
}

std::vector<MqttRefusal> MqttConnection::refusals(MonotonicTime now) {
  for (auto& filter : echoes_.silent(now))
    refuse({std::move(filter), true, "what we say there ourselves does not come back"});
  return std::exchange(refusals_, {});
}

void MqttConnection::check(int code) {
  if (code != MOSQ_ERR_SUCCESS) finish(explain(code));
}

void MqttConnection::finish(MqttEnd end) {
  if (!end_) end_ = std::move(end);  // the first cause is the true one
  accepted_ = false;
}

MqttEnd MqttConnection::explain(int code) const {
  const int error = errno;
  MqttEnd end;
  switch (code) {
    case MOSQ_ERR_TLS:
    case MOSQ_ERR_TLS_HANDSHAKE:
      end.code = ErrorCode::auth;
      end.text = "tls: " + (complaint_.empty() ? std::string(::mosquitto_strerror(code)) : complaint_);
      if (tls_ != nullptr && !tls_->refusal().empty()) end.text += ": " + tls_->refusal();
      return end;
    case MOSQ_ERR_ERRNO:
      if (error == EPIPE || error == ECONNRESET) return explain(MOSQ_ERR_CONN_LOST);
      end.text = errno_error(error, "speak with the broker").text();
      return end;
    case MOSQ_ERR_EAI:
    case MOSQ_ERR_LOOKUP:
      end.code = ErrorCode::not_found;
      end.text = "look up the broker's name";
      return end;
    case MOSQ_ERR_KEEPALIVE:
      end.code = ErrorCode::timeout;
      end.text = "the broker does not answer any more";
      return end;
    case MOSQ_ERR_CONN_LOST:
    case MOSQ_ERR_NO_CONN:
    case MOSQ_ERR_SUCCESS:
      end.text = "the broker closed the connection";
      end.unexplained = true;
      return end;
    default:
      end.text = last_part(::mosquitto_strerror(code));
      end.unexplained = code == MOSQ_ERR_PROTOCOL || code == MOSQ_ERR_MALFORMED_PACKET;
      return end;
  }
}

Result<int> MqttConnection::publish(const Publication& publication, bool awaited) {
  Properties properties;
  if (protocol_ == MqttProtocol::v5) {
    ::mosquitto_property_add_string(&properties.list, MQTT_PROP_CONTENT_TYPE, content_type_of(publication));
    add_pair(properties, "id", publication.id);
    add_pair(properties, "traceparent", publication.traceparent);
    add_pair(properties, "request_id", publication.request_id);
  }
  const void* bytes = publication.payload.data();
  auto size = publication.payload.size();
  if (publication.picture) {
    bytes = publication.picture->data();
    size = publication.picture->size();
  }
  int number = 0;
  const auto send = [&](bool retain) {
    return ::mosquitto_publish_v5(client_, &number, publication.topic.c_str(), static_cast<int>(size), bytes,
                                  1, retain, properties.list);
  };
  int code = send(publication.retain);
  // A broker that keeps nothing still hands on.
  if (code == MOSQ_ERR_RETAIN_NOT_SUPPORTED) code = send(false);
  if (code == MOSQ_ERR_OVERSIZE_PACKET || code == MOSQ_ERR_PAYLOAD_SIZE)
    return Error(ErrorCode::invalid_argument, "publish to '" + publication.topic +
                                                  "': " + std::to_string(size) +
                                                  " bytes are more than the broker takes");
  if (code != MOSQ_ERR_SUCCESS) {
    finish(explain(code));
    return Error(end_->code, end_->text);
  }
  flights_[number] = {publication.topic, awaited, echoes_.expects(publication.topic)};
  return number;
}

Status MqttConnection::subscribe(const std::string& filter) {
  int number = 0;
  const int code = ::mosquitto_subscribe(client_, &number, filter.c_str(), 1);
  if (code == MOSQ_ERR_SUCCESS) {
    subscriptions_[number] = filter;
    echoes_.subscribed(filter);
    return {};
  }
  finish(explain(code));
  return Error(end_->code, end_->text);
}

std::optional<int> MqttConnection::reason_of(int number) {
  const auto found = reasons_.find(number);
  if (found == reasons_.end()) return std::nullopt;
  const int reason = found->second;
  reasons_.erase(found);
  return reason;
}

void MqttConnection::leave() {
  if (!end_) ::mosquitto_disconnect(client_);
}

}  // namespace porchlight::notify
