// SPDX-License-Identifier: Apache-2.0
#include "app/settings_desk.hpp"

#include <unistd.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "app/accounts_audit.hpp"
#include "app/settings_trials.hpp"
#include "porchlight/base/durable_file.hpp"

namespace porchlight::app {
namespace {

using api::SettingsChange;
using api::SettingsOutcome;
using Kind = SettingsOutcome::Kind;

constexpr std::size_t most_bytes = 1024 * 1024;
constexpr const char* nothing_changed = "the settings have faults, nothing was changed";
constexpr const char* changed_since = "the settings were changed since you read them; read them again";
constexpr const char* first_rule =
    "until now every channel was told of rings, blacklisted persons and security, because there was no rule; "
    "from now on your rules alone say who is told";
constexpr const char* last_rule =
    "that was the last rule; from now on every channel is told of rings, blacklisted persons and security";

Error busy() {
  return {ErrorCode::resource, "too many changes wait at this moment"};
}

// Below the folder that the main file names as it is now, which is where a reload looks.
Result<std::filesystem::path> page_file(const std::filesystem::path& main) {
  config::Faults faults;
  auto document = config::Document::load(main, faults);
  if (!document) return std::move(document).error();
  const std::filesystem::path folder = document->root().section("storage").text("path", packaged_storage);
  return folder / config_folder / config::page_file_name;
}

Result<config::Raw> tree_of(const std::filesystem::path& main, const config::Stand& stand) {
  config::Faults faults;
  auto document = read_document(main, faults, &stand);
  if (!document) return std::move(document).error();
  return document->raw();
}

// Whether the file could be replaced, which is the folder's to allow.
bool is_writable(const std::filesystem::path& page) {
  std::error_code failure;
  auto folder = page.parent_path();
  if (!std::filesystem::exists(folder, failure)) folder = folder.parent_path();
  return ::access(folder.c_str(), W_OK) == 0;
}

Status write_page(const std::filesystem::path& page, const std::string& text) {
  std::error_code failure;
  if (std::filesystem::create_directories(page.parent_path(), failure); failure)
    return errno_error(failure.value(), "create '" + page.parent_path().string() + "'");
  // Passwords stand in it: nobody's but the service's own.
  return write_durably(page, std::as_bytes(std::span(text)), 0600);
}

std::vector<api::KeyFault> faults_of(const api::ReloadReport& report) {
  std::vector<api::KeyFault> faults;
  for (const auto& fault : report.faults) faults.push_back({"", fault});
  return faults;
}

}  // namespace

struct SettingsDesk::Files {
  std::filesystem::path page;
  std::optional<std::string> text;  // of the page's file; nothing: there is none
  api::SettingsTrees trees;
  std::string not_ours;  // why the page's file is not for the page to write
};

Result<SettingsDesk::Files> SettingsDesk::read(const std::string* page_text) const {
  Files files;
  auto page = page_file(house_.file);
  if (!page) return std::move(page).error();
  files.page = std::move(*page);
  auto text =
      page_text != nullptr ? Result<std::string>(*page_text) : read_whole_file(files.page, most_bytes);
  if (text)
    files.text = std::move(*text);
  else if (text.error().code() != ErrorCode::not_found)
    return std::move(text).error();
  // The page's file is read once, so that the trees agree on what it says.
  auto all = tree_of(house_.file, {config::page_file_name, files.text});
  if (!all) return std::move(all).error();
  auto others = tree_of(house_.file, {config::page_file_name, std::nullopt});
  if (!others) return std::move(others).error();
  config::Faults faults;
  const auto own = config::Document::parse(files.text.value_or(""), files.page.string(), faults);
  files.trees = {std::move(*all), std::move(*others), own.raw()};
  files.not_ours = api::not_the_pages_own(files.text.value_or(""), files.trees.own);
  if (files.not_ours.empty() && !faults.empty()) files.not_ours = faults.all().front().text();
  return files;
}

api::SettingsShown SettingsDesk::shown(const Files& files) const {
  nlohmann::ordered_json shown{
      {"sections", api::shown_sections(files.trees)},
      {"rules_usual", api::has_usual_rules(files.trees.all)},
  };
  auto revision = revisions_.of(shown, files.trees.all);
  shown["file"] = files.page.string();
  shown["writable"] = files.not_ours.empty() && is_writable(files.page);
  shown["revision"] = revision;
  return {shown.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace), std::move(revision)};
}

Result<api::SettingsShown> SettingsDesk::show() const {
  const auto files = read();
  if (!files) return files.error();
  return shown(*files);
}

