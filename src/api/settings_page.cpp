// SPDX-License-Identifier: Apache-2.0
#include "porchlight/api/settings_page.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>

#include "api/settings_text.hpp"

namespace porchlight::api {
namespace {

using config::Raw;
using nlohmann::ordered_json;

constexpr std::string_view head =
    "# Written by the settings page of Porchlight, anew with each change there. Change it there; what is "
    "yours\n"
    "# belongs into another file of this folder, or into the main file.\n";
constexpr std::array<std::string_view, 4> section_words{"cameras", "buttons", "channels", "rules"};
constexpr std::array<std::string_view, 6> channel_secrets{"token",       "password", "secret",
                                                          "routing_key", "headers",  "command"};

bool is_of_notifications(std::string_view section) {
  return section == "channels" || section == "rules";
}

// The list of a section; null: there is none.
const Raw* list_of(const Raw& root, std::string_view section) {
  const auto* parent = is_of_notifications(section) ? root.find("notifications") : &root;
  const auto* list = parent == nullptr ? nullptr : parent->find(section);
  return list != nullptr && list->kind == Raw::Kind::list ? list : nullptr;
}

std::string text_at(const Raw& entry, std::string_view key) {
  const auto* value = entry.find(key);
  return value == nullptr ? std::string() : value->text;
}

bool hides(std::string_view section, const Raw& entry, std::string_view key) {
  return is_secret_key(section, text_at(entry, "type"), key);
}

// `porchlight.yaml`, or `config.d/…`.
std::string origin_of(const std::string& file) {
  const std::filesystem::path path(file);
  const auto folder = path.parent_path().filename();
  return folder == "config.d" ? (folder / path.filename()).string() : path.filename().string();
}

ordered_json entry_json(std::string_view section, const Raw& entry, const SettingsTrees& trees) {
  const auto id = text_at(entry, "id");
  auto secrets = ordered_json::array();
  for (const auto& [key, value] : entry.entries)
    if (hides(section, entry, key) && value.kind != Raw::Kind::nothing) secrets.push_back(key);
  const auto* base = id.empty() ? &entry : find_entry(trees.others, section, id);
  const auto* own = id.empty() ? nullptr : find_entry(trees.own, section, id);
  return {{"id", id},
          {"value", shown_entry(section, entry)},
          {"secret", std::move(secrets)},
          {"origin", origin_of((base != nullptr ? *base : entry).file)},
          {"removable", own != nullptr && base == nullptr}};
}

// The page's file as it is written: per section its entries, each an object with its id.
using Page = std::map<std::string_view, std::vector<ordered_json>>;

Page page_of(const Raw& own) {
  Page page;
  for (const auto section : section_words)
    if (const auto* list = list_of(own, section))
      for (const auto& item : list->items)
        if (item.kind == Raw::Kind::mapping) page[section].push_back(stored_json(item));
  return page;
}

std::string list_text(std::string_view section, const std::vector<ordered_json>& entries,
                      const std::string& indent) {
  auto text = indent + std::string(section) + ":\n";
  for (const auto& entry : entries) {
    bool first = true;
    for (const auto& [key, value] : entry.items()) {
      text += indent + (first ? "  - " : "    ") + yaml_key(key) + ": " + yaml_of(value) + '\n';
      first = false;
    }
  }
  return text;
}

std::string text_of(const Page& page) {
  std::string text(head), inner;
  for (const auto section : section_words) {
    const auto found = page.find(section);
    if (found == page.end() || found->second.empty()) continue;
    const bool nested = is_of_notifications(section);
    (nested ? inner : text) += list_text(section, found->second, nested ? "  " : "");
  }
  return inner.empty() ? text : text + "notifications:\n" + inner;
}

std::vector<ordered_json>::iterator find_in(std::vector<ordered_json>& entries, const std::string& id) {
  return std::find_if(entries.begin(), entries.end(),
                      [&](const auto& entry) { return entry.value("id", ordered_json()) == id; });
}

SettingsPlan refuse(SettingsOutcome::Kind kind, std::string detail, std::vector<KeyFault> faults = {}) {
  SettingsPlan plan;
  plan.refused = {kind, std::move(detail), std::move(faults)};
  return plan;
}

// One change of one entry, key by key.
class Change {
 public:
  Change(const SettingsTrees& trees, const SettingsChange& change)
      : section_(change.section),
        now_(find_entry(trees.all, change.section, change.id)),
        base_(find_entry(trees.others, change.section, change.id)),
        own_(find_entry(trees.own, change.section, change.id)),
        given_(ordered_json::parse(change.keys.value_or("{}"), nullptr, false)) {
    entry_["id"] = change.id;
    if (now_ != nullptr) shown_ = shown_entry(section_, *now_);
    type_ = given_.is_object() && given_.contains("type") && given_["type"].is_string()
                ? given_["type"].get<std::string>()
            : now_ == nullptr ? ""
                              : text_at(*now_, "type");
  }

