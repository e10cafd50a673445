// SPDX-License-Identifier: Apache-2.0
// Cameras that are programs: real ones, good and bad.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <thread>

#include "camera/program.hpp"
#include "camera/source.hpp"
#include "camera_rig.hpp"
#include "media/clip.hpp"
#include "porchlight/media/decoder.hpp"

extern "C" {
#include <libavcodec/packet.h>
#include <libavutil/frame.h>
}

namespace porchlight::camera {
namespace {

using namespace std::chrono_literals;
using media::test::ClipShape;
using testing::HasSubstr;
using testing::Not;

using Command = std::vector<std::string>;

CameraOptions program(const Command& command) {
  CameraOptions options;
  options.id = options.name = "porch";
  options.kind = SourceKind::exec;
  options.command = command;
  options.url = "exec:test";
  options.stall = 20s;  // no busy machine is silent for so long
  return options;
}

struct Run {
  std::vector<media::PacketPtr> packets;
  Error end{ErrorCode::internal, ""};
  std::chrono::steady_clock::duration took{};
  std::uint64_t received = 0;
};

// Until it ends by itself, or `enough` pictures came.
Run run(const CameraOptions& options, std::size_t enough = std::numeric_limits<std::size_t>::max(),
        bool keep = true) {
  SystemClock clock;
  Run result;
  const PacketSink sink{[&](media::PacketPtr packet) {
                          ++result.received;
                          if (keep) result.packets.push_back(std::move(packet));
                        },
                        [&] { return result.received < enough; }};
  const auto begun = std::chrono::steady_clock::now();
  result.end = make_source(options, clock)->run(sink, {});
  result.took = std::chrono::steady_clock::now() - begun;
  return result;
}

std::vector<std::uint64_t> numbers_in(const std::vector<media::PacketPtr>& packets) {
  std::vector<std::uint64_t> numbers;
  auto decoder = media::Decoder::create(*packets.at(0)->stream).value();
  const auto read = [&](const media::FramePtr& frame) { numbers.push_back(media::test::number_in(*frame)); };
  for (const auto& packet : packets) EXPECT_TRUE(decoder.decode(*packet, read).ok());
  EXPECT_TRUE(decoder.flush(read).ok());
  return numbers;
}

std::vector<std::uint64_t> counted(std::size_t count) {
  std::vector<std::uint64_t> numbers;
  for (std::size_t i = 0; i < count; ++i) numbers.push_back(i);
  return numbers;
}

// Nothing of a process but perhaps its remains, which its new parent has not looked at.
bool is_dead(const std::string& pid) {
  std::ifstream stat("/proc/" + pid + "/stat");
  std::string text;
  std::getline(stat, text);
  return text.empty() || text.substr(text.rfind(')') + 2, 1) == "Z";
}

std::string first_line(const std::filesystem::path& file) {
  std::string line;
  std::ifstream stream(file);
  std::getline(stream, line);
  return line;
}

long resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::atol(line.c_str() + 6);
  return -1;
}

class ExecCamera : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/exec_camera.XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  bool make(const std::string& file, const ClipShape& shape) {
    return media::test::write_clip(folder_ / file, shape);
  }
  std::string path(const std::string& file) const { return (folder_ / file).string(); }
  Command shell(const std::string& script) const {
    return {"sh", "-c", "cd '" + folder_.string() + "'; " + script};
  }

  std::filesystem::path folder_;
};
#define MADE_OR_SKIP(call) \
  if (!(call)) GTEST_SKIP() << "libavcodec does not have the encoder here"

TEST_F(ExecCamera, ReadsWhatTheProgramWrites) {
  struct Case {
    const char* file;
    const char* encoder;
    const char* codec;
  };
  for (const auto& [file, encoder, codec] :
       {Case{"a.h264", "libx264", "h264"}, Case{"a.hevc", "libx265", "hevc"}, Case{"a.ts", "libx264", "h264"},
        Case{"b.ts", "libx265", "hevc"}}) {
    MADE_OR_SKIP(make(file, {.frames = 40, .fps = 20, .keyframe_interval = 10, .encoder = encoder}));
    const auto result = run(program({"cat", path(file)}));
    EXPECT_EQ(result.end.code(), ErrorCode::end_of_stream) << file;
    EXPECT_THAT(result.end.text(), HasSubstr("run 'cat': exit status 0")) << file;
    ASSERT_EQ(result.packets.size(), 40U) << file << ": " << result.end.text();
    EXPECT_EQ(result.packets[0]->stream->codec, codec);
    EXPECT_TRUE(result.packets[0]->keyframe && result.packets[10]->keyframe && !result.packets[11]->keyframe)
        << file;
    EXPECT_EQ(numbers_in(result.packets), counted(40)) << file;
    for (std::size_t i = 1; i < result.packets.size(); ++i)
      ASSERT_GT(result.packets[i]->data->dts, result.packets[i - 1]->data->dts) << file << " at " << i;
  }
}

