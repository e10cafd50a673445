// SPDX-License-Identifier: Apache-2.0
// What a file turns out to be that was cut, flipped, filled up or mixed up.
#include <gmock/gmock.h>
#include <zlib.h>

#include <algorithm>
#include <random>

#include "record/segment_notes.hpp"
#include "segment_media.hpp"
#include "store/fixture.hpp"

namespace porchlight::record {
namespace {

using store::Folder;
using testing::Contains;
using testing::IsEmpty;

struct Box {
  std::string type;
  std::size_t at = 0;
  std::size_t size = 0;
};

// By a second parser, which is not the product's.
std::vector<Box> boxes_of(const std::string& bytes) {
  std::vector<Box> boxes;
  for (std::size_t at = 0; at + 8 <= bytes.size();) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(bytes[at + i]);
    boxes.push_back({bytes.substr(at + 4, 4), at, size});
    at += size < 8 ? bytes.size() : size;
  }
  return boxes;
}

class TornSegment : public testing::Test {
 protected:
  // Three seconds of the codec, B-frames and sound: 4 fragments.
  void SetUp() override {
    media::test::ClipShape shape;
    shape.frames = 75;
    shape.fps = 25;
    shape.keyframe_interval = 25;
    shape.b_frames = 2;
    shape.height = 96;
    video_ = test::pictures(shape);
    const auto audio = test::sound("aac", 3);
    if (!video_ || !audio) GTEST_SKIP() << "no encoder libx264 here";
    const auto tail = test::write_segment(folder_.path(), "whole.mp4", *video_, *audio);
    ASSERT_TRUE(tail.ok()) << tail.error().text();
    bytes_ = test::bytes_of_file(folder_ / "whole.mp4");
    boxes_ = boxes_of(bytes_);
    for (std::size_t i = 0; i + 1 < boxes_.size(); ++i)
      if (boxes_[i].type == "moof")
        fragments_.push_back({"", boxes_[i].at, boxes_[i].size + boxes_[i + 1].size});
    ASSERT_EQ(fragments_.size(), 4U);
    ASSERT_EQ(boxes_.size(), 3 + 8 + 1U);
  }

  std::size_t end_of(std::size_t fragment) const {
    return fragments_[fragment].at + fragments_[fragment].size;
  }

