// SPDX-License-Identifier: Apache-2.0
// What a power cut leaves when more than one fragment was written and not yet synced: each page of them may
// be missing, in any order.
#include <gmock/gmock.h>

#include <algorithm>

#include "segment_media.hpp"
#include "store/fixture.hpp"
#include "sync_fault.hpp"

namespace porchlight::record {
namespace {

using store::Folder;

constexpr std::size_t page = 4096;
constexpr std::size_t longest_padding = page - 240;  // of a head, which is no longer than a page

std::size_t up_to_page(std::size_t at) {
  return (at + page - 1) / page * page;
}

class HealSegment : public testing::Test {
 protected:
  // Four seconds of pictures that are large enough for pages of their own: five fragments.
  void SetUp() override { make(0); }

  // `more`: bytes by which the head, and so everything behind it, is longer.
  void make(std::size_t more) {
    const auto video = test::pictures(
        {.frames = 40, .fps = 10, .keyframe_interval = 1, .width = 640, .height = 64, .encoder = "mjpeg"});
    ASSERT_TRUE(video);
    auto head = test::head();
    head.version += std::string(more, 'v');
    std::filesystem::remove(folder_ / "whole.mp4");
    auto writer = SegmentWriter::create(folder_.path(), "whole.mp4", head, video->front()->stream, nullptr);
    ASSERT_TRUE(writer.ok()) << writer.error().text();
    ASSERT_TRUE(test::fill(**writer, *video).ok());
    ASSERT_TRUE((*writer)->finish().ok());
    bytes_ = test::bytes_of_file(folder_ / "whole.mp4");
    find_fragments();
    ASSERT_GE(ends_.size(), 4U);
    for (std::size_t i = 0; i < 4; ++i)
      ASSERT_GT(ends_[i] - begins_[i], 3 * page) << "the clip is too small for this test";
  }
  // By a second parser, which is not the product's.
  void find_fragments() {
    begins_.clear();
    ends_.clear();
    indexes_.clear();
    for (std::size_t at = 0; at + 8 <= bytes_.size();) {
      std::size_t size = 0;
      for (std::size_t i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(bytes_[at + i]);
      ASSERT_GE(size, 8U);
      if (bytes_.compare(at + 4, 4, "moof") == 0) {
        begins_.push_back(at);
        indexes_.push_back(size);
      }
      if (bytes_.compare(at + 4, 4, "mdat") == 0) ends_.push_back(at + size);
      at += size;
    }
    ASSERT_EQ(begins_.size(), ends_.size());
  }
  // Up to and with a fragment.
  std::string up_to(std::size_t fragment) const { return bytes_.substr(0, ends_.at(fragment)); }
  static void lose_page(std::string& bytes, std::size_t at) {
    ASSERT_EQ(at % page, 0U);
    const auto size = std::min(page, bytes.size() - at);
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), size, '\0');
  }
  // A page in the middle of a fragment.
  void lose_middle(std::string& bytes, std::size_t fragment) const {
    lose_page(bytes, up_to_page(begins_.at(fragment) + page));
  }
  std::filesystem::path part_of(const std::string& bytes) const {
    std::filesystem::remove(folder_ / "torn.mp4");
    test::write_file(folder_ / "torn.mp4.part", bytes);
    return folder_ / "torn.mp4.part";
  }
  // What it holds is what was written, and all of it can be shown.
  void expect_kept(const Result<ScannedSegment>& healed, std::size_t fragments) const {
    ASSERT_TRUE(healed.ok()) << healed.error().text();
    EXPECT_EQ(healed->fragments, fragments);
    ASSERT_TRUE(healed->tail.has_value());
    EXPECT_TRUE(healed->tail->torn);
    EXPECT_EQ(healed->tail->bytes, ends_.at(fragments - 1));
    const auto file = folder_ / "torn.mp4";
    EXPECT_TRUE(test::bytes_of_file(file).starts_with(bytes_.substr(0, ends_.at(fragments - 1))));
    const auto scanned = scan_segment(file, Depth::contents);
    ASSERT_TRUE(scanned.ok()) << scanned.error().text();
    EXPECT_THAT(scanned->faults, testing::IsEmpty());
    const auto seen = test::see(file);
    EXPECT_EQ(seen.error, "");
    EXPECT_EQ(seen.damaged, 0U);
    EXPECT_EQ(seen.numbers, test::numbers_up_to(healed->frames));
  }

  Folder folder_;
  std::string bytes_;
  std::vector<std::size_t> begins_;   // of the fragments
  std::vector<std::size_t> indexes_;  // sizes of their moof
  std::vector<std::size_t> ends_;
};

TEST_F(HealSegment, APageThatIsMissingBeforeAWholeFragment) {
  auto bytes = up_to(3);
  lose_middle(bytes, 2);
  expect_kept(heal_segment(part_of(bytes)), 2);
}

TEST_F(HealSegment, PagesThatAreMissingInTwoFragments) {
  auto bytes = up_to(3);
  lose_middle(bytes, 2);
  lose_middle(bytes, 3);
  expect_kept(heal_segment(part_of(bytes)), 2);
}

// The page was synced with what stands before: of the next fragment nothing in it came through.
TEST_F(HealSegment, ABeginningThatIsMissingBeforeAWholeFragment) {
  auto bytes = up_to(3);
  const auto begin = begins_[2];
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(begin), up_to_page(begin + 1) - begin, '\0');
  expect_kept(heal_segment(part_of(bytes)), 2);
}

