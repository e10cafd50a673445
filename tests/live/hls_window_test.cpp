// SPDX-License-Identifier: Apache-2.0
// How a stream is cut into segments and parts, what of it is kept, and how it is listed.
#include "live/hls_window.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "live/hls_house.hpp"
#include "live/hls_playlist.hpp"

namespace porchlight::live {
namespace {

using namespace std::chrono_literals;
using test::Film;
using testing::HasSubstr;
using testing::Not;

void feed(HlsWindow& window, Film& film, std::size_t pictures) {
  for (std::size_t i = 0; i < pictures; ++i) window.add(film.head, film.next());
}

std::size_t count(const std::string& text, const std::string& word) {
  std::size_t found = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

TEST(HlsWindowTest, SegmentsBeginAtKeyframesAndPartsAreEvenAndNotTooLong) {
  for (const auto& [step, group] : std::vector<std::pair<Time, std::size_t>>{{33'333'333ns, 60},
                                                                             {40ms, 50},
                                                                             {66'666'667ns, 15},
                                                                             {100ms, 20},
                                                                             {16'666'667ns, 120},
                                                                             {500ms, 4}}) {
    HlsWindow window(7, {});
    Film film{step, group};
    feed(window, film, 1000);
    ASSERT_TRUE(window.is_ready());
    ASSERT_GT(window.segments().size(), 3U);
    for (const auto& segment : window.segments()) {
      EXPECT_TRUE(segment.parts.empty() || segment.parts[0].independent);
      if (!segment.is_complete()) continue;
      EXPECT_LE(std::chrono::round<std::chrono::seconds>(segment.duration), window.target());
      Time sum{};
      for (std::size_t i = 0; i < segment.parts.size(); ++i) {
        const auto& part = segment.parts[i];
        EXPECT_LE(part.duration, window.part_target());
        if (i + 1 < segment.parts.size()) {
          EXPECT_GE(part.duration * 100, window.part_target() * 85) << step.count();
        }
        sum += part.duration;
      }
      EXPECT_EQ(sum, segment.duration);
    }
  }
}

// Holds each segment against the rules as soon as it is complete: what is listed of its parts, and that it is
// about as long as their pictures, each by itself and all together.
class Judge {
 public:
  Judge(HlsWindow& window, Time apart, Time apart_in_all)
      : window_(window), apart_(apart), in_all_(apart_in_all) {}

  void add(const Film& film, const Fragment& picture) {
    window_.add(film.head, picture);
    const auto& segments = window_.segments();
    if (segments.size() < 2 || segments[segments.size() - 2].number == judged_) return;
    const auto& segment = segments[segments.size() - 2];
    judged_ = segment.number;
    judge(segment);
  }
  std::size_t parts() const { return parts_; }

 private:
  void judge(const HlsSegment& segment) {
    Time sum{};
    for (std::size_t i = 0; i < segment.parts.size(); ++i, ++parts_) {
      const auto& part = segment.parts[i];
      sum += part.duration;
      EXPECT_LE(part.duration, window_.part_target());
      if (i + 1 == segment.parts.size()) continue;
      EXPECT_GE(part.duration * 100, window_.part_target() * 85);
      const auto lasts = segment.parts[i + 1].begin - part.begin;
      EXPECT_LE(std::chrono::abs(lasts - part.duration), apart_) << "part " << i;
    }
    EXPECT_LE(std::chrono::abs(sum - segment.duration), in_all_) << "segment " << segment.number;
  }

  HlsWindow& window_;
  const Time apart_, in_all_;
  std::uint64_t judged_ = 0;
  std::size_t parts_ = 0;
};

// As from a busy camera: each picture comes later than it should, by another part of a step.
TEST(HlsWindowTest, PartsKeepTheRulesAlsoWherePicturesComeUnevenly) {
  struct Case {
    Time step;
    std::size_t group;
    Time in_all;
  };
  for (const auto& [step, group, in_all] :
       {Case{66'666'667ns, 15, 90ms}, Case{66'666'667ns, 60, 90ms}, Case{40ms, 50, 50ms},
        Case{100ms, 20, 100ms}, Case{200ms, 10, 250ms}}) {
    SCOPED_TRACE(step.count());
    HlsWindow window(7, {});
    Film film{step, group};
    Judge judge(window, 2 * step, in_all);
    std::minstd_rand random(42);
    for (int i = 0; i < 6000; ++i) {
      auto picture = film.next();
      if (i >= 200) picture.at += step * static_cast<int>(random() % 81) / 100;
      judge.add(film, picture);
    }
    EXPECT_GT(judge.parts(), 1000U);
  }
}

// At night many cameras send fewer pictures, and go on with the same head.
TEST(HlsWindowTest, PartsKeepTheRulesAlsoAtAnotherRate) {
  for (const Time slower : {Time{100ms}, Time{200ms}, Time{66'666'667ns}}) {
    SCOPED_TRACE(slower.count());
    HlsWindow window(7, {});
    Film film{33'333'333ns, 60};
    feed(window, film, 600);
    film.step = slower;
    film.group = static_cast<std::size_t>(2s / slower);
    film.count = film.group * 1000;
    feed(window, film, film.group);
    Judge judge(window, 2 * slower, slower / 2);
    for (std::size_t i = 0; i < 50 * film.group; ++i) judge.add(film, film.next());
    EXPECT_GT(judge.parts(), 300U);
  }
}

TEST(HlsWindowTest, AHoleMakesNoCrumbsOfTheNextParts) {
  HlsWindow window(7, {});
  Film film{40ms, 100};
  feed(window, film, 400);
  feed(window, film, 30);
  for (int i = 0; i < 20; ++i) film.next();
  feed(window, film, 50);
  std::size_t crumbs = 0;
  for (const auto& segment : window.segments())
    for (std::size_t i = 0; i + 1 < segment.parts.size(); ++i) crumbs += segment.parts[i].pictures.size() < 3;
  EXPECT_LE(crumbs, 1U) << "the part that the hole ended";
}

TEST(HlsWindowTest, APartIsAboutAQuarterOfASecond) {
  HlsWindow window(7, {});
  Film film{33'333'333ns, 60};
  feed(window, film, 300);
  EXPECT_GE(window.part_target(), 260ms);
  EXPECT_LE(window.part_target(), 290ms);
  EXPECT_EQ(window.target(), 2s);
}

TEST(HlsWindowTest, PicturesThatAreLostMakeNoSegmentLongerThanWasAnnounced) {
  HlsWindow window(7, {});
  Film film{40ms, 50};
  feed(window, film, 600);
  ASSERT_TRUE(window.is_ready());
  ASSERT_EQ(window.target(), 2s);
  feed(window, film, 48);
  for (int i = 0; i < 25; ++i) film.next();  // a second of them, about the next keyframe
  feed(window, film, 200);
  for (const auto& segment : window.segments())
    if (segment.is_complete()) {
      EXPECT_LE(std::chrono::round<std::chrono::seconds>(segment.duration), window.target());
    }
}

TEST(HlsWindowTest, ALongGroupIsCutWhereItWouldBecomeLongerThanWasAnnounced) {
  HlsWindow window(7, {});
  Film film{40ms, 5000};
  feed(window, film, 2000);
  ASSERT_TRUE(window.is_ready());
  EXPECT_EQ(window.target(), 10s);
  for (const auto& segment : window.segments())
    EXPECT_LE(std::chrono::round<std::chrono::seconds>(segment.duration), 10s);
}

TEST(HlsWindowTest, IsBoundedByNumberAndByBytes) {
  HlsWindow window(7, {});
  Film film;
  feed(window, film, 10'000);
  EXPECT_LE(window.segments().size(), 21U);
  EXPECT_GE(window.first_listed(), 10U) << "what is no longer listed is still to be had for a while";
  EXPECT_GE(window.segments().back().number, 150U);
  HlsWindow small(7, {.bytes = 2000});
  Film another;
  feed(small, another, 10'000);
  EXPECT_LE(small.bytes(), 2000U + 600U);
  EXPECT_EQ(small.segments()[small.first_listed()].number, small.segments().front().number);
}

TEST(HlsWindowTest, NothingIsLostAndNothingComesTwice) {
  HlsWindow window(7, {});
  Film film;
  feed(window, film, 501);
  std::string all;
  for (const auto& segment : window.segments())
    for (const auto& part : segment.parts) all += joined(part.pictures);
  const auto first = std::stoull(all.substr(0, 8));
  EXPECT_EQ(first % film.group, 0U);
  for (std::size_t i = 0; i * 8 < all.size(); ++i) EXPECT_EQ(all.substr(i * 8, 8), std::to_string(first + i));
}

TEST(HlsWindowTest, AnotherHeadAndALostCameraAreDiscontinuities) {
  HlsWindow window(7, {});
  Film film;
  feed(window, film, 120);
  const auto before = window.segments().size();
  film.head = {2, "", std::make_shared<const std::string>("..head two"), 2};
  film.count = 0;
  feed(window, film, 60);
  ASSERT_GT(window.segments().size(), before);
  const auto& changed = window.segments()[before];
  EXPECT_TRUE(changed.discontinuity);
  EXPECT_EQ(http::joined({changed.head->bytes}), "head two");
  EXPECT_EQ(changed.head->number, changed.number);
  EXPECT_TRUE(window.close(MonotonicTime{film.at + 10s}));
  film.at += 20s;
  film.count = 10;  // a group that began while nobody looked
  const auto at_loss = window.segments().size();
  feed(window, film, 39);
  EXPECT_EQ(window.segments().size(), at_loss);
  feed(window, film, 60);
  EXPECT_TRUE(window.segments()[at_loss].discontinuity);
  EXPECT_EQ(window.segments()[at_loss].head, changed.head);
  const auto text = media_playlist(window, Quality::main);
  EXPECT_EQ(count(text, "#EXT-X-DISCONTINUITY\n"), 2U);
  EXPECT_EQ(count(text, "#EXT-X-MAP"), 2U);
  feed(window, film, 5000);
  EXPECT_EQ(window.discontinuities(), 2U);
  EXPECT_THAT(media_playlist(window, Quality::main), HasSubstr("#EXT-X-DISCONTINUITY-SEQUENCE:2\n"));
}

TEST(HlsWindowTest, APlaylistSaysWhatPlayersNeed) {
  HlsWindow window(7, {});
  Film film;
  feed(window, film, 260);
  const auto text = media_playlist(window, Quality::sub);
  EXPECT_TRUE(text.starts_with("#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n"));
  EXPECT_THAT(text, HasSubstr("CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK="));
  EXPECT_THAT(text, HasSubstr("#EXT-X-MEDIA-SEQUENCE:7\n"));
  EXPECT_THAT(text, HasSubstr("#EXT-X-MAP:URI=\"sub-init-7.mp4\"\n"));
  EXPECT_THAT(text, HasSubstr("#EXT-X-PROGRAM-DATE-TIME:1971-01-01T00:00:01.000Z\n"));
  EXPECT_THAT(text, HasSubstr("#EXTINF:2.00000,\nsub-7.m4s\n"));
  EXPECT_THAT(text, HasSubstr("URI=\"sub-12.0.m4s\",INDEPENDENT=YES\n"));
  // Of the part that is hinted at nothing else is said.
  EXPECT_THAT(text, HasSubstr("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"sub-12.1.m4s\"\n"));
  EXPECT_EQ(count(text, "sub-12.1.m4s"), 1U);
  // Parts of what ended more than three target durations ago are of no use.
  EXPECT_THAT(text, Not(HasSubstr("sub-7.0.m4s")));
}

TEST(HlsNameTest, IsReadAsItIsWritten) {
  for (const auto* file :
       {"index.m3u8", "main.m3u8", "sub.m3u8", "main-init-5.mp4", "sub-17.m4s", "main-17.3.m4s"}) {
    const auto name = hls_name(file);
    ASSERT_TRUE(name) << file;
    EXPECT_EQ(hls_file(*name), file);
  }
  for (const auto* file :
       {"", "main", "other.m3u8", "main-.m4s", "main-01.m4s", "main--1.m4s", "main-1..m4s", "main-1.2.3.m4s",
        "main-1.mp4", "main-init-1.2.mp4", "main-99999999999999999999.m4s", "../main.m3u8", "main.m3u8 "})
    EXPECT_FALSE(hls_name(file)) << file;
}

}  // namespace
}  // namespace porchlight::live
