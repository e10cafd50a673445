// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/dry_run.hpp"

#include <nlohmann/json.hpp>

#include "notify/facts.hpp"
#include "notify/phrases.hpp"
#include "notify/rule_options.hpp"
#include "porchlight/notify/escalation.hpp"
#include "porchlight/notify/payload.hpp"

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr const char* short_forms =
    "an event is a JSON object as docs/events.md has it, or '-' for one on each line of standard input, or: "
    "ring BUTTON; person unknown CAMERA; person known NAME CAMERA; person blacklisted NAME CAMERA; camera "
    "lost "
    "CAMERA; camera back CAMERA; security KIND [CAMERA]; alert NAME [SEVERITY]; motion CAMERA; gap CAMERA "
    "[CAUSE]; disk FAULT";

Language language_of(const Options& options, const std::string& channel) {
  for (const auto& one : options.channels)
    if (one.id == channel) return one.language;
  return Language::english;
}

std::string indented(const std::string& text) {
  std::string out = "      ";
  for (const char c : text) {
    out += c;
    if (c == '\n') out += "      ";
  }
  return out + '\n';
}

json json_of_told(const DryRun::Told& told) {
  const auto& route = told.route;
  json object{{"channel", route.channel_id}, {"rule", route.rule},     {"attach", route.attach_snapshot},
              {"critical", route.critical},  {"more", route.more},     {"after_ms", route.after.count()},
              {"title", told.words.title},   {"text", told.words.text}};
  if (route.attach_clip) object["clip"] = true;
  return object;
}

std::optional<event::Verdict> verdict_of(const std::string& word) {
  if (word == "known") return event::Verdict::known_person;
  if (word == "unknown") return event::Verdict::unknown_person;
  if (word == "blacklisted") return event::Verdict::blacklist_match;
  return std::nullopt;
}

}  // namespace

DryRun::DryRun(const Options& options) : options_(options) {
  engine_.configure(rule_set_of(options_));
}

Result<DryRun::Outcome> DryRun::tell(const event::Event& event) {
  const auto at = event::header_of(event).at;
  if (last_ && at < *last_)
    return Error(ErrorCode::invalid_argument,
                 "an event of " + rfc3339(at) + " comes after one of " + rfc3339(*last_));
  if (!begun_) begun_ = at;
  last_ = at;
  Outcome outcome{event, engine_.decide(event, at, MonotonicTime(at - *begun_)), {}, withdraw(event)};
  if (const auto* ring = std::get_if<event::Ring>(&event)) rings_.push_back(*ring);
  if (rings_.size() > rings_remembered) rings_.pop_front();
  for (const auto& route : outcome.decision.routes) {
    auto row = row_of(event, route);
    outcome.told.push_back({route, words_of(row, language_of(options_, route.channel_id))});
    if (route.after > 0ms) waiting_.push_back(std::move(row));
  }
  return outcome;
}

// As the store lane does it. What is due by now has left.
std::vector<store::RowKey> DryRun::withdraw(const event::Event& event) {
  std::erase_if(waiting_,
                [now = event::header_of(event).at](const auto& row) { return row.next_attempt <= now; });
  std::vector<store::RowKey> withdrawn;
  const auto ended = ended_by(event);
  if (!ended) return withdrawn;
  std::erase_if(waiting_, [&](const auto& row) {
    if (!is_ended(row, *ended)) return false;
    withdrawn.push_back(row.key);
    return true;
  });
  return withdrawn;
}

// As the dispatcher makes it: who rang is an update of the ring.
store::OutboxRow DryRun::row_of(const event::Event& event, const Route& route) const {
  const auto now = event::header_of(event).at;
  const auto* sighting = std::get_if<event::Sighting>(&event);
  if (sighting != nullptr && sighting->ring_id)
    for (const auto& ring : rings_)
      if (ring.header.id == *sighting->ring_id) return name_update_of(ring, *sighting, route, now, {});
  return message_of(event, route, now);
}

