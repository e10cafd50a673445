// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/rule_engine.hpp"

#include <algorithm>

#include "notify/contains.hpp"
#include "notify/facts.hpp"

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;
// Of one rule. Names are few, but alerts have as many subjects as somebody gives them.
constexpr std::size_t most_subjects = 512;

bool fits(const std::vector<std::string>& wanted, const std::string& word) {
  return wanted.empty() || contains(wanted, word);
}

Route* find(std::vector<Route>& routes, const std::string& channel, bool later) {
  const auto found = std::find_if(routes.begin(), routes.end(), [&](const Route& route) {
    return route.channel_id == channel && (route.after > 0ms) == later;
  });
  return found == routes.end() ? nullptr : &*found;
}

void merge(Route& into, const Route& route) {
  into.attach_snapshot |= route.attach_snapshot;
  into.attach_clip |= route.attach_clip;
  into.critical |= route.critical;
  into.after = std::min(into.after, route.after);
}

}  // namespace

struct RuleEngine::Asked {
  const Facts facts;
  const WallTime wall;
  const MonotonicTime now;
  std::pair<std::string, std::string> key() const { return {facts.subject, facts.camera}; }
  bool critical(const Rule& rule) const { return rule.critical.value_or(facts.critical); }
};

RuleSet rule_set_of(const Options& options) {
  RuleSet set{options.rules, {}, options.cameras};
  for (const auto& channel : options.channels) set.recipients[channel.id] = channel.recipient;
  return set;
}

void RuleEngine::configure(RuleSet rules) {
  std::vector<Memory> memories(rules.rules.size());
  std::vector<bool> taken(set_.rules.size());
  for (std::size_t i = 0; i < rules.rules.size(); ++i)
    for (std::size_t old = 0; old < set_.rules.size(); ++old) {
      if (taken[old] || set_.rules[old] != rules.rules[i]) continue;
      taken[old] = true;
      memories[i] = std::move(memories_[old]);
      break;
    }
  memories_ = std::move(memories);
  set_ = std::move(rules);
  std::erase_if(buckets_, [this](const auto& entry) {
    return recipient(entry.first).rate != std::optional(entry.second.rate);
  });
}

Decision RuleEngine::decide(const event::Event& event, WallTime wall, MonotonicTime now) {
  const Asked asked{facts_of(event), wall, now};
  if (asked.facts.answers) return answer(asked);
  Decision decision;
  if (!asked.facts.occasion) return decision;
  for (std::size_t index = 0; index < set_.rules.size(); ++index) {
    decision.rules.push_back(judge(index, asked));
    if (decision.rules.back() == Ruling::matched) tell(index, asked, decision);
  }
  if (std::holds_alternative<event::Ring>(event)) {
    rings_.emplace_back(event::header_of(event).id, decision.routes);
    if (rings_.size() > rings_remembered) rings_.pop_front();
  }
  return decision;
}

// Whoever heard the ring hears who it is. Escalations do not: they hear that nobody answered.
Decision RuleEngine::answer(const Asked& asked) const {
  Decision decision;
  const auto ring = std::find_if(rings_.rbegin(), rings_.rend(),
                                 [&](const auto& entry) { return entry.first == *asked.facts.answers; });
  if (ring == rings_.rend()) return decision;
  for (auto route : ring->second) {
    if (route.after > 0ms) continue;
    route.more = 0;
    if (contains(recipient(route.channel_id).not_about, asked.facts.person))
      decision.skipped.push_back({route.channel_id, route.rule, Ruling::excluded});
    else
      decision.routes.push_back(std::move(route));
  }
  return decision;
}

Ruling RuleEngine::judge(std::size_t index, const Asked& asked) {
  const auto& rule = set_.rules[index];
  if (rule.when != *asked.facts.occasion) return Ruling::when;
  if (!fits(rule.cameras, asked.facts.camera)) return Ruling::camera;
  if (!fits(rule.persons, asked.facts.person)) return Ruling::person;
  if (!fits(rule.severities, asked.facts.severity)) return Ruling::severity;
  if (!rule.schedule.empty() && !covers(rule.schedule, asked.wall)) return Ruling::schedule;
  if (asked.critical(rule)) return Ruling::matched;
  if (covers(rule.quiet, asked.wall)) return Ruling::quiet;
  auto* last = last_of(index, asked);
  if (last == nullptr) return Ruling::matched;
  const auto since = asked.now - last->at;
  if (since < rule.group) {
    ++last->silent;
    return Ruling::grouped;
  }
  return since < rule.cooldown ? Ruling::cooldown : Ruling::matched;
}

void RuleEngine::tell(std::size_t index, const Asked& asked, Decision& decision) {
  const auto& rule = set_.rules[index];
  Route route{{}, rule.attach_snapshot, index, asked.critical(rule), 0ms,
              0,  rule.words,           {},    rule.attach_clip};
  if (const auto* last = last_of(index, asked)) route.more = last->silent;
  if (const auto name = set_.cameras.find(asked.facts.camera);
      name != set_.cameras.end() && name->second != name->first)
    route.camera_name = name->second;
  bool told = false;
  for (const auto& channel : rule.to) told |= admit(channel, route, asked, decision);
  // What nobody heard is neither remembered as told nor a reason to call others.
  if (!told) return;
  if (rule.escalate && !asked.facts.over) escalate(rule, route, asked, decision);
  if (rule.cooldown > 0ms || rule.group > 0ms) remember(index, asked);
}

