// SPDX-License-Identifier: Apache-2.0
// What a user may get wrong, and the exact text he reads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/reading.hpp"

namespace porchlight::config {
namespace {

using testing::ElementsAreArray;

struct Broken {
  const char* name;
  std::string yaml;
  std::vector<std::string> faults;
};

std::ostream& operator<<(std::ostream& out, const Broken& broken) {
  return out << broken.name;
}

class BrokenInput : public testing::TestWithParam<Broken> {};

TEST_P(BrokenInput, NamesPlaceAndMend) {
  EXPECT_THAT(faults_of(GetParam().yaml), ElementsAreArray(GetParam().faults));
}

std::string repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

// Nine levels of nine: 9^9 values when written out.
std::string alias_bomb() {
  std::string yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const auto before = "*a" + std::to_string(i - 1);
    const auto name = "a" + std::to_string(i);
    yaml += name + ": &" + name + " [" + before + repeated(", " + before, 8) + "]\n";
  }
  return yaml;
}

const Broken broken_inputs[] = {
    {"UnknownTopKey",
     "servr:\n  port: 1\n",
     {"porchlight.yaml:1:1: servr: unknown key (did you mean 'server'?)"}},
    {"UnknownKeyFarFromAny", "zzz: 1\n", {"porchlight.yaml:1:1: zzz: unknown key"}},
    {"UnknownKeyInList",
     "cameras:\n  - id: front\n    url: rtsp://cam\n    stal: 3s\n",
     {"porchlight.yaml:4:5: cameras[0].stal: unknown key (did you mean 'stall'?)"}},
    {"NotInThisVersion",
     "recording: {segment: 60s}\n",
     {"porchlight.yaml:1:1: recording: not in this version"}},
    {"NotInThisVersionInside",
     "cameras:\n  - {id: a, url: b, masks: []}\n",
     {"porchlight.yaml:2:21: cameras[0].masks: not in this version"}},
    {"DuplicateKey",
     "server:\n  port: 1\n  port: 2\n",
     {"porchlight.yaml:3:3: server.port: duplicate key 'port', first at line 2"}},
    {"DuplicateMappingTellsAllElse",
     "server: {port: 1}\nserver: {prot: 1}\n",
     {"porchlight.yaml:2:1: server: duplicate key 'server', first at line 1"}},
    {"MissingRequired",
     "cameras:\n  - id: front\n",
     {"porchlight.yaml:2:5: cameras[0].url: missing, and there is no default"}},
    {"EmptyRequired",
     "cameras:\n  - id: front\n    url: ''\n",
     {"porchlight.yaml:3:5: cameras[0].url: must not be empty"}},
    {"BadId",
     "cameras:\n  - id: Front door\n    url: x\n",
     {"porchlight.yaml:2:5: cameras[0].id: an id has only small letters, digits and '_', found 'Front "
      "door'"}},
    {"IntegerIsText",
     "server:\n  port: http\n",
     {"porchlight.yaml:2:3: server.port: expected a whole number, found 'http'"}},
    {"IntegerIsFraction",
     "server:\n  port: 80.5\n",
     {"porchlight.yaml:2:3: server.port: expected a whole number, found '80.5'"}},
    {"IntegerOutOfRange",
     "server:\n  port: 70000\n",
     {"porchlight.yaml:2:3: server.port: must be between 1 and 65535, found '70000'"}},
    {"IntegerBeyond64Bits",
     "server:\n  port: 99999999999999999999\n",
     {"porchlight.yaml:2:3: server.port: expected a whole number, found '99999999999999999999'"}},
    {"BooleanIsYes",
     "server:\n  enabled: yes\n",
     {"porchlight.yaml:2:3: server.enabled: expected true or false, found 'yes'"}},
    {"NumberIsNan",
     "cameras: [{id: a, url: b, threshold: nan}]\n",
     {"porchlight.yaml:1:27: cameras[0].threshold: expected a number, found 'nan'"}},
    {"NumberOutOfRange",
     "cameras: [{id: a, url: b, threshold: 1.5}]\n",
     {"porchlight.yaml:1:27: cameras[0].threshold: must be between 0 and 1, found '1.5'"}},
    {"DurationWithoutUnit",
     "cameras: [{id: a, url: b, stall: 10}]\n",
     {"porchlight.yaml:1:27: cameras[0].stall: a duration needs a unit: write '10s' or '10ms'"}},
    {"DurationOfUnknownUnit",
     "cameras: [{id: a, url: b, stall: 10 sec}]\n",
     {"porchlight.yaml:1:27: cameras[0].stall: expected a duration such as 30ms, 30s, 5m, 2h or 7d, found "
      "'10 sec'"}},
    {"DurationNegative",
     "cameras: [{id: a, url: b, stall: -3s}]\n",
     {"porchlight.yaml:1:27: cameras[0].stall: expected a duration such as 30ms, 30s, 5m, 2h or 7d, found "
      "'-3s'"}},
    {"DurationTooLong",
     "cameras: [{id: a, url: b, stall: 2h}]\n",
     {"porchlight.yaml:1:27: cameras[0].stall: must be between 1s and 10m, found '2h'"}},
    {"DurationOverflows",
     "cameras: [{id: a, url: b, stall: 9223372036854775807d}]\n",
     {"porchlight.yaml:1:27: cameras[0].stall: expected a duration such as 30ms, 30s, 5m, 2h or 7d, found "
      "'9223372036854775807d'"}},
    {"ChoiceMisspelt",
     "cameras:\n  - id: a\n    url: b\n    record: continous\n",
     {"porchlight.yaml:4:5: cameras[0].record: unknown value 'continous' (did you mean 'continuous'?), one "
      "of: "
      "continuous, events, off"}},
    {"ChoiceTooLongToPrint",
     "cameras: [{id: a, url: b, record: " + repeated("ä", 50) + "}]\n",
     {"porchlight.yaml:1:27: cameras[0].record: unknown value '" + repeated("ä", 20) +
      "…', one of: continuous, events, off"}},
    {"ListInsteadOfScalar",
     "server:\n  port: [1]\n",
     {"porchlight.yaml:2:3: server.port: expected a single value, found a list"}},
    {"NothingInsteadOfScalar",
     "server:\n  port:\n",
     {"porchlight.yaml:2:3: server.port: expected a single value, found nothing"}},
    {"ScalarInsteadOfMapping",
     "server: 8000\n",
     {"porchlight.yaml:1:1: server: expected a mapping, found a single value"}},
    {"MappingInsteadOfList",
     "cameras:\n  id: front\n",
     {"porchlight.yaml:1:1: cameras: expected a list, found a mapping"}},
    {"ScalarInListOfMappings",
     "cameras:\n  - front\n",
     {"porchlight.yaml:2:5: cameras[0]: expected a mapping, found a single value"}},
    {"TextListIsText",
     "cameras: [{id: a, url: b, zones: door}]\n",
     {"porchlight.yaml:1:27: cameras[0].zones: expected a list, found a single value"}},
    {"TextListHoldsMapping",
     "cameras: [{id: a, url: b, zones: [door, {x: 1}]}]\n",
     {"porchlight.yaml:1:41: cameras[0].zones[1]: expected a single value, found a mapping"}},
    {"AllFaultsInOneRun",
     "server:\n  port: x\n  enabled: 1\ncameras:\n  - id: A\n  - url: y\n    bogus: 1\nfoo: 1\n",
     {"porchlight.yaml:2:3: server.port: expected a whole number, found 'x'",
      "porchlight.yaml:3:3: server.enabled: expected true or false, found '1'",
      "porchlight.yaml:5:5: cameras[0].id: an id has only small letters, digits and '_', found 'A'",
      "porchlight.yaml:5:5: cameras[0].url: missing, and there is no default",
      "porchlight.yaml:6:5: cameras[1].id: missing, and there is no default",
      "porchlight.yaml:7:5: cameras[1].bogus: unknown key", "porchlight.yaml:8:1: foo: unknown key"}},
    {"RootIsList", "- a\n", {"porchlight.yaml:1:1: expected keys at the top, found a list"}},
    {"RootIsScalar", "hello\n", {"porchlight.yaml:1:1: expected keys at the top, found a single value"}},
    {"SyntaxUnclosedFlow", "server: {port: 1\n", {"porchlight.yaml:1:1: syntax: end of map flow not found"}},
    {"SyntaxUnclosedQuote", "server: \"abc\n", {"porchlight.yaml:1:1: syntax: illegal EOF in scalar"}},
    {"SyntaxQuoteEatsTheRest",
     "server:\n  listen: \"abc\n  port: 1\ncameras: []\n",
     {"porchlight.yaml:4:1: syntax: illegal EOF in scalar"}},
    {"SyntaxUnclosedNested",
     "cameras: [{id: a\n",
     {"porchlight.yaml:1:1: syntax: end of map flow not found"}},
    {"SyntaxBadIndent",
     "server:\n  port: 1\n enabled: true\n",
     {"porchlight.yaml:3:2: syntax: end of map not found"}},
    {"SyntaxTwoColons", "server: a: b\n", {"porchlight.yaml:1:10: syntax: illegal map value"}},
    {"SyntaxUnknownAnchor",
     "server: *x\n",
     {"porchlight.yaml:1:9: syntax: the referenced anchor is not defined"}},
    {"TabIndent", "server:\n\tport: 1\n", {"porchlight.yaml:2:1: tab in the indentation: use spaces"}},
    {"ZeroByte",
     std::string("server:\n  listen: a\0b\n", 23),
     {"porchlight.yaml:2:12: zero byte: this is not a text file in UTF-8"}},
    {"ControlByte", "server: \x1b[1m\n", {"porchlight.yaml:1:9: control character"}},
    {"NotUtf8", "server: \xff\n", {"porchlight.yaml:1:9: these bytes are not UTF-8"}},
    {"OverlongUtf8", "server: \xc0\xaf\n", {"porchlight.yaml:1:9: these bytes are not UTF-8"}},
    {"SecondDocument",
     "server: {port: 1}\n---\nserver: {port: 2}\n",
     {"porchlight.yaml:2:1: a second document ('---'): only one is read"}},
    {"MergeKey",
     "a: &a {port: 1}\nserver:\n  <<: *a\n",
     {"porchlight.yaml:1:1: a: unknown key", "porchlight.yaml:3:3: server.<<: merge keys are not supported"}},
    {"KeyIsList", "? [a, b]\n: c\n", {"porchlight.yaml:1:3: a key must be a single value"}},
    {"TooDeep",
     "a: " + repeated("[", 40) + repeated("]", 40) + "\n",
     {"porchlight.yaml:1:35: nested deeper than 32 levels"}},
    {"AliasBomb", alias_bomb(), {"porchlight.yaml:5:40: more than 50000 values (aliases written out)"}},
    {"TooLarge",
     "a: b\n#" + repeated(repeated("x", 1024), 1024),
     {"porchlight.yaml:1:1: the file is larger than 1 MiB"}},
    {"SecretUnset",
     "server:\n  listen: \"${ENV:PORCHLIGHT_TEST_UNSET}\"\n",
     {"porchlight.yaml:2:3: server.listen: environment variable 'PORCHLIGHT_TEST_UNSET' is not set"}},
};

INSTANTIATE_TEST_SUITE_P(Table, BrokenInput, testing::ValuesIn(broken_inputs),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(BrokenInputs, ADeepNestIsNoStackOverflow) {
  EXPECT_EQ(faults_of("a: " + repeated("[", 500'000)).size(), 1u);
  EXPECT_EQ(faults_of("a: " + repeated("{a: ", 200'000)).size(), 1u);
  EXPECT_EQ(faults_of(repeated("- ", 400'000)).size(), 1u);
}

TEST(BrokenInputs, AGoodFileHasNoFault) {
  EXPECT_THAT(
      faults_of(
          "server:\n  listen: 127.0.0.1:8000\n  port: 8000\n  enabled: false\n"
          "cameras:\n  - {id: front, url: 'rtsp://cam/main', stall: 10s, record: events, threshold: .5}\n"
          "  - {id: back, url: b, zones: [a, \"b c\"]}\n"),
      testing::IsEmpty());
  EXPECT_THAT(faults_of(""), testing::IsEmpty());
  EXPECT_THAT(faults_of("# nothing\n"), testing::IsEmpty());
  EXPECT_THAT(faults_of("server:\ncameras:\n"), testing::IsEmpty());
}

}  // namespace
}  // namespace porchlight::config
