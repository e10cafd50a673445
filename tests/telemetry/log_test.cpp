// SPDX-License-Identifier: Apache-2.0
#include "porchlight/telemetry/log.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>

#include <csignal>
#include <latch>
#include <stdexcept>
#include <thread>

#include "porchlight/telemetry/metrics.hpp"
#include "telemetry/log_fixture.hpp"

namespace porchlight::telemetry {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// The lane on a thread of its own, and taken over: its first beat comes after that.
class Lane {
 public:
  Lane() {
    clock_.advance(std::chrono::hours(1));
    thread_ = std::jthread([this](std::stop_token stop) { run_log_lane(stop, heartbeat_); });
    beats();
  }
  // Returns at the next beat.
  bool beats() {
    clock_.advance(std::chrono::hours(1));
    while (heartbeat_.age() > std::chrono::minutes(1)) std::this_thread::yield();
    return true;
  }

 private:
  SimulatedClock clock_;
  Heartbeat heartbeat_{clock_};
  std::jthread thread_;
};

class Log : public LogTest {
 protected:
  double written(const char* level) {
    return metrics_.counter("log_messages_total", {{"level", level}}).value();
  }
  double dropped(const char* reason) {
    return metrics_.counter("log_messages_dropped_total", {{"reason", reason}}).value();
  }

  SystemClock clock_;
  Heartbeat heartbeat_{clock_};
  Metrics metrics_{ClosedSets{}};
};

TEST_F(Log, WritesAtOnceWithoutALane) {
  logger_.info("one");
  EXPECT_THAT(lines_of(folder_ / "out"), SizeIs(1));
}

TEST_F(Log, ObeysItsLevel) {
  logger_.debug("no");
  set_log_level(Level::debug);
  logger_.debug("yes");
  set_log_level(Level::error);
  logger_.warning("no");
  EXPECT_THAT(lines(), SizeIs(1));
}

TEST_F(Log, TheLaneWritesEveryThreadsRecordsInTheirOrder) {
  constexpr int threads = 4;
  constexpr int each = 500;
  {
    std::jthread lane([&](std::stop_token stop) { run_log_lane(stop, heartbeat_); });
    std::vector<std::jthread> writers;
    for (int t = 0; t < threads; ++t) {
      writers.emplace_back([&, t] {
        const Logger logger("doorbell.t" + std::to_string(t), Component::system);
        for (int i = 0; i < each; ++i) logger.info("n", {{"i", std::int64_t{i}}});
      });
    }
  }
  std::array<int, threads> next{};
  const auto all = lines_of(folder_ / "out");
  EXPECT_EQ(all.size(), static_cast<std::size_t>(threads * each));
  for (const auto& line : all) {
    const auto t = static_cast<std::size_t>(line.at(line.find("doorbell.t") + 10) - '0');
    EXPECT_THAT(line, HasSubstr("\"i\":" + std::to_string(next.at(t)) + "}"));
    ++next.at(t);
  }
}

TEST_F(Log, AnErrorIsWrittenWhenTheCallReturns) {
  Lane lane;
  for (int i = 1; i <= 50; ++i) {
    logger_.info("before");
    logger_.error("now", {{"n", std::int64_t{i}}});
    ASSERT_THAT(lines_of(folder_ / "out"), SizeIs(2 * i));
  }
}

TEST_F(Log, NothingIsLeftBehindWhenTheLaneStopsAmongWriters) {
  for (int round = 0; round < 20; ++round) {
    std::latch begun(2);
    std::jthread writer([&] {
      begun.arrive_and_wait();
      for (int i = 0; i < 200; ++i) logger_.info("n");
    });
    std::jthread lane([&](std::stop_token stop) { run_log_lane(stop, heartbeat_); });
    begun.arrive_and_wait();
    lane.request_stop();
    lane.join();
    writer.join();
    flush_logs();
    ASSERT_THAT(lines_of(folder_ / "out"), SizeIs(200 * (round + 1)));
  }
}

TEST_F(Log, TheLaneBeats) {
  Lane lane;
  EXPECT_TRUE(lane.beats());
  EXPECT_TRUE(lane.beats());
}

// The log goes into a pipe.
struct LoggedPipe {
  explicit LoggedPipe(Metrics& metrics) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    reader = UniqueFd(ends[0]);
    writer = UniqueFd(ends[1]);
    LogOptions options;
    options.fd = writer.get();
    start_logging(options);
    attach_log_metrics(&metrics);
  }
  UniqueFd reader;
  UniqueFd writer;
};

