// SPDX-License-Identifier: Apache-2.0
#include "telemetry/exposition.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <limits>

#include "porchlight/base/unique_fd.hpp"
#include "telemetry/catalogue.hpp"
#include "telemetry/exposition_reader.hpp"
#include "telemetry/process_samples.hpp"

namespace porchlight::telemetry {
namespace {

using prometheus::ClientMetric;
using testing::HasSubstr;

prometheus::MetricFamily gauges(std::string name, std::vector<std::pair<std::string, double>> values) {
  prometheus::MetricFamily family;
  family.name = std::move(name);
  for (auto& [label, value] : values) {
    ClientMetric metric;
    metric.label = {{"channel", label}};
    metric.gauge.value = value;
    family.metric.push_back(metric);
  }
  return family;
}

TEST(Exposition, EscapesWhatWouldBreakALine) {
  const auto text = render_text({gauges("outbox_depth", {{"a\\b\"c\nd", 1}})});
  EXPECT_THAT(text, HasSubstr("outbox_depth{channel=\"a\\\\b\\\"c\\nd\"} 1\n"));
  std::vector<std::string> faults;
  const auto families = contract::read_exposition(text, faults);
  EXPECT_THAT(faults, testing::IsEmpty());
  EXPECT_EQ(families.at("outbox_depth").samples.at(0).labels.at("channel"), "a\\b\"c\nd");
}

TEST(Exposition, WritesNumbersThatReadBackExactly) {
  const std::vector<double> values = {0,
                                      1,
                                      -1,
                                      0.1,
                                      1e-7,
                                      1.0 / 3,
                                      1e15,
                                      123456789012345678.0,
                                      1e300,
                                      5e-324,
                                      1'700'000'000.123,
                                      std::numeric_limits<double>::infinity(),
                                      -std::numeric_limits<double>::infinity()};
  std::vector<std::pair<std::string, double>> series;
  for (std::size_t i = 0; i < values.size(); ++i)
    series.emplace_back(std::string(1, static_cast<char>('a' + i)), values[i]);
  std::vector<std::string> faults;
  const auto families = contract::read_exposition(render_text({gauges("outbox_depth", series)}), faults);
  const auto& samples = families.at("outbox_depth").samples;
  ASSERT_EQ(samples.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(samples[i].value, values[i]);
}

TEST(Exposition, LeavesOutWhatIsNotANumber) {
  const auto text = render_text({gauges("outbox_depth", {{"a", std::nan("")}, {"b", 2}})});
  EXPECT_THAT(text, testing::Not(HasSubstr("channel=\"a\"")));
  EXPECT_THAT(text, HasSubstr("outbox_depth{channel=\"b\"} 2\n"));
}

TEST(Exposition, SortsSeriesWhateverTheirOrderWas) {
  EXPECT_EQ(render_text({gauges("outbox_depth", {{"b", 1}, {"a", 2}})}).find("channel=\"a\"") <
                render_text({gauges("outbox_depth", {{"b", 1}, {"a", 2}})}).find("channel=\"b\""),
            true);
}

TEST(Exposition, KeepsTheOrderOfTheScrapeBefore) {
  SeriesOrder order;
  const auto scrape = [&order](std::vector<std::pair<std::string, double>> values) {
    return render({gauges("outbox_depth", std::move(values))}, {}, {.order = order}).text;
  };
  EXPECT_THAT(scrape({{"c", 1}, {"a", 2}, {"b", 3}}),
              HasSubstr("{channel=\"a\"} 2\noutbox_depth{channel=\"b\"} 3\noutbox_depth{channel=\"c\"} 1\n"));
  const auto found = order.sortings();
  EXPECT_THAT(scrape({{"c", 4}, {"a", 5}, {"b", 6}}),
              HasSubstr("{channel=\"a\"} 5\noutbox_depth{channel=\"b\"} 6\noutbox_depth{channel=\"c\"} 4\n"));
  EXPECT_EQ(order.sortings(), found);
}

TEST(Exposition, FindsTheOrderAnewWhenSeriesComeGoOrMove) {
  SeriesOrder order;
  const auto scrape = [&order](std::vector<std::pair<std::string, double>> values) {
    return render({gauges("outbox_depth", std::move(values))}, {}, {.order = order}).text;
  };
  scrape({{"c", 1}, {"a", 2}});
  EXPECT_THAT(scrape({{"a", 3}, {"c", 4}}),
              HasSubstr("{channel=\"a\"} 3\noutbox_depth{channel=\"c\"} 4\n"));
  EXPECT_THAT(scrape({{"c", 5}, {"b", 6}, {"a", 7}}),
              HasSubstr("{channel=\"a\"} 7\noutbox_depth{channel=\"b\"} 6\noutbox_depth{channel=\"c\"} 5\n"));
  EXPECT_THAT(scrape({{"b", 8}}), HasSubstr("gauge\noutbox_depth{channel=\"b\"} 8\n# HELP"));
}

TEST(Exposition, NamesEveryFamilyOnceInOrder) {
  std::vector<std::string> faults;
  const auto text = render_text({});
  const auto families = contract::read_exposition(text, faults);
  EXPECT_THAT(faults, testing::IsEmpty());
  EXPECT_EQ(families.size(), catalogue().size());
  std::string before;
  for (std::size_t at = text.find("# HELP "); at != std::string::npos; at = text.find("\n# HELP ", at + 1)) {
    const auto start = text.find("HELP ", at) + 5;
    auto name = text.substr(start, text.find(' ', start) - start);
    EXPECT_LT(before, name);
    before = std::move(name);
  }
}

double sample(std::string_view name) {
  for (const auto& [key, value] : process_samples()) {
    if (key == name) return value;
  }
  ADD_FAILURE() << name << " is missing";
  return 0;
}

TEST(ProcessSamples, FollowTheProcess) {
  const double before = sample("process_open_fds");
  {
    const UniqueFd one(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(sample("process_open_fds"), before + 1);
  }
  EXPECT_EQ(sample("process_open_fds"), before);
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(sample("process_max_fds"), static_cast<double>(limit.rlim_cur));
}

TEST(ProcessSamples, AreOfThisProcess) {
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  EXPECT_GT(sample("process_start_time_seconds"), now - 3600);
  EXPECT_LE(sample("process_start_time_seconds"), now + 1);
  EXPECT_GE(sample("process_threads"), 1);
  EXPECT_GT(sample("process_resident_memory_bytes"), 1e6);
  EXPECT_GT(sample("process_virtual_memory_bytes"), sample("process_resident_memory_bytes"));
}

TEST(ProcessSamples, CpuTimeGrowsWithWork) {
  const double before = sample("process_cpu_seconds_total");
  // Two ticks of the kernel's accounting, however long the machine takes to grant them.
  while (sample("process_cpu_seconds_total") < before + 0.02) {
  }
  SUCCEED();
}

}  // namespace
}  // namespace porchlight::telemetry