SettingsOutcome SettingsDesk::change(const SettingsChange& wanted) const {
  const auto files = read();
  if (!files) return {Kind::unavailable, files.error().text()};
  if (!api::lets_change(wanted.if_match, shown(*files).revision)) return {Kind::stale, changed_since};
  if (!files->not_ours.empty())
    return {Kind::conflict, "'" + files->page.string() + "' is not the page's to write: " + files->not_ours};
  auto plan = api::plan_settings(files->trees, wanted);
  if (!plan.text) return std::move(plan.refused);
  const auto after = read(&*plan.text);
  if (!after) return {Kind::unavailable, after.error().text()};
  if (auto no = refused(*files, *after, wanted)) return std::move(*no);
  auto outcome = write(*files, *plan.text, wanted);
  if (outcome.kind != Kind::applied) return outcome;
  const bool usual_before = api::has_usual_rules(files->trees.all);
  if (usual_before != api::has_usual_rules(after->trees.all))
    outcome.warnings.emplace_back(usual_before ? first_rule : last_rule);
  // Not of the files as they lie by now: what somebody wrote meanwhile, whoever asked has not seen (but for
  // what was written between the two readings above).
  outcome.revision = shown(*after).revision;
  return outcome;
}

// The whole configuration with the new text, read by what a reload reads it with.
std::optional<SettingsOutcome> SettingsDesk::refused(const Files& before, const Files& after,
                                                     const SettingsChange& wanted) const {
  config::Faults faults;
  const config::Stand stand{config::page_file_name, after.text};
  const auto settings = read_settings(house_.file, faults, &stand);
  if (!settings) return SettingsOutcome{Kind::unavailable, settings.error().text()};
  if (!faults.all_tolerable()) {
    const auto removal = !wanted.keys;
    return SettingsOutcome{
        removal ? Kind::conflict : Kind::faulty,
        removal ? "without it the configuration has faults, nothing was changed" : nothing_changed,
        api::key_faults(faults.all(), after.trees.all, wanted.section, wanted.id)};
  }
  auto overruled = api::overruled(before.trees, after.trees.all, wanted);
  if (overruled.empty()) return std::nullopt;
  return SettingsOutcome{Kind::conflict, "another file has the last word, nothing was changed",
                         std::move(overruled)};
}

SettingsOutcome SettingsDesk::write(const Files& files, const std::string& text,
                                    const SettingsChange& wanted) const {
  const auto asker = audit_entry(wanted.record).actor;
  const auto record = [&](std::optional<bool> done) {
    auto entry = wanted.record;
    entry.done = done;
    return house_.record(audit_entry(entry));
  };
  if (auto status = record(std::nullopt); !status)
    return {Kind::unavailable, "the audit trail cannot be written, so nothing was changed"};
  if (auto status = write_page(files.page, text); !status) {
    static_cast<void>(record(false));
    return {Kind::conflict, status.error().text()};
  }
  auto report = house_.reload(asker);
  if (!report.faults.empty()) {
    static_cast<void>(record(false));
    return put_back(files, std::move(report), asker);
  }
  static_cast<void>(record(true));
  SettingsOutcome outcome;
  outcome.applied = std::move(report.applied);
  outcome.restarted = std::move(report.restarted);
  outcome.needs_restart = std::move(report.needs_restart);
  outcome.warnings = std::move(report.warnings);
  return outcome;
}

// What runs and what stands in the file are to be the same, also where a worker did not let go.
SettingsOutcome SettingsDesk::put_back(const Files& files, api::ReloadReport report,
                                       const store::AuditActor& asker) const {
  auto faults = faults_of(report);
  std::error_code failure;
  const auto status = files.text ? write_page(files.page, *files.text)
                      : std::filesystem::remove(files.page, failure) || !failure
                          ? Status()
                          : Status(errno_error(failure.value(), "remove '" + files.page.string() + "'"));
  if (!status) faults.push_back({"", status.error().text()});
  static_cast<void>(house_.reload(asker));
  return {Kind::unavailable, "the change could not be applied, the old settings are back", std::move(faults)};
}

api::SettingsPorts SettingsDesk::ports() {
  api::SettingsPorts ports;
  ports.show = [this](const auto& answer) {
    if (!house_.on_main([this, answer] { answer(show()); })) answer(busy());
  };
  ports.change = [this](const SettingsChange& wanted, const auto& answer) {
    if (!house_.on_main([this, wanted, answer] { answer(change(wanted)); })) answer(busy());
  };
  add_trials(ports, {house_.on_main, house_.running, house_.record, *house_.trials});
  return ports;
}

}  // namespace porchlight::app