// A reader that does not read: the pipe is full, the lane waits, the queue fills.
TEST_F(Log, AFullQueueDropsAndCounts) {
  const LoggedPipe pipe(metrics_);
  const auto records = static_cast<double>(2 * log_queue_capacity());
  constexpr std::size_t large_bytes = 8000;
  {
    Lane lane;
    const std::string large(large_bytes, 'x');
    while (log_queue_size() < 100) logger_.info(large);  // until the lane hangs in the full pipe
    const double before = written("info");
    for (double i = 0; i < records; ++i) logger_.info("n");
    EXPECT_EQ(log_queue_size(), log_queue_capacity());
    EXPECT_GE(dropped("queue_full"), records - static_cast<double>(log_queue_capacity()));
    EXPECT_EQ(written("info"), before + records);
    EXPECT_TRUE(lane.beats());
  }
  // Stopped, although nobody read: what was queued is given up and counted.
  EXPECT_EQ(log_queue_size(), 0u);
  // The pipe may have had room for a few, but for less than one large record.
  const auto room_for = static_cast<double>(large_bytes) / 100;
  EXPECT_GE(dropped("write_error"), static_cast<double>(log_queue_capacity()) - room_for);
}

// Reads until `wanted` has come.
std::string read_until(int fd, std::string_view wanted) {
  std::string text;
  std::string part(64 * 1024, 0);
  while (text.find(wanted) == std::string::npos) {
    const auto count = ::read(fd, part.data(), part.size());
    if (count <= 0) break;
    text.append(part, 0, static_cast<std::size_t>(count));
  }
  return text;
}

TEST_F(Log, AFullQueueKeepsTheNewest) {
  const LoggedPipe pipe(metrics_);
  Lane lane;
  const std::string large(8000, 'x');
  while (log_queue_size() < 100) logger_.info(large);  // until the lane hangs in the full pipe
  const auto last = static_cast<std::int64_t>(2 * log_queue_capacity()) - 1;
  for (std::int64_t i = 0; i <= last; ++i) logger_.info("n", {{"i", i}});
  const auto newest = "\"i\":" + std::to_string(last) + "}";
  const auto text = read_until(pipe.reader.get(), newest);
  EXPECT_THAT(text, HasSubstr(newest));
  EXPECT_THAT(text, testing::Not(HasSubstr("\"i\":0}")));
  EXPECT_THAT(text, HasSubstr("\"i\":" + std::to_string(last - 1000) + "}"));
}

// Each of them was either written or counted.
TEST_F(Log, WhoeverMakesRoomLosesNothingUncounted) {
  constexpr int threads = 4;
  constexpr int each = 4000;
  attach_log_metrics(&metrics_);
  const double before = dropped("queue_full");
  {
    std::jthread lane([&](std::stop_token stop) { run_log_lane(stop, heartbeat_); });
    std::vector<std::jthread> writers;
    for (int t = 0; t < threads; ++t)
      writers.emplace_back([&] {
        for (int i = 0; i < each; ++i) logger_.info("n");
      });
  }
  flush_logs();
  EXPECT_EQ(static_cast<double>(lines_of(folder_ / "out").size()) + dropped("queue_full") - before,
            threads * each);
  EXPECT_EQ(log_queue_size(), 0u);
}

// What others can make many of leaves room for the rest.
TEST_F(Log, YieldingRecordsGiveWayToOthers) {
  const LoggedPipe pipe(metrics_);
  const auto yielding = logger_.yielding();
  const auto half = log_queue_capacity() / 2;
  Lane lane;
  const std::string large(8000, 'x');
  while (log_queue_size() < 100) logger_.info(large);  // until the lane hangs in the full pipe
  for (std::size_t i = 0; i < 2 * log_queue_capacity(); ++i) yielding.info("n");
  EXPECT_EQ(log_queue_size(), half);
  EXPECT_GE(dropped("rate_limited"), static_cast<double>(log_queue_capacity()));
  EXPECT_EQ(dropped("queue_full"), 0);
  for (int i = 0; i < 100; ++i) logger_.info("heard");
  EXPECT_EQ(log_queue_size(), half + 100);
  EXPECT_EQ(dropped("queue_full"), 0);
}

