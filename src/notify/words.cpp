// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/words.hpp"

#include <nlohmann/json.hpp>

namespace porchlight::notify {
namespace {

using nlohmann::json;

std::string word(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string who(const json& object, bool german) {
  const auto person = word(object, "person");
  const auto result = word(object, "result");
  if (result == "blacklist_match" || word(object, "kind") == "blacklist_match")
    return (german ? "Gesperrte Person" : "Blacklisted person") + (person.empty() ? "" : ": " + person);
  if (!person.empty()) return person;
  if (result == "known_person") return german ? "Eine bekannte Person" : "A known person";
  if (result == "unknown_person") return german ? "Eine unbekannte Person" : "An unknown person";
  return german ? "Niemand erkannt" : "Nobody recognised";
}

std::string title_of(const std::string& type, const json& object, bool german) {
  if (type == "ring" || type == "ring_update") {
    const std::string rings = german ? "Es klingelt" : "Someone is at the door";
    return word(object, "result").empty() ? rings : rings + ": " + who(object, german);
  }
  if (type == "sighting") return who(object, german);
  if (type == "camera_lost") return german ? "Kamera ausgefallen" : "Camera lost";
  if (type == "camera_back") return german ? "Kamera wieder da" : "Camera back";
  if (type == "security") return german ? "Sicherheitsmeldung" : "Security event";
  if (type == "alert") return word(object, "alert");
  if (type == "reply") return word(object, "by") + (german ? " antwortet" : " replies");
  if (type == "acknowledged") return word(object, "by") + (german ? " kümmert sich" : " sees to it");
  return german ? "Porchlight meldet sich" : "Porchlight";
}

void add_line(std::string& text, const char* name, const std::string& value) {
  if (value.empty()) return;
  if (!text.empty()) text += '\n';
  text += name + (": " + value);
}

}  // namespace

Words words_of(const store::OutboxRow& row, Language language) {
  const bool german = language == Language::german;
  const auto object = json::parse(row.payload, nullptr, false);
  if (!object.is_object())
    return {"Porchlight", german ? "Diese Nachricht ist beschädigt." : "This message is damaged.", "", false};
  Words words;
  words.title = title_of(row.type, object, german);
  words.text = word(object, "text");  // of a reply
  add_line(words.text, german ? "Kamera" : "Camera", word(object, "camera"));
  add_line(words.text, german ? "Störung" : "Fault", word(object, "fault"));
  add_line(words.text, german ? "Art" : "Kind", word(object, "kind"));
  add_line(words.text, german ? "Meldung" : "Summary", word(object, "summary"));
  add_line(words.text, german ? "Zeit" : "Time", word(object, "time"));
  words.critical = row.label == "blacklist_match" || word(object, "severity") == "critical";
  return words;
}

}  // namespace porchlight::notify
