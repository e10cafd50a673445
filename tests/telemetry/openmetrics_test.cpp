// SPDX-License-Identifier: Apache-2.0
// OpenMetrics against the classic format: the same series with the same values, said otherwise.
#include "telemetry/openmetrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

#include "telemetry/exposition_reader.hpp"
#include "telemetry/sample_sets.hpp"
#include "telemetry/text_writer.hpp"

namespace porchlight::telemetry {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view end_mark = "# EOF\n";

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// The names as the classic format has them: of families, and of bounds.
std::string as_classic(std::string text) {
  EXPECT_THAT(text, EndsWith("\n# EOF\n"));
  EXPECT_EQ(text.find(end_mark), text.size() - end_mark.size());
  text.resize(text.size() - end_mark.size());
  for (const auto& spec : catalogue()) {
    const std::string name(openmetrics::family_name(spec));
    if (name == spec.name) continue;
    replace_all(text, "# HELP " + name + " ", "# HELP " + std::string(spec.name) + " ");
    replace_all(text, "# TYPE " + name + " counter\n", "# TYPE " + std::string(spec.name) + " counter\n");
  }
  for (auto at = text.find(".0\"}"); at != std::string::npos; at = text.find(".0\"}", at + 1)) {
    const auto quote = text.rfind('"', at);
    if (text.compare(quote - 3, 4, "le=\"") == 0) text.erase(at, 2);
  }
  return text;
}

// Moves between two scrapes.
bool is_read_at_scrape(const std::string& name) {
  return name.starts_with("process_");
}

std::map<std::pair<std::string, contract::Labels>, double> values(const contract::Family& family) {
  std::map<std::pair<std::string, contract::Labels>, double> all;
  for (const auto& sample : family.samples) all[{sample.name, sample.labels}] = sample.value;
  return all;
}

class OpenMetrics : public testing::Test {
 protected:
  OpenMetrics() : metrics_(sample_sets()) {
    metrics_.gauge("active_connections").set(3);
    metrics_.gauge("active_connections_total").set(3);
    metrics_.gauge("websocket_connections").set(2);
    metrics_.counter("websocket_connections_total").increment(5);
    metrics_.counter("camera_frames_received_total", {{"camera_id", "front"}}).increment(7);
    auto views = metrics_.histogram("doorbell_ring_to_live_view_seconds", {{"protocol", "mse"}});
    for (const double seconds : {0.2, 0.9, 1.0, 70.0}) views.observe(seconds);
    metrics_.publish(sample_samples());
  }

  Metrics metrics_;
};

TEST_F(OpenMetrics, HasTheSameValuesAsTheClassicFormat) {
  std::vector<std::string> faults;
  auto classic = contract::read_exposition(metrics_.exposition(), faults);
  const auto open = contract::read_exposition(as_classic(metrics_.scrape(Format::openmetrics).text), faults);
  EXPECT_THAT(faults, IsEmpty());
  for (const auto& spec : catalogue())
    if (openmetrics::is_left_out(spec)) classic.erase(std::string(spec.name));
  EXPECT_EQ(classic.size(), open.size());
  for (const auto& [name, family] : open) {
    ASSERT_EQ(classic.count(name), 1u) << name;
    const auto& other = classic.at(name);
    if (!is_read_at_scrape(name)) {
      EXPECT_EQ(values(family), values(other)) << name;
    }
    EXPECT_EQ(family.type, name == "websocket_connections_total" ? "unknown" : other.type) << name;
  }
}

TEST_F(OpenMetrics, NamesNoFamilyTwice) {
  std::set<std::string_view> names;
  for (const auto& spec : catalogue()) {
    if (openmetrics::is_left_out(spec)) continue;
    const auto name = openmetrics::family_name(spec);
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_FALSE(spec.kind == Kind::counter && !spec.name.ends_with("_total")) << spec.name;
  }
}

TEST_F(OpenMetrics, NamesACounterWithoutItsSuffix) {
  const auto text = metrics_.scrape(Format::openmetrics).text;
  EXPECT_THAT(text, HasSubstr("\n# HELP camera_frames_received Frames received.\n"
                              "# TYPE camera_frames_received counter\n"
                              "camera_frames_received_total{camera_id=\"back\"} 0\n"
                              "camera_frames_received_total{camera_id=\"front\"} 7\n"));
}

TEST_F(OpenMetrics, KeepsBothNumbersOfConnections) {
  const auto text = metrics_.scrape(Format::openmetrics).text;
  EXPECT_THAT(text, HasSubstr("\n# TYPE active_connections gauge\nactive_connections 3\n"));
  EXPECT_THAT(text, Not(HasSubstr("active_connections_total")));
  EXPECT_THAT(text, HasSubstr("\n# TYPE websocket_connections gauge\nwebsocket_connections 2\n"));
  EXPECT_THAT(text,
              HasSubstr("\n# TYPE websocket_connections_total unknown\nwebsocket_connections_total 5\n"));
}

TEST_F(OpenMetrics, WritesBoundsAsNumbersWithAPoint) {
  const auto text = metrics_.scrape(Format::openmetrics).text;
  EXPECT_THAT(text,
              HasSubstr("doorbell_ring_to_live_view_seconds_bucket{protocol=\"mse\",le=\"0.75\"} 1\n"
                        "doorbell_ring_to_live_view_seconds_bucket{protocol=\"mse\",le=\"1.0\"} 3\n"));
  EXPECT_THAT(text,
              HasSubstr("doorbell_ring_to_live_view_seconds_bucket{protocol=\"mse\",le=\"60.0\"} 3\n"
                        "doorbell_ring_to_live_view_seconds_bucket{protocol=\"mse\",le=\"+Inf\"} 4\n"));
  EXPECT_THAT(metrics_.exposition(),
              HasSubstr("doorbell_ring_to_live_view_seconds_bucket{protocol=\"mse\",le=\"1\"} 3\n"));
}

// Unlike in the classic format a quotation mark in HELP needs its backslash.
TEST(OpenMetricsText, EscapesQuotationMarksInHelpTexts) {
  const FamilySpec spec{"outbox_depth", Kind::gauge, "what \"waits\" in C:\\", {}, {}, Created::when_used};
  const auto head = [&spec](Format format) {
    TextWriter writer(format, 0);
    writer.family(spec);
    return std::move(writer).finish().text;
  };
  EXPECT_EQ(head(Format::classic),
            "# HELP outbox_depth what \"waits\" in C:\\\\\n# TYPE outbox_depth gauge\n");
  EXPECT_EQ(head(Format::openmetrics),
            "# HELP outbox_depth what \\\"waits\\\" in C:\\\\\n# TYPE outbox_depth gauge\n# EOF\n");
}

TEST_F(OpenMetrics, CountsItsSampleLines) {
  for (const auto format : {Format::classic, Format::openmetrics}) {
    const auto scrape = metrics_.scrape(format);
    std::size_t samples = 0;
    for (std::size_t at = 0; at < scrape.text.size(); at = scrape.text.find('\n', at) + 1)
      samples += scrape.text[at] != '#' ? 1 : 0;
    EXPECT_EQ(scrape.samples, samples);
  }
}

}  // namespace
}  // namespace porchlight::telemetry
