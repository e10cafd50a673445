// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/event/event.hpp"
#include "porchlight/notify/options.hpp"
#include "porchlight/notify/rules.hpp"

namespace porchlight::notify {

// How many of the latest rings can be told who it was. Whoever makes the messages remembers as many.
inline constexpr std::size_t rings_remembered = 32;

// What the engine decides by.
struct RuleSet {
  std::vector<Rule> rules;
  std::map<std::string, Recipient> recipients;  // by channel id; one that is missing hears everything
  CameraNames cameras;
};
RuleSet rule_set_of(const Options& options);

// What one check said of a rule, or of a channel that a matching rule names.
enum class Ruling : std::uint8_t {
  matched,
  when,      // the rule is for another occasion
  camera,    // … for other cameras
  person,    // … for other persons
  severity,  // … for alerts of another severity
  schedule,  // not at this time
  quiet,     // the rule's or the channel's quiet hours
  grouped,   // counted for the next message
  cooldown,  // told a short while ago
  told,      // the channel hears of the same face by a person.blacklisted rule
  excluded,  // the channel does not want to hear about this person
  rate       // the channel had too many messages
};
std::string_view to_string(Ruling ruling) noexcept;

struct Decision {
  struct Skip {
    std::string channel_id;
    std::size_t rule = 0;
    Ruling why = Ruling::told;
    bool operator==(const Skip&) const = default;
  };
  std::vector<Route> routes;      // a channel at most once now and once later, in the order of the rules
  std::vector<Ruling> rules;      // of every rule; empty when no rule was asked
  std::vector<Skip> skipped;      // channels that a matching rule names and that hear nothing of it
  bool told_as_sighting = false;  // somebody hears of it by the sighting of the same face
};

// Decides who is told of what. It holds what the keys `cooldown`, `group` and `rate` must remember, and where
// the latest rings went; it knows no clock, so the same events at the same times are decided the same way.
// Thread-bound. docs/notifications.md has the order of the checks and their limits.
class RuleEngine {
 public:
  // What is remembered of a rule or a rate that stays as it was is kept.
  void configure(RuleSet rules);

  // `wall` decides about hours, `now` about everything that lasts. `now` never goes back.
  Decision decide(const event::Event& event, WallTime wall, MonotonicTime now);

 private:
  struct Last {
    MonotonicTime at{};
    std::uint32_t silent = 0;  // grouped since
  };
  // By what the event is about and its camera.
  using Memory = std::map<std::pair<std::string, std::string>, Last>;
  struct Bucket {
    Rate rate;
    std::uint32_t tokens = 0;
    MonotonicTime since{};  // the tokens are those of this time
  };
  struct Asked;  // the event and the time, for one decision

  Decision answer(const Asked& asked) const;
  Ruling judge(std::size_t index, const Asked& asked);
  void tell(std::size_t index, const Asked& asked, Decision& decision);
  bool admit(const std::string& channel, const Route& route, const Asked& asked, Decision& decision);
  Ruling objection(const std::string& channel, const Route& route, const Asked& asked);
  void escalate(const Rule& rule, Route route, const Asked& asked, Decision& decision) const;
  bool takes_token(const std::string& channel, const Rate& rate, MonotonicTime now);
  bool hears_of_the_face(const std::string& channel, const Asked& asked) const;
  const Recipient& recipient(const std::string& channel) const;
  Last* last_of(std::size_t index, const Asked& asked);
  void remember(std::size_t index, const Asked& asked);

  RuleSet set_;
  std::vector<Memory> memories_;  // of each rule
  std::map<std::string, Bucket> buckets_;
  std::deque<std::pair<event::EventId, std::vector<Route>>> rings_;  // newest last
};

}  // namespace porchlight::notify
