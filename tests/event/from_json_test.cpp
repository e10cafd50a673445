// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "porchlight/event/event.hpp"

namespace porchlight::event {
namespace {

using namespace std::chrono_literals;

Header header() {
  Header header;
  header.id = *EventId::parse("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  header.at = WallTime{1'738'124'412'950ms};
  return header;
}

TEST(EventFromJson, ReadsWhatWasWritten) {
  const Sighting seen{header(),   "porch", Verdict::blacklist_match,
                      "Ada",      0.75,    0.5,
                      "resnet-1", 3,       EventId::parse("017f22e2-79b0-7cc3-98c4-dc0c0c073980")};
  Sighting nobody;
  nobody.header = header();
  nobody.verdict = Verdict::no_face;
  Sighting refused;
  refused.header = header();
  refused.refused = Refusal::too_small;  // the first word, which is what a missing one is elsewhere
  for (const Event& event : std::vector<Event>{
           Ring{header(), "front", "porch", TriggerSource::remote_unit}, Ring{header(), "front", ""}, seen,
           nobody, refused, CameraLost{header(), "porch", CameraFault::stalled},
           CameraBack{header(), "porch", 2.5}, ButtonTrouble{header(), "front", ButtonFault::lost_edges, 7},
           Security{header(), "tamper", "hardware", "logged", "porch", "Ada"},
           Alert{header(), "Disk", "critical", false, "full", "f1", "porch"},
           Motion{header(), "porch", {}, {}, {}},
           Motion{header(),
                  "porch",
                  header().at + 3s,
                  {{"drive", "The drive"}, {"gate", "gate"}},
                  {{0ms, 0.25, 0.5, 0.125, 0.25}, {750ms, 0, 0, 1, 1}}},
           FootageGap{header(), "porch", GapCause::power_cut, {}, 10, {}},
           FootageGap{header(), "porch", GapCause::timeout, header().at + 3s, 3.25, "no route to host"},
           DiskTrouble{header(), "/srv/footage", DiskFault::full, {}},
           DiskTrouble{header(), "/srv/footage", DiskFault::back, "well"}}) {
    const auto text = to_json(event);
    const auto read = from_json(text, {});
    ASSERT_TRUE(read) << text << ' ' << read.error().text();
    auto with_trace = *read;
    std::visit([](auto& e) { e.header.trace = {}; }, with_trace);
    EXPECT_EQ(to_json(with_trace), text);
  }
}

TEST(EventFromJson, MissingIdAndTimeAreTheCallers) {
  const auto read = from_json(R"({"type":"ring","button":"front"})", header());
  ASSERT_TRUE(read);
  EXPECT_EQ(header_of(*read).id, header().id);
  EXPECT_EQ(header_of(*read).at, header().at);
}

TEST(EventFromJson, FaultsAreNamed) {
  const auto fault = [](const char* text) {
    const auto read = from_json(text, {});
    return read ? "none" : read.error().text();
  };
  EXPECT_EQ(fault("[]"), "read event: it is no JSON object");
  EXPECT_EQ(fault("{"), "read event: it is no JSON object");
  EXPECT_EQ(fault("{}"), "read event: 'type' is missing");
  EXPECT_EQ(fault(R"({"type":"rong"})"), "read event: 'type' is not 'rong'");
  EXPECT_EQ(fault(R"({"type":7})"), "read event: 'type' is a text");
  EXPECT_EQ(fault(R"({"type":"ring","time":"today"})"),
            "read event: 'time' is a time as in 2025-01-29T04:20:12Z");
  EXPECT_EQ(fault(R"({"type":"ring","id":"1"})"), "read event: 'id' is no event's id");
  EXPECT_EQ(fault(R"({"type":"sighting","result":"ghost"})"), "read event: 'result' is not 'ghost'");
  EXPECT_EQ(fault(R"({"type":"sighting","refused":"ugly"})"), "read event: 'refused' is not 'ugly'");
  EXPECT_EQ(fault(R"({"type":"gap","cause":"boredom"})"), "read event: 'cause' is not 'boredom'");
  EXPECT_EQ(fault(R"({"type":"disk","fault":"blue"})"), "read event: 'fault' is not 'blue'");
  EXPECT_EQ(fault(R"({"type":"gap","end":"soon"})"),
            "read event: 'end' is a time as in 2025-01-29T04:20:12Z");
  EXPECT_EQ(fault(R"({"type":"sighting","track":-1})"), "read event: 'track' is a whole number");
  EXPECT_EQ(fault(R"({"type":"camera_back","lost_seconds":"x"})"), "read event: 'lost_seconds' is a number");
  EXPECT_EQ(fault(R"({"type":"alert","status":"on"})"), "read event: 'status' is firing or resolved");
}

}  // namespace
}  // namespace porchlight::event
