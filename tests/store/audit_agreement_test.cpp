// SPDX-License-Identifier: Apache-2.0
// Our verifier and the one in audit_verify.py, which was written apart from it, on the same changed files.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>

#include "porchlight/base/unique_fd.hpp"
#include "store/audit_fixture.hpp"

extern char** environ;

namespace porchlight::store {
namespace {

// The other verifier as a child that answers one line for each line.
class Other {
 public:
  explicit Other(const std::filesystem::path& key) {
    int to[2];
    int from[2];
    if (::pipe2(to, O_CLOEXEC) != 0 || ::pipe2(from, O_CLOEXEC) != 0) std::abort();
    const UniqueFd its_input(to[0]);
    const UniqueFd its_output(from[1]);
    questions_.reset(to[1]);
    answers_.reset(from[0]);
    std::vector<std::string> words{"/usr/bin/python3", "-B",
                                   PORCHLIGHT_SOURCE_DIR "/tests/store/audit_verify.py", "--serve",
                                   key.string()};
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, its_input.get(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, its_output.get(), STDOUT_FILENO);
    EXPECT_EQ(::posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ), 0);
    ::posix_spawn_file_actions_destroy(&actions);
  }
  ~Other() {
    questions_.reset();  // its end
    ::waitpid(pid_, nullptr, 0);
  }

  std::string verdict(const std::string& question) {
    const auto line = question + "\n";
    EXPECT_EQ(::write(questions_.get(), line.data(), line.size()), static_cast<ssize_t>(line.size()));
    while (buffer_.find('\n') == std::string::npos) {
      char block[256];
      const auto got = ::read(answers_.get(), block, sizeof block);
      if (got <= 0) return "the other verifier ended";
      buffer_.append(block, static_cast<std::size_t>(got));
    }
    auto answer = buffer_.substr(0, buffer_.find('\n'));
    buffer_.erase(0, answer.size() + 1);
    return answer;
  }

 private:
  pid_t pid_ = -1;
  UniqueFd questions_;
  UniqueFd answers_;
  std::string buffer_;
};

class Agreement : public testing::Test {
 protected:
  Agreement() {
    write_text(key_ / "key", key_of_test().bytes);
    other_ = std::make_unique<Other>(key_ / "key");
  }
  void compare(const std::string& what, AuditRange range = {}) {
    auto question = log_.path().string();
    if (range.from > 0 || range.to) question += " " + std::to_string(range.from);
    if (range.to) question += " " + std::to_string(*range.to);
    const auto ours = log_.verdict(range);
    ASSERT_EQ(ours, other_->verdict(question)) << what;
    seen_[ours.substr(0, ours.find(' '))]++;
  }
  void compare(const std::string& what, const std::vector<std::string>& lines) {
    write_text(log_.file(), joined(lines));
    compare(what);
  }

  Folder key_;
  const LogOf log_{300};
  const std::vector<std::string> lines_ = split_lines(read_text(log_.file()));
  std::unique_ptr<Other> other_;
  std::map<std::string, int> seen_;
};

TEST_F(Agreement, OnEveryRecordDeletedDoubledSwappedInsertedAndCut) {
  compare("untouched", lines_);
  for (std::size_t k = 0; k < lines_.size(); ++k) {
    const auto at = static_cast<long>(k);
    const auto name = std::to_string(k);
    auto lines = lines_;
    lines.erase(lines.begin() + at);
    compare("without " + name, lines);
    lines = lines_;
    lines.insert(lines.begin() + at, lines_[k]);
    compare("twice " + name, lines);
    lines[k].replace(lines[k].find("test/1"), 6, "evil/1");
    compare("forged before " + name, lines);
    lines = lines_;
    std::swap(lines[k], lines[(k * 7 + 1) % lines.size()]);
    compare("swapped " + name, lines);
    lines = lines_;
    lines[k].resize(lines[k].size() / 2);
    compare("cut without its newline " + name, lines);
    lines.resize(k + 1);
    compare("cut within " + name, lines);
    lines.resize(k);
    compare("cut before " + name, lines);
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(seen_["ok"], 1);
  for (const auto* kind : {"bad_hash", "missing", "reordered", "truncated", "malformed"})
    EXPECT_GE(seen_[kind], 290) << kind;
}

TEST_F(Agreement, OnFlippedBytesOfEveryRecord) {
  const auto text = joined(lines_);
  // A stride that is no multiple of anything in the file comes by every field.
  for (std::size_t at = 0; at < text.size(); at += 61) {
    auto changed = text;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    write_text(log_.file(), changed);
    compare("byte " + std::to_string(at));
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(seen_["bad_hash"], 500);
  EXPECT_GT(seen_["malformed"], 100);
  EXPECT_EQ(seen_["ok"], 0);
}

TEST_F(Agreement, OnEveryByteOfOneRecord) {
  const auto text = joined(lines_);
  const auto begin = text.find(lines_[6]);
  for (std::size_t at = 0; at < lines_[6].size(); ++at) {
    for (const int bit : {1, 4, 16, 128}) {
      auto changed = text;
      changed[begin + at] = static_cast<char>(changed[begin + at] ^ bit);
      write_text(log_.file(), changed);
      compare("byte " + std::to_string(at) + " bit " + std::to_string(bit));
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_EQ(seen_["ok"], 0);
}

TEST_F(Agreement, OnRangesAndReplacedLogs) {
  auto lines = lines_;
  lines[100].replace(lines[100].find("test/1"), 6, "evil/1");
  write_text(log_.file(), joined(lines));
  for (const AuditRange range : {AuditRange{0, 100}, AuditRange{0, 101}, AuditRange{100, 200},
                                 AuditRange{101, 200}, AuditRange{5, 5}, AuditRange{200, 1000}})
    compare("range from " + std::to_string(range.from), range);
  const LogOf stranger(300);
  std::filesystem::copy_file(stranger.file(), log_.file(), std::filesystem::copy_options::overwrite_existing);
  compare("another log");
  EXPECT_EQ(seen_["broken_link"], 1);
  write_text(log_.file(), "");
  compare("emptied");
  std::filesystem::remove(log_.file());
  compare("deleted");
  EXPECT_EQ(seen_["truncated"], 2);
}

TEST_F(Agreement, OnARotatedLog) {
  const LogOf rotated(200, key_of_test(), 20'000);
  EXPECT_EQ(other_->verdict(rotated.path().string()), "ok");
  std::filesystem::remove(rotated.path() / "audit/audit-000000000000.jsonl");
  EXPECT_EQ(other_->verdict(rotated.path().string()), rotated.verdict());
}

TEST(AuditNumbers, EveryRatioIsWrittenAsTheOtherVerifierWritesIt) {
  // Shortest decimals: what "%.4f" says without its trailing zeros.
  LogOf log(0);
  const SystemClock clock;
  auto writer = AuditLog::open({log.path(), 64 << 20, std::chrono::milliseconds(2000), key_of_test()}, clock);
  for (int n = 0; n <= 10'000; n += 7) {
    AuditEntry entry;
    entry.event = FaceRecognition{"known_person", n / 10'000.0 + 0.00001, {}, "front"};
    ASSERT_TRUE((*writer)->append(entry));
  }
  ASSERT_TRUE((*writer)->flush());
  Folder key;
  write_text(key / "key", key_of_test().bytes);
  EXPECT_EQ(Other(key / "key").verdict(log.path().string()), "ok");
  EXPECT_THAT(read_text(log.file()), testing::HasSubstr("\"confidence\":0.0007,"));
}

}  // namespace
}  // namespace porchlight::store
