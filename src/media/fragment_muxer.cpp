// SPDX-License-Identifier: Apache-2.0
#include "porchlight/media/fragment_muxer.hpp"

#include <utility>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/dict.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>
}

namespace porchlight::media {
namespace {

constexpr int block = 64 * 1024;

#if LIBAVFORMAT_VERSION_MAJOR >= 61
int take_bytes(void* into, const std::uint8_t* bytes, int size) {
#else
int take_bytes(void* into, std::uint8_t* bytes, int size) {
#endif
  static_cast<std::string*>(into)->append(reinterpret_cast<const char*>(bytes),
                                          static_cast<std::size_t>(size));
  return size;
}

Error out_of_memory() {
  return Error(ErrorCode::unavailable, "make a segment: out of memory");
}

}  // namespace

FragmentMuxer::~FragmentMuxer() {
  avformat_free_context(context_);
}

Result<std::unique_ptr<FragmentMuxer>> FragmentMuxer::create(const char* format,
                                                             const AVCodecParameters& video,
                                                             std::int64_t video_per_second,
                                                             const AVCodecParameters* sound) {
  silence_libav();
  std::unique_ptr<FragmentMuxer> muxer(new FragmentMuxer());
  auto status = muxer->open(format);
  if (status) status = muxer->add_stream(video, static_cast<int>(video_per_second));
  if (status && sound != nullptr) status = muxer->add_stream(*sound, sound->sample_rate);
  if (status) status = muxer->write_head();
  if (!status) return std::move(status).error();
  return muxer;
}

Status FragmentMuxer::open(const char* format) {
  if (const int made = avformat_alloc_output_context2(&context_, nullptr, format, nullptr); made < 0)
    return av_error(made, "make a segment");
  auto* buffer = static_cast<unsigned char*>(av_malloc(block));
  if (buffer == nullptr) return out_of_memory();
  io_.reset(avio_alloc_context(buffer, block, 1, &bytes_, nullptr, &take_bytes, nullptr));
  if (!io_) return av_free(buffer), out_of_memory();
  context_->pb = io_.get();
  // Nothing of libav's version in the file; the head says what wrote it.
  context_->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT;
  context_->avoid_negative_ts = 0;  // ours never are
  return {};
}

Status FragmentMuxer::add_stream(const AVCodecParameters& parameters, int per_second) {
  AVStream* stream = avformat_new_stream(context_, nullptr);
  if (stream == nullptr) return out_of_memory();
  if (const int copied = avcodec_parameters_copy(stream->codecpar, &parameters); copied < 0)
    return av_error(copied, "copy stream parameters");
  stream->time_base = {1, per_second};
  return {};
}

Status FragmentMuxer::write_head() {
  AVDictionary* options = nullptr;
  // Without skip_trailer it remembers each fragment for an index at the end, which nobody writes.
  av_dict_set(&options, "movflags", "frag_custom+empty_moov+default_base_moof+skip_trailer", 0);
  av_dict_set(&options, "use_editlist", "0", 0);
  const int written = avformat_write_header(context_, &options);
  av_dict_free(&options);
  if (written < 0) return Error(ErrorCode::unsupported, av_error(written, "make a segment's head").text());
  avio_flush(io_.get());
  return begin_fragment();
}

// The next fragment begins when its first packets say so. Else libavformat moves them to where the one before
// ended by its guess of how long the last picture lasts, and sound that begins after the first picture to
// that.
Status FragmentMuxer::begin_fragment() {
  return av_status(av_opt_set(context_->priv_data, "movflags", "+frag_discont", 0), "begin a fragment");
}

std::int64_t FragmentMuxer::per_second(unsigned track) const {
  return context_->streams[track]->time_base.den;
}
std::int64_t FragmentMuxer::video_per_second() const {
  return per_second(0);
}
std::int64_t FragmentMuxer::sound_per_second() const {
  return per_second(1);
}
bool FragmentMuxer::has_sound() const {
  return context_->nb_streams > 1;
}

Status FragmentMuxer::add(int track, const AVPacket& packet, const PlacedTime& time) {
  auto data = make_av_packet();
  if (const int held = av_packet_ref(data.get(), &packet); held < 0) return av_error(held, "hold a packet");
  av_packet_free_side_data(data.get());  // it is about the stream, which was described
  data->stream_index = track;
  data->pts = time.pts;
  data->dts = time.dts;
  data->duration = time.duration;
  data->time_base = {0, 1};
  return av_status(av_write_frame(context_, data.get()), "put a packet into a segment");
}

Status FragmentMuxer::flush() {
  auto status = av_status(av_write_frame(context_, nullptr), "end a fragment");
  avio_flush(io_.get());
  if (status && io_->error < 0) return av_error(io_->error, "end a fragment");
  return status ? begin_fragment() : status;
}

std::string FragmentMuxer::take() {
  return std::exchange(bytes_, {});
}

}  // namespace porchlight::media