  Result<ScannedSegment> scan(const std::string& bytes) const {
    test::write_file(folder_ / "scanned.mp4", bytes);
    return scan_segment(folder_ / "scanned.mp4", Depth::contents);
  }
  // All before the tail, and one that is true of it as far as bytes and CRC go.
  std::string with_tail(std::string bytes, SegmentTail tail) const {
    tail.bytes = bytes.size();
    tail.crc = static_cast<std::uint32_t>(
        ::crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
    return bytes + tail_box(tail);
  }
  std::filesystem::path part_of(const std::string& bytes) const {
    std::filesystem::remove(folder_ / "torn.mp4");
    test::write_file(folder_ / "torn.mp4.part", bytes);
    return folder_ / "torn.mp4.part";
  }
  void expect_healed(std::size_t cut) const;

  Folder folder_;
  std::optional<test::Packets> video_;
  std::string bytes_;
  std::vector<Box> boxes_;
  std::vector<Box> fragments_;  // with their mdat
};

// Healed, a file shows every picture of each fragment that was whole, and healing again changes nothing.
void TornSegment::expect_healed(std::size_t cut) const {
  SCOPED_TRACE(testing::Message() << "cut at " << cut << " of " << bytes_.size());
  std::size_t whole = 0;
  while (whole < 4 && end_of(whole) <= cut) ++whole;
  const auto part = part_of(bytes_.substr(0, cut));
  const auto healed = heal_segment(part);
  EXPECT_FALSE(std::filesystem::exists(part));
  const auto file = folder_ / "torn.mp4";
  if (whole == 0) {
    ASSERT_FALSE(healed.ok());
    EXPECT_EQ(healed.error().code(), ErrorCode::not_found) << healed.error().text();
    EXPECT_FALSE(std::filesystem::exists(file));
    return;
  }
  ASSERT_TRUE(healed.ok()) << healed.error().text();
  EXPECT_EQ(healed->fragments, whole);
  EXPECT_TRUE(healed->tail.has_value());
  EXPECT_EQ(healed->tail->torn, cut < bytes_.size());
  const auto scanned = scan_segment(file, Depth::contents);
  ASSERT_TRUE(scanned.ok()) << scanned.error().text();
  EXPECT_THAT(scanned->faults, IsEmpty());
  EXPECT_EQ(scanned->frames, healed->frames);
  EXPECT_EQ(scanned->duration, healed->duration);
  const auto seen = test::see(file);
  EXPECT_EQ(seen.error, "");
  // What a picture is coded by comes before it, so each that is there is shown.
  EXPECT_EQ(seen.numbers.size(), healed->frames);
  EXPECT_EQ(seen.damaged, 0U);
  EXPECT_TRUE(std::is_sorted(seen.numbers.begin(), seen.numbers.end()));
  EXPECT_EQ(seen.numbers.at(0), 0U);
  EXPECT_LT(seen.shown.at(0), 1.0);
  EXPECT_GE(test::seek(file, seen.shown.at(0) + 0.5), 0);
  const auto bytes = test::bytes_of_file(file);
  EXPECT_TRUE(bytes.starts_with(bytes_.substr(0, end_of(whole - 1))));
  const auto again = heal_segment(part);
  ASSERT_TRUE(again.ok()) << again.error().text();
  EXPECT_EQ(again->frames, healed->frames);
  EXPECT_EQ(test::bytes_of_file(file), bytes);
}

TEST_F(TornSegment, IsHealedWhereverItWasCut) {
  std::mt19937 random(20261126);
  for (int i = 0; i < 300; ++i) expect_healed(random() % (bytes_.size() + 1));
  // The edges: nothing, the end of the head, of each fragment, and one byte beside each.
  for (const auto& box : boxes_)
    for (const auto at : {box.at, box.at + 1, box.at + box.size - 1, box.at + box.size}) expect_healed(at);
}

TEST_F(TornSegment, WhoCrashesWhileHealingHealsAgain) {
  const auto cut = end_of(1) + 100;
  ASSERT_TRUE(heal_segment(part_of(bytes_.substr(0, cut))).ok());
  const auto healed = test::bytes_of_file(folder_ / "torn.mp4");
  // Healing had come to any byte of its tail, or to the renaming.
  for (auto size = end_of(1); size <= healed.size(); ++size) {
    SCOPED_TRACE(testing::Message() << size);
    const auto again = heal_segment(part_of(healed.substr(0, size)));
    ASSERT_TRUE(again.ok()) << again.error().text();
    EXPECT_EQ(test::bytes_of_file(folder_ / "torn.mp4"), healed);
  }
}

TEST_F(TornSegment, WhatNeverReachedTheDiskIsNotTakenForFootage) {
  // The file grew, a page of the last fragment stayed zero: after a power cut.
  auto bytes = bytes_.substr(0, end_of(2));
  const auto hole = (fragments_[2].at + 4095) / 4096 * 4096;
  ASSERT_LT(hole + 4096, end_of(2)) << "the clip is too small for this test";
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(hole), 4096, '\0');
  auto healed = heal_segment(part_of(bytes));
  ASSERT_TRUE(healed.ok()) << healed.error().text();
  EXPECT_EQ(healed->fragments, 2U);
  // All of it, and of its tail nothing either.
  bytes = bytes_.substr(0, end_of(1)) + std::string(100'000, '\0');
  healed = heal_segment(part_of(bytes));
  ASSERT_TRUE(healed.ok()) << healed.error().text();
  EXPECT_EQ(healed->fragments, 2U);
  EXPECT_EQ(test::see(folder_ / "torn.mp4").error, "");
  // A tail came through, a page before it did not.
  bytes = bytes_;
  const auto last = (fragments_[3].at + 4095) / 4096 * 4096;
  if (last + 4096 <= end_of(3)) {
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(last), 4096, '\0');
    healed = heal_segment(part_of(bytes));
    ASSERT_TRUE(healed.ok()) << healed.error().text();
    EXPECT_EQ(healed->fragments, 3U);
    EXPECT_TRUE(healed->tail->torn);
  }
  // Nothing at all.
  EXPECT_EQ(heal_segment(part_of(std::string(50'000, '\0'))).error().code(), ErrorCode::not_found);
  EXPECT_EQ(heal_segment(part_of("")).error().code(), ErrorCode::not_found);
}

TEST_F(TornSegment, DamageWithFootageBehindItIsLeftAsItIs) {
  auto bytes = bytes_.substr(0, end_of(3));
  bytes[fragments_[1].at + 5] = 'x';
  const auto part = part_of(bytes);
  const auto healed = heal_segment(part);
  ASSERT_FALSE(healed.ok());
  EXPECT_EQ(healed.error().code(), ErrorCode::corrupt);
  EXPECT_EQ(test::bytes_of_file(part), bytes);
}

TEST_F(TornSegment, WhatIsNoSegmentIsLeftAsItIs) {
  const auto ours = bytes_.substr(0, end_of(3));
  auto without_head = ours.substr(0, boxes_[2].at) + ours.substr(boxes_[3].at);
  for (const auto& bytes : {std::string("#!/bin/sh\necho not a segment\n"), without_head, "junk" + ours}) {
    const auto part = part_of(bytes);
    EXPECT_EQ(heal_segment(part).error().code(), ErrorCode::corrupt);
    EXPECT_EQ(test::bytes_of_file(part), bytes);
    EXPECT_EQ(scan_segment(part).error().code(), ErrorCode::corrupt);
  }
}

TEST_F(TornSegment, APartBesideItsFileIsNotRenamedOverIt) {
  const auto part = part_of(bytes_.substr(0, end_of(1)));
  test::write_file(folder_ / "torn.mp4", "kept");
  EXPECT_EQ(heal_segment(part).error().code(), ErrorCode::already_exists);
  EXPECT_EQ(test::bytes_of_file(folder_ / "torn.mp4"), "kept");
  EXPECT_TRUE(std::filesystem::exists(part));
}

TEST_F(TornSegment, EachFlippedByteIsFound) {
  std::mt19937 random(7);
  const auto is_found = [&](std::size_t at, char flip) {
    auto bytes = bytes_;
    bytes[at] = static_cast<char>(bytes[at] ^ flip);
    const auto scanned = scan(bytes);
    return !scanned.ok() || !scanned->tail || !scanned->faults.empty();
  };
  for (int i = 0; i < 200; ++i) {
    const auto at = random() % bytes_.size();
    const auto flip = static_cast<char>(1 << random() % 8);
    EXPECT_TRUE(is_found(at, flip)) << "byte " << at << " of " << bytes_.size() << " with " << int{flip};
  }
  // The tail is not under its own sum.
  for (auto at = boxes_.back().at; at < bytes_.size(); ++at) EXPECT_TRUE(is_found(at, 1)) << "byte " << at;
  EXPECT_THAT(scan(bytes_)->faults, IsEmpty());
}

TEST_F(TornSegment, FaultsHaveTheirNames) {
  const auto whole = scan(bytes_);
  ASSERT_TRUE(whole.ok());
  const auto tail = *whole->tail;
  const auto media = bytes_.substr(0, end_of(3));
  ASSERT_EQ(with_tail(media, tail), bytes_);

  auto bytes = bytes_;
  bytes[fragments_[2].at + 4] = 'x';
  EXPECT_THAT(scan(bytes)->faults, Contains("bad_box"));
  EXPECT_EQ(scan(bytes)->fragments, 2U);

  bytes = bytes_;
  bytes[end_of(2) - 10] = static_cast<char>(bytes[end_of(2) - 10] ^ 1);
  EXPECT_THAT(scan(bytes)->faults, testing::ElementsAre("bad_crc"));
  EXPECT_THAT(scan_segment(folder_ / "scanned.mp4", Depth::boxes)->faults, IsEmpty());

  EXPECT_THAT(scan(bytes_ + "more")->faults, Contains("trailing_bytes"));

  auto wrong = tail;
  wrong.frames += 1;
  EXPECT_THAT(scan(with_tail(media, wrong))->faults, testing::ElementsAre("wrong_tail"));
  wrong = tail;
  wrong.duration += std::chrono::milliseconds(1);
  EXPECT_THAT(scan(with_tail(media, wrong))->faults, testing::ElementsAre("wrong_tail"));

  const auto gapped =
      bytes_.substr(0, fragments_[1].at) + bytes_.substr(fragments_[2].at, end_of(3) - fragments_[2].at);
  const auto holed = scan(with_tail(gapped, tail));
  EXPECT_THAT(holed->faults, Contains("missing_fragment"));
  ASSERT_EQ(holed->missing.size(), 1U);
  EXPECT_GT(holed->missing[0].from.count(), 0);
  EXPECT_LT(holed->missing[0].from, holed->missing[0].to);
  EXPECT_LT(holed->missing[0].to, tail.duration);
  // Its beginning.
  const auto late = scan(with_tail(
      bytes_.substr(0, fragments_[0].at) + bytes_.substr(fragments_[1].at, end_of(3) - fragments_[1].at),
      tail));
  ASSERT_EQ(late->missing.size(), 1U);
  EXPECT_LT(late->missing[0].from.count(), 0);
  EXPECT_EQ(late->missing[0].to.count(), 0);

  const auto cut = scan(media);
  ASSERT_TRUE(cut.ok());
  EXPECT_FALSE(cut->tail.has_value());
  EXPECT_THAT(cut->faults, IsEmpty());

  EXPECT_EQ(scan_segment(folder_ / "nothing.mp4").error().code(), ErrorCode::not_found);
  EXPECT_EQ(scan_segment(folder_.path()).error().code(), ErrorCode::corrupt);
}

}  // namespace
}  // namespace porchlight::record