// As a camera that is switched off in the middle of a picture.
TEST_F(ExecCamera, WhatComesOfAPictureWithoutAnyOfItIsNone) {
  MADE_OR_SKIP(make("a.h264", {.frames = 20, .fps = 20, .keyframe_interval = 10}));
  for (const char* delimiter : {"\\000\\000\\000\\001\\011\\020",
                                "\\000\\000\\001\\011\\360\\000\\000\\001\\006\\005\\001\\001\\200"}) {
    const auto result = run(program(shell("cat a.h264; printf '" + std::string(delimiter) + "'")));
    EXPECT_EQ(result.end.code(), ErrorCode::end_of_stream);
    ASSERT_EQ(result.packets.size(), 20U);
    EXPECT_EQ(numbers_in(result.packets), counted(20));
  }
}

TEST_F(ExecCamera, BareStreamsAreTimedByTheirArrivalAndAnnounceNoRate) {
  MADE_OR_SKIP(make("a.h264", {.frames = 4, .fps = 20, .keyframe_interval = 1}));
  const auto result = run(program(shell("cat a.h264; sleep 0.3; cat a.h264")));
  ASSERT_EQ(result.packets.size(), 8U);
  EXPECT_EQ(result.packets[0]->stream->fps, 0);
  const auto& stream = *result.packets[0]->stream;
  const auto seconds = static_cast<double>(result.packets[7]->data->pts - result.packets[0]->data->pts) *
                       stream.time_base_num / stream.time_base_den;
  EXPECT_NEAR(seconds,
              std::chrono::duration<double>(result.packets[7]->arrived - result.packets[0]->arrived).count(),
              0.05);
  EXPECT_GT(seconds, 0.25);
}

TEST_F(ExecCamera, TellsHowTheProgramEndedAndWhatItSaidLast) {
  EXPECT_THAT(run(program(shell("echo starting >&2; echo 'no cameras available' >&2; exit 3"))).end.text(),
              HasSubstr("run 'sh': exit status 3: starting | no cameras available"));
  EXPECT_THAT(run(program(shell("kill -9 $$"))).end.text(), HasSubstr("ended by signal 9"));
  // Of a flood only the end is kept.
  const auto flood = run(program(shell("seq 1 100000 >&2; echo last words >&2; exit 1"))).end.text();
  EXPECT_THAT(flood, HasSubstr("| last words"));
  EXPECT_LT(flood.size(), 600U);
}

TEST_F(ExecCamera, NamesAProgramThatIsNotThere) {
  const auto absent = run(program({"no-such-program-anywhere", "--password", "secret"})).end;
  EXPECT_EQ(absent.code(), ErrorCode::not_found);
  EXPECT_THAT(absent.text(), HasSubstr("start 'no-such-program-anywhere': No such file"));
  EXPECT_THAT(absent.text(), Not(HasSubstr("secret")));
  std::ofstream(path("plain")) << "no program";
  EXPECT_EQ(run(program({path("plain")})).end.code(), ErrorCode::permission_denied);
}

TEST_F(ExecCamera, GetsFewOfOurVariablesAndNoneOfOurFiles) {
  ::setenv("PORCHLIGHT_TEST_SECRET", "s3cret", 1);
  const UniqueFd ours(::open("/dev/null", O_RDONLY));  // not close-on-exec
  run(program(shell("env >environment; ls /proc/self/fd >files")));
  ::unsetenv("PORCHLIGHT_TEST_SECRET");
  std::ifstream stream(path("environment"));
  const std::string environment{std::istreambuf_iterator<char>(stream), {}};
  EXPECT_THAT(environment, HasSubstr("PORCHLIGHT_CAMERA=porch\n"));
  EXPECT_THAT(environment, HasSubstr("PATH="));
  EXPECT_THAT(environment, Not(HasSubstr("s3cret")));
  // 0, 1, 2, and the folder that ls itself reads.
  std::ifstream listed(path("files"));
  std::vector<std::string> files;
  for (std::string line; std::getline(listed, line);) files.push_back(line);
  EXPECT_THAT(files, testing::ElementsAre("0", "1", "2", "3"));
}

