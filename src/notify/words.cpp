// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/words.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "notify/critical.hpp"
#include "notify/json_word.hpp"
#include "notify/phrases.hpp"
#include "notify/template.hpp"
#include "porchlight/base/one_line.hpp"

namespace porchlight::notify {
namespace {

using nlohmann::json;

// One message and the language in which it is put into words.
class Writer {
 public:
  Writer(const store::OutboxRow& row, const json& object, Language language, const std::string& link)
      : row_(row), object_(object), language_(language), link_(link) {
    if (const auto found = object.find("words"); found != object.end() && found->is_object()) rule_ = *found;
  }

  Words words() const {
    Words words;
    const auto said = filled("title", title());
    words.title = one_line(said, said.size());
    if (words.title.empty()) words.title = say("other", language_);
    words.text = filled("text", text());
    words.link = link_;
    const auto critical = rule_.find("critical");
    words.critical = critical != rule_.end() && critical->is_boolean() ? critical->get<bool>()
                                                                       : is_critical_by_itself(object_);
    return words;
  }

 private:
  std::string word(const char* key) const { return notify::word(object_, key); }
  std::string say_word(const char* of, const std::string& which) const {
    auto said = say(std::string(of) + '.' + which, language_);
    return said.empty() ? which : said;
  }
  std::uint64_t grouped() const {
    const auto found = object_.find("grouped");
    return found != object_.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
  }

  std::string camera() const {
    const auto name = notify::word(rule_, "camera");
    return name.empty() ? word("camera") : name;
  }

  // The names of the zones in which something moves.
  std::string zones() const {
    std::string text;
    const auto names = object_.find("zone_names");
    if (names == object_.end() || !names->is_array()) return text;
    for (const auto& name : *names)
      if (name.is_string()) text += (text.empty() ? "" : ", ") + name.get<std::string>();
    return text;
  }

  std::string who() const {
    const auto person = word("person");
    const auto result = word("result");
    if (result == "blacklist_match" || word("kind") == "blacklist_match")
      return say("who.blacklist_match", language_) + (person.empty() ? "" : ": " + person);
    return person.empty() ? say_word("who", result) : person;
  }

  std::string title() const {
    const auto& type = row_.type;
    if (type == "ring" || type == "ring_update") {
      if (word("trigger_source") == "test") return say("test", language_);
      const auto rings = say("ring", language_);
      return word("result").empty() ? rings : rings + ": " + who();
    }
    if (type == "sighting") return who();
    if (type == "security") {
      const auto kind = word("kind");
      if (kind == "blacklist_match") return who();
      return kind.empty() ? say("security", language_) : say_word("kind", kind);
    }
    if (type == "alert") {
      const auto name = word("alert").empty() ? say("alert", language_) : word("alert");
      return word("status") == "resolved" ? say("alert.resolved", language_) + ": " + name : name;
    }
    if (type == "disk" && word("fault") == "back") return say("disk.back", language_);
    if (type == "reply" || type == "acknowledged") return word("by") + ' ' + say(type, language_);
    const auto said = say(type, language_);
    return said.empty() ? say("other", language_) : said;
  }

  // A number of seconds, for people; empty: there is none.
  std::string span(const char* key) const {
    const auto found = object_.find(key);
    if (found == object_.end() || !found->is_number()) return {};
    const auto seconds = static_cast<std::int64_t>(std::clamp(found->get<double>(), 0.0, 1e9));
    return say_span(std::chrono::seconds(seconds), language_);
  }

  template <class Add>
  void add_disk(const Add& add) const {
    const auto fault = word("fault");
    if (!fault.empty() && fault != "back") add(say_word("disk", fault));
    add(word("folder"));
    add(word("detail"));
  }

  template <class Add>
  void add_gap(const Add& add) const {
    if (const auto cause = word("cause"); !cause.empty()) add(say_word("cause", cause));
    if (word("end").empty())
      add(say("gap.lasts", language_));
    else
      add(say("gap.ended", language_) + ' ' + span("seconds"));
    add(word("detail"));
  }

  std::string text() const {
    std::string text;
    const auto add = [&](const std::string& line) {
      if (!line.empty()) text += (text.empty() ? "" : "\n") + line;
    };
    if (word("trigger_source") == "test") add(say("test.text", language_));
    add(word("text"));  // of a reply
    const auto place = camera();
    add((place.empty() ? "" : place + ", ") + say_time(row_.happened));
    add(zones());
    if (row_.type == "disk")
      add_disk(add);
    else if (const auto fault = word("fault"); !fault.empty())
      add(say_word("fault", fault));
    if (row_.type == "gap") add_gap(add);
    if (const auto lost = span("lost_seconds"); !lost.empty()) add(say("away", language_) + ' ' + lost);
    const auto severity = word("severity");
    if (!severity.empty()) add(say_word("severity", severity));
    add(word("summary"));
    if (const auto later = object_.find("escalation");
        later != object_.end() && later->is_boolean() && later->get<bool>())
      add(say("escalation", language_));
    if (grouped() > 0) add(say_count("more", grouped(), language_));
    return text;
  }

  std::string value(std::string_view name) const {
    if (name == "camera") return camera();
    if (name == "person") return word("person");
    if (name == "event") return title();
    if (name == "time") return say_time(row_.happened);
    if (name == "date") return say_date(row_.happened, language_);
    if (name == "count") return std::to_string(1 + grouped());
    if (name == "link") return link_;
    if (name == "zone") return zones();
    return {};
  }

  // The rule's own words when it has some.
  std::string filled(const char* key, std::string otherwise) const {
    const auto text = notify::word(rule_, key);
    if (text.empty()) return otherwise;
    return render(text, [this](std::string_view name) { return value(name); });
  }

  const store::OutboxRow& row_;
  const json& object_;
  const Language language_;
  const std::string& link_;
  json rule_ = json::object();
};

}  // namespace

Words words_of(const store::OutboxRow& row, Language language, const std::string& link) {
  const auto object = json::parse(row.payload, nullptr, false);
  if (!object.is_object()) return {"Porchlight", say("damaged", language), link, false};
  return Writer(row, object, language, link).words();
}

}  // namespace porchlight::notify
