// SPDX-License-Identifier: Apache-2.0
// Against a socket that takes what the journal would take. The journal itself: tests/vm.
#include "telemetry/journal_sink.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <map>
#include <optional>
#include <thread>

#include "porchlight/telemetry/metrics.hpp"
#include "telemetry/log_fixture.hpp"

namespace porchlight::telemetry {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Nothing when it is no entry.
std::optional<std::map<std::string, std::string>> fields_of(std::string_view entry) {
  std::map<std::string, std::string> fields;
  while (!entry.empty()) {
    const auto end = entry.find_first_of("=\n");
    if (end == std::string_view::npos) return std::nullopt;
    const std::string key(entry.substr(0, end));
    std::size_t size = 0;
    auto begin = end + 1;
    if (entry[end] == '=') {
      size = std::min(entry.find('\n', begin), entry.size()) - begin;
    } else {
      if (entry.size() < begin + 8) return std::nullopt;
      for (std::size_t n = 0; n < 8; ++n)
        size |= std::size_t{static_cast<unsigned char>(entry[begin + n])} << (8 * n);
      begin += 8;
    }
    if (entry.size() <= begin + size || entry[begin + size] != '\n') return std::nullopt;
    fields[key] = entry.substr(begin, size);
    entry.remove_prefix(begin + size + 1);
  }
  return fields;
}

class Journal {
 public:
  explicit Journal(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  // Waits for the next entry; a file that came instead is read.
  std::string next() {
    std::string bytes(1 << 20, 0);
    iovec part{bytes.data(), bytes.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const auto count = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
    EXPECT_GE(count, 0);
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    const auto* const passed = CMSG_FIRSTHDR(&message);
    return passed == nullptr ? bytes : content_of(passed);
  }

 private:
  static std::string content_of(const cmsghdr* passed) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(passed), sizeof fd);
    const UniqueFd file(fd);
    struct stat found {};
    EXPECT_EQ(::fstat(fd, &found), 0);
    std::string bytes(static_cast<std::size_t>(found.st_size), 0);
    EXPECT_EQ(::pread(fd, bytes.data(), bytes.size(), 0), found.st_size);
    return bytes;
  }

  UniqueFd socket_;
};

class JournalLog : public LogTest {
 protected:
  void start_with_journal() {
    LogOptions options;
    options.journal = socket();
    start(options);
  }
  std::string socket() const { return (folder_ / "journal").string(); }
};

TEST_F(JournalLog, ARecordIsAnEntryWithItsFields) {
  Journal journal(socket());
  start_with_journal();
  logger_.with("5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174", "").warning("the disk is slow");
  const auto fields = fields_of(journal.next());
  ASSERT_TRUE(fields);
  EXPECT_THAT(fields->at("MESSAGE"), HasSubstr(R"("message":"the disk is slow")"));
  EXPECT_EQ(fields->at("PRIORITY"), "4");
  EXPECT_EQ(fields->at("SYSLOG_IDENTIFIER"), "porchlight");
  EXPECT_EQ(fields->at("TRACE_ID"), "5b8efff798038103d269b633813fc60c");
  EXPECT_EQ(fields->at("CODE_FILE"), "journal_sink_test");
  EXPECT_EQ(fields->count("REQUEST_ID"), 0u);
  EXPECT_THAT(lines_of(folder_ / "out"), IsEmpty()) << "and nothing besides";
}

TEST(JournalEntry, HasTheRequestThatTheRecordHas) {
  Record record;
  record.ids.request_id = "r-1";
  EXPECT_EQ(fields_of(journal_entry(record, "x"))->at("REQUEST_ID"), "r-1");
  record.fields.emplace_back("request_id", "r-2");
  EXPECT_EQ(fields_of(journal_entry(record, "x"))->at("REQUEST_ID"), "r-2");
}

TEST_F(JournalLog, LevelsAreSyslogsSeverities) {
  Journal journal(socket());
  start_with_journal();
  set_log_level(Level::debug);
  logger_.debug("x");
  logger_.info("x");
  logger_.warning("x");
  logger_.error("x");
  logger_.critical("x");
  for (const char* priority : {"7", "6", "4", "3", "2"}) {
    const auto fields = fields_of(journal.next());
    ASSERT_TRUE(fields);
    EXPECT_EQ(fields->at("PRIORITY"), priority);
  }
}

TEST_F(JournalLog, WithoutAJournalTheStreamHasThem) {
  start_with_journal();
  logger_.info("one");
  EXPECT_THAT(lines(), SizeIs(1));
  Journal journal(socket());
  logger_.info("two");
  EXPECT_THAT(journal.next(), HasSubstr("two"));
}

TEST_F(JournalLog, AJournalThatWasStartedAnewIsFound) {
  std::optional<Journal> journal(std::in_place, socket());
  start_with_journal();
  logger_.info("one");
  EXPECT_THAT(journal->next(), HasSubstr("one"));
  journal.reset();
  std::filesystem::remove(socket());
  logger_.info("two");
  EXPECT_THAT(lines(), SizeIs(1));
  journal.emplace(socket());
  logger_.info("three");
  EXPECT_THAT(journal->next(), HasSubstr("three"));
}

TEST_F(JournalLog, AJournalThatDoesNotReadIsCounted) {
  const Journal journal(socket());
  start_with_journal();
  Metrics metrics{ClosedSets{}};
  attach_log_metrics(&metrics);
  const auto lost = metrics.counter("log_messages_dropped_total", {{"reason", "write_error"}});
  const double before = lost.value();
  while (lost.value() == before) logger_.info("n");
  attach_log_metrics(nullptr);
  EXPECT_THAT(lines_of(folder_ / "out"), IsEmpty());
}

TEST_F(JournalLog, WhatIsTooLargeForADatagramGoesAsAFile) {
  Journal journal(socket());
  JournalSink sink(socket());
  const std::string large(8 << 20, 'x');
  std::string received;
  std::jthread reader([&] { received = journal.next(); });
  EXPECT_EQ(sink.write({}, large), JournalSink::Outcome::taken);
  reader.join();
  const auto fields = fields_of(received);
  ASSERT_TRUE(fields);
  EXPECT_EQ(fields->at("MESSAGE"), large);
}

TEST(JournalEntry, AValueWithALineBreakHasItsLength) {
  const auto fields = fields_of(journal_entry({}, "two\nlines=x"));
  ASSERT_TRUE(fields);
  EXPECT_EQ(fields->at("MESSAGE"), "two\nlines=x");
  EXPECT_EQ(fields->at("PRIORITY"), "6");
}

TEST_F(JournalLog, IsFoundByTheStreamThatSystemdNames) {
  struct stat found {};
  ASSERT_EQ(::fstat(out_.get(), &found), 0);
  const auto stream = std::to_string(found.st_dev) + ":" + std::to_string(found.st_ino);
  EXPECT_EQ(journal_socket_of(out_.get(), stream.c_str()), "/run/systemd/journal/socket");
  EXPECT_EQ(journal_socket_of(out_.get(), (stream + "0").c_str()), "");
  EXPECT_EQ(journal_socket_of(out_.get(), nullptr), "");
  EXPECT_EQ(journal_socket_of(-1, stream.c_str()), "");
}

}  // namespace
}  // namespace porchlight::telemetry