TEST_F(ExecCamera, EndsWithItsWholeGroup) {
  MADE_OR_SKIP(make("a.h264", {.frames = 20, .fps = 20, .keyframe_interval = 5}));
  const auto result = run(program(shell("sleep 1000 & echo $! >background; cat a.h264; wait")), 5);
  EXPECT_EQ(result.end.code(), ErrorCode::cancelled);
  const auto background = first_line(path("background"));
  ASSERT_FALSE(background.empty());
  EXPECT_TRUE(test::eventually([&] { return is_dead(background); }, 5s));
}

TEST_F(ExecCamera, IsKilledWhenItWillNotEnd) {
  MADE_OR_SKIP(make("a.h264", {.frames = 20, .fps = 20, .keyframe_interval = 5}));
  SystemClock clock;
  std::stop_source stop;
  std::chrono::steady_clock::time_point asked{};
  const PacketSink sink{[&](const media::PacketPtr&) {
                          if (!stop.stop_requested()) asked = std::chrono::steady_clock::now();
                          stop.request_stop();
                        },
                        [] { return true; }};
  const auto options =
      program(shell("trap '' TERM INT PIPE; echo $$ >leader; cat a.h264; while :; do sleep 1; done"));
  EXPECT_EQ(make_source(options, clock)->run(sink, stop.get_token()).code(), ErrorCode::cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - asked, 20s);
  EXPECT_TRUE(test::eventually([&] { return is_dead(first_line(path("leader"))); }, 5s));
}

TEST_F(ExecCamera, MayEndInOrder) {
  MADE_OR_SKIP(make("a.h264", {.frames = 20, .fps = 20, .keyframe_interval = 5}));
  // It has a tenth of a second to do so, which a busy machine may not give it.
  const auto tidied = [&] {
    run(program(shell("trap 'echo tidied >tidied; exit' TERM; cat a.h264; while :; do sleep 0.02; done")), 5);
    return first_line(path("tidied")) == "tidied";
  };
  EXPECT_TRUE(tidied() || tidied() || tidied());
}

TEST_F(ExecCamera, SilenceIsATimeout) {
  MADE_OR_SKIP(make("a.h264", {.frames = 20, .fps = 20, .keyframe_interval = 5}));
  auto options = program(shell("cat a.h264; echo 'waiting for the sensor' >&2; exec sleep 1000"));
  options.stall = 2s;
  const auto result = run(options);
  EXPECT_EQ(result.end.code(), ErrorCode::timeout);
  EXPECT_THAT(result.end.text(), HasSubstr("it says: waiting for the sensor"));
  EXPECT_GE(result.took, 2s);
  EXPECT_LT(result.took, 20s);
}

std::chrono::nanoseconds processor_time() {
  timespec spent{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return std::chrono::seconds{spent.tv_sec} + std::chrono::nanoseconds{spent.tv_nsec};
}

// Its complaints come faster than anybody reads them, and its pictures not at all.
TEST_F(ExecCamera, ComplaintsWithoutEndHoldNobody) {
  MADE_OR_SKIP(make("a.h264", {.frames = 20, .fps = 20, .keyframe_interval = 5}));
  for (const char* noise : {"yes >&2 & exec sleep 1000", "while :; do echo x; done >&2"}) {
    const auto before = processor_time();
    auto options = program(shell(std::string("cat a.h264; ") + noise));
    options.stall = 2s;
    const auto result = run(options);
    EXPECT_EQ(result.end.code(), ErrorCode::timeout) << noise << ": " << result.end.text();
    EXPECT_GE(result.took, 2s) << noise;
    EXPECT_LT(result.took, 20s) << noise;
    EXPECT_LT(processor_time() - before, 700ms) << noise << ": two seconds were to be slept through";
  }
}

TEST_F(ExecCamera, IsStoppedWhileItComplains) {
  MADE_OR_SKIP(make("a.h264", {.frames = 20, .fps = 20, .keyframe_interval = 5}));
  SystemClock clock;
  std::stop_source stop;
  std::optional<std::chrono::steady_clock::time_point> silent_since, asked;
  int beats = 0;
  const PacketSink sink{[&](const media::PacketPtr&) { silent_since = std::chrono::steady_clock::now(); },
                        [&] {
                          const auto now = std::chrono::steady_clock::now();
                          if (!silent_since || now - *silent_since < 1s) return true;
                          ++beats;
                          if (now - *silent_since < 2s || asked) return true;
                          asked = now;
                          stop.request_stop();
                          return true;
                        }};
  auto options = program(shell("cat a.h264; yes >&2 & exec sleep 1000"));
  options.stall = 60s;
  EXPECT_EQ(make_source(options, clock)->run(sink, stop.get_token()).code(), ErrorCode::cancelled);
  ASSERT_TRUE(asked);
  EXPECT_LT(std::chrono::steady_clock::now() - *asked, 20s) << "a minute is what silence is given";
  EXPECT_GE(beats, 4) << "in a second";
}

// Holds a process of ours so that nobody else sees its end, as a driver does that never answers.
class Tracer {
 public:
  explicit Tracer(pid_t held) {
    std::array<int, 2> answer{}, order{};
    if (::pipe(answer.data()) != 0 || ::pipe(order.data()) != 0) return;
    release_ = UniqueFd(order[1]);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(order[1]);
      const char held_it = ::ptrace(PTRACE_SEIZE, held, nullptr, nullptr) == 0 ? 'y' : 'n';
      char word = 0;
      if (::write(answer[1], &held_it, 1) == 1 && ::read(order[0], &word, 1) >= 0)
        ::waitpid(held, nullptr, __WALL);
      ::_exit(0);
    }
    ::close(answer[1]);
    ::close(order[0]);
    const UniqueFd heard(answer[0]);
    char word = 'n';
    holds_ = ::read(heard.get(), &word, 1) == 1 && word == 'y';
  }
  ~Tracer() { release(); }
  bool holds() const { return holds_; }
  void release() {
    release_.reset();
    if (pid_ > 0) ::waitpid(std::exchange(pid_, -1), nullptr, 0);
  }

 private:
  pid_t pid_ = -1;
  bool holds_ = false;
  UniqueFd release_;
};

