// SPDX-License-Identifier: Apache-2.0
#include "vision/motion_clips.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "base/temporary_folder.hpp"
#include "porchlight/media/decoder.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace porchlight::vision::test {
namespace {

constexpr std::chrono::seconds clip_begins{1000};

// The decoder lets few of its own frames live at once.
media::FramePtr kept(const media::Frame& frame) {
  auto copy = std::make_shared<media::Frame>(frame);
  copy->picture = std::shared_ptr<const AVFrame>(
      av_frame_clone(frame.picture.get()),
      [](const AVFrame* picture) { media::AvDeleter{}(const_cast<AVFrame*>(picture)); });
  return copy;
}

media::AvFormat open(const std::filesystem::path& clip) {
  AVFormatContext* input = nullptr;
  if (avformat_open_input(&input, clip.c_str(), nullptr, nullptr) < 0) return nullptr;
  media::AvFormat owned(input);
  return avformat_find_stream_info(input, nullptr) < 0 ? nullptr : std::move(owned);
}

std::shared_ptr<media::StreamInfo> describe(const AVStream& stream) {
  auto info = std::make_shared<media::StreamInfo>();
  info->codec = avcodec_get_name(stream.codecpar->codec_id);
  info->time_base_num = stream.time_base.num;
  info->time_base_den = stream.time_base.den;
  media::AvParameters parameters(avcodec_parameters_alloc());
  avcodec_parameters_copy(parameters.get(), stream.codecpar);
  info->parameters = std::shared_ptr<const AVCodecParameters>(parameters.release(), media::AvDeleter{});
  return info;
}

}  // namespace

bool has_ffmpeg() {
  return std::system("ffmpeg -version > /dev/null 2>&1") == 0;
}

std::filesystem::path draw_clip(const std::filesystem::path& folder, const std::string& graph, int seconds) {
  const auto path = folder / "clip.mp4";
  const auto command =
      "ffmpeg -v error -nostdin -y -filter_complex '" + graph + "' -map '[out]' -t " +
      std::to_string(seconds) +
      " -r 10 -c:v libx264 -preset veryfast -threads 1 -pix_fmt yuv420p -g 20 -sc_threshold 0 -bf 0 "
      "-b:v 500k '" +
      path.string() + "'";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  return path;
}

std::vector<media::FramePtr> frames_of(const std::filesystem::path& clip) {
  std::vector<media::FramePtr> frames;
  const auto input = open(clip);
  if (!input) return frames;
  const int index = av_find_best_stream(input.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (index < 0) return frames;
  const auto stream = describe(*input->streams[index]);
  auto decoder = media::Decoder::create(*stream);
  if (!decoder) return frames;
  const auto keep = [&frames](const media::FramePtr& frame) { frames.push_back(kept(*frame)); };
  for (auto data = media::make_av_packet(); av_read_frame(input.get(), data.get()) >= 0;
       data = media::make_av_packet()) {
    if (data->stream_index != index) continue;
    media::Packet packet;
    packet.stream = stream;
    packet.keyframe = (data->flags & AV_PKT_FLAG_KEY) != 0;
    const auto at = std::chrono::duration<double>(static_cast<double>(data->pts) * stream->time_base_num /
                                                  stream->time_base_den);
    packet.arrived = MonotonicTime{clip_begins} + std::chrono::duration_cast<std::chrono::milliseconds>(at);
    packet.data = std::shared_ptr<const AVPacket>(data.release(), media::AvDeleter{});
    if (!decoder->decode(packet, keep)) return {};
  }
  static_cast<void>(decoder->flush(keep));
  return frames;
}

std::vector<media::FramePtr> drawn(const std::string& graph, int seconds) {
  const TemporaryFolder folder;
  return frames_of(draw_clip(folder.path(), graph, seconds));
}

std::string scene(const std::string& name, int noise) {
  return "testsrc2=s=640x360:r=10,trim=end_frame=1,loop=loop=-1:size=1,setpts=N/(10*TB),gblur=sigma=1.5,"
         "eq=contrast=0.6,noise=alls=" +
         std::to_string(noise) + ":allf=t[" + name + "]";
}

std::size_t Watched::motions() const {
  return static_cast<std::size_t>(
      std::count_if(news.begin(), news.end(), [](const auto& one) { return !one.ended; }));
}

std::string Watched::text() const {
  std::string text;
  for (const auto& one : news) {
    text +=
        (one.ended ? "until " : "from ") + std::to_string(seconds_of(one.ended ? one.end : one.start)) + " s";
    for (const auto& step : one.track)
      text += " [" + std::to_string(step.at.count()) + " ms: " + std::to_string(step.x) + ' ' +
              std::to_string(step.y) + ' ' + std::to_string(step.width) + ' ' + std::to_string(step.height) +
              ']';
    text += '\n';
  }
  return text;
}

Watched watch(const std::vector<media::FramePtr>& frames, MotionGate& gate, Way way) {
  Watched watched;
  const auto look = [&](const media::FramePtr& frame) {
    ++watched.looks;
    if (auto news = gate.look(*frame)) watched.news.push_back(std::move(*news));
  };
  bool resting = false;
  std::size_t last_keyframe = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (gate.wants_all()) ++watched.all_wanted;
    const bool keyframe = frames[i]->keyframe;
    if (keyframe) resting = way == Way::resting && !gate.wants_all();
    if (resting && !keyframe) continue;
    look(frames[i]);
    // As the decode lane does: what led to it, and the keyframe again.
    if (resting && gate.wants_all()) {
      resting = false;
      for (std::size_t j = last_keyframe; j <= i; ++j) look(frames[j]);
    }
    if (keyframe) last_keyframe = i;
  }
  if (auto news = gate.finish()) watched.news.push_back(std::move(*news));
  return watched;
}

Watched watch(const std::vector<media::FramePtr>& frames, const MotionTuning& tuning, Way way) {
  MotionGate gate({}, tuning);
  return watch(frames, gate, way);
}

double seconds_of(MonotonicTime at) {
  return std::chrono::duration<double>(at.time_since_epoch() - clip_begins).count();
}

}  // namespace porchlight::vision::test
