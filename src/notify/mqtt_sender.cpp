// SPDX-License-Identifier: Apache-2.0
#include "notify/mqtt_sender.hpp"

#include <mqtt_protocol.h>

#include <utility>

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;
constexpr auto acknowledge_limit = 10s;
constexpr auto stop_look = 50ms;
// More than a lane holds.
constexpr std::size_t most_under_way = 512;
// A broker of MQTT 3.1.1 cannot say that a packet is too large: it hangs up.
constexpr int picture_breaks_it = 2;
constexpr int first_failure = 0x80;

// What repeating cannot help, as far as the broker says.
bool is_final(int reason) {
  return reason == MQTT_RC_NOT_AUTHORIZED || reason == MQTT_RC_TOPIC_NAME_INVALID ||
         reason == MQTT_RC_PACKET_TOO_LARGE || reason == MQTT_RC_PAYLOAD_FORMAT_INVALID;
}

ErrorCode code_of(int reason) {
  if (reason == MQTT_RC_NOT_AUTHORIZED) return ErrorCode::auth;
  return is_final(reason) ? ErrorCode::invalid_argument : ErrorCode::unavailable;
}

}  // namespace

MqttSender::Progress& MqttSender::progress_of(const store::RowKey& key) {
  if (progress_.size() >= most_under_way && !progress_.contains(key)) progress_.erase(progress_.begin());
  return progress_[key];
}

// The text counts; a picture that cannot pass must not hold it up.
void MqttSender::leave_out(const Publication& publication, Progress& progress, const std::string& why) {
  progress.done.insert(publication.topic);
  log_.warning("the broker does not take the picture, the message goes without",
               {{"topic", publication.topic},
                {"picture_bytes", static_cast<std::int64_t>(publication.picture->size())},
                {"fault", why}});
}

Delivery MqttSender::send(const store::RowKey& key, const std::vector<Publication>& publications,
                          std::stop_token stop) {
  if (auto status = link_.connect(stop); !status)
    return Delivery::retry(status.error().code(), status.error().text());
  auto& progress = progress_of(key);
  Awaited awaited;
  auto trouble = publish(publications, progress, awaited);
  if (!trouble) trouble = await(progress, awaited, stop);
  if (!trouble || trouble->kind == Delivery::Kind::rejected) progress_.erase(key);
  return trouble ? std::move(*trouble) : Delivery::delivered();
}

std::optional<Delivery> MqttSender::publish(const std::vector<Publication>& publications, Progress& progress,
                                            Awaited& awaited) {
  for (const auto& publication : publications) {
    if (progress.done.contains(publication.topic)) continue;
    if (publication.picture && progress.broken_by_picture >= picture_breaks_it) {
      leave_out(publication, progress, "the connection ends with it");
      continue;
    }
    auto* connection = link_.connection();
    if (connection == nullptr) return Delivery::retry(link_.last_end().code, link_.last_end().text);
    const auto number = connection->publish(publication, true);
    if (number) {
      awaited[*number] = &publication;
    } else if (number.error().code() != ErrorCode::invalid_argument) {
      link_.turn();  // takes note of the end
      return Delivery::retry(number.error().code(), number.error().text());
    } else if (publication.picture) {
      leave_out(publication, progress, number.error().text());
    } else {
      return Delivery::rejected(number.error().code(), number.error().text());
    }
  }
  return std::nullopt;
}

std::optional<Delivery> MqttSender::await(Progress& progress, Awaited& awaited, const std::stop_token& stop) {
  const auto deadline = clock_.now() + acknowledge_limit;
  const auto generation = link_.generation();
  std::optional<Delivery> refused;
  while (!awaited.empty()) {
    link_.wait(stop_look);
    link_.turn();
    auto* connection = link_.connection();
    if (connection == nullptr || link_.generation() != generation) {
      for (const auto& [number, publication] : awaited)
        if (publication->picture) ++progress.broken_by_picture;
      return Delivery::retry(link_.last_end().code, link_.last_end().text);
    }
    std::erase_if(awaited, [&](const auto& entry) {
      const auto reason = connection->reason_of(entry.first);
      if (!reason) return false;
      if (*reason < first_failure) {
        progress.done.insert(entry.second->topic);
      } else if (entry.second->picture && *reason == MQTT_RC_PACKET_TOO_LARGE) {
        leave_out(*entry.second, progress, mqtt_reason(*reason));
      } else {
        const auto text = "publish to '" + entry.second->topic + "': " + mqtt_reason(*reason);
        refused = is_final(*reason) ? Delivery::rejected(code_of(*reason), text)
                                    : Delivery::retry(code_of(*reason), text);
      }
      return true;
    });
    if (awaited.empty()) break;
    if (stop.stop_requested()) return Delivery::retry(ErrorCode::cancelled, "stopped");
    if (clock_.now() >= deadline) {
      link_.drop({ErrorCode::timeout, "the broker did not acknowledge within 10 s"});
      return Delivery::retry(ErrorCode::timeout, link_.last_end().text);
    }
  }
  return refused;
}

}  // namespace porchlight::notify
