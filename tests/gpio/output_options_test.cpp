// SPDX-License-Identifier: Apache-2.0
#include "porchlight/gpio/output_options.hpp"

#include <gmock/gmock.h>

namespace porchlight::gpio {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Read {
  std::vector<OutputOptions> outputs;
  std::vector<std::string> faults;
};

Result<std::function<bool(WallTime)>> hours(const std::vector<std::string>& words) {
  if (words.front() == "never") return Error(ErrorCode::invalid_argument, "no such hours");
  return std::function<bool(WallTime)>([](WallTime) { return true; });
}

Read read(const std::string& yaml) {
  config::Faults faults;
  const auto document = config::Document::parse(yaml, "porchlight.yaml", faults);
  auto root = document.root();
  Read result;
  const auto buttons = read_buttons(root, {});
  result.outputs = read_outputs(root, buttons, hours);
  root.finish();
  for (const auto& fault : faults.all()) result.faults.push_back(fault.text());
  return result;
}

TEST(OutputKeys, AChimeNeedsItsLineAndNothingElse) {
  const auto [outputs, faults] = read("outputs:\n  - {id: chime, line: 27, on: ring}\n");
  EXPECT_THAT(faults, IsEmpty());
  OutputOptions expected;
  expected.id = expected.name = "chime";
  expected.line = "27";
  expected.pulse = 500ms;
  EXPECT_THAT(outputs, ElementsAre(expected));
  EXPECT_FALSE(outputs[0].active_low);
}

TEST(OutputKeys, EveryKeyIsRead) {
  const auto [outputs, faults] = read(
      "outputs:\n"
      "  - {id: chime, name: Gong, chip: gpiochip4, line: GPIO27, active_low: true, on: ring, pulse: 2s,\n"
      "     quiet: '22:00-07:00', backend: uapi, enabled: false}\n"
      "  - {id: green, line: 5, on: known}\n"
      "  - {id: red, line: 6, on: alert, pulse: 100ms, quiet: [a, b]}\n"
      "  - {id: spare, line: 8, on: off}\n"
      "  - {id: door, line: 22, door: {role: user}}\n"
      "  - {id: gate, line: 23, pulse: 1s, door: {}}\n");
  EXPECT_THAT(faults, IsEmpty());
  ASSERT_EQ(outputs.size(), 6U);
  const auto& chime = outputs[0];
  EXPECT_EQ(std::tie(chime.name, chime.chip, chime.line), std::tuple("Gong", "gpiochip4", "GPIO27"));
  EXPECT_TRUE(chime.active_low);
  EXPECT_EQ(chime.pulse, 2s);
  EXPECT_THAT(chime.quiet, ElementsAre("22:00-07:00"));
  EXPECT_TRUE(chime.is_quiet(WallTime{}));
  EXPECT_EQ(chime.backend, Backend::uapi);
  EXPECT_FALSE(chime.enabled);
  EXPECT_EQ(outputs[1].cause, OutputCause::known);
  EXPECT_FALSE(outputs[1].pulse) << "as long as the state lasts";
  EXPECT_FALSE(outputs[1].is_quiet);
  EXPECT_EQ(outputs[2].pulse, 100ms);
  EXPECT_THAT(outputs[2].quiet, ElementsAre("a", "b"));
  EXPECT_EQ(outputs[3].cause, OutputCause::off);
  EXPECT_TRUE(outputs[4].is_door());
  EXPECT_EQ(outputs[4].role, DoorRole::user);
  EXPECT_EQ(outputs[4].pulse, 3s);
  EXPECT_EQ(outputs[5].role, DoorRole::admin) << "who may less must be named";
}

TEST(OutputKeys, EveryStateIsACause) {
  for (const std::string word : {"ring", "idle", "processing", "known", "unknown", "alert", "error", "off"}) {
    const auto [outputs, faults] = read("outputs: [{id: a, line: 1, on: " + word + "}]\n");
    EXPECT_THAT(faults, IsEmpty());
    EXPECT_EQ(to_string(outputs.at(0).cause), word);
  }
}

TEST(OutputKeys, FaultsNameThePlaceAndTheMend) {
  const std::pair<std::string, std::string> cases[] = {
      {"{id: a, line: 1}", "outputs[0].on: an output needs what switches it on"},
      {"{id: a, on: ring}", "outputs[0].line: an output needs its line"},
      {"{id: a, line: 1, on: rings}", "did you mean 'ring'?"},
      {"{id: a, line: 1, on: ring, pulse: 5m}", "outputs[0].pulse"},
      {"{id: a, line: 1, on: ring, pulse: 0ms}", "outputs[0].pulse"},
      {"{id: a, line: 1, on: ring, quiet: never}", "outputs[0].quiet: no such hours"},
      {"{id: a, line: 1, on: ring, door: {role: admin}}", "outputs[0].on: a door is opened by a person only"},
      {"{id: a, line: 1, door: {role: viewer}}", "outputs[0].door.role"},
      {"{id: a, line: 1, door: {role: admin}, quiet: x}", "outputs[0].quiet: a door has no quiet hours"},
      {"{id: A, line: 1, on: ring}", "outputs[0].id"},
      {"{id: a, line: 1, on: ring, chip: ''}", "outputs[0].chip"},
      {"{id: a, line: 1, on: ring, level: high}", "outputs[0].level"},
      {"{id: a, line: 1, on: ring}, {id: a, line: 2, on: ring}",
       "outputs[1].id: two outputs have the id 'a'"},
      {"{id: a, line: 1, on: ring}, {id: b, line: 1, on: ring}", "outputs[1].line: output 'a' has this line"},
  };
  for (const auto& [entry, fault] : cases)
    EXPECT_THAT(read("outputs: [" + entry + "]\n").faults, ElementsAre(HasSubstr(fault))) << entry;
}

TEST(OutputKeys, ALineIsAButtonsOrAnOutputs) {
  const std::string button = "buttons: [{id: front, line: 17}]\n";
  EXPECT_THAT(read(button + "outputs: [{id: a, line: 17, on: ring}]\n").faults,
              ElementsAre(HasSubstr("outputs[0].line: button 'front' has this line already")));
  EXPECT_THAT(read(button + "outputs: [{id: a, line: 17, chip: gpiochip9, on: ring}]\n").faults, IsEmpty());
  EXPECT_THAT(read(button + "outputs: [{id: a, line: 17, on: ring, enabled: false}]\n").faults, IsEmpty());
  EXPECT_THAT(
      read("buttons: [{id: front, line: 17, enabled: false}]\noutputs: [{id: a, line: 17, on: ring}]\n")
          .faults,
      IsEmpty());
}

TEST(OutputKeys, AnyChangeOfAKeyIsSeen) {
  const auto base = read("outputs: [{id: a, line: 1, on: ring}]\n").outputs.at(0);
  EXPECT_EQ(base, read("outputs: [{id: a, line: 1, on: ring, pulse: 500ms}]\n").outputs.at(0));
  for (const std::string more :
       {"name: x", "chip: x", "active_low: true", "pulse: 1s", "quiet: x", "backend: uapi", "enabled: false"})
    EXPECT_FALSE(base == read("outputs: [{id: a, line: 1, on: ring, " + more + "}]\n").outputs.at(0)) << more;
}

}  // namespace
}  // namespace porchlight::gpio