  std::vector<KeyFault> faults() && { return std::move(faults_); }
  const ordered_json& entry() const { return entry_; }

  bool make() {
    for (const auto& [key, value] : given_.items()) take(key, value);
    keep_secrets();
    stay_at_home();
    return faults_.empty();
  }

 private:
  bool is_secret(std::string_view key) const { return is_secret_key(section_, type_, key); }
  void fault(std::string key, std::string message) {
    faults_.push_back({std::move(key), std::move(message)});
  }

  void take(const std::string& key, const ordered_json& value) {
    if (key == "id") {
      if (value != entry_["id"]) fault(key, "is not that of the address");
    } else if (value.is_null()) {
      if (base_ != nullptr && base_->find(key) != nullptr)
        fault(key, "stands in " + origin_of(base_->find(key)->file) + ", and is taken away there");
    } else if (!is_secret(key) && shown_.contains(key) && shown_[key] == value) {
      keep(key);
    } else if (key == "type" && base_ != nullptr) {
      // Which keys are secrets hangs on it, also of those that stand there.
      fault(key, "stands in " + origin_of(base_->file) + ", and is changed there");
    } else if (auto wrong = unwritable(value); !wrong.empty()) {
      fault(key, std::move(wrong));
    } else if (value.dump().find(masked_text) != std::string::npos) {
      fault(key, "is given as a whole: what '[redacted]' stood for is not known to the page");
    } else if (!goes_back(key, value)) {
      entry_[key] = escaped(value);
    }
  }

  void keep(const std::string& key) {
    if (own_ != nullptr)
      if (const auto* value = own_->find(key)) entry_[key] = stored_json(*value);
  }

  // To what another file says; then nothing of it stands in the page's.
  bool goes_back(const std::string& key, const ordered_json& value) const {
    if (base_ == nullptr || is_secret(key)) return false;
    const auto* before = base_->find(key);
    return before != nullptr && shown_json(*before) == value;
  }

  void keep_secrets() {
    if (now_ == nullptr) return;
    for (const auto& [key, value] : now_->entries) {
      if (!is_secret(key) || given_.contains(key)) continue;
      keep(key);
      kept_.push_back(key);
    }
  }

  // What is kept secret goes to whom it was given for, and to nobody else.
  void stay_at_home() {
    if (kept_.empty()) return;
    const auto again = ": give '" + kept_.front() + "' again, too";
    if (type_ != text_at(*now_, "type")) return fault("type", "is another service than before" + again);
    const auto before = addresses(*now_), after = addresses_to_be();
    std::set<std::string> known;
    for (const auto& [key, address] : before) known.insert(address);
    for (const auto& [key, address] : after)
      if (!known.contains(address)) fault(key, "is at another host than before" + again);
    // A camera without one of its addresses is asked at the other; a service is asked where all the world's
    // is.
    for (const auto& [key, address] : before)
      if (section_ != "cameras" && !after.contains(key))
        fault(key, "was at a host of its own before" + again);
    if (text_to_be("tls_verify") == "false" && text_at(*now_, "tls_verify") != "false")
      fault("tls_verify", "believes any host" + again);
    if (const auto file = text_to_be("ca_file"); !file.empty() && file != text_at(*now_, "ca_file"))
      fault("ca_file", "believes other hosts than before" + again);
  }

  using Addresses = std::map<std::string, std::string>;  // scheme and host, by key
  static void note_address(Addresses& all, const std::string& key, std::string_view text) {
    all.erase(key);
    if (auto origin = origin_of_address(text); !origin.empty()) all[key] = std::move(origin);
  }

