// SPDX-License-Identifier: Apache-2.0
// `notify dry-run` and `notify test`: what the rules would do, and whether a channel works.
#include <algorithm>
#include <cstdio>
#include <iostream>

#include "app/channel_keys.hpp"
#include "app/channel_trial.hpp"
#include "app/commands.hpp"
#include "app/event_words.hpp"
#include "app/moment.hpp"
#include "app/terminal.hpp"
#include "porchlight/notify/dry_run.hpp"

namespace porchlight::app {
namespace {

// What the daemon would refuse is not decided by; a secret that only the service sees decides nothing.
SettingsOrExit settings_to_decide_by(const CommandOptions& options) {
  config::Faults faults;
  auto settings = read_settings(options.config, faults);
  if (!settings) return {std::nullopt, complain(settings.error().text(), exit_unreachable)};
  bool good = true;
  for (const auto& fault : faults.all()) {
    if (fault.tolerable || config::is_hidden_credential(fault)) continue;
    std::fprintf(stderr, "%s\n", fault.text().c_str());
    good = false;
  }
  if (!good) return {std::nullopt, exit_usage};
  return {std::move(*settings), exit_done};
}

Result<event::Event> event_of(const std::vector<std::string>& words, WallTime at,
                              const pipeline::Options& house) {
  if (words.size() == 1 && words.front().starts_with('{'))
    return event::from_json(words.front(), header_at(at));
  return event_of_words(words, at, house);
}

// Gives whether somebody is told.
Result<bool> show(notify::DryRun& run, const Result<event::Event>& event, bool as_json) {
  if (!event) return event.error();
  const auto outcome = run.tell(*event);
  if (!outcome) return outcome.error();
  const auto text = as_json ? run.json_of(*outcome) + '\n' : run.text_of(*outcome);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return !outcome->told.empty();
}

int show_stream(notify::DryRun& run, WallTime at, bool as_json) {
  bool told = false;
  std::string line;
  for (std::size_t number = 1; std::getline(std::cin, line); ++number) {
    if (line.empty()) continue;
    const auto shown = show(run, event::from_json(line, header_at(at)), as_json);
    if (!shown) return complain("line " + std::to_string(number) + ": " + shown.error().text(), exit_usage);
    told = told || *shown;
  }
  return told ? exit_done : exit_no;
}

// A secret of this channel that only the service sees, or nothing.
const config::Fault* hidden_from(const std::vector<config::Fault>& faults, const ChannelKeys& keys) {
  const auto found = std::find_if(faults.begin(), faults.end(), [&](const auto& fault) {
    return config::is_hidden_credential(fault) && fault.message.starts_with(keys.entry);
  });
  return found == faults.end() ? nullptr : &*found;
}

}  // namespace

int notify_dry_run_command(const CommandOptions& options, const std::vector<std::string>& words,
                           const std::string& at) {
  const SystemClock clock;
  const auto when = at.empty() ? std::optional(clock.wall()) : parse_moment(at, clock.wall());
  if (!when)
    return complain("--at '" + at + "' is no time: 2026-03-29T02:30:00Z, '2026-03-29 02:30', 22:30 or -2h",
                    exit_usage);
  auto [settings, exit_code] = settings_to_decide_by(options);
  if (!settings) return exit_code;
  notify::DryRun run(settings->house.notifications);
  if (words.size() == 1 && words.front() == "-") return show_stream(run, *when, options.json);
  const auto told = show(run, event_of(words, *when, settings->house), options.json);
  if (!told) return complain(told.error().text(), exit_usage);
  return *told ? exit_done : exit_no;
}

int notify_test_command(const CommandOptions& options, const std::string& id) {
  config::Faults faults;
  auto settings = read_settings(options.config, faults);
  if (!settings) return complain(settings.error().text(), exit_unreachable);
  for (const auto& fault : faults.all())
    if (!fault.tolerable && !config::is_hidden_credential(fault)) return complain(fault.text(), exit_usage);
  const auto& channels = settings->house.notifications.channels;
  const auto channel =
      std::find_if(channels.begin(), channels.end(), [&](const auto& one) { return one.id == id; });
  if (channel == channels.end()) {
    std::vector<std::string> ids;
    for (const auto& one : channels) ids.push_back(one.id);
    return complain("no channel '" + id + "'" + among(ids, id), exit_usage);
  }
  const auto keys = keys_of(*settings, static_cast<std::size_t>(channel - channels.begin()));
  const auto* hidden = hidden_from(faults.all(), keys);
  if (hidden != nullptr) return complain(hidden->text(), exit_unreachable);
  return try_channel(*channel, test_ring(), id, options.json);
}

}  // namespace porchlight::app