// A page ends within the head of a fragment; the one behind it is missing, the fragment after it is whole.
TEST_F(HealSegment, AHeadOfAFragmentThatIsMissingFromItsMiddleOn) {
  const auto begin = begins_[2];
  int tried = 0;
  for (const std::size_t inside : {std::size_t{4}, std::size_t{40}, indexes_[2] / 2, indexes_[2] + 4}) {
    SCOPED_TRACE(testing::Message() << inside << " bytes of the head are there");
    const auto more = (2 * page - inside - begin % page) % page;
    if (more > longest_padding) continue;
    ++tried;
    ASSERT_NO_FATAL_FAILURE(make(more));
    ASSERT_EQ((begins_[2] + inside) % page, 0U);
    auto bytes = up_to(3);
    lose_page(bytes, begins_[2] + inside);
    expect_kept(heal_segment(part_of(bytes)), 2);
  }
  EXPECT_GT(tried, 0);
}

// The last page that a fragment shares with the next one is missing as a whole, and the fragment has little
// in it.
TEST_F(HealSegment, AnEndThatIsMissingTogetherWithTheNextBeginning) {
  const auto end = ends_[2];
  const auto more = (2 * page + 100 - end % page) % page;
  if (more > longest_padding) GTEST_SKIP() << "the head of the file would be too long";
  ASSERT_NO_FATAL_FAILURE(make(more));
  ASSERT_EQ(ends_[2] % page, 100U);
  auto bytes = up_to(3);
  lose_page(bytes, ends_[2] - 100);
  expect_kept(heal_segment(part_of(bytes)), 2);
}

TEST_F(HealSegment, ATailThatCameThroughWithoutAPageBeforeIt) {
  auto bytes = bytes_;
  lose_middle(bytes, 1);
  expect_kept(heal_segment(part_of(bytes)), 1);
}

// Nothing of a hole: whatever stands behind may have been synced.
TEST_F(HealSegment, AFlippedBitIsNoHole) {
  auto bytes = up_to(3);
  bytes[begins_[2] + 4] = 'x';
  const auto part = part_of(bytes);
  const auto healed = heal_segment(part);
  ASSERT_FALSE(healed.ok());
  EXPECT_EQ(healed.error().code(), ErrorCode::corrupt);
  EXPECT_EQ(test::bytes_of_file(part), bytes);
}

// Asked again, the kernel says that all is well.
TEST_F(HealSegment, WhatAFailedSyncWasAboutIsNotBelievedTheSecondTime) {
  const auto part = part_of(up_to(3));
  const Kept kept{ends_[1]};
  test::fail_part_syncs(1);
  const auto healed = heal_segment(part, kept);
  ASSERT_FALSE(healed.ok());
  EXPECT_EQ(healed.error().code(), ErrorCode::io) << healed.error().text();
  EXPECT_EQ(test::bytes_of_file(part), up_to(1));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "torn.mp4"));
  expect_kept(heal_segment(part, kept), 2);
}

TEST_F(HealSegment, AWholeFileWhoseSyncFailsIsNotBelievedEither) {
  const auto part = part_of(bytes_);
  const Kept kept{ends_[1]};
  test::fail_part_syncs(1);
  EXPECT_EQ(heal_segment(part, kept).error().code(), ErrorCode::io);
  expect_kept(heal_segment(part, kept), 2);
}

TEST_F(HealSegment, OfWhatNobodyKnowsAFailedSyncMakesNoFootage) {
  const auto part = part_of(up_to(3));
  test::fail_part_syncs(1);
  const auto healed = heal_segment(part);
  ASSERT_FALSE(healed.ok());
  EXPECT_EQ(healed.error().code(), ErrorCode::corrupt) << healed.error().text();
  EXPECT_EQ(test::bytes_of_file(part), up_to(3));  // for whoever wants to look at it
}

TEST_F(HealSegment, BehindAFailedSyncOfTheWriterNothingCounts) {
  expect_kept(heal_segment(part_of(up_to(3)), Kept{ends_[1], true}), 2);
  expect_kept(heal_segment(part_of(up_to(3) + std::string(100, 'x')), Kept{ends_[2], true}), 3);
}

// What was there once was not lost by a power cut; nothing of it is cut away.
TEST_F(HealSegment, ZerosInWhatWasKeptAreADamageAndNoHole) {
  auto bytes = up_to(3);
  lose_middle(bytes, 1);
  const auto healed = heal_segment(part_of(bytes), Kept{ends_[3]});
  ASSERT_TRUE(healed.ok()) << healed.error().text();
  EXPECT_EQ(healed->fragments, 4U);
  bytes = up_to(3);
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(begins_[2]), 8, '\0');
  const auto part = part_of(bytes);
  EXPECT_EQ(heal_segment(part, Kept{ends_[3]}).error().code(), ErrorCode::corrupt);
  EXPECT_EQ(test::bytes_of_file(part), bytes);
}

TEST_F(HealSegment, WhatHeldFootageOnceIsNotRemovedForItsBrokenHead) {
  auto bytes = up_to(3);
  std::fill_n(bytes.begin(), page, '\0');
  const auto part = part_of(bytes);
  EXPECT_EQ(heal_segment(part, Kept{ends_[3]}).error().code(), ErrorCode::corrupt);
  EXPECT_EQ(test::bytes_of_file(part), bytes);
}

}  // namespace
}  // namespace porchlight::record
