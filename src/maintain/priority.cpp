// SPDX-License-Identifier: Apache-2.0
#include "maintain/priority.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>

#include "porchlight/base/durable_file.hpp"
#include "porchlight/maintain/checks.hpp"

namespace porchlight::maintain {
namespace {

constexpr int wanted_nice = -10;
constexpr int best_nice = -20;
constexpr int cap_sys_nice = 23;

// The first word behind `label` at the beginning of a line.
std::string_view word_after(std::string_view text, std::string_view label) {
  for (std::size_t at = text.find(label); at != text.npos; at = text.find(label, at + 1)) {
    if (at > 0 && text[at - 1] != '\n') continue;
    auto rest = text.substr(at + label.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    return rest.substr(0, rest.find_first_of(" \t\n"));
  }
  return {};
}

template <class Number>
std::optional<Number> number_in(std::string_view word, int base) {
  Number value{};
  const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), value, base);
  if (word.empty() || fault != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<int> least_nice(std::string_view limits, std::string_view status) {
  const auto capabilities = number_in<std::uint64_t>(word_after(status, "CapEff:"), 16);
  if (capabilities && (*capabilities >> cap_sys_nice & 1) != 0) return best_nice;
  const auto word = word_after(limits, "Max nice priority");
  if (word == "unlimited") return best_nice;
  // setrlimit(2): the limit n allows nice values down to 20 - n.
  const auto limit = number_in<int>(word, 10);
  return limit ? std::optional(std::clamp(20 - *limit, best_nice, 20)) : std::nullopt;
}

Findings judge_priority(std::optional<int> nice) {
  Findings findings;
  if (!nice)
    findings.skipped("the limits of the daemon cannot be read", run_with_sudo);
  else if (*nice > wanted_nice)
    findings.warning(
        "the daemon may not raise the priority of its button lane (nice " + std::to_string(wanted_nice) + ")",
        "`systemctl edit porchlight`: [Service] LimitNICE=" + std::to_string(wanted_nice) +
            ", then `systemctl restart porchlight`");
  else
    findings.fact("the daemon may raise its button lane to nice " + std::to_string(*nice));
  return findings;
}

Findings check_priority(pid_t daemon) {
  const auto folder = "/proc/" + std::to_string(daemon);
  const auto limits = read_whole_file(folder + "/limits", 65536);
  const auto status = read_whole_file(folder + "/status", 65536);
  return judge_priority(least_nice(limits ? *limits : std::string(), status ? *status : std::string()));
}

}  // namespace porchlight::maintain