TEST_F(ExecCamera, WhatCannotBeEndedKeepsItsCameraFromASecondOneOnAnyThread) {
  auto first = Program::start({"porch", {"sleep", "1000"}, {}});
  ASSERT_TRUE(first.ok()) << first.error().text();
  const auto pid = std::to_string(first->pid());
  Tracer tracer(first->pid());
  if (!tracer.holds()) GTEST_SKIP() << "ptrace is not allowed here";
  EXPECT_EQ(first->finish(0ms), "cannot be ended");
  const auto start = [](const std::string& camera) {
    std::optional<Error> why;
    std::thread([&] {
      auto made = Program::start({camera, {"true"}, {}});
      if (!made) why = made.error();
    }).join();
    return why;
  };
  const auto refused = start("porch");
  ASSERT_TRUE(refused) << "a new thread of the same camera";
  EXPECT_EQ(refused->code(), ErrorCode::unavailable);
  EXPECT_THAT(refused->text(), HasSubstr("process " + pid + ", does not end"));
  EXPECT_FALSE(start("garden")) << "another camera";
  tracer.release();
  EXPECT_TRUE(test::eventually([&] { return !start("porch"); }));
}

TEST_F(ExecCamera, WhatIsNoVideoIsRefusedAtOnce) {
  for (const char* script : {"exec yes", "exec cat /dev/zero", "exec cat /dev/urandom", "echo hello"}) {
    const auto result = run(program(shell(script)));
    EXPECT_TRUE(result.packets.empty()) << script;
    EXPECT_TRUE(result.end.code() == ErrorCode::corrupt || result.end.code() == ErrorCode::end_of_stream)
        << script << ": " << result.end.text();
  }
}

TEST_F(ExecCamera, AFloodWithoutPicturesTakesLittleMemory) {
  MADE_OR_SKIP(make("a.h264", {.frames = 20, .fps = 20, .keyframe_interval = 5}));
  const auto before = resident_kib();
  const auto result = run(program(shell("cat a.h264; exec tr '\\0' '\\377' </dev/zero")), 1'000'000, false);
  EXPECT_EQ(result.end.code(), ErrorCode::corrupt);
  EXPECT_THAT(result.end.text(), HasSubstr("8 MiB without a picture"));
  EXPECT_LT(resident_kib() - before, 64 * 1024);
}

TEST_F(ExecCamera, AFloodOfPicturesIsReadNoFasterThanACameraSends) {
  MADE_OR_SKIP(make("a.h264", {.frames = 60, .fps = 20, .keyframe_interval = 10}));
  const auto before = resident_kib();
  const auto result = run(program(shell("while cat a.h264; do :; done")), 300, false);
  EXPECT_EQ(result.received, 300U);
  // 60 at once, the others at 120 a second.
  EXPECT_GE(result.took, 1900ms);
  EXPECT_LT(resident_kib() - before, 64 * 1024);
}

