// SPDX-License-Identifier: Apache-2.0
#include "porchlight/event/event.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <set>

namespace porchlight::event {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr auto id_text = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";

Header fixed_header() {
  Header header;
  header.id = *EventId::parse(id_text);
  header.at = WallTime{1'738'124'412'950ms};
  header.trace.trace_id.fill(0xab);
  return header;
}

// The four fields every event has, and its own.
json expected(const char* type, json own) {
  own["id"] = id_text;
  own["type"] = type;
  own["time"] = "2025-01-29T04:20:12.950Z";
  own["trace_id"] = "abababababababababababababababab";
  return own;
}

json written(const Event& event) {
  return json::parse(to_json(event));
}

TEST(EventJson, Ring) {
  Ring ring{fixed_header(), "front", "porch", TriggerSource::cli};
  EXPECT_EQ(written(ring),
            expected("ring", {{"button", "front"}, {"camera", "porch"}, {"trigger_source", "cli"}}));
  ring.camera_id.clear();
  EXPECT_EQ(written(ring), expected("ring", {{"button", "front"}, {"trigger_source", "cli"}}));
}

TEST(EventJson, SightingOfSomeoneKnownUnderARing) {
  const Sighting sighting{fixed_header(), "porch", Verdict::known_person,  "Ada", 0.75, 0.5,
                          "resnet-1",     3,       EventId::parse(id_text)};
  EXPECT_EQ(written(sighting), expected("sighting", {{"camera", "porch"},
                                                     {"result", "known_person"},
                                                     {"person", "Ada"},
                                                     {"confidence", 0.75},
                                                     {"distance", 0.5},
                                                     {"model_version", "resnet-1"},
                                                     {"track", 3},
                                                     {"ring_id", id_text}}));
}

TEST(EventJson, ASightingWithoutAFaceClaimsNoLikeness) {
  Sighting sighting;
  sighting.header = fixed_header();
  sighting.camera_id = "porch";
  sighting.verdict = Verdict::no_face;
  EXPECT_EQ(written(sighting), expected("sighting", {{"camera", "porch"}, {"result", "no_face"}}));
}

TEST(EventJson, ASightingThatWasComparedWithNobodySaysWhy) {
  Sighting sighting;
  sighting.header = fixed_header();
  sighting.camera_id = "porch";
  sighting.track = 3;
  for (const auto& [reason, word] :
       {std::pair{Refusal::too_small, "too_small"}, std::pair{Refusal::blurred, "blurred"},
        std::pair{Refusal::turned, "turned"}, std::pair{Refusal::dark, "dark"},
        std::pair{Refusal::bright, "bright"}, std::pair{Refusal::cut_by_border, "cut_by_border"}}) {
    sighting.refused = reason;
    EXPECT_EQ(written(sighting), expected("sighting", {{"camera", "porch"},
                                                       {"result", "unknown_person"},
                                                       {"confidence", 0.0},
                                                       {"track", 3},
                                                       {"refused", word}}));
  }
}

TEST(EventJson, Camera) {
  EXPECT_EQ(written(CameraLost{fixed_header(), "porch", CameraFault::stalled}),
            expected("camera_lost", {{"camera", "porch"}, {"fault", "stalled"}}));
  EXPECT_EQ(written(CameraBack{fixed_header(), "porch", 12.5}),
            expected("camera_back", {{"camera", "porch"}, {"lost_seconds", 12.5}}));
}

TEST(EventJson, ButtonTrouble) {
  EXPECT_EQ(written(ButtonTrouble{fixed_header(), "front", ButtonFault::lost_edges, 17}),
            expected("button_trouble", {{"button", "front"}, {"fault", "lost_edges"}, {"lost_edges", 17}}));
  EXPECT_EQ(written(ButtonTrouble{fixed_header(), "front", ButtonFault::stuck, 0}),
            expected("button_trouble", {{"button", "front"}, {"fault", "stuck"}}));
}

TEST(EventJson, Security) {
  EXPECT_EQ(
      written(Security{fixed_header(), "blacklist_match", "face_recognition", "alert_sent", "porch", "Bob"}),
      expected("security", {{"kind", "blacklist_match"},
                            {"source", "face_recognition"},
                            {"action", "alert_sent"},
                            {"camera", "porch"},
                            {"person", "Bob"}}));
}

TEST(EventJson, Motion) {
  Motion motion{fixed_header(), "porch", {}, {}, {}};
  const auto start = rfc3339(fixed_header().at);
  EXPECT_EQ(written(motion),
            expected("motion", {{"camera", "porch"}, {"start", start}, {"track", json::array()}}));
  motion.ended = fixed_header().at + std::chrono::milliseconds(2500);
  motion.zones = {{"drive", "The drive"}};
  motion.track = {{std::chrono::milliseconds(250), 0.25, 0.5, 0.125, 0.25}};
  EXPECT_EQ(written(motion),
            expected("motion", {{"camera", "porch"},
                                {"start", start},
                                {"end", rfc3339(*motion.ended)},
                                {"zones", {"drive"}},
                                {"zone_names", {"The drive"}},
                                {"track", {{{"at_ms", 250}, {"box", {0.25, 0.5, 0.125, 0.25}}}}}}));
}

TEST(EventJson, GapWhileItLastsAndWithItsEnd) {
  FootageGap gap{fixed_header(), "porch", GapCause::disk_full, {}, 10.5, {}};
  const auto start = rfc3339(fixed_header().at);
  EXPECT_EQ(
      written(gap),
      expected("gap", {{"camera", "porch"}, {"cause", "disk_full"}, {"start", start}, {"seconds", 10.5}}));
  gap.ended = fixed_header().at + std::chrono::seconds(42);
  gap.seconds = 42;
  gap.detail = "No space left on device";
  EXPECT_EQ(written(gap), expected("gap", {{"camera", "porch"},
                                           {"cause", "disk_full"},
                                           {"start", start},
                                           {"seconds", 42.0},
                                           {"end", rfc3339(*gap.ended)},
                                           {"detail", "No space left on device"}}));
}

TEST(EventJson, Disk) {
  EXPECT_EQ(
      written(DiskTrouble{fixed_header(), "/srv/footage", DiskFault::read_only, "Read-only file system"}),
      expected("disk",
               {{"folder", "/srv/footage"}, {"fault", "read_only"}, {"detail", "Read-only file system"}}));
  std::set<std::string_view> words;
  for (const auto fault : disk_faults) words.insert(to_string(fault));
  EXPECT_EQ(words.size(), disk_faults.size()) << "each has a word of its own";
}

TEST(EventJson, IsOneLineOfValidJsonWhateverANameHolds) {
  const std::string nasty = std::string("a\"\\\n\xff") + '\0' + "b";
  const Sighting sighting{fixed_header(),
                          "porch",
                          Verdict::known_person,
                          nasty,
                          std::numeric_limits<double>::quiet_NaN(),
                          0,
                          "",
                          0,
                          {}};
  const auto text = to_json(sighting);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_TRUE(json::accept(text));
}

TEST(Event, TheHeaderIsTakenOnceAndTogether) {
  SimulatedClock clock(WallTime{1'700'000'000s});
  const auto header = make_header(clock);
  EXPECT_EQ(header.edge, clock.now());
  EXPECT_EQ(header.at, clock.wall());
  EXPECT_EQ(header.id.text().substr(0, 13), EventId::generate(header.at).text().substr(0, 13));
  EXPECT_EQ(header_of(Ring{header, "front", "", TriggerSource::test}).id, header.id);
}

TEST(Event, NamesItsCamera) {
  EXPECT_EQ(camera_of(Ring{{}, "front", "porch", TriggerSource::test}), "porch");
  EXPECT_EQ(camera_of(CameraLost{{}, "yard", CameraFault::eof}), "yard");
  EXPECT_EQ(camera_of(FootageGap{{}, "yard", GapCause::eof, {}, 0, {}}), "yard");
  EXPECT_EQ(camera_of(ButtonTrouble{}), "");
  EXPECT_EQ(camera_of(DiskTrouble{{}, "/srv", DiskFault::full, {}}), "");
}

}  // namespace
}  // namespace porchlight::event
