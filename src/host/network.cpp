// SPDX-License-Identifier: Apache-2.0
#include "host/network.hpp"

#include <algorithm>
#include <optional>

#include "host/reading.hpp"

namespace porchlight::host {
namespace {

// Columns of /proc/net/dev behind the interface's name: eight for what is received, then eight for what is
// sent.
enum Column : std::size_t {
  received = 0,
  receive_errors = 2,
  receive_drops = 3,
  sent = 8,
  send_errors = 10,
  send_drops = 11
};

std::optional<std::uint64_t> sum(const std::vector<std::string_view>& words, std::size_t one,
                                 std::size_t other) {
  const auto a = number_at(words, one);
  const auto b = number_at(words, other);
  if (!a || !b || *a > UINT64_MAX - *b) return std::nullopt;
  return *a + *b;
}

std::optional<Traffic> traffic_of(const std::vector<std::string_view>& words) {
  const auto in = number_at(words, received);
  const auto out = number_at(words, sent);
  const auto errors = sum(words, receive_errors, send_errors);
  const auto drops = sum(words, receive_drops, send_drops);
  if (!in || !out || !errors || !drops) return std::nullopt;
  return Traffic{*in, *out, *errors, *drops};
}

}  // namespace

std::map<std::string, Traffic, std::less<>> traffic_in(std::string_view net_dev) {
  std::map<std::string, Traffic, std::less<>> all;
  each_line(net_dev, [&](std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const auto traffic = traffic_of(words_of(line.substr(colon + 1)));
    if (traffic) all.insert_or_assign(std::string(trimmed(line.substr(0, colon))), *traffic);
  });
  return all;
}

std::vector<std::string> physical_interfaces(const std::filesystem::path& root) {
  const auto folder = root / "sys/class/net";
  std::vector<std::string> physical;
  for (auto& name : names_in(folder)) {
    std::error_code failure;
    if (physical.size() < most_of_a_kind && std::filesystem::exists(folder / name / "device", failure))
      physical.push_back(std::move(name));
  }
  return physical;
}

void Network::sample(const std::filesystem::path& root, telemetry::Samples& samples) {
  const auto physical = physical_interfaces(root);
  const auto traffic = physical.empty() ? std::map<std::string, Traffic, std::less<>>()
                                        : traffic_in(text_of(root / "proc/self/net/dev"));
  counters_.begin();
  for (const auto& name : physical) {
    const auto found = traffic.find(name);
    if (found == traffic.end()) continue;
    const auto add = [&](std::string_view family, std::uint64_t count) {
      samples.push_back({family,
                         {{"interface", label_text(name)}},
                         counters_.advance(name + ' ' + std::string(family), count)});
    };
    add("network_bytes_received_total", found->second.received_bytes);
    add("network_bytes_sent_total", found->second.sent_bytes);
    add("network_errors_total", found->second.errors);
    add("network_drops_total", found->second.drops);
  }
  counters_.end();
}

}  // namespace porchlight::host
