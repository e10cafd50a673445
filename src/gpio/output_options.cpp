// SPDX-License-Identifier: Apache-2.0
#include "porchlight/gpio/output_options.hpp"

#include <array>
#include <map>
#include <set>
#include <tuple>

namespace porchlight::gpio {
namespace {

using namespace std::chrono_literals;
using config::Section;

constexpr std::array<std::string_view, 9> cause_words{"ring",  "idle",  "processing", "known", "unknown",
                                                      "alert", "error", "off",        "door"};
constexpr auto chime_pulse = 500ms;
constexpr auto door_pulse = 3s;
constexpr auto shortest_pulse = 10ms;
constexpr auto longest_pulse = 30s;  // a coil that is left on burns

OutputCause cause_of(std::string_view word) {
  for (std::size_t i = 0; i < cause_words.size(); ++i)
    if (word == cause_words[i]) return static_cast<OutputCause>(i);
  return OutputCause::ring;
}

void read_door(Section& entry, OutputOptions& output) {
  output.cause = OutputCause::door;
  auto door = entry.section("door");
  if (door.choice("role", "admin", {"admin", "user"}) == "user") output.role = DoorRole::user;
  if (entry.has("on")) entry.fault("on", "a door is opened by a person only, remove this key (or door)");
  if (entry.has("quiet")) entry.fault("quiet", "a door has no quiet hours, remove this key");
  (void)entry.text("on", "");  // asked for, so that it is not called unknown too
}

void read_cause(Section& entry, OutputOptions& output) {
  if (!entry.has("on"))
    return entry.fault("on", "an output needs what switches it on, or door: {role: admin}");
  output.cause = cause_of(entry.choice(
      "on", "ring", {"ring", "idle", "processing", "known", "unknown", "alert", "error", "off"}));
}

void read_pulse(Section& entry, OutputOptions& output) {
  if (output.is_door())
    output.pulse = entry.duration("pulse", door_pulse, shortest_pulse, longest_pulse);
  else if (output.cause == OutputCause::ring || output.cause == OutputCause::off || entry.has("pulse"))
    output.pulse = entry.duration("pulse", chime_pulse, shortest_pulse, longest_pulse);
}

void read_quiet(Section& entry, OutputOptions& output, const HoursReader& hours) {
  output.quiet =
      entry.is_scalar("quiet") ? std::vector<std::string>{entry.text("quiet", "")} : entry.text_list("quiet");
  if (output.quiet.empty() || !hours) return;
  auto meaning = hours(output.quiet);
  if (meaning)
    output.is_quiet = std::move(*meaning);
  else
    entry.fault("quiet", meaning.error().text());
}

OutputOptions read_output(Section& entry, const HoursReader& hours) {
  OutputOptions output;
  output.id = entry.required_id("id");
  output.name = entry.text("name", output.id);
  output.chip = entry.text("chip", output.chip);
  output.line = entry.text("line", "");
  output.active_low = entry.boolean("active_low", output.active_low);
  output.enabled = entry.boolean("enabled", output.enabled);
  if (entry.choice("backend", "auto", {"auto", "uapi"}) == "uapi") output.backend = Backend::uapi;
  if (output.line.empty()) entry.fault("line", "an output needs its line, as a number or a name");
  if (output.chip.empty()) entry.fault("chip", "must not be empty, auto finds the chip");
  if (entry.has("door"))
    read_door(entry, output);
  else
    read_cause(entry, output);
  read_pulse(entry, output);
  read_quiet(entry, output, hours);
  return output;
}

// Two that ask for one line are refused here where their words agree; where only the chips can tell, the
// kernel refuses the second at run time and the doctor says so.
class Lines {
 public:
  explicit Lines(const std::vector<ButtonOptions>& buttons) {
    for (const auto& button : buttons)
      if (button.enabled && button.kind == ButtonKind::gpio)
        taken_.emplace(std::pair(button.chip, button.line), "button '" + button.id + "'");
  }
  void take(Section& entry, const OutputOptions& output) {
    if (!output.enabled || output.line.empty()) return;
    const auto [taken, is_free] =
        taken_.emplace(std::pair(output.chip, output.line), "output '" + output.id + "'");
    if (!is_free) entry.fault("line", taken->second + " has this line already");
  }

 private:
  std::map<std::pair<std::string, std::string>, std::string> taken_;
};

}  // namespace

std::string_view to_string(OutputCause cause) noexcept {
  return cause_words[static_cast<std::size_t>(cause)];
}

bool OutputOptions::operator==(const OutputOptions& other) const {
  const auto all = [](const OutputOptions& o) {
    return std::tie(o.id, o.name, o.chip, o.line, o.active_low, o.cause, o.pulse, o.role, o.quiet, o.backend,
                    o.enabled);
  };
  return all(*this) == all(other);
}

std::vector<OutputOptions> read_outputs(Section& root, const std::vector<ButtonOptions>& buttons,
                                        const HoursReader& hours) {
  std::vector<OutputOptions> outputs;
  std::set<std::string> ids;
  Lines lines(buttons);
  for (auto& entry : root.list("outputs")) {
    auto output = read_output(entry, hours);
    if (!output.id.empty() && !ids.insert(output.id).second)
      entry.fault("id", "two outputs have the id '" + output.id + "'");
    lines.take(entry, output);
    outputs.push_back(std::move(output));
  }
  return outputs;
}

}  // namespace porchlight::gpio
