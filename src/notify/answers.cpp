// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/answers.hpp"

#include <nlohmann/json.hpp>
#include <string_view>

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr std::string_view by_link = "link:";
constexpr auto lifetime = 1h;  // who hears later than that has met the visitor, or has not

store::OutboxRow row_of(const store::LoggedEvent& event, const store::EventAnswer& answer, const char* type,
                        const std::string& channel, std::uint32_t sequence, WallTime now) {
  json object{{"id", event.id.text()},
              {"type", type},
              {"sequence", sequence},
              {"event", event.type},
              {"by", name_of_answerer(answer.who)},
              {"time", rfc3339(answer.at)}};
  if (!event.camera_id.empty()) object["camera"] = event.camera_id;
  if (std::string_view(type) == "reply") object["text"] = answer.reply;
  const auto logged = json::parse(event.json, nullptr, false);
  // What alarms are told apart by, where they are kept open.
  if (logged.is_object() && logged.contains("fingerprint")) object["fingerprint"] = logged["fingerprint"];
  store::OutboxRow row;
  row.key = {event.id, channel, sequence};
  row.type = type;
  row.payload = object.dump(-1, ' ', false, json::error_handler_t::replace);
  // The trace is the event's: what follows from a ring is one story.
  const auto trace = event::TraceContext::start();
  const auto story = logged.is_object() && logged.contains("trace_id") && logged["trace_id"].is_string()
                         ? logged["trace_id"].get<std::string>()
                         : trace.trace_text();
  row.traceparent = "00-" + story + '-' + trace.span_text() + "-01";
  row.happened = event.at;
  row.created = now;
  row.next_attempt = now;
  row.expires = now + lifetime;
  return row;
}

}  // namespace

std::string name_of_answerer(const std::string& who) {
  return who.starts_with(by_link) ? who.substr(by_link.size()) : who;
}

std::vector<store::OutboxRow> answer_messages(const store::LoggedEvent& event,
                                              const store::EventAnswer& answer,
                                              const store::AnswerOutcome& outcome,
                                              const std::vector<std::string>& told,
                                              const std::map<std::string, std::string>& types,
                                              std::uint32_t number, WallTime now) {
  std::vector<store::OutboxRow> rows;
  const auto own = answer.who.starts_with(by_link) ? name_of_answerer(answer.who) : std::string();
  auto sequence = first_answer + number;
  for (const auto& channel : told) {
    const auto type = types.find(channel);
    if (outcome.acknowledged && type != types.end() && type->second == "pagerduty")
      rows.push_back(row_of(event, answer, "acknowledged", channel, sequence, now));
  }
  if (outcome.acknowledged) ++sequence;
  for (const auto& channel : told)
    // A channel that is configured no more would keep its row until it expires.
    if (outcome.replied && channel != own && types.contains(channel))
      rows.push_back(row_of(event, answer, "reply", channel, sequence, now));
  return rows;
}

}  // namespace porchlight::notify
