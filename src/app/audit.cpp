// SPDX-License-Identifier: Apache-2.0
// The commands about the audit log, and what commands that act leave in it.
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "app/audited.hpp"
#include "app/commands.hpp"
#include "app/terminal.hpp"
#include "porchlight/base/durable_file.hpp"
#include "porchlight/store/audit_verifier.hpp"
#include "porchlight/telemetry/build.hpp"

namespace porchlight::app {
namespace {

using nlohmann::json;

struct Anchors {
  std::vector<store::AuditAnchor> list;
  std::string missing;  // why there are none from the database
};

// Without a database the log can still be verified; only its end is then less well known.
Anchors anchors_of(const Settings& settings) {
  store::DatabaseOptions options;
  options.mode = store::OpenMode::read_only;
  auto database = store::Database::open(settings.database(), options, nullptr);
  if (!database) return {{}, database.error().text()};
  auto anchors = store::read_audit_anchors(**database);
  if (!anchors) return {{}, anchors.error().text()};
  return {std::move(*anchors), ""};
}

// INDEX:HASH, as the journal has it.
std::optional<store::AuditAnchor> anchor_of(const std::string& text) {
  const auto colon = text.find(':');
  store::AuditAnchor anchor{0, colon == std::string::npos ? "" : text.substr(colon + 1), "command line"};
  const auto read = std::from_chars(text.data(), text.data() + std::min(colon, text.size()), anchor.index);
  if (read.ec != std::errc() || read.ptr != text.data() + colon || anchor.hash.size() != 64)
    return std::nullopt;
  return anchor;
}

json json_of(const store::AuditVerdict& verdict, const std::string& missing) {
  json object{{"ok", verdict.ok()},     {"checked", verdict.checked},
              {"keyed", verdict.keyed}, {"key_source", verdict.key_source},
              {"anchor", nullptr},      {"fault", nullptr},
              {"first_bad", nullptr}};
  if (verdict.anchor)
    object["anchor"] = {{"index", verdict.anchor->index}, {"source", verdict.anchor->source}};
  if (!missing.empty()) object["no_database_anchors"] = missing;
  if (verdict.ok()) return object;
  object["fault"] = to_string(*verdict.fault);
  object["first_bad"] = verdict.first_bad;
  object["detail"] = verdict.detail;
  return object;
}

void print(const store::AuditVerdict& verdict, const std::string& missing) {
  const auto checked = static_cast<unsigned long long>(verdict.checked);
  if (verdict.ok())
    std::printf("good: %llu records\n", checked);
  else
    std::printf("BAD: %s at record %llu: %s; %llu records before it are good\n",
                std::string(to_string(*verdict.fault)).c_str(),
                static_cast<unsigned long long>(verdict.first_bad), verdict.detail.c_str(), checked);
  if (verdict.keyed)
    std::printf("key: %s (HMAC-SHA-256)\n", verdict.key_source.c_str());
  else
    std::printf(
        "key: none; plain SHA-256 shows accidents only: whoever can write the log can recompute it\n");
  if (verdict.anchor)
    std::printf("newest anchor: record %llu, from %s\n",
                static_cast<unsigned long long>(verdict.anchor->index), verdict.anchor->source.c_str());
  else
    std::printf("newest anchor: none; an end that was cut off would not show\n");
  if (!missing.empty()) std::printf("no anchors from the database: %s\n", missing.c_str());
}

std::string login_id() {
  const auto text = read_whole_file("/proc/self/loginuid", 64);
  return text && *text != "4294967295" && !text->empty() ? ",login:" + *text : "";
}

}  // namespace

store::AuditActor local_actor() {
  store::AuditActor actor;
  actor.user_id = store::plain("uid:" + std::to_string(::getuid()) + login_id());
  actor.ip_address = store::plain("local");
  actor.user_agent = store::plain("porchlight/" + std::string(telemetry::build_version()));
  return actor;
}

Result<std::unique_ptr<store::AuditLog>> open_audit_log(const std::filesystem::path& folder,
                                                        store::Database& database, const Clock& clock) {
  auto log = store::AuditLog::open(store::AuditOptions{folder}, clock);
  if (!log) return std::move(log).error().context("not done, because it cannot be recorded");
  (*log)->use_database(&database);
  const auto before = database.migrated_from();
  if (!before) return log;
  store::SystemChange change{"database",
                             "schema_migrated",
                             "the database was migrated",
                             std::to_string(*before),
                             std::to_string(store::Database::version()),
                             store::AuditResult::success};
  if (auto status = (*log)->append({std::move(change), local_actor(), {}}, store::Durability::synced);
      !status)
    return std::move(status).error();
  return log;
}

int audit_verify_command(const CommandOptions& options, const AuditVerifyOptions& asked) {
  auto [settings, exit_code] = settings_for(options);
  if (!settings) return exit_code;
  auto anchors = anchors_of(*settings);
  if (!asked.anchor.empty()) {
    auto anchor = anchor_of(asked.anchor);
    if (!anchor)
      return complain("--anchor is INDEX:HASH, as a record 'audit anchor' of the journal has them",
                      exit_usage);
    anchors.list.push_back(std::move(*anchor));
  }
  auto key = store::find_audit_key(settings->house.folder);
  if (!key) return complain(key.error().text(), exit_unreachable);
  const auto verdict = store::verify_audit_log(settings->house.folder, std::move(*key),
                                               std::move(anchors.list), {asked.from, asked.to});
  if (!verdict)
    return complain(verdict.error().text(),
                    verdict.error().code() == ErrorCode::invalid_argument ? exit_usage : exit_unreachable);
  if (options.json)
    std::printf(
        "%s\n",
        json_of(*verdict, anchors.missing).dump(2, ' ', false, json::error_handler_t::replace).c_str());
  else
    print(*verdict, anchors.missing);
  return verdict->ok() ? exit_done : exit_no;
}

int audit_begin_command(const CommandOptions& options) {
  auto [settings, exit_code] = settings_for(options);
  if (!settings) return exit_code;
  auto database = store::Database::open(settings->database(), {}, nullptr);
  if (!database) return complain(database.error());
  const SystemClock clock;
  const auto aside = store::begin_new_audit_log(store::AuditOptions{settings->house.folder}, **database,
                                                local_actor(), clock);
  if (!aside) return complain(aside.error());
  std::printf("a new audit log; the former one is in %s\n", aside->c_str());
  return exit_done;
}

}  // namespace porchlight::app
