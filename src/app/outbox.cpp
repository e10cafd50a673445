// SPDX-License-Identifier: Apache-2.0
// The commands about messages that did not arrive. Looking reads the database beside the daemon; sending
// again is the daemon's, whose lanes hold messages too, and done on the database where no daemon runs.
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "app/audited.hpp"
#include "app/commands.hpp"
#include "app/terminal.hpp"
#include "porchlight/api/control_client.hpp"
#include "porchlight/store/database.hpp"
#include "porchlight/store/outbox.hpp"

namespace porchlight::app {
namespace {

using nlohmann::ordered_json;
using Channels = std::set<std::string>;

Result<std::unique_ptr<store::Database>> open_database(const Settings& settings, store::OpenMode mode) {
  const auto file = settings.database();
  if (!std::filesystem::exists(file))
    return Error(ErrorCode::io, "open '" + file.string() + "': nothing is there; has the daemon run?");
  store::DatabaseOptions options;
  options.mode = mode;
  return store::Database::open(file, options, nullptr);
}

Channels channels_of(const Settings& settings) {
  Channels ids;
  for (const auto& channel : settings.house.notifications.channels) ids.insert(channel.id);
  return ids;
}

std::string place_of(const store::RowKey& key) {
  return key.event_id.text() + ":" + std::to_string(key.sequence);
}

// Without the payload, which may name people.
ordered_json json_of(const store::OutboxRow& row, const Channels& channels) {
  ordered_json object{{"id", row.key.event_id.text()},
                      {"sequence", row.key.sequence},
                      {"channel", row.key.channel_id},
                      {"channel_exists", channels.contains(row.key.channel_id)},
                      {"type", row.type},
                      {"state", to_string(row.state)},
                      {"attempts", row.attempts},
                      {"happened", rfc3339(row.happened)},
                      {"expires", rfc3339(row.expires)},
                      {"settled", nullptr},
                      {"next_attempt", nullptr},
                      {"resent", row.resent},
                      {"receipt", nullptr},
                      {"error", nullptr}};
  if (row.settled) object["settled"] = rfc3339(*row.settled);
  if (row.state == store::DeliveryState::pending) object["next_attempt"] = rfc3339(row.next_attempt);
  if (!row.receipt.empty()) object["receipt"] = row.receipt;
  if (!row.error.empty()) object["error"] = row.error;
  return object;
}

void print(const store::OutboxRow& row, const Channels& channels) {
  const bool exists = channels.contains(row.key.channel_id);
  const auto said = row.receipt.empty() ? row.error : "receipt " + row.receipt;
  std::printf("%s  %s  %s%s  %s  %s  %u attempt%s%s%s\n", place_of(row.key).c_str(),
              rfc3339(row.happened).c_str(), row.key.channel_id.c_str(), exists ? "" : " (no such channel)",
              row.type.c_str(), std::string(to_string(row.state)).c_str(), row.attempts,
              row.attempts == 1 ? "" : "s", said.empty() ? "" : "  ", said.c_str());
}

// ID or ID:SEQUENCE.
bool read_place(const std::string& text, store::OutboxFilter& which) {
  const auto colon = std::min(text.find(':'), text.size());
  which.event_id = event::EventId::parse(text.substr(0, colon));
  if (!which.event_id || colon == text.size()) return which.event_id.has_value();
  std::uint32_t sequence = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + colon + 1, end, sequence);
  which.sequence = sequence;
  return read.ec == std::errc() && read.ptr == end;
}

struct Sent {
  std::uint64_t messages = 0;
  std::uint64_t without_channel = 0;
  bool more = false;
};

std::string query_of(const store::OutboxFilter& which) {
  const auto before =
      std::chrono::duration_cast<std::chrono::milliseconds>(which.settled_by->time_since_epoch());
  auto query = "before=" + std::to_string(before.count());
  if (which.event_id) query += "&event=" + which.event_id->text();
  if (which.sequence) query += "&sequence=" + std::to_string(*which.sequence);
  if (!which.channel_id.empty()) query += "&channel=" + which.channel_id;
  return query;
}

Result<Sent> ask_daemon(const api::ControlClient& daemon, const store::OutboxFilter& which) {
  const auto answer = daemon.resend(query_of(which));
  if (!answer) return answer.error();
  if (!answer->ok())
    return Error(answer->status == 503 ? ErrorCode::timeout : ErrorCode::internal, answer->problem());
  const auto body = nlohmann::json::parse(answer->body);
  return Sent{body["resent"].get<std::uint64_t>(), body["without_channel"].get<std::uint64_t>(),
              body["more"].get<bool>()};
}

Result<Sent> send_without_daemon(const Settings& settings, const store::OutboxFilter& which) {
  auto database = open_database(settings, store::OpenMode::read_write);
  if (!database) return std::move(database).error();
  const SystemClock clock;
  auto log = open_audit_log(settings.house.folder, **database, clock);
  if (!log) return std::move(log).error();
  Sent sent;
  auto status = audited(**log,
                        {store::plain("outbox"), "update", store::plain("sent again: " + query_of(which)),
                         store::AuditResult::begun},
                        [&]() -> Status {
                          auto resent =
                              store::Outbox(**database).resend(which, channels_of(settings), clock.wall());
                          if (!resent) return std::move(resent).error();
                          sent = {resent->rows.size(), resent->without_channel, resent->more};
                          return {};
                        });
  if (!status) return std::move(status).error();
  return sent;
}

bool says_nobody_runs(const Error& error) {
  return error.code() == ErrorCode::not_found || error.code() == ErrorCode::unavailable;
}

// What died before now, part by part; what dies again meanwhile is not tried for ever.
Result<Sent> send_all(const Settings& settings, store::OutboxFilter which) {
  which.settled_by = SystemClock().wall();
  const api::ControlClient daemon(settings.control_socket());
  Sent all;
  for (;;) {
    auto sent = ask_daemon(daemon, which);
    if (!sent && says_nobody_runs(sent.error())) sent = send_without_daemon(settings, which);
    if (!sent) return sent;
    all.messages += sent->messages;
    all.without_channel = sent->without_channel;
    if (!sent->more || sent->messages == 0) return all;
  }
}

}  // namespace

