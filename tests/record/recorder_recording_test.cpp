// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "record/packets.hpp"
#include "record/recording_rig.hpp"
#include "record/segment_media.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/channel_layout.h>
}

namespace porchlight::record {
namespace {

using namespace std::chrono_literals;
using event::GapCause;
using test::RecordingRig;
using testing::IsEmpty;

RecordOptions segments_of(std::chrono::milliseconds segment) {
  RecordOptions options;
  options.segment = segment;
  return options;
}

TEST(Recording, SegmentsFollowEachOtherWithoutAHole) {
  RecordingRig rig(Mode::continuous, segments_of(5s));
  rig.pause(400ms);
  rig.play(22s);
  rig.recording->end();
  const auto ledger = rig.ledger();
  test::expect_no_hole(ledger);
  const auto segments = rig.segments();
  ASSERT_EQ(segments.size(), 5U);
  std::uint64_t frames = 0;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const auto& segment = segments[i];
    EXPECT_EQ(segment.end_ms() - segment.begin_ms(), i < 4 ? 5'000 : 2'000);
    const auto found = rig.scan(segment.file);
    EXPECT_THAT(found.faults, IsEmpty());
    ASSERT_TRUE(found.tail);
    EXPECT_EQ(found.frames, segment.frames);
    EXPECT_EQ(found.head.camera_id, "front");
    EXPECT_EQ(found.head.begin, segment.begin);
    EXPECT_TRUE(found.head.start);
    frames += segment.frames;
  }
  EXPECT_EQ(frames, 22U * 25);
  ASSERT_EQ(rig.gaps().size(), 1U);
  EXPECT_EQ(rig.gaps()[0].cause, GapCause::configuration);
  EXPECT_EQ(rig.gaps()[0].end, segments[0].begin);
  EXPECT_EQ(rig.files().size(), 5U) << "nothing lies about";
}

TEST(Recording, ASegmentIsToldOnceItsFirstFragmentIsOnTheMedium) {
  RecordingRig rig(Mode::continuous);
  rig.play(600ms);
  EXPECT_THAT(rig.segments(), IsEmpty());
  EXPECT_EQ(rig.gaps().at(0).end_ms(), -1);
  rig.play(600ms);
  ASSERT_EQ(rig.segments().size(), 1U);
  EXPECT_EQ(rig.gaps().at(0).end, rig.segments()[0].begin);
  EXPECT_TRUE(rig.recording->writing());
}

// What a crash would cost: at no time is more than a second in memory.
TEST(Recording, EverythingOlderThanASecondIsInTheFile) {
  RecordingRig rig(Mode::continuous);
  for (int i = 0; i < 60; ++i) {
    rig.play(200ms);
    if (i < 6) continue;
    const auto file = rig.segments().at(0).file;
    const auto found = rig.scan(file, true);
    EXPECT_FALSE(found.tail);
    EXPECT_GE(found.duration, std::chrono::milliseconds{(i + 1) * 200 - 1000});
  }
}

// As behind a sync that took long: it is not left to the next one.
TEST(Recording, EverythingThatWaitsIsSyncedAtOnceInFragmentsOfASecond) {
  RecordingRig rig(Mode::continuous);
  for (const int pictures : {75, 30}) {
    for (int i = 0; i < pictures; ++i) {
      rig.recording->take(rig.next());
      rig.clock.advance(RecordingRig::picture_time);
    }
    rig.settle();
  }
  ASSERT_EQ(rig.segments().size(), 1U);
  const auto found = rig.scan(rig.segments()[0].file, true);
  EXPECT_EQ(found.frames, 105U) << "0.2 s are not due for themselves, and are there when a sync is";
  EXPECT_EQ(found.fragments, 3U + 2U);
}

TEST(Recording, ASlowCameraIsWrittenByTheClock) {
  RecordingRig rig(Mode::continuous);
  rig.play(200ms);
  rig.pause(1s);  // within its stall nobody knows whether it will come back
  ASSERT_EQ(rig.segments().size(), 1U);
  EXPECT_EQ(rig.scan(rig.segments()[0].file, true).frames, 5U);
}

TEST(Recording, AnOutageIsAGapFromTheLastPictureToTheFirst) {
  RecordingRig rig(Mode::continuous);
  rig.play(4s);
  const auto lost_at = rig.now_ms();
  rig.pause(10s);
  rig.gone(GapCause::timeout);
  rig.pause(3s);
  rig.gone(GapCause::network);  // an attempt that fails in another way is the same outage
  rig.pause(3s);
  rig.reconnect();
  const auto back_at = rig.now_ms();
  rig.play(2s);
  rig.recording->end();
  test::expect_no_hole(rig.ledger());
  ASSERT_EQ(rig.gaps().size(), 2U);
  const auto gap = rig.gaps()[1];
  EXPECT_EQ(gap.cause, GapCause::timeout);
  EXPECT_EQ(gap.begin_ms(), lost_at);
  EXPECT_EQ(gap.end_ms(), back_at);
  EXPECT_NEAR(rig.gap_seconds(GapCause::timeout), 16, 0.05);
  EXPECT_NEAR(rig.gap_seconds(), 16, 0.05);
  EXPECT_EQ(rig.gap_seconds(GapCause::network), 0);
}

TEST(Recording, AGapGrowsInTheMetricsWhileItLasts) {
  RecordingRig rig(Mode::continuous);
  rig.play(2s);
  rig.gone(GapCause::eof);
  for (int i = 1; i <= 5; ++i) {
    rig.pause(1s);
    EXPECT_NEAR(rig.gap_seconds(GapCause::eof), i, 0.25);
  }
}

TEST(Recording, ACameraThatIsNotThereAtFirstHasItsOwnCause) {
  RecordingRig rig(Mode::continuous);
  rig.pause(1s);
  rig.gone(GapCause::auth);
  rig.pause(30s);
  const auto gaps = rig.gaps();
  ASSERT_EQ(gaps.size(), 2U);
  EXPECT_EQ(gaps[0].cause, GapCause::configuration);
  EXPECT_EQ(gaps[0].end_ms() - gaps[0].begin_ms(), 1'001);
  EXPECT_EQ(gaps[1].cause, GapCause::auth);
  EXPECT_EQ(gaps[1].end_ms(), -1);
}

TEST(Recording, WhatTheTransportLostIsAGapUpToTheNextKeyframe) {
  RecordingRig rig(Mode::continuous);
  rig.play(3200ms);
  rig.skip(2);
  rig.recording->take(PicturesLost{2, rig.clock.now()});
  rig.play(4s);
  rig.recording->end();
  test::expect_no_hole(rig.ledger());
  const auto gap = rig.gaps().at(1);
  EXPECT_EQ(gap.cause, GapCause::lost_packets);
  EXPECT_EQ(gap.detail, "2 pictures");
  EXPECT_EQ(gap.begin_ms(), 1'000 + 3'200);
  EXPECT_EQ(gap.end_ms(), 1'000 + 4'000) << "the next keyframe";
  EXPECT_EQ(rig.segments().at(0).frames, 80U);
}

// libavformat marks what arrived with a hole in it.
TEST(Recording, ADamagedPictureIsAGapUpToTheNextSoundKeyframe) {
  RecordingRig rig(Mode::continuous);
  rig.play(3200ms);
  for (const auto& wait : {760ms, 960ms}) {  // the second is a keyframe
    auto damaged = std::make_shared<media::Packet>(*rig.next());
    media::AvPacket data(av_packet_clone(damaged->data.get()));
    data->flags |= AV_PKT_FLAG_CORRUPT;
    damaged->data = std::shared_ptr<const AVPacket>(data.release(), media::AvDeleter{});
    rig.recording->take(media::PacketPtr(damaged));
    rig.clock.advance(RecordingRig::picture_time);
    rig.play(wait);
  }
  rig.play(2s);
  rig.recording->end();
  test::expect_no_hole(rig.ledger());
  ASSERT_EQ(rig.gaps().size(), 2U);
  const auto gap = rig.gaps()[1];
  EXPECT_EQ(gap.cause, GapCause::lost_packets);
  EXPECT_EQ(gap.begin_ms(), 1'000 + 3'200);
  EXPECT_EQ(gap.end_ms(), 1'000 + 5'000);
  EXPECT_EQ(rig.segments().at(0).frames, 80U);
}

TEST(Recording, WhatTheQueueLeftOutIsAGap) {
  RecordingRig rig(Mode::continuous);
  rig.play(2s);
  const auto from = rig.clock.now();
  rig.skip(50);
  rig.recording->take(LeftOut{50, from, rig.clock.now() - 40ms});
  rig.play(2s);
  rig.recording->end();
  test::expect_no_hole(rig.ledger());
  const auto gap = rig.gaps().at(1);
  EXPECT_EQ(gap.cause, GapCause::overload);
  EXPECT_EQ(gap.begin_ms(), 3'000);
  EXPECT_EQ(gap.end_ms(), 5'000);
}

TEST(Recording, TimestampsThatGoBackEndTheSegment) {
  RecordingRig rig(Mode::continuous);
  rig.play(3s);
  rig.reconnect();  // without a word from the ingest
  rig.skip(1);      // and its first picture is no keyframe
  rig.play(3s);
  rig.recording->end();
  test::expect_no_hole(rig.ledger());
  ASSERT_EQ(rig.segments().size(), 2U);
  EXPECT_EQ(rig.gaps().at(1).cause, GapCause::undecodable);
  EXPECT_EQ(rig.gaps()[1].detail, "timestamps went back");
  for (const auto& segment : rig.segments()) EXPECT_THAT(rig.scan(segment.file).faults, IsEmpty());
}

// Shorter than the camera's stall: nobody else says so.
TEST(Recording, APauseIsAGapUpToTheNextKeyframe) {
  RecordingRig rig(Mode::continuous);
  rig.play(3s);
  rig.skip(80);
  rig.play(4s);
  rig.recording->end();
  test::expect_no_hole(rig.ledger());
  const auto gap = rig.gaps().at(1);
  EXPECT_EQ(gap.cause, GapCause::stalled);
  EXPECT_EQ(gap.begin_ms(), 1'000 + 3'000);
  EXPECT_EQ(gap.end_ms(), 1'000 + 175 * 40);
  EXPECT_EQ(rig.segments().size(), 2U);
}

TEST(Recording, APauseOfWhichTheCamerasClockDoesNotKnowIsInNoSegment) {
  RecordingRig rig(Mode::continuous);
  rig.play(3s);
  rig.pause(3s);
  rig.play(4s);
  rig.recording->end();
  test::expect_no_hole(rig.ledger());
  const auto segments = rig.segments();
  ASSERT_EQ(segments.size(), 2U);
  for (const auto& segment : segments)
    EXPECT_EQ(rig.scan(segment.file).duration.count(), segment.end_ms() - segment.begin_ms());
  const auto gap = rig.gaps().at(1);
  EXPECT_EQ(gap.cause, GapCause::stalled);
  EXPECT_EQ(gap.end_ms() - gap.begin_ms(), 3'000);
}

TEST(Recording, PicturesThatNeverHaveAKeyframeAreNoOutage) {
  RecordingRig rig(Mode::continuous);
  rig.play(2s);
  rig.gone(GapCause::stalled);
  rig.pause(1s);
  for (int i = 0; i < 300; ++i) {
    auto packet = std::make_shared<media::Packet>(*rig.next());
    packet->keyframe = false;
    rig.recording->take(media::PacketPtr(packet));
    rig.clock.advance(40ms);
  }
  rig.settle();
  EXPECT_EQ(rig.gaps().back().cause, GapCause::undecodable);
}

TEST(Recording, WhatNoSegmentCanHoldIsSaidInTheLedger) {
  RecordingRig rig(Mode::continuous);
  const auto raw = test::stream_of("rawvideo");
  for (int i = 0; i < 50; ++i) {
    rig.recording->take(test::packet_of(raw, {true, i * 40, rig.now_ms()}));
    rig.clock.advance(40ms);
    if (i % 5 == 0) rig.settle();
  }
  const auto gaps = rig.gaps();
  ASSERT_EQ(gaps.size(), 2U);
  EXPECT_EQ(gaps[1].cause, GapCause::codec);
  EXPECT_EQ(gaps[1].detail, "rawvideo");
  EXPECT_EQ(gaps[1].end_ms(), -1);
  EXPECT_THAT(rig.files(), IsEmpty());
}

TEST(Recording, AStopFinishesTheSegmentAndTheNextRunGoesOnFromThere) {
  RecordingRig rig(Mode::continuous);
  rig.play(2320ms);
  rig.recording->end();
  ASSERT_EQ(rig.segments().size(), 1U);
  EXPECT_EQ(rig.segments()[0].frames, 58U);
  EXPECT_EQ(rig.scan(rig.segments()[0].file).frames, 58U);
  EXPECT_EQ(rig.recording->accounted_until(), rig.clock.now());
  rig.clock.advance(5s);
  rig.recording->begin();
  rig.reconnect();
  rig.play(1s);
  rig.recording->end();
  test::expect_no_hole(rig.ledger());
  EXPECT_EQ(rig.gaps().back().end_ms() - rig.gaps().back().begin_ms(), 5'000);
}

TEST(Recording, WithoutAVolumeNothingIsWrittenUntilThereIsOne) {
  RecordingRig rig(Mode::continuous);
  rig.play(3s);
  auto good = std::exchange(rig.volume, [] { return Error(ErrorCode::not_found, "the volume is missing"); });
  rig.gone(GapCause::eof);
  rig.reconnect();
  const auto missing_at = rig.now_ms();
  rig.play(4s);
  EXPECT_EQ(rig.gaps().back().cause, GapCause::volume);
  EXPECT_EQ(rig.gaps().back().begin_ms(), missing_at);
  EXPECT_EQ(rig.gaps().back().detail, "the volume is missing");
  rig.volume = good;
  rig.play(3s);
  rig.recording->end();
  test::expect_no_hole(rig.ledger());
  EXPECT_LE(rig.segments().back().begin_ms(), missing_at + 6'000) << "tried again each second";
}

TEST(Recording, AStartOfTheDaemonIsNoGapOfItsOwn) {
  RecordingRig rig(Mode::continuous, {}, true, true);
  rig.pause(1s);
  rig.play(2s);
  EXPECT_THAT(rig.gaps(), IsEmpty());
  EXPECT_EQ(rig.gap_seconds(), 0);
  RecordingRig away(Mode::continuous, {}, true, true);
  away.pause(1s);
  away.gone(GapCause::network);
  away.settle();
  ASSERT_EQ(away.gaps().size(), 1U);
  EXPECT_EQ(away.gaps()[0].cause, GapCause::network);
  EXPECT_EQ(away.gaps()[0].begin_ms(), 1'000) << "since it was to be recorded";
}

TEST(Recording, AVolumeThatIsNotKnownYetIsNoFault) {
  RecordingRig rig(Mode::continuous);
  auto good = std::exchange(rig.volume, [] { return Error(ErrorCode::unavailable, "not yet"); });
  rig.play(1200ms);
  rig.volume = good;
  rig.play(2s);
  ASSERT_EQ(rig.gaps().size(), 1U);
  EXPECT_EQ(rig.gaps()[0].cause, GapCause::configuration);
  EXPECT_EQ(rig.gaps()[0].end_ms() - rig.gaps()[0].begin_ms(), 2'001) << "up to the next keyframe";
}

TEST(Recording, AnEventInContinuousFootageIsASpan) {
  RecordingRig rig(Mode::continuous);
  rig.play(12s);
  const auto id = event::EventId::generate(rig.clock.wall());
  const auto at = rig.clock.now();
  rig.trigger(id, at);
  rig.play(8s);
  rig.recording->end();
  ASSERT_EQ(rig.spans().size(), 1U);
  EXPECT_EQ(rig.spans()[0].event, id);
  EXPECT_EQ(rig.spans()[0].begin, at - 8s);
  EXPECT_EQ(rig.spans()[0].end, at + 5s);
  EXPECT_EQ(rig.segments().size(), 1U) << "nothing else changes";
}

TEST(Recording, FilesOfOneInstantHaveTwoNames) {
  RecordingRig rig(Mode::continuous);
  const auto taken = rig.folder.path() / Volume::file_of("front", rig.clock.wall(), {}, rig.clock.now());
  std::filesystem::create_directories(taken.parent_path());
  ASSERT_TRUE(std::ofstream(taken).put('x'));
  ASSERT_TRUE(std::ofstream(taken.string() + ".part").put('x'));
  rig.play(2s);
  rig.recording->end();
  ASSERT_EQ(rig.segments().size(), 1U);
  EXPECT_NE(rig.folder.path() / rig.segments()[0].file, taken);
  EXPECT_EQ(rig.segments()[0].begin_ms(), 1'000) << "its time is what it was";
}

std::shared_ptr<const media::StreamInfo> telephone_sound() {
  auto info = std::make_shared<media::StreamInfo>();
  info->kind = media::MediaKind::audio;
  info->codec = "pcm_alaw";
  info->time_base_num = 1;
  info->time_base_den = 8000;
  media::AvParameters parameters(avcodec_parameters_alloc());
  parameters->codec_type = AVMEDIA_TYPE_AUDIO;
  parameters->codec_id = AV_CODEC_ID_PCM_ALAW;
  parameters->sample_rate = 8000;
  av_channel_layout_default(&parameters->ch_layout, 1);
  info->parameters = std::shared_ptr<const AVCodecParameters>(parameters.release(), media::AvDeleter{});
  return info;
}

// Each picture's 40 ms with their sound.
void play_with_sound(RecordingRig& rig, const std::shared_ptr<const media::StreamInfo>& sound, int pictures) {
  for (int i = 0; i < pictures; ++i) {
    rig.recording->take(test::packet_of(sound, {true, i * 320, rig.now_ms(), 320}));
    rig.play(40ms);
  }
}

TEST(Recording, SoundGoesIntoTheFileOfThePictures) {
  for (const bool wanted : {true, false}) {
    RecordingRig rig(Mode::continuous, {}, wanted);
    play_with_sound(rig, telephone_sound(), 100);
    rig.recording->end();
    const auto segments = rig.segments();
    ASSERT_EQ(segments.size(), 1U);
    const auto found = rig.scan(segments[0].file);
    EXPECT_THAT(found.faults, IsEmpty());
    EXPECT_EQ(found.audio_codec, wanted ? "pcm_alaw" : "");
    EXPECT_EQ(std::filesystem::path(segments[0].file).extension(), wanted ? ".mov" : ".mp4");
    EXPECT_EQ(found.frames, 100U);
    // The first comes before the first picture.
    const auto seen = test::see(rig.folder.path() / segments[0].file);
    EXPECT_EQ(seen.sound_bytes, wanted ? 99U * 320 : 0U);
  }
}

TEST(Recording, SoundThatBeginsLaterGetsItsSegmentAtTheNextKeyframe) {
  RecordingRig rig(Mode::continuous);
  rig.play(1520ms);
  play_with_sound(rig, telephone_sound(), 62);
  rig.recording->end();
  test::expect_no_hole(rig.ledger());
  const auto segments = rig.segments();
  ASSERT_EQ(segments.size(), 2U);
  EXPECT_EQ(segments[1].begin_ms(), 3'000);
  EXPECT_EQ(rig.scan(segments[0].file).audio_codec, "");
  EXPECT_EQ(rig.scan(segments[1].file).audio_codec, "pcm_alaw");
  EXPECT_EQ(rig.gaps().size(), 1U) << "nothing is missing between them";
}

// 16 kHz, mono, 64 ms a packet.
std::shared_ptr<const media::StreamInfo> aac_sound() {
  auto info = std::make_shared<media::StreamInfo>();
  info->kind = media::MediaKind::audio;
  info->codec = "aac";
  info->time_base_num = 1;
  info->time_base_den = 16'000;
  media::AvParameters parameters(avcodec_parameters_alloc());
  parameters->codec_type = AVMEDIA_TYPE_AUDIO;
  parameters->codec_id = AV_CODEC_ID_AAC;
  parameters->sample_rate = 16'000;
  parameters->frame_size = 1024;
  av_channel_layout_default(&parameters->ch_layout, 1);
  const std::uint8_t config[] = {0x14, 0x08};  // ISO 14496-3, 1.6.2.1: AAC LC, 16 kHz, one channel
  parameters->extradata =
      static_cast<std::uint8_t*>(av_mallocz(sizeof config + AV_INPUT_BUFFER_PADDING_SIZE));
  parameters->extradata_size = sizeof config;
  std::copy(std::begin(config), std::end(config), parameters->extradata);
  info->parameters = std::shared_ptr<const AVCodecParameters>(parameters.release(), media::AvDeleter{});
  return info;
}

// As a camera sends: a picture first, its sound a little later.
TEST(Recording, SoundThatBeginsBehindTheFirstPictureIsInItsSegment) {
  RecordingRig rig(Mode::continuous);
  rig.play(480ms);
  const auto sound = aac_sound();
  for (int i = 0; i < 50; ++i) {
    rig.recording->take(test::packet_of(sound, {true, i * 1024, rig.now_ms(), 60}));
    rig.play(64ms);
  }
  rig.recording->end();
  const auto segments = rig.segments();
  ASSERT_EQ(segments.size(), 1U);
  const auto found = rig.scan(segments[0].file);
  EXPECT_EQ(found.audio_codec, "aac");
  EXPECT_THAT(found.faults, IsEmpty());
  EXPECT_EQ(test::see(rig.folder.path() / segments[0].file).sound_bytes, 50U * 60);
}

TEST(Recording, SoundThatNoSegmentHoldsLeavesThePicturesAlone) {
  RecordingRig rig(Mode::continuous);
  play_with_sound(rig, test::stream_of("adpcm_g726", 0, media::MediaKind::audio), 50);
  rig.recording->end();
  ASSERT_EQ(rig.segments().size(), 1U);
  EXPECT_EQ(rig.segments()[0].frames, 50U);
}

}  // namespace
}  // namespace porchlight::record
