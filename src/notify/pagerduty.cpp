// SPDX-License-Identifier: Apache-2.0
// https://developer.pagerduty.com/docs/send-alert-event and …/events-api-v2-overview (noted 2026-11-26).
#include "notify/pagerduty.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>

#include "notify/clipped.hpp"
#include "notify/destination.hpp"
#include "notify/factory.hpp"
#include "notify/json_word.hpp"
#include "porchlight/notify/payload.hpp"

namespace porchlight::notify {
namespace {

using nlohmann::json;

constexpr std::size_t length_of_key = 32;
constexpr std::size_t longest_dedup_key = 255;
constexpr std::size_t longest_summary = 1024;

std::string action_of(const std::string& type, const json& object) {
  if (type == "acknowledged") return "acknowledge";
  const bool over = type == "camera_back" || (type == "alert" && word(object, "status") == "resolved") ||
                    (type == "disk" && word(object, "fault") == "back") ||
                    (type == "gap" && !word(object, "end").empty());
  return over ? "resolve" : "trigger";
}

std::string dedup_key_of(const store::OutboxRow& row, const json& object) {
  // An acknowledgement names in `event` what kind of event it is about.
  const auto type = row.type == "acknowledged" ? word(object, "event") : row.type;
  const auto fingerprint = word(object, "fingerprint");
  if (type == "camera_lost" || type == "camera_back")
    return clipped_bytes("camera:" + word(object, "camera"), longest_dedup_key);
  if (type == "disk") return clipped_bytes("disk:" + word(object, "folder"), longest_dedup_key);
  if (type == "alert" && !fingerprint.empty())
    return clipped_bytes("alert:" + fingerprint, longest_dedup_key);
  const auto about = row.type == "acknowledged" ? word(object, "event_id") : std::string();
  return about.empty() ? row.key.event_id.text() : clipped_bytes(about, longest_dedup_key);
}

std::string severity_of(const Message& message, const json& object) {
  static constexpr std::array<std::pair<std::string_view, const char*>, 6> of_alert{{{"critical", "critical"},
                                                                                     {"high", "error"},
                                                                                     {"warning", "warning"},
                                                                                     {"medium", "warning"},
                                                                                     {"low", "info"},
                                                                                     {"info", "info"}}};
  if (message.words.critical) return "critical";
  const auto& type = message.row.type;
  if (type == "alert") {
    const auto found = std::find_if(of_alert.begin(), of_alert.end(),
                                    [&](const auto& row) { return row.first == word(object, "severity"); });
    return found == of_alert.end() ? "warning" : found->second;
  }
  if (type == "security" || type == "camera_lost") return "error";
  return type == "button_trouble" || type == "gap" || type == "disk" ? "warning" : "info";
}

bool stands_in_key(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

}  // namespace

ChannelMaker read_pagerduty(config::Section& section, const std::string&) {
  PagerDutyOptions options;
  options.events = read_destination(section, "url", "https://events.pagerduty.com/v2/enqueue");
  options.routing_key = read_secret(section, "routing_key", stands_in_key);
  if (!options.routing_key.empty() && options.routing_key.size() != length_of_key)
    section.fault("routing_key", "an integration key of the Events API v2 has 32 characters");
  options.events.secrets.push_back(options.routing_key);
  options.source = section.text("source", "porchlight");
  if (options.source.empty()) section.fault("source", "must not be empty");
  options.phrases = read_link_words(section);
  return [options](const Clock& clock) { return PagerDuty::create(options, clock); };
}

Result<std::unique_ptr<Channel>> PagerDuty::create(PagerDutyOptions options, const Clock& clock) {
  auto courier = Courier::create(options.events, clock);
  if (!courier) return std::move(courier).error();
  return {std::unique_ptr<Channel>(new PagerDuty(std::move(options), std::move(*courier)))};
}

json PagerDuty::details_of(const Message& message, const json& object) const {
  json details{{"summary", clipped_units(message.words.title, longest_summary)},
               {"source", options_.source},
               {"severity", severity_of(message, object)},
               {"timestamp", rfc3339(message.row.happened)},
               {"class", message.row.type}};
  if (const auto camera = word(object, "camera"); !camera.empty()) details["component"] = camera;
  if (object.is_object()) details["custom_details"] = object;
  return details;
}

json PagerDuty::event_for(const Message& message) const {
  const auto object = json::parse(message.row.payload, nullptr, false);
  const auto action = action_of(message.row.type, object);
  json event{{"routing_key", options_.routing_key},
             {"event_action", action},
             {"dedup_key", dedup_key_of(message.row, object)}};
  if (action != "trigger") return event;
  event["payload"] = details_of(message, object);
  event["client"] = "Porchlight";
  if (message.words.link.empty()) return event;
  event["client_url"] = message.words.link;
  event["links"] = json::array({{{"href", message.words.link}, {"text", options_.phrases.look}}});
  return event;
}

Delivery PagerDuty::judge(const http::ClientResponse& response) const {
  const auto body = json::parse(response.body, nullptr, false);
  if (response.status == 202 && word(body, "status") != "success")
    return courier_.not_understood(response, "'success'");
  // 202 alone is "accepted".
  if (response.status >= 200 && response.status < 300 && response.status != 202)
    return courier_.not_understood(response, "202");
  auto words = word(body, "message");
  const auto errors = body.is_object() ? body.value("errors", json()) : json();
  for (const auto& error : errors.is_array() ? errors : json::array())
    if (error.is_string()) words += (words.empty() ? "" : "; ") + error.get<std::string>();
  return words.empty() ? courier_.judge(response) : courier_.judge(response, words);
}

Delivery PagerDuty::deliver(const Message& message, std::stop_token stop) {
  // An alert shows pictures by their address on the internet only, and has no place for what people say.
  const auto& row = message.row;
  if (row.type == "reply" || (row.type == "ring_update" && row.key.sequence == picture_update))
    return Delivery::delivered();
  courier_.begin();
  http::ClientRequest request;
  request.method = "POST";
  request.url = courier_.url();
  request.content_type = "application/json";
  request.body = event_for(message).dump(-1, ' ', false, json::error_handler_t::replace);
  const auto response = courier_.send(std::move(request), stop);
  return response ? judge(*response) : Courier::unanswered(response.error());
}

}  // namespace porchlight::notify