int outbox_list_command(const CommandOptions& options, const OutboxSelection& asked) {
  auto [settings, exit_code] = settings_for(options);
  if (!settings) return exit_code;
  auto database = open_database(*settings, store::OpenMode::read_only);
  if (!database) return complain(database.error());
  store::OutboxFilter which;
  which.channel_id = asked.channel;
  which.state = asked.state == "all"       ? store::OutboxFilter::State::all
                : asked.state == "pending" ? store::OutboxFilter::State::pending
                                           : store::OutboxFilter::State::dead;
  const auto rows = store::Outbox(**database).list(which);
  if (!rows) return complain(rows.error());
  const auto channels = channels_of(*settings);
  auto list = ordered_json::array();
  for (const auto& row : *rows) {
    if (options.json)
      list.push_back(json_of(row, channels));
    else
      print(row, channels);
  }
  if (options.json)
    std::printf("%s\n", list.dump(2, ' ', false, ordered_json::error_handler_t::replace).c_str());
  else if (rows->empty())
    std::printf("nothing\n");
  if (rows->size() == which.limit)
    std::fprintf(stderr, "porchlight: only the newest %zu; --channel narrows it down\n", which.limit);
  return exit_done;
}

int outbox_resend_command(const CommandOptions& options, const OutboxSelection& asked) {
  const int ways = (asked.place.empty() ? 0 : 1) + (asked.channel.empty() ? 0 : 1) + (asked.all_dead ? 1 : 0);
  if (ways != 1) return complain("what? one of: ID[:SEQUENCE], --channel ID, --all-dead", exit_usage);
  store::OutboxFilter which;
  which.channel_id = asked.channel;
  if (!asked.place.empty() && !read_place(asked.place, which))
    return complain("'" + asked.place + "' is no ID[:SEQUENCE]; porchlight outbox list shows them",
                    exit_usage);
  auto [settings, exit_code] = settings_for(options);
  if (!settings) return exit_code;
  const auto sent = send_all(*settings, which);
  if (!sent && sent.error().code() == ErrorCode::timeout)
    return complain(sent.error().text(), exit_unreachable);
  if (!sent) return complain(sent.error());
  if (options.json)
    std::printf(
        "%s\n",
        ordered_json{{"resent", sent->messages}, {"without_channel", sent->without_channel}}.dump().c_str());
  else
    std::printf("sent again: %llu\n", static_cast<unsigned long long>(sent->messages));
  if (sent->without_channel > 0)
    std::fprintf(stderr, "porchlight: %llu more belong to channels that are not configured any more\n",
                 static_cast<unsigned long long>(sent->without_channel));
  const bool named_nothing = !asked.all_dead && sent->messages == 0;
  if (!named_nothing) return exit_done;
  return complain("there is no such dead letter of a configured channel; porchlight outbox list", exit_no);
}

}  // namespace porchlight::app