std::string DryRun::text_of(const Outcome& outcome) const {
  const auto& header = event::header_of(outcome.event);
  auto text = say_date(header.at, Language::english) + ", " + say_time(header.at) + ": " +
              std::string(event::type_of(outcome.event)) + '\n';
  for (std::size_t i = 0; i < outcome.decision.rules.size(); ++i)
    text += "  rule " + std::to_string(i + 1) + " (" + std::string(name_of(options_.rules[i].when)) +
            "): " + std::string(to_string(outcome.decision.rules[i])) + '\n';
  for (const auto& skip : outcome.decision.skipped)
    text += "  not to " + skip.channel_id + " by rule " + std::to_string(skip.rule + 1) + ": " +
            std::string(to_string(skip.why)) + '\n';
  for (const auto& key : outcome.withdrawn)
    text += "  " + key.channel_id + " is not called any more, because it is over\n";
  if (outcome.told.empty()) text += "  nobody is told by a rule\n";
  for (const auto& told : outcome.told) {
    const auto& route = told.route;
    text += "  to " + route.channel_id;
    if (route.after > 0ms)
      text += ", after " +
              say_span(std::chrono::duration_cast<std::chrono::seconds>(route.after), Language::english) +
              " unless somebody acknowledges";
    text += std::string(route.attach_snapshot ? ", with the picture" : "") +
            (route.attach_clip ? ", with a film later where the channel carries one" : "") +
            (route.critical ? ", critical" : "") + ":\n" + indented(told.words.title) +
            indented(told.words.text);
  }
  for (const auto& channel : options_.everything)
    text += "  to " + channel + ", as everything is, whatever the rules say\n";
  return text;
}

std::string DryRun::json_of(const Outcome& outcome) const {
  const auto& header = event::header_of(outcome.event);
  auto rules = json::array(), skipped = json::array(), told = json::array(), withdrawn = json::array();
  for (const auto ruling : outcome.decision.rules) rules.push_back(to_string(ruling));
  for (const auto& skip : outcome.decision.skipped)
    skipped.push_back({{"channel", skip.channel_id}, {"rule", skip.rule}, {"why", to_string(skip.why)}});
  for (const auto& one : outcome.told) told.push_back(json_of_told(one));
  for (const auto& key : outcome.withdrawn)
    withdrawn.push_back({{"event", key.event_id.text()}, {"channel", key.channel_id}});
  const json object{{"id", header.id.text()},     {"type", event::type_of(outcome.event)},
                    {"time", rfc3339(header.at)}, {"rules", rules},
                    {"skipped", skipped},         {"told", told},
                    {"withdrawn", withdrawn},     {"everything", options_.everything}};
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<event::Event> event_of_words(const std::vector<std::string>& words, const event::Header& header) {
  const auto n = words.size();
  const auto is = [&](std::size_t at, const char* word) { return at < n && words[at] == word; };
  if (is(0, "ring") && n == 2) return event::Event{event::Ring{header, words[1], {}}};
  if (is(0, "person") && n > 1) {
    const auto verdict = verdict_of(words[1]);
    const bool named = verdict && *verdict != event::Verdict::unknown_person;
    if (verdict && n == (named ? 4U : 3U)) {
      event::Sighting sighting;
      sighting.header = header;
      sighting.verdict = *verdict;
      if (named) sighting.person = words[2];
      sighting.camera_id = words.back();
      return event::Event{sighting};
    }
  }
  if (is(0, "camera") && n == 3 && is(1, "lost"))
    return event::Event{event::CameraLost{header, words[2], event::CameraFault::network}};
  if (is(0, "camera") && n == 3 && is(1, "back"))
    return event::Event{event::CameraBack{header, words[2], 60}};
  if (is(0, "security") && (n == 2 || n == 3))
    return event::Event{event::Security{header, words[1], "", "", n == 3 ? words[2] : "", ""}};
  if (is(0, "motion") && n == 2) {
    event::Motion motion;
    motion.header = header;
    motion.camera_id = words[1];
    return event::Event{motion};
  }
  if (is(0, "gap") && (n == 2 || n == 3)) {
    const auto cause = n == 3 ? event::gap_cause(words[2]) : event::GapCause::network;
    if (cause) return event::Event{event::FootageGap{header, words[1], *cause, {}, 10, {}}};
  }
  if (is(0, "disk") && n == 2)
    for (const auto fault : event::disk_faults)
      if (to_string(fault) == words[1]) return event::Event{event::DiskTrouble{header, {}, fault, {}}};
  if (is(0, "alert") && (n == 2 || n == 3)) {
    event::Alert alert;
    alert.header = header;
    alert.name = alert.fingerprint = words[1];
    alert.severity = n == 3 ? words[2] : "warning";
    return event::Event{alert};
  }
  return Error(ErrorCode::invalid_argument, short_forms);
}

}  // namespace porchlight::notify
