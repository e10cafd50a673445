// SPDX-License-Identifier: Apache-2.0
#include "notify/rule_options.hpp"

#include <algorithm>
#include <array>

#include "notify/contains.hpp"
#include "notify/template.hpp"

namespace porchlight::notify {
namespace {

using config::Section;
using namespace std::chrono_literals;

constexpr std::array<std::pair<std::string_view, Occasion>, 11> occasions{{
    {"ring", Occasion::ring},
    {"person.known", Occasion::person_known},
    {"person.unknown", Occasion::person_unknown},
    {"person.blacklisted", Occasion::person_blacklisted},
    {"camera.lost", Occasion::camera_lost},
    {"camera.back", Occasion::camera_back},
    {"security", Occasion::security},
    {"alert", Occasion::alert},
    {"motion", Occasion::motion},
    {"gap", Occasion::gap},
    {"disk", Occasion::disk},
}};
constexpr std::array<std::string_view, 1> later_occasions{"plate"};
constexpr std::array<const char*, 6> known_severities{"critical", "high", "warning", "medium", "low", "info"};
constexpr std::size_t longest_title = 200;  // bytes
constexpr std::size_t longest_text = 2000;

// One value, or a list of them.
std::vector<std::string> read_texts(Section& section, std::string_view key) {
  if (section.is_scalar(key)) return {section.text(key, "")};
  return section.text_list(key);
}

Hours read_hours(Section& section, std::string_view key) {
  Hours hours;
  for (const auto& text : read_texts(section, key)) {
    auto window = parse_window(text);
    if (window)
      hours.push_back(*window);
    else
      section.fault(key, window.error().text());
  }
  return hours;
}

std::vector<std::string> read_names(Section& section, std::string_view key) {
  auto names = section.text_list(key);
  if (contains(names, "")) section.fault(key, "a name must not be empty");
  return names;
}

std::vector<std::string> read_channel_ids(Section& section, const std::vector<std::string>& channels) {
  auto ids = section.text_list("to");
  if (ids.empty()) section.fault("to", "a rule names the channels it goes to");
  for (const auto& id : ids)
    if (!contains(channels, id)) section.fault("to", "no channel '" + id + "'" + did_you_mean(id, channels));
  return ids;
}

std::optional<Occasion> read_occasion(Section& section) {
  const auto when = section.required_text("when");
  std::vector<std::string> names;
  for (const auto& [name, occasion] : occasions) {
    if (name == when) return occasion;
    names.emplace_back(name);
  }
  if (contains(later_occasions, when))
    section.fault("when", "'" + when + "' is not in this version");
  else if (!when.empty())
    section.fault("when", "unknown occasion '" + when + "'" + did_you_mean(when, names));
  return std::nullopt;
}

std::vector<std::string> read_cameras(Section& section, const CameraNames& cameras) {
  std::vector<std::string> known;
  for (const auto& [id, name] : cameras) known.push_back(id);
  auto ids = section.text_list("cameras");
  if (section.has("cameras") && ids.empty())
    section.fault("cameras", "names no camera; leave it out for all");
  for (const auto& id : ids)
    if (!contains(known, id)) section.fault("cameras", "no camera '" + id + "'" + did_you_mean(id, known));
  return ids;
}

std::vector<std::string> read_persons(Section& section, std::optional<Occasion> when) {
  auto names = read_names(section, "persons");
  if (section.has("persons") && names.empty()) section.fault("persons", "names nobody");
  if (section.has("persons") && when && *when != Occasion::person_known &&
      *when != Occasion::person_blacklisted)
    section.fault("persons", "only with person.known and person.blacklisted: nothing else has a name");
  return names;
}

std::vector<std::string> read_severities(Section& section, std::optional<Occasion> when) {
  const std::vector<std::string> known(known_severities.begin(), known_severities.end());
  auto words = section.text_list("severities");
  if (section.has("severities") && words.empty())
    section.fault("severities", "names none; leave it out for all");
  if (section.has("severities") && when && *when != Occasion::alert)
    section.fault("severities", "only with alert: nothing else has one");
  for (const auto& word : words)
    if (!contains(known, word))
      section.fault("severities", "no severity '" + word + "'" + did_you_mean(word, known));
  return words;
}

// What nothing is recorded about has no film.
bool has_clip(Occasion when) {
  constexpr std::array recorded{Occasion::ring, Occasion::person_known, Occasion::person_unknown,
                                Occasion::person_blacklisted, Occasion::motion};
  return std::find(recorded.begin(), recorded.end(), when) != recorded.end();
}

void read_attach(Section& section, std::optional<Occasion> when, Rule& rule) {
  const auto what = section.choice("attach", "", {"snapshot", "clip"});
  rule.attach_clip = what == "clip";
  rule.attach_snapshot = !what.empty();
  if (rule.attach_clip && when && !has_clip(*when))
    section.fault("attach", "'clip' only with ring, person.… and motion: nothing else is recorded about");
}

std::string read_template(Section& section, std::string_view key, std::size_t longest, bool one_line) {
  auto text = section.text(key, "");
  if (section.is_scalar(key) && text.empty())
    section.fault(key, "must not be empty; leave it out for our words");
  if (text.size() > longest)
    section.fault(key, "longer than " + std::to_string(longest) + " bytes");
  else if (one_line && text.find('\n') != std::string::npos)
    section.fault(key, "must be one line");
  else if (const auto fault = check_template(text))
    section.fault(key, "line " + std::to_string(fault->line) + ", column " + std::to_string(fault->column) +
                           ": " + fault->message);
  return text;
}

std::optional<Escalation> read_escalation(Section& rule, const std::vector<std::string>& channels) {
  if (!rule.has("escalate")) return std::nullopt;
  auto section = rule.section("escalate");
  Escalation escalation;
  if (!section.has("after")) section.fault("after", "missing: how long to wait for somebody to acknowledge");
  escalation.after = section.duration("after", 1min, 1s, 1h);
  escalation.to = read_channel_ids(section, channels);
  return escalation;
}

}  // namespace

std::string did_you_mean(const std::string& found, const std::vector<std::string>& words) {
  const auto near = config::suggestion(found, words);
  if (near) return " (did you mean '" + *near + "'?)";
  if (words.empty()) return "";
  std::string list = " (one of ";
  for (const auto& word : words) list += (&word == &words.front() ? "" : ", ") + word;
  return list + ")";
}

std::string_view name_of(Occasion occasion) noexcept {
  for (const auto& [name, value] : occasions)
    if (value == occasion) return name;
  return "";
}

Recipient read_recipient(Section& channel) {
  Recipient recipient;
  recipient.quiet = read_hours(channel, "quiet");
  recipient.not_about = read_names(channel, "not_about");
  if (!channel.has("rate")) return recipient;
  auto rate = channel.section("rate");
  recipient.rate = Rate{static_cast<std::uint32_t>(rate.integer("burst", 10, 1, 1000)),
                        rate.duration("every", 1min, 1s, 24h)};
  return recipient;
}

Rule read_rule(Section& section, const std::vector<std::string>& channels, const CameraNames& cameras) {
  Rule rule;
  // By which another file lays something over it; the rule itself does not need it.
  if (section.has("id")) static_cast<void>(section.required_id("id"));
  const auto when = read_occasion(section);
  if (when) rule.when = *when;
  rule.to = read_channel_ids(section, channels);
  read_attach(section, when, rule);
  rule.cameras = read_cameras(section, cameras);
  rule.persons = read_persons(section, when);
  rule.severities = read_severities(section, when);
  rule.schedule = read_hours(section, "schedule");
  rule.quiet = read_hours(section, "quiet");
  rule.cooldown = section.duration("cooldown", 0ms, 1s, 24h * 7);
  rule.group = section.duration("group", 0ms, 1s, 24h);
  if (section.has("critical")) rule.critical = section.boolean("critical", false);
  rule.escalate = read_escalation(section, channels);
  rule.words = {read_template(section, "title", longest_title, true),
                read_template(section, "text", longest_text, false)};
  return rule;
}

}  // namespace porchlight::notify
