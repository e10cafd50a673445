// SPDX-License-Identifier: Apache-2.0
#include "notify/exec.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "notify/sink.hpp"

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using Kind = Delivery::Kind;

// Programs of shell lines in a folder of their own; `$0` is the program, so `${0%/*}` is the folder.
struct ExecTest : testing::Test {
  std::filesystem::path folder;
  SystemClock clock;

  ExecTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "porchlight-exec-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
  }
  ~ExecTest() override { std::filesystem::remove_all(folder); }

  std::string program(const std::string& lines) {
    const auto path = folder / "program";
    std::ofstream(path) << "#!/bin/bash\nhere=${0%/*}\n" << lines << '\n';
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }
  std::unique_ptr<Channel> channel(std::vector<std::string> command,
                                   std::chrono::milliseconds timeout = 30s) {
    auto made = Exec::create({std::move(command), timeout}, clock);
    EXPECT_TRUE(made.ok());
    return std::move(*made);
  }
  Delivery run(const std::string& lines, const Message& message = ring_message(0),
               std::chrono::milliseconds timeout = 30s) {
    return channel({program(lines)}, timeout)->deliver(message, {});
  }
  std::string read(const std::string& name) const {
    std::ifstream file(folder / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // The number that a program wrote; waits until it has.
  pid_t pid_in(const std::string& name) const {
    for (int i = 0; i < 3000 && !read(name).ends_with('\n'); ++i) std::this_thread::sleep_for(10ms);
    return std::stoi(read(name));
  }
  static bool is_gone(pid_t pid) {
    for (int i = 0; i < 3000; ++i) {
      std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
      std::string text((std::istreambuf_iterator<char>(status)), {});
      const auto after_name = text.rfind(')');
      // Nobody here reaps a grandchild: a zombie has ended.
      if (after_name == std::string::npos || text.substr(after_name).starts_with(") Z")) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }
};

TEST_F(ExecTest, ThePayloadIsItsInputAndTheRestItsEnvironment) {
  auto message = ring_message(1);
  message.words.link = "https://home.example.org/l/abc";
  const auto delivery =
      run("cat > $here/input; env | grep ^PORCHLIGHT_ | sort > $here/environment; printenv PORCHLIGHT_TEXT > "
          "$here/text",
          message);
  ASSERT_EQ(delivery.kind, Kind::delivered) << delivery.text;
  EXPECT_EQ(read("input"), message.row.payload);
  EXPECT_EQ(read("environment"),
            "PORCHLIGHT_EVENT_ID=018bcfe5-6800-7abc-8def-0123456789ab\n"
            "PORCHLIGHT_LINK=https://home.example.org/l/abc\n"
            "PORCHLIGHT_SEQUENCE=1\n"
            "PORCHLIGHT_TEXT=Camera: porch\n"
            "PORCHLIGHT_TITLE=Someone is at the door\n"
            "PORCHLIGHT_TYPE=ring_update\n");
  EXPECT_EQ(read("text"), message.words.text + "\n");
}

TEST_F(ExecTest, ThePictureIsAFileForItAndForWhatItStarts) {
  auto message = ring_message(1);
  message.picture = small_picture();
  const auto delivery =
      run("cat $PORCHLIGHT_PICTURE > $here/first; sh -c 'cat $PORCHLIGHT_PICTURE' > $here/second", message);
  ASSERT_EQ(delivery.kind, Kind::delivered) << delivery.text;
  const std::string picture(message.picture->begin(), message.picture->end());
  EXPECT_TRUE(read("first") == picture);
  EXPECT_TRUE(read("second") == picture);
}

TEST_F(ExecTest, ArgumentsAreNoShellsWords) {
  const auto delivery =
      channel({program("printf '%s|' \"$@\" > $here/arguments"), "a b", "$(id)", "; false", ""})
          ->deliver(ring_message(0), {});
  EXPECT_EQ(delivery.kind, Kind::delivered);
  EXPECT_EQ(read("arguments"), "a b|$(id)|; false||");
}

TEST_F(ExecTest, ItGetsNoDescriptorAndNoSecretOfOurs) {
  ::setenv("PORCHLIGHT_TEST_PASSWORD", "hunter2", 1);
  const UniqueFd open_by_accident(::open("/dev/null", O_RDONLY));  // without O_CLOEXEC
  const auto delivery = run("env > $here/environment; ls /proc/$$/fd > $here/descriptors");
  ::unsetenv("PORCHLIGHT_TEST_PASSWORD");
  ASSERT_EQ(delivery.kind, Kind::delivered) << delivery.text;
  EXPECT_THAT(read("environment"), Not(HasSubstr("hunter2")));
  // 255 is the shell's own: its script.
  EXPECT_EQ(read("descriptors"), "0\n1\n2\n255\n");
}

TEST_F(ExecTest, BlockedSignalsAreNotHandedOn) {
  sigset_t blocked, before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto delivery = run("grep ^SigBlk /proc/self/status > $here/signals");
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ASSERT_EQ(delivery.kind, Kind::delivered) << delivery.text;
  EXPECT_EQ(read("signals"), "SigBlk:\t0000000000000000\n");
}

TEST_F(ExecTest, TheExitStatusDecides) {
  EXPECT_EQ(run("exit 0").kind, Kind::delivered);
  const auto later = run("echo 'line is busy' >&2; exit 75");
  EXPECT_EQ(later.kind, Kind::retry);
  EXPECT_THAT(later.text, HasSubstr("exit status 75: line is busy"));
  const auto never = run("echo first >&2; printf 'no such\\tnumber\\n\\n' >&2; exit 2");
  EXPECT_EQ(never.kind, Kind::rejected);
  EXPECT_THAT(never.text, testing::EndsWith("exit status 2: no such number"));
  const auto killed = run("kill -SEGV $$");
  EXPECT_EQ(killed.kind, Kind::rejected);
  EXPECT_THAT(killed.text, testing::EndsWith("ended by signal 11"));
}

TEST_F(ExecTest, AFloodOfWordsIsReadAndItsEndKept) {
  const auto delivery = run("head -c 3000000 /dev/zero | tr '\\0' x >&2; echo >&2; echo last >&2; exit 1");
  EXPECT_THAT(delivery.text, testing::EndsWith(": last"));
  EXPECT_LT(run("head -c 100000 /dev/zero | tr '\\0' x >&2; exit 1").text.size(), 600U);
}

TEST_F(ExecTest, WordsWithoutEndEndWithItsTime) {
  for (const char* noise : {"exec yes >&2", "while :; do echo x; done >&2"}) {
    timespec before{}, after{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
    const auto begun = std::chrono::steady_clock::now();
    const auto delivery = run(noise, ring_message(0), 1s);
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
    EXPECT_EQ(delivery.kind, Kind::retry) << noise;
    EXPECT_THAT(delivery.text, HasSubstr("killed after 1000 ms")) << noise;
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 10s) << noise;
    const auto spent = std::chrono::seconds{after.tv_sec - before.tv_sec} +
                       std::chrono::nanoseconds{after.tv_nsec - before.tv_nsec};
    EXPECT_LT(spent, 400ms) << noise << ": a second was to be slept through";
  }
}

TEST_F(ExecTest, WhoClosesItsErrorsIsWaitedForAllTheSame) {
  EXPECT_EQ(run("exec 2>&-; sleep 0.2; echo > $here/done").kind, Kind::delivered);
  EXPECT_EQ(read("done"), "\n");
}

TEST_F(ExecTest, ATimeoutKillsTheWholeGroup) {
  const auto delivery =
      run("sleep 600 & echo $! > $here/grandchild; echo $$ > $here/child; wait", ring_message(0), 3s);
  EXPECT_EQ(delivery.kind, Kind::retry);
  EXPECT_EQ(delivery.code, ErrorCode::timeout);
  EXPECT_TRUE(is_gone(pid_in("grandchild")));
  EXPECT_TRUE(is_gone(pid_in("child")));
}

TEST_F(ExecTest, AStopKillsTheWholeGroupAtOnce) {
  std::stop_source stop;
  MonotonicTime asked{};
  std::jthread stopper([&] {
    pid_in("grandchild");
    asked = clock.now();
    stop.request_stop();
  });
  const auto delivery =
      channel({program("trap '' TERM; sleep 600 & echo $! > $here/grandchild; wait; sleep 600")}, 60s)
          ->deliver(ring_message(0), stop.get_token());
  const auto returned = clock.now();
  stopper.join();
  EXPECT_EQ(delivery.kind, Kind::retry);
  EXPECT_EQ(delivery.code, ErrorCode::cancelled);
  // 100 ms where nobody else wants the processor; the timeout would be 60 s.
  EXPECT_LT(returned - asked, 20s);
  EXPECT_TRUE(is_gone(pid_in("grandchild")));
}

TEST_F(ExecTest, WhatItLeavesBehindIsNotWaitedFor) {
  const auto begun = clock.now();
  EXPECT_EQ(run("sleep 20 & echo $! > $here/grandchild; exit 0").kind, Kind::delivered);
  EXPECT_LT(clock.now() - begun, 15s);
  ::kill(pid_in("grandchild"), SIGKILL);
}

TEST_F(ExecTest, AProgramThatIsNotThereIsTriedAgainAndCannotBeReached) {
  const auto missing = channel({(folder / "missing").string()});
  const auto delivery = missing->deliver(ring_message(0), {});
  EXPECT_EQ(delivery.kind, Kind::retry);
  EXPECT_EQ(delivery.code, ErrorCode::not_found);
  EXPECT_EQ(missing->reach({}).error().code(), ErrorCode::not_found);
  EXPECT_FALSE(channel({folder.string()})->reach({}).ok()) << "a folder is no program";
  EXPECT_TRUE(channel({program("exit 0")})->reach({}).ok());
  std::filesystem::permissions(folder / "program", std::filesystem::perms::owner_read);
  EXPECT_FALSE(channel({(folder / "program").string()})->reach({}).ok())
      << "nobody may execute it, not even root";
}

}  // namespace
}  // namespace porchlight::notify