  static Addresses addresses(const Raw& entry) {
    Addresses all;
    for (const auto& [key, value] : entry.entries) note_address(all, key, value.text);
    return all;
  }

  Addresses addresses_to_be() const {
    auto all = base_ == nullptr ? Addresses() : addresses(*base_);
    for (const auto& [key, value] : entry_.items())
      note_address(all, key, value.is_string() ? value.get<std::string>() : std::string());
    return all;
  }

  std::string text_to_be(const char* key) const {
    if (!entry_.contains(key)) return base_ == nullptr ? std::string() : text_at(*base_, key);
    return entry_[key].is_string() ? entry_[key].get<std::string>() : entry_[key].dump();
  }

  const std::string section_;
  const Raw* const now_;
  const Raw* const base_;
  const Raw* const own_;
  const ordered_json given_;
  ordered_json entry_ = ordered_json::object();
  ordered_json shown_ = ordered_json::object();
  std::string type_;
  std::vector<std::string> kept_;  // secrets
  std::vector<KeyFault> faults_;
};

SettingsPlan plan_removal(const SettingsTrees& trees, const SettingsChange& change, Page& page) {
  using Kind = SettingsOutcome::Kind;
  if (find_entry(trees.all, change.section, change.id) == nullptr &&
      find_entry(trees.own, change.section, change.id) == nullptr)
    return refuse(Kind::not_found, "there is no '" + change.id + "' among the " + change.section);
  if (const auto* base = find_entry(trees.others, change.section, change.id))
    return refuse(Kind::conflict, "'" + change.id + "' stands in " + origin_of(base->file) +
                                      ", which this page does not write; it is taken away there");
  auto& entries = page[*std::find(section_words.begin(), section_words.end(), change.section)];
  if (const auto found = find_in(entries, change.id); found != entries.end()) entries.erase(found);
  SettingsPlan plan;
  plan.text = text_of(page);
  return plan;
}

}  // namespace

bool is_settings_section(std::string_view word) noexcept {
  return std::find(section_words.begin(), section_words.end(), word) != section_words.end();
}

bool is_secret_key(std::string_view section, std::string_view type, std::string_view key) {
  if (section == "cameras") return key == "password";
  if (section != "channels") return false;
  // Whoever knows the address of a Slack hook may write there.
  if (type == "slack" && key == "url") return true;
  return std::find(channel_secrets.begin(), channel_secrets.end(), key) != channel_secrets.end();
}

const Raw* find_entry(const Raw& root, std::string_view section, std::string_view id) {
  const auto* list = list_of(root, section);
  if (list == nullptr) return nullptr;
  const auto found = std::find_if(list->items.begin(), list->items.end(),
                                  [&](const Raw& item) { return text_at(item, "id") == id; });
  return found == list->items.end() ? nullptr : &*found;
}

ordered_json shown_entry(std::string_view section, const Raw& entry) {
  auto object = ordered_json::object();
  for (const auto& [key, value] : entry.entries)
    if (key != "id" && !hides(section, entry, key)) object[key] = shown_json(value);
  return object;
}

ordered_json shown_sections(const SettingsTrees& trees) {
  auto sections = ordered_json::object();
  for (const auto section : section_words) {
    auto entries = ordered_json::array();
    if (const auto* list = list_of(trees.all, section))
      for (const auto& item : list->items) entries.push_back(entry_json(section, item, trees));
    sections[section] = std::move(entries);
  }
  return sections;
}

ordered_json stored_sections(const Raw& root) {
  auto sections = ordered_json::object();
  for (const auto section : section_words)
    if (const auto* list = list_of(root, section)) sections[section] = stored_json(*list);
  return sections;
}

bool has_usual_rules(const Raw& root) {
  const auto* notifications = root.find("notifications");
  return notifications == nullptr || notifications->find("rules") == nullptr;
}

std::string not_the_pages_own(std::string_view text, const Raw& own) {
  if (text.empty()) return {};
  const auto first_line = head.substr(0, head.find('\n'));
  if (!text.starts_with(first_line)) return "it was written by hand: give it another name in that folder";
  for (const auto section : section_words)
    if (const auto* list = list_of(own, section))
      for (const auto& item : list->items)
        if (text_at(item, "id").empty()) return "an entry without an id was written into it by hand";
  for (const auto& [key, value] : own.entries)
    if (key != "cameras" && key != "buttons" && key != "notifications")
      return "'" + key + "' was written into it by hand: move it into another file of that folder";
  if (const auto* notifications = own.find("notifications"))
    for (const auto& [key, value] : notifications->entries)
      if (!is_of_notifications(key))
        return "'notifications." + key + "' was written into it by hand: move it into another file";
  return {};
}

SettingsPlan plan_settings(const SettingsTrees& trees, const SettingsChange& change) {
  auto page = page_of(trees.own);
  if (!change.keys) return plan_removal(trees, change, page);
  Change made(trees, change);
  if (!made.make())
    return refuse(SettingsOutcome::Kind::faulty, "the settings have faults, nothing was changed",
                  std::move(made).faults());
  auto& entries = page[*std::find(section_words.begin(), section_words.end(), change.section)];
  const auto place = find_in(entries, change.id);
  const bool says_nothing = made.entry().size() == 1 && find_entry(trees.others, change.section, change.id);
  if (says_nothing && place != entries.end())
    entries.erase(place);
  else if (!says_nothing && place != entries.end())
    *place = made.entry();
  else if (!says_nothing)
    entries.push_back(made.entry());
  SettingsPlan plan;
  plan.text = text_of(page);
  return plan;
}

std::vector<KeyFault> overruled(const SettingsTrees& before, const Raw& all, const SettingsChange& change) {
  std::vector<KeyFault> faults;
  const auto* entry = find_entry(all, change.section, change.id);
  if (entry == nullptr || !change.keys) return faults;
  const auto* now = find_entry(before.all, change.section, change.id);
  const auto was = now == nullptr ? ordered_json::object() : shown_entry(change.section, *now);
  const auto is = shown_entry(change.section, *entry);
  const auto given = ordered_json::parse(*change.keys);
  for (const auto& [key, value] : given.items()) {
    if (value.is_null() || key == "id" || (was.contains(key) && was[key] == value)) continue;
    const auto* holds = entry->find(key);
    if (holds == nullptr) continue;
    const bool secret = hides(change.section, *entry, key);
    if (secret ? stored_json(*holds) == escaped(value) : is[key] == masked(value)) continue;
    faults.push_back({key, "also stands in " + origin_of(holds->file) + ", and what is there holds"});
  }
  return faults;
}

std::vector<KeyFault> key_faults(const std::vector<config::Fault>& faults, const Raw& all,
                                 std::string_view section, std::string_view id) {
  std::string prefix =
      std::string(is_of_notifications(section) ? "notifications." : "") + std::string(section) + '[';
  if (const auto* list = list_of(all, section))
    for (std::size_t i = 0; i < list->items.size(); ++i)
      if (text_at(list->items[i], "id") == id) {
        prefix += std::to_string(i) + ']';
        break;
      }
  std::vector<KeyFault> named;
  for (const auto& fault : faults) {
    if (fault.tolerable) continue;
    const auto end = fault.message.find(": ");
    const auto path = fault.message.substr(0, end);
    if (prefix.ends_with(']') && end != std::string::npos && path.starts_with(prefix))
      named.push_back({path.size() > prefix.size() ? path.substr(prefix.size() + 1) : std::string(),
                       fault.message.substr(end + 2)});
    else
      named.push_back({"", origin_of(fault.file) + ':' + std::to_string(fault.line) + ": " + fault.message});
  }
  return named;
}

TrialText trial_text(const ordered_json& keys) {
  TrialText trial;
  ordered_json entry{{"id", "trial"}};
  for (const auto& [key, value] : keys.items()) {
    if (key == "id" || value.is_null()) continue;
    if (auto wrong = unwritable(value); !wrong.empty()) trial.faults.push_back({key, std::move(wrong)});
    entry[key] = escaped(value);
  }
  trial.yaml = list_text("cameras", {entry}, "");
  return trial;
}

std::string origin_of_address(std::string_view address) {
  const auto start = address.find("://");
  if (start == std::string_view::npos) return {};
  auto rest = address.substr(start + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) rest.remove_prefix(at + 1);
  std::string origin(address.substr(0, start + 3));
  origin += rest;
  std::transform(origin.begin(), origin.end(), origin.begin(),
                 [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  return origin;
}

}  // namespace porchlight::api
