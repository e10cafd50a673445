// SPDX-License-Identifier: Apache-2.0
// Every way of changing a log of 300 records, and what the verifier must say of each.
#include "porchlight/store/audit_verifier.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "porchlight/base/unique_fd.hpp"
#include "store/audit_fixture.hpp"
#include "store/audit_record.hpp"

namespace porchlight::store {
namespace {

using testing::HasSubstr;
constexpr int records = 300;

std::string said(const char* kind, std::size_t index) {
  return std::string(kind) + " " + std::to_string(index);
}

class Tampering : public testing::Test {
 protected:
  void write(const std::vector<std::string>& lines) { write_text(log_.file(), joined(lines)); }
  const LogOf log_{records};
  const std::vector<std::string> lines_ = split_lines(read_text(log_.file()));
};

TEST_F(Tampering, UntouchedLogIsGoodAndSaysByWhat) {
  ASSERT_EQ(lines_.size(), static_cast<std::size_t>(records));
  const auto verdict = log_.verify();
  ASSERT_TRUE(verdict.ok());
  EXPECT_TRUE(verdict->ok()) << verdict->detail;
  EXPECT_EQ(verdict->checked, 300U);
  EXPECT_TRUE(verdict->keyed);
  EXPECT_EQ(verdict->key_source, "the test");
  ASSERT_TRUE(verdict->anchor);
  EXPECT_EQ(verdict->anchor->index, 299U);
  EXPECT_EQ(verdict->anchor->source, "audit.head");
}

TEST_F(Tampering, DeletedRecordIsMissing) {
  for (std::size_t k = 0; k < lines_.size(); ++k) {
    auto lines = lines_;
    lines.erase(lines.begin() + static_cast<long>(k));
    write(lines);
    // Nothing follows on the last one: it was cut off.
    EXPECT_EQ(log_.verdict(), said(k + 1 == lines_.size() ? "truncated" : "missing", k));
  }
}

TEST_F(Tampering, DuplicatedRecordIsReordered) {
  for (std::size_t k = 0; k < lines_.size(); ++k) {
    auto lines = lines_;
    lines.insert(lines.begin() + static_cast<long>(k), lines_[k]);
    write(lines);
    EXPECT_EQ(log_.verdict(), said("reordered", k + 1));
  }
}

TEST_F(Tampering, SwappedRecordsAreReordered) {
  for (std::size_t k = 0; k + 1 < lines_.size(); ++k) {
    auto lines = lines_;
    std::swap(lines[k], lines[k + 1 + (k * 7) % (lines.size() - k - 1)]);
    write(lines);
    EXPECT_EQ(log_.verdict(), said("reordered", k));
  }
}

TEST_F(Tampering, InsertedRecordIsSeenWhetherCopiedOrForged) {
  for (std::size_t k = 0; k < lines_.size(); ++k) {
    auto lines = lines_;
    auto forged = lines_[k];
    forged.replace(forged.find("test/1"), 6, "evil/1");
    lines.insert(lines.begin() + static_cast<long>(k), forged);
    write(lines);
    EXPECT_EQ(log_.verdict(), said("bad_hash", k));
    lines[k] = lines_[(k + 150) % lines_.size()];
    write(lines);
    EXPECT_EQ(log_.verdict(), said("reordered", k)) << "a copy of another record";
    lines[k] = "{}\n";
    write(lines);
    EXPECT_EQ(log_.verdict(), said("malformed", k));
  }
}

TEST_F(Tampering, FileCutWithinARecordIsTruncatedThere) {
  const auto text = joined(lines_);
  std::size_t begin = 0;
  for (std::size_t k = 0; k < lines_.size(); begin += lines_[k++].size()) {
    for (const auto part : {std::size_t{1}, lines_[k].size() / 2, lines_[k].size() - 1}) {
      write_text(log_.file(), text.substr(0, begin + part));
      EXPECT_EQ(log_.verdict(), said("truncated", k));
    }
  }
}

TEST_F(Tampering, FileCutBetweenRecordsIsTruncatedByItsAnchor) {
  const auto text = joined(lines_);
  std::size_t begin = 0;
  for (std::size_t k = 0; k < lines_.size(); begin += lines_[k++].size()) {
    write_text(log_.file(), text.substr(0, begin));
    EXPECT_EQ(log_.verdict(), said("truncated", k));
  }
}

TEST_F(Tampering, RecordCutInPlaceIsMalformed) {
  for (std::size_t k = 0; k < lines_.size(); ++k) {
    auto lines = lines_;
    lines[k] = lines[k].substr(0, 1 + (k * 31) % (lines[k].size() - 2)) + "\n";
    write(lines);
    EXPECT_EQ(log_.verdict(), said("malformed", k));
  }
}

// Each byte of the file, each by one bit. The kind follows from whether the line still is a record in
// canonical form; the index from where the byte lies.
TEST_F(Tampering, EveryFlippedByteIsFoundAtItsRecord) {
#ifdef __SANITIZE_ADDRESS__
  constexpr std::size_t step = 41;
#else
  constexpr std::size_t step = 1;
#endif
  const UniqueFd file(::open(log_.file().c_str(), O_RDWR | O_CLOEXEC));
  std::size_t begin = 0;
  std::size_t still_records = 0;
  for (std::size_t k = 0; k < lines_.size(); begin += lines_[k++].size()) {
    for (std::size_t at = k % step; at < lines_[k].size(); at += step) {
      auto line = lines_[k];
      line[at] = static_cast<char>(line[at] ^ (1 << ((begin + at) % 8)));
      const bool is_end = at + 1 == line.size();
      const bool is_record = !is_end && parse_audit_line(std::string_view(line).substr(0, line.size() - 1));
      still_records += is_record ? 1 : 0;
      auto kind = is_record ? "bad_hash" : "malformed";
      if (is_end && k + 1 == lines_.size()) kind = "truncated";
      ASSERT_EQ(::pwrite(file.get(), &line[at], 1, static_cast<off_t>(begin + at)), 1);
      const AuditRange near{k > 1 ? k - 1 : 0, k + 2};
      ASSERT_EQ(log_.verdict(near), said(kind, k)) << "byte " << at << " of " << line;
      ASSERT_EQ(::pwrite(file.get(), &lines_[k][at], 1, static_cast<off_t>(begin + at)), 1);
    }
  }
  EXPECT_GT(still_records, lines_.size()) << "hardly any flip reached the hash";
  EXPECT_EQ(log_.verdict(), "ok");
}

TEST_F(Tampering, EveryFlippedByteOfOneRecordIsFoundByTheWholeVerification) {
  const auto text = joined(lines_);
  const auto begin = text.find(lines_[150]);
  for (std::size_t at = 0; at < lines_[150].size(); ++at) {
    auto changed = text;
    changed[begin + at] = static_cast<char>(changed[begin + at] ^ 0x10);
    write_text(log_.file(), changed);
    EXPECT_THAT(log_.verdict(), testing::AnyOf("bad_hash 150", "malformed 150")) << "byte " << at;
  }
}

TEST_F(Tampering, EmptiedAndDeletedFilesAreTruncatedAtTheirFirstRecord) {
  write_text(log_.file(), "");
  EXPECT_EQ(log_.verdict(), "truncated 0");
  std::filesystem::remove(log_.file());
  EXPECT_EQ(log_.verdict(), "truncated 0");
  std::filesystem::remove_all(log_.path() / "audit");
  EXPECT_EQ(log_.verdict(), "truncated 0");
  // The head too: what is left is whoever else keeps an anchor.
  std::filesystem::remove(log_.path() / "audit.head");
  EXPECT_EQ(log_.verdict(), "ok") << "a log that was never there is empty";
  EXPECT_EQ(log_.verdict({}, {{299, std::string(64, 'a'), "database"}}), "truncated 0");
}

TEST_F(Tampering, AWholeOtherLogIsFoundByTheAnchorOnly) {
  const LogOf other(records);
  std::filesystem::copy_file(other.file(), log_.file(), std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(log_.verdict(), "broken_link 299");
  const auto hash = parse_audit_line(std::string_view(lines_[99]).substr(0, lines_[99].size() - 1))->hash;
  EXPECT_EQ(log_.verdict({}, {{99, hash, "command line"}}), "broken_link 99");
  EXPECT_EQ(log_.verdict({0, 99}, {{99, hash, "command line"}}), "ok") << "out of the range";
}

TEST_F(Tampering, SplicedTailOfAnotherLogUnderTheSameKeyBreaksTheLink) {
  const LogOf other(records);
  auto lines = lines_;
  const auto foreign = split_lines(read_text(other.file()));
  std::copy(foreign.begin() + 200, foreign.end(), lines.begin() + 200);
  write(lines);
  EXPECT_EQ(log_.verdict(), "broken_link 200");
}

TEST_F(Tampering, RangesAreHalfOpen) {
  auto lines = lines_;
  auto& line = lines[100];
  line.replace(line.find("test/1"), 6, "evil/1");
  write(lines);
  EXPECT_EQ(log_.verdict(), "bad_hash 100");
  EXPECT_EQ(log_.verdict({0, 100}), "ok");
  EXPECT_EQ(log_.verify({0, 100})->checked, 100U);
  EXPECT_EQ(log_.verdict({0, 101}), "bad_hash 100");
  EXPECT_EQ(log_.verdict({100, 200}), "bad_hash 100");
  EXPECT_EQ(log_.verdict({101, 200}), "ok") << "the stored hash of 100 is unchanged";
  EXPECT_EQ(log_.verify({101, 200})->checked, 99U);
  EXPECT_EQ(log_.verdict({7, 7}), "ok");
  EXPECT_EQ(log_.verify({7, 7})->checked, 0U);
  EXPECT_EQ(log_.verdict({300, std::nullopt}), "ok") << "nothing is left to check";
  EXPECT_EQ(log_.verdict({200, 1000}), "ok") << "cut at the log's end";
  EXPECT_EQ(log_.verify({200, 1000})->checked, 100U);
}

TEST_F(Tampering, RangesOutOfBoundsAreWrongUse) {
  for (const AuditRange range : {AuditRange{301, std::nullopt}, AuditRange{500, 600}, AuditRange{9, 8}}) {
    const auto verdict = log_.verify(range);
    ASSERT_FALSE(verdict.ok());
    EXPECT_EQ(verdict.error().code(), ErrorCode::invalid_argument);
  }
  EXPECT_THAT(log_.verify({301, std::nullopt}).error().text(), HasSubstr("has 300 records"));
}

TEST_F(Tampering, RangeChecksItsLinkToTheRecordBefore) {
  auto lines = lines_;
  auto& line = lines[99];
  const auto at = line.find("\"hash\":\"") + 8;
  line[at] = line[at] == '0' ? '1' : '0';
  write(lines);
  EXPECT_EQ(log_.verdict({100, 200}), "broken_link 100");
  lines.erase(lines.begin() + 99);
  write(lines);
  EXPECT_EQ(log_.verdict({100, 200}), "missing 99");
  EXPECT_EQ(log_.verdict({101, 200}), "ok") << "a deletion before the range does not move it";
}

TEST_F(Tampering, RangeBeyondWhatIsLeftOfACutLogIsTruncated) {
  write({lines_.begin(), lines_.begin() + 50});
  EXPECT_EQ(log_.verdict({100, 200}), "truncated 50");
  EXPECT_EQ(log_.verdict({0, 50}), "ok");
  EXPECT_EQ(log_.verdict({0, 51}), "truncated 50");
}

TEST_F(Tampering, MissingOrWrongKeyFailsAtTheFirstRecordAndSaysWhy) {
  const auto without = verify_audit_log(log_.path(), {}, {});
  ASSERT_TRUE(without.ok());
  EXPECT_EQ(*without->fault, AuditFault::bad_hash);
  EXPECT_EQ(without->first_bad, 0U);
  EXPECT_FALSE(without->keyed);
  EXPECT_THAT(without->detail, HasSubstr("key that is not here"));
  const auto wrong = verify_audit_log(log_.path(), {std::string(32, 'x'), "elsewhere"}, {});
  EXPECT_EQ(*wrong->fault, AuditFault::bad_hash);
  EXPECT_THAT(wrong->detail, HasSubstr("another key than 'elsewhere'"));
}

TEST(AuditVerifier, KeylessLogIsPlainSha256WhichAnybodyCanForge) {
  LogOf log(20, AuditKey{});
  EXPECT_EQ(log.verdict(), "ok");
  EXPECT_FALSE(log.verify()->keyed);
  // Whoever can write the file recomputes the rest of the chain; a key would prevent that.
  auto lines = split_lines(read_text(log.file()));
  auto record = parse_audit_line(std::string_view(lines[19]).substr(0, lines[19].size() - 1));
  const auto changed = record->unsealed.substr(0, record->unsealed.find("test/1")) + "evil/1" +
                       record->unsealed.substr(record->unsealed.find("test/1") + 6);
  const auto forged_hash = audit_hash({}, changed);
  lines[19].replace(lines[19].find("test/1"), 6, "evil/1");
  lines[19].replace(lines[19].find(record->hash), 64, forged_hash);
  write_text(log.file(), joined(lines));
  EXPECT_EQ(log.verdict(), "broken_link 19") << "only the head still knows better";
  std::filesystem::remove(log.path() / "audit.head");
  EXPECT_EQ(log.verdict(), "ok");
}

TEST(AuditVerifier, DeepNestingIsMalformedAndNoCrash) {
  LogOf log(3);
  auto lines = split_lines(read_text(log.file()));
  lines[1] = "{\"a\":" + std::string(30'000, '[') + std::string(30'000, ']') + "}\n";
  write_text(log.file(), joined(lines));
  EXPECT_EQ(log.verdict(), "malformed 1");
  lines[1] = std::string(1 << 20, 'x') + "\n";
  write_text(log.file(), joined(lines));
  EXPECT_EQ(log.verdict(), "malformed 1");
}

TEST(AuditVerifier, RotatedFilesAreOneChain) {
  LogOf log(300, key_of_test(), 20'000);
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(log.path() / "audit"))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  ASSERT_GT(files.size(), 4U);
  EXPECT_EQ(log.verify()->checked, 300U);
  EXPECT_EQ(log.verdict(), "ok");
  for (const auto& file : files) {
    EXPECT_LE(std::filesystem::file_size(file), 20'000U);
    const auto text = read_text(file);
    const auto first = *index_of_line(split_lines(text).front());
    std::filesystem::remove(file);
    // The current file sorts last; without it the log ends too early.
    EXPECT_EQ(log.verdict(), said(file == log.file() ? "truncated" : "missing", first)) << file;
    if (first > 0) {
      EXPECT_EQ(log.verdict({0, first}), "ok");
    }
    write_text(file, text);
  }
  EXPECT_EQ(log.verdict({150, 250}), "ok");
}

TEST(AuditVerifier, SlicesSeeTheLogAsItWasAtTheirBeginning) {
  LogOf log(50);
  auto verifier = AuditVerifier::begin(log.path(), key_of_test(), {});
  ASSERT_TRUE(verifier.ok());
  EXPECT_FALSE(*(*verifier)->advance(7));
  const SystemClock clock;
  // So small a limit that the current file is rotated away under the verifier.
  auto writer = AuditLog::open({log.path(), 100, std::chrono::milliseconds(2000), key_of_test()}, clock);
  ASSERT_TRUE((*writer)->append(entry_number(4), Durability::synced));
  int slices = 1;
  for (auto done = (*verifier)->advance(7); done.ok() && !*done; done = (*verifier)->advance(7)) ++slices;
  EXPECT_EQ(slices, 50 / 7) << "before the last one";
  EXPECT_TRUE((*verifier)->verdict().ok()) << (*verifier)->verdict().detail;
  EXPECT_EQ((*verifier)->verdict().checked, 50U);
  EXPECT_EQ(log.verify()->checked, 51U);
}

TEST(AuditVerifier, UnreadableIsAnErrorAndNoVerdict) {
  LogOf log(3);
  std::filesystem::remove(log.file());
  std::filesystem::create_directory(log.file());
  EXPECT_FALSE(log.verify().ok());
  EXPECT_FALSE(verify_audit_log(log.path() / "nowhere", {}, {}).ok());
}

}  // namespace
}  // namespace porchlight::store