TEST_F(ExecCamera, DyingInALoopIsOneFaultAndManyAttempts) {
  MADE_OR_SKIP(make("a.h264", {.frames = 20, .fps = 20, .keyframe_interval = 5}));
  telemetry::Metrics metrics(test::sets_of({"porch"}));
  test::CameraRig rig(program(shell("echo $$ >>starts; cat a.h264")), metrics);
  ASSERT_TRUE(test::eventually([&] { return rig.reconnects("eof") >= 4; }));
  EXPECT_LE(rig.events_of<event::CameraLost>().size(), rig.events_of<event::CameraBack>().size() + 1);
  EXPECT_GE(rig.counter("camera_frames_received_total"), 20 * 4);
  EXPECT_FALSE(rig.frames().empty());
}

// Between its attempts it is `connecting`, which says nothing of what it is.
TEST_F(ExecCamera, IsLostFromItsFaultToItsFirstPicture) {
  MADE_OR_SKIP(make("a.h264", {.frames = 20, .fps = 20, .keyframe_interval = 5}));
  telemetry::Metrics metrics(test::sets_of({"porch"}));
  test::CameraRig rig(program(shell("[ -e mended ] || exit 7; while cat a.h264; do sleep 0.5; done")),
                      metrics);
  ASSERT_TRUE(test::eventually([&] { return rig.ingest().is_lost(); }));
  bool connecting = false;
  ASSERT_TRUE(test::eventually([&] {
    EXPECT_TRUE(rig.ingest().is_lost());
    connecting = connecting || rig.state() == ConnectionState::connecting;
    return rig.reconnects("eof") >= 2;
  }));
  EXPECT_TRUE(connecting) << "the state alone would have told as much";
  std::ofstream(path("mended")) << "yes";
  ASSERT_TRUE(test::eventually([&] { return rig.state() == ConnectionState::connected; }));
  EXPECT_FALSE(rig.ingest().is_lost());
}

TEST_F(ExecCamera, TellsWhoItsProgramIsWhileItRuns) {
  MADE_OR_SKIP(make("a.h264", {.frames = 20, .fps = 20, .keyframe_interval = 5}));
  telemetry::Metrics metrics(test::sets_of({"porch"}));
  auto options = program(shell("echo $$ >leader; while cat a.h264; do sleep 1; done"));
  test::CameraRig rig(options, metrics);
  ASSERT_TRUE(test::eventually([&] { return rig.state() == ConnectionState::connected; }));
  const auto leader = first_line(path("leader"));
  EXPECT_EQ(std::to_string(rig.ingest().child().value_or(0)), leader);
  rig.stop();
  EXPECT_FALSE(is_dead("self"));
  EXPECT_TRUE(is_dead(leader));
}

// The camera's codec was changed in its settings while it was watched: the old decoder can do nothing with
// the new stream, which is a stall, and the next attempt sees the new one from its beginning.
TEST_F(ExecCamera, AnotherCodecInMidStreamIsShownInTheEnd) {
  MADE_OR_SKIP(make("a.ts", {.frames = 40, .fps = 20, .keyframe_interval = 10}));
  MADE_OR_SKIP(make("b.ts", {.frames = 40, .fps = 20, .keyframe_interval = 10, .encoder = "libx265"}));
  telemetry::Metrics metrics(test::sets_of({"porch"}));
  auto options =
      program(shell("[ -e changed ] || cat a.ts; touch changed; while cat b.ts; do sleep 0.5; done"));
  options.stall = 2s;
  test::CameraRig rig(options, metrics);
  ASSERT_TRUE(test::eventually([&] { return rig.frames().size() >= 10; }));
  const auto before = rig.frames().size();
  ASSERT_TRUE(test::eventually(
      [&] { return rig.frames().size() >= before + 40 && rig.state() == ConnectionState::connected; }));
  EXPECT_LE(rig.events_of<event::CameraLost>().size(), 1U);
}

TEST_F(ExecCamera, FfmpegIsACamera) {
  if (std::system("command -v ffmpeg >/dev/null") != 0) GTEST_SKIP() << "no ffmpeg here";
  telemetry::Metrics metrics(test::sets_of({"porch"}));
  auto options =
      program({"ffmpeg", "-v", "error", "-re", "-f", "lavfi", "-i", "testsrc=size=640x360:rate=15", "-c:v",
               "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "15", "-f", "h264", "-"});
  options.stall = 10s;
  test::CameraRig rig(options, metrics);
  ASSERT_TRUE(test::eventually([&] { return rig.counter("camera_frames_received_total") >= 30; }));
  EXPECT_EQ(rig.state(), ConnectionState::connected);
  EXPECT_EQ(rig.counter("camera_frames_dropped_total"), 0);
  EXPECT_EQ(rig.gauge("camera_fps_expected"), 15) << "as the coded stream says";
}

}  // namespace
}  // namespace porchlight::camera
