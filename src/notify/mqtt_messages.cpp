// SPDX-License-Identifier: Apache-2.0
#include "notify/mqtt_messages.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "notify/json_word.hpp"

namespace porchlight::notify {
namespace {

using nlohmann::json;

constexpr std::size_t most_counted = 1024;

std::string text_of(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

bool is_visitor(const std::string& result) {
  return result == "known_person" || result == "unknown_person" || result == "blacklist_match";
}

}  // namespace

std::string forgotten_person() {
  return R"({"result":"forgotten"})";
}

bool may_stay(const std::string& payload, const std::set<std::string>& people) {
  const auto object = json::parse(payload, nullptr, false);
  if (!object.is_object()) return payload.empty();
  const auto person = object.find("person");
  return person == object.end() || (person->is_string() && people.contains(person->get<std::string>()));
}

struct MqttMessages::Reading {
  const Message& message;
  json object;
  std::string place;
  bool first_time = false;
  std::vector<Publication> publications{};
};

std::optional<std::vector<Publication>> MqttMessages::of(const Message& message) {
  Reading reading{message, json::parse(message.row.payload, nullptr, false), ""};
  auto& object = reading.object;
  if (!object.is_object()) return std::nullopt;
  reading.first_time = is_first_time(message.row.key);
  reading.place = word(object, "camera");
  if (reading.place.empty()) reading.place = word(object, "button");
  const auto& type = message.row.type;
  // What somebody waits for goes first.
  if (type == "ring") add_ring(reading);
  if (type == "sighting" || type == "ring_update") add_visitor(reading, type == "sighting");
  // Whom a camera saw is said in the topic of persons only.
  object.erase("person");
  reading.publications.push_back({topics_.events(), text_of(object), nullptr, false});
  if (message.picture && !word(object, "camera").empty()) add_state(reading, "snapshot", "", message.picture);
  for (auto& publication : reading.publications) {
    const auto& key = message.row.key;
    publication.id = key.event_id.text() + ":" + std::to_string(key.sequence);
    publication.traceparent = message.row.traceparent;
    publication.request_id = message.request_id;
  }
  return std::move(reading.publications);
}

void MqttMessages::add_ring(Reading& reading) {
  if (reading.place.empty()) return;
  auto ring = reading.object;
  ring["event_type"] = "ring";
  reading.publications.push_back({topics_.of(reading.place, "ring"), text_of(ring), nullptr, false});
  add_state(reading, "last_ring", word(reading.object, "time"));
  add_state(reading, "rings", count(reading, "rings"));
}

void MqttMessages::add_visitor(Reading& reading, bool count_it) {
  const auto result = word(reading.object, "result");
  if (word(reading.object, "camera").empty() || !is_visitor(result)) return;
  json person;
  for (const auto* key : {"id", "time", "camera", "result", "person", "confidence", "distance"})
    if (reading.object.contains(key)) person[key] = reading.object[key];
  add_state(reading, "person", text_of(person));
  // A visitor who rings is seen as a visit, too: that one counts.
  if (!count_it || result == "blacklist_match") return;
  const auto* part = result == "known_person" ? "visitors_known" : "visitors_unknown";
  add_state(reading, part, count(reading, part));
}

void MqttMessages::add_state(Reading& reading, const char* part, std::string payload,
                             store::JpegBytes picture) {
  auto topic = topics_.of(reading.place, part);
  const auto newest = newest_.find(topic);
  if (newest != newest_.end() && reading.message.row.happened < newest->second) return;
  reading.publications.push_back({std::move(topic), std::move(payload), std::move(picture), true});
}

std::string MqttMessages::count(const Reading& reading, const char* part) {
  auto& number = counts_[topics_.of(reading.place, part)];
  if (reading.first_time) ++number;
  return std::to_string(number);
}

bool MqttMessages::is_first_time(const store::RowKey& key) {
  if (!counted_.insert(key).second) return false;
  counted_order_.push_back(key);
  if (counted_order_.size() > most_counted) {
    counted_.erase(counted_order_.front());
    counted_order_.pop_front();
  }
  return true;
}

void MqttMessages::taken(const Message& message, const std::vector<Publication>& publications) {
  for (const auto& publication : publications)
    if (publication.retain)
      newest_[publication.topic] = std::max(newest_[publication.topic], message.row.happened);
}

void MqttMessages::inherit(MqttMessages& former) {
  if (former.topics_.prefix != topics_.prefix) return;
  counts_ = std::move(former.counts_);
  newest_ = std::move(former.newest_);
  counted_ = std::move(former.counted_);
  counted_order_ = std::move(former.counted_order_);
}

}  // namespace porchlight::notify