bool RuleEngine::admit(const std::string& channel, const Route& route, const Asked& asked,
                       Decision& decision) {
  if (auto* there = find(decision.routes, channel, false)) {
    merge(*there, route);
    return true;
  }
  const auto ruling = objection(channel, route, asked);
  if (ruling == Ruling::told) decision.told_as_sighting = true;
  if (ruling != Ruling::matched) {
    decision.skipped.push_back({channel, route.rule, ruling});
    return false;
  }
  decision.routes.push_back(route);
  decision.routes.back().channel_id = channel;
  return true;
}

Ruling RuleEngine::objection(const std::string& channel, const Route& route, const Asked& asked) {
  const auto& wishes = recipient(channel);
  if (asked.facts.blacklisted_face && hears_of_the_face(channel, asked)) return Ruling::told;
  if (contains(wishes.not_about, asked.facts.person)) return Ruling::excluded;
  if (route.critical) return Ruling::matched;
  if (covers(wishes.quiet, asked.wall)) return Ruling::quiet;
  if (wishes.rate && !takes_token(channel, *wishes.rate, asked.now)) return Ruling::rate;
  return Ruling::matched;
}

void RuleEngine::escalate(const Rule& rule, Route route, const Asked& asked, Decision& decision) const {
  route.after = rule.escalate->after;
  route.attach_clip = false;  // its message is one
  for (const auto& channel : rule.escalate->to) {
    const auto& wishes = recipient(channel);
    if (contains(wishes.not_about, asked.facts.person)) {
      decision.skipped.push_back({channel, route.rule, Ruling::excluded});
    } else if (!route.critical && covers(wishes.quiet, asked.wall + route.after)) {
      decision.skipped.push_back({channel, route.rule, Ruling::quiet});
    } else if (auto* there = find(decision.routes, channel, true)) {
      merge(*there, route);
    } else {
      decision.routes.push_back(route);
      decision.routes.back().channel_id = channel;
    }
  }
}

// A bucket is made full; from the message that takes the first token on, one comes back each `every`.
bool RuleEngine::takes_token(const std::string& channel, const Rate& rate, MonotonicTime now) {
  auto& bucket = buckets_.try_emplace(channel, Bucket{rate, rate.burst, now}).first->second;
  const auto back = (now - bucket.since) / rate.every;
  if (bucket.tokens + back >= rate.burst) {
    bucket.tokens = rate.burst;
    bucket.since = now;
  } else {
    bucket.tokens += static_cast<std::uint32_t>(back);
    bucket.since += back * rate.every;
  }
  if (bucket.tokens == 0) return false;
  --bucket.tokens;
  return true;
}

// Not whether the sighting went out: what kept it back keeps back the same news under another name, too.
bool RuleEngine::hears_of_the_face(const std::string& channel, const Asked& asked) const {
  return std::any_of(set_.rules.begin(), set_.rules.end(), [&](const Rule& rule) {
    return rule.when == Occasion::person_blacklisted && contains(rule.to, channel) &&
           fits(rule.cameras, asked.facts.camera) && fits(rule.persons, asked.facts.person) &&
           (rule.schedule.empty() || covers(rule.schedule, asked.wall));
  });
}

const Recipient& RuleEngine::recipient(const std::string& channel) const {
  static const Recipient everything;
  const auto found = set_.recipients.find(channel);
  return found == set_.recipients.end() ? everything : found->second;
}

RuleEngine::Last* RuleEngine::last_of(std::size_t index, const Asked& asked) {
  const auto found = memories_[index].find(asked.key());
  return found == memories_[index].end() ? nullptr : &found->second;
}

void RuleEngine::remember(std::size_t index, const Asked& asked) {
  auto& memory = memories_[index];
  memory[asked.key()] = {asked.now, 0};
  if (memory.size() <= most_subjects) return;
  memory.erase(std::min_element(memory.begin(), memory.end(),
                                [](const auto& a, const auto& b) { return a.second.at < b.second.at; }));
}

std::string_view to_string(Ruling ruling) noexcept {
  switch (ruling) {
    case Ruling::matched:
      return "matched";
    case Ruling::when:
      return "when";
    case Ruling::camera:
      return "camera";
    case Ruling::person:
      return "person";
    case Ruling::severity:
      return "severity";
    case Ruling::schedule:
      return "schedule";
    case Ruling::quiet:
      return "quiet";
    case Ruling::grouped:
      return "grouped";
    case Ruling::cooldown:
      return "cooldown";
    case Ruling::told:
      return "told";
    case Ruling::excluded:
      return "excluded";
    case Ruling::rate:
      return "rate";
  }
  return "matched";
}

}  // namespace porchlight::notify