TEST_F(Log, AReaderThatComesBackFindsWholeLines) {
  LoggedPipe pipe(metrics_);
  const std::string large(9000, 'x');
  while (dropped("write_error") < 3) logger_.info(large);
  std::string text(1 << 20, 0);
  text.resize(static_cast<std::size_t>(::read(pipe.reader.get(), text.data(), text.size())));
  logger_.info("here again");
  stop_logging();
  pipe.writer.reset();
  std::string rest(1 << 20, 0);
  rest.resize(static_cast<std::size_t>(::read(pipe.reader.get(), rest.data(), rest.size())));
  text += rest;
  const auto last = text.rfind('\n', text.size() - 2) + 1;
  EXPECT_THAT(text.substr(last), testing::StartsWith("{\"timestamp\""));
  EXPECT_THAT(text.substr(last), HasSubstr("here again"));
}

TEST_F(Log, AReaderThatIsGoneIsCounted) {
  std::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  ::close(ends[0]);
  const UniqueFd writer(ends[1]);
  LogOptions options;
  options.fd = writer.get();
  start_logging(options);
  attach_log_metrics(&metrics_);
  const double before = dropped("write_error");
  logger_.error("nobody hears");
  EXPECT_EQ(dropped("write_error"), before + 1);
}

TEST_F(Log, CountsWhatCameBeforeTheMetrics) {
  logger_.info("one");
  logger_.error("two");
  attach_log_metrics(&metrics_);
  const double before = written("warning");
  logger_.warning("three");
  EXPECT_GE(written("info"), 1);
  EXPECT_GE(written("error"), 1);
  EXPECT_EQ(written("warning"), before + 1);
}

TEST_F(Log, WritesAFileAComponentAndOpensItAgain) {
  LogOptions options;
  options.dir = folder_.string();
  start(options);
  const Logger api("doorbell.api", Component::api);
  logger_.info("one");
  api.info("two");
  EXPECT_THAT(lines(), SizeIs(2));
  EXPECT_THAT(lines_of(folder_ / "hardware.log"), SizeIs(1));
  EXPECT_THAT(lines_of(folder_ / "api.log"), SizeIs(1));

  std::filesystem::rename(folder_ / "api.log", folder_ / "api.log.1");
  api.info("three");
  EXPECT_THAT(lines_of(folder_ / "api.log.1"), SizeIs(2));
  reopen_logs();
  api.info("four");
  EXPECT_THAT(lines_of(folder_ / "api.log.1"), SizeIs(2));
  EXPECT_THAT(lines_of(folder_ / "api.log"), SizeIs(1));
  EXPECT_THAT(lines_of(folder_ / "api.log").front(), HasSubstr("four"));
}

TEST_F(Log, AFolderThatIsNotThereCostsTheFileOnly) {
  LogOptions options;
  options.dir = (folder_ / "absent").string();
  start(options);
  attach_log_metrics(&metrics_);
  const double before = dropped("write_error");
  logger_.info("one");
  EXPECT_THAT(lines(), SizeIs(1));
  EXPECT_EQ(dropped("write_error"), before + 1);
}

TEST_F(Log, ThePlainFormatCannotBeForged) {
  LogOptions options;
  options.json = false;
  start(options);
  logger_.info("hello\nworld\x1b[2J",
               {{"camera", std::string("front")}, {"text", std::string("a b\r\n")}, {"n", 1.5}});
  const auto all = lines();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_THAT(all.front(), testing::EndsWith("Z INFO     doorbell.test: hello\\x0aworld\\x1b[2J camera=front "
                                             "text=\"a b\\x0d\\x0a\" n=1.5"));
}

TEST_F(Log, AfterTheEndRecordsGoToStderr) {
  stop_logging();
  testing::internal::CaptureStderr();
  logger_.error("late");
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("ERROR    doorbell.test: late"));
  EXPECT_THAT(lines_of(folder_ / "out"), IsEmpty());
}

}  // namespace
}  // namespace porchlight::telemetry
