// SPDX-License-Identifier: Apache-2.0
#include "media.hpp"

#include <gst/app/gstappsrc.h>
#include <gst/gst.h>

#include <chrono>
#include <memory>
#include <vector>

#include "picture_stamp.hpp"

namespace porchlight::rtsp_test {
namespace {

using Steady = std::chrono::steady_clock;

std::uint64_t wall_ms() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

// Of a luma row, as GStreamer lays I420 out; 0: not known yet.
std::size_t stride_of(GstPad* pad) {
  GstCaps* caps = gst_pad_get_current_caps(pad);
  int width = 0;
  if (caps != nullptr) {
    gst_structure_get_int(gst_caps_get_structure(caps, 0), "width", &width);
    gst_caps_unref(caps);
  }
  return (static_cast<std::size_t>(width) + 3) / 4 * 4;
}

GstPadProbeReturn stamp(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
  auto* show = static_cast<Show*>(data);
  const std::size_t stride = stride_of(pad);
  if (stride == 0) return GST_PAD_PROBE_DROP;
  GstBuffer* buffer = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
  GST_PAD_PROBE_INFO_DATA(info) = buffer;
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_WRITE)) return GST_PAD_PROBE_OK;
  const picture_stamp::Stamp drawn{wall_ms(), show->next_number.fetch_add(1)};
  picture_stamp::write(map.data, stride, drawn);
  gst_buffer_unmap(buffer, &map);
  if (show->log != nullptr)
    std::fprintf(show->log, "%llu %lld\n", static_cast<unsigned long long>(drawn.number),
                 static_cast<long long>(Steady::now().time_since_epoch() / std::chrono::milliseconds(1)));
  return GST_PAD_PROBE_OK;
}

// Overwrites the slices' payload and leaves start codes and NAL headers: well-formed RTP, no picture.
void spoil(std::uint8_t* data, std::size_t size, std::atomic<std::uint32_t>& noise) {
  std::uint32_t state = noise.load();
  bool slice = false;
  for (std::size_t i = 0; i < size; ++i) {
    if (i + 3 < size && data[i] == 0 && data[i + 1] == 0 && data[i + 2] == 1) {
      const int type = data[i + 3] & 31;
      slice = type == 1 || type == 5;
      i += 3;
    } else if (slice && data[i] != 0) {
      state = state * 1664525 + 1013904223;
      data[i] = static_cast<std::uint8_t>((state >> 24) | 1);  // never zero: no new start codes
    }
  }
  noise.store(state);
}

GstPadProbeReturn trouble(GstPad*, GstPadProbeInfo* info, gpointer data) {
  auto* show = static_cast<Show*>(data);
  const Trouble now = show->trouble.load();
  if (now == Trouble::none) return GST_PAD_PROBE_OK;
  if (now == Trouble::silent) return GST_PAD_PROBE_DROP;
  GstBuffer* buffer = gst_buffer_copy_deep(GST_PAD_PROBE_INFO_BUFFER(info));
  gst_buffer_unref(GST_PAD_PROBE_INFO_BUFFER(info));
  GST_PAD_PROBE_INFO_DATA(info) = buffer;
  GstMapInfo map;
  if (gst_buffer_map(buffer, &map, GST_MAP_READWRITE)) {
    spoil(map.data, map.size, show->noise);
    gst_buffer_unmap(buffer, &map);
  }
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn hush(GstPad*, GstPadProbeInfo*, gpointer show) {
  return static_cast<Show*>(show)->hushed.load() ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

// RFC 3550, 5.1: the timestamp is the second word.
gboolean shift_time(GstBuffer** buffer, guint, gpointer data) {
  auto& show = *static_cast<Show*>(data);
  *buffer = gst_buffer_make_writable(*buffer);
  std::uint8_t word[4];
  if (gst_buffer_extract(*buffer, 4, word, 4) != 4) return TRUE;
  std::uint32_t time = std::uint32_t{word[0]} << 24 | std::uint32_t{word[1]} << 16 |
                       std::uint32_t{word[2]} << 8 | std::uint32_t{word[3]};
  time += show.time_offset.load();
  if (show.last_time.exchange(time) > 3U << 30U && time < 1U << 30U) show.wrapped = true;
  for (int i = 0; i < 4; ++i) word[i] = static_cast<std::uint8_t>(time >> (24 - 8 * i));
  gst_buffer_fill(*buffer, 4, word, 4);
  return TRUE;
}

GstPadProbeReturn shift_times(GstPad*, GstPadProbeInfo* info, gpointer show) {
  if ((info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) != 0) {
    GstBufferList* list = gst_buffer_list_make_writable(GST_PAD_PROBE_INFO_BUFFER_LIST(info));
    gst_buffer_list_foreach(list, &shift_time, show);
    info->data = list;
  } else {
    GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    shift_time(&buffer, 0, show);
    info->data = buffer;
  }
  return GST_PAD_PROBE_OK;
}

// A camera cannot wind back. gst-rtsp-server would: each PLAY with a range seeks the one pipeline that all
// clients share, which blocks for good when a packet of RTCP is on its way meanwhile, and else shows a jump.
GstPadProbeReturn refuse_to_seek(GstPad*, GstPadProbeInfo* info, gpointer) {
  GstQuery* query = GST_PAD_PROBE_INFO_QUERY(info);
  if (GST_QUERY_TYPE(query) != GST_QUERY_SEEKING) return GST_PAD_PROBE_OK;
  gst_query_set_seeking(query, GST_FORMAT_TIME, FALSE, 0, -1);
  return GST_PAD_PROBE_HANDLED;
}

// Pushes the clip's units when they are due, in the main loop, until the media goes away.
struct Feeder {
  GstAppSrc* source;
  const Clip& clip;
  Steady::time_point begun = Steady::now();
  std::size_t next = 0;
  guint timer = 0;
};

gboolean feed(gpointer data) {
  auto* feeder = static_cast<Feeder*>(data);
  while (Steady::now() - feeder->begun >= feeder->clip.units[feeder->next].at) {
    const auto& bytes = feeder->clip.units[feeder->next].bytes;
    GstBuffer* buffer = gst_buffer_new_allocate(nullptr, bytes.size(), nullptr);
    gst_buffer_fill(buffer, 0, bytes.data(), bytes.size());
    if (gst_app_src_push_buffer(feeder->source, buffer) != GST_FLOW_OK) return G_SOURCE_CONTINUE;
    if (++feeder->next < feeder->clip.units.size()) continue;
    feeder->next = 0;
    feeder->begun += feeder->clip.length;
  }
  return G_SOURCE_CONTINUE;
}

void stop_feeding(GstRTSPMedia*, gpointer data) {
  std::unique_ptr<Feeder> feeder(static_cast<Feeder*>(data));
  g_source_remove(feeder->timer);
  gst_object_unref(feeder->source);
}

void probe(GstElement* bin, const char* element, GstPadProbeCallback callback, Show& show,
           int what = GST_PAD_PROBE_TYPE_BUFFER) {
  GstElement* found = gst_bin_get_by_name_recurse_up(GST_BIN(bin), element);
  if (found == nullptr) return;
  GstPad* pad = gst_element_get_static_pad(found, "src");
  gst_pad_add_probe(pad, static_cast<GstPadProbeType>(what), callback, &show, nullptr);
  gst_object_unref(pad);
  gst_object_unref(found);
}

void configure(GstRTSPMediaFactory*, GstRTSPMedia* media, gpointer data) {
  auto& show = *static_cast<Show*>(data);
  GstElement* bin = gst_rtsp_media_get_element(media);
  probe(bin, "stamp", &stamp, show);
  probe(bin, "trouble", &trouble, show);
  probe(bin, "hush", &hush, show);
  probe(bin, "pay0", &shift_times, show, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST);
  for (const char* payloader : {"pay0", "pay1"})
    probe(bin, payloader, &refuse_to_seek, show, GST_PAD_PROBE_TYPE_QUERY_UPSTREAM);
  if (show.size_filter != nullptr) gst_object_unref(show.size_filter);
  show.size_filter = gst_bin_get_by_name_recurse_up(GST_BIN(bin), "size");
  if (show.clip) {
    GstElement* source = gst_bin_get_by_name_recurse_up(GST_BIN(bin), "clip");
    auto* feeder = new Feeder{GST_APP_SRC(source), *show.clip};
    feeder->timer = g_timeout_add(5, &feed, feeder);
    g_signal_connect(media, "unprepared", G_CALLBACK(stop_feeding), feeder);
  }
  gst_object_unref(bin);
}

std::string sound_line(const std::string& codec, int late_ms) {
  if (codec.empty()) return {};
  const std::string source =
      std::string(" audiotestsrc is-live=true wave=") + (late_ms > 0 ? "ticks" : "sine") + " ! audio/x-raw,";
  const std::string held =
      late_ms > 0 ? "queue max-size-buffers=0 max-size-bytes=0 max-size-time=0 min-threshold-time=" +
                        std::to_string(late_ms) + "000000 ! "
                  : "";
  const std::string hush = " ! identity name=hush ! " + held;
  if (codec == "pcma") return source + "rate=8000,channels=1 ! alawenc" + hush + "rtppcmapay name=pay1 pt=8";
  if (codec == "aac")
    return source + "rate=48000,channels=2 ! voaacenc" + hush + "rtpmp4gpay name=pay1 pt=97";
  return source + "rate=48000,channels=2 ! opusenc" + hush + "rtpopuspay name=pay1 pt=97";
}

std::string picture_caps(const Show& show) {
  return "video/x-raw,format=I420," + show.size + ",framerate=" + std::to_string(show.fps) + "/1";
}

bool is_h265(const Show& show) {
  return show.clip ? show.clip->h265 : show.h265;
}

// Open groups: only the first keyframe is an IDR picture, and every third picture refers to none behind it.
std::string encoder(const Show& show) {
  const std::string open = "open-gop=1:bframes=2:b-adapt=0:scenecut=0";
  std::string line =
      show.h265 ? "x265enc speed-preset=ultrafast " : "x264enc speed-preset=superfast threads=1 ";
  if (!show.open_groups)
    line += "tune=zerolatency";
  else if (show.h265)
    line += "option-string=" + open + ":rc-lookahead=5:frame-threads=1:pools=1";
  else
    line += "bframes=2 b-adapt=false rc-lookahead=0 sync-lookahead=0 option-string=" + open;
  return line + " bitrate=" + std::to_string(show.bitrate_kbps) +
         " key-int-max=" + std::to_string(show.keyframe_interval);
}

std::string first_time(const Show& show) {
  if (show.wrap_after_s <= 0) return {};
  return " timestamp-offset=" +
         std::to_string((std::int64_t{1} << 32) - std::int64_t{90'000} * show.wrap_after_s);
}

std::string launch_line(const Show& show) {
  const bool h265 = is_h265(show);
  const std::string tail = " ! identity name=trouble ! " + std::string(h265 ? "rtph265pay" : "rtph264pay") +
                           " name=pay0 pt=96 config-interval=-1 aggregate-mode=none" + first_time(show) +
                           sound_line(show.sound, show.sound_late_ms) + " )";
  const std::string byte_stream =
      std::string(h265 ? "video/x-h265" : "video/x-h264") + ",stream-format=byte-stream,alignment=au";
  if (show.clip)
    return "( appsrc name=clip is-live=true format=time do-timestamp=true caps=" + byte_stream + tail;
  return "( videotestsrc is-live=true pattern=" + show.pattern +
         " ! capsfilter name=size caps=" + picture_caps(show) + " ! identity name=stamp ! " + encoder(show) +
         " ! " + byte_stream + ",profile=" + (h265 || show.open_groups ? "main" : "baseline") + tail;
}

}  // namespace

std::string missing_elements(const Show& show) {
  std::vector<const char*> needed{"identity", is_h265(show) ? "rtph265pay" : "rtph264pay"};
  if (show.clip)
    needed.push_back("appsrc");
  else
    needed.insert(needed.end(), {"videotestsrc", show.h265 ? "x265enc" : "x264enc"});
  if (!show.sound.empty()) needed.push_back("audiotestsrc");
  if (show.sound == "pcma") needed.insert(needed.end(), {"alawenc", "rtppcmapay"});
  if (show.sound == "aac") needed.insert(needed.end(), {"voaacenc", "rtpmp4gpay"});
  if (show.sound == "opus") needed.insert(needed.end(), {"opusenc", "rtpopuspay"});
  std::string missing;
  for (const char* name : needed) {
    GstElementFactory* factory = gst_element_factory_find(name);
    if (factory == nullptr) missing += std::string(missing.empty() ? "" : ", ") + name;
    if (factory != nullptr) gst_object_unref(factory);
  }
  return missing;
}

void change_size(Show& show, int width, int height) {
  show.size = "width=" + std::to_string(width) + ",height=" + std::to_string(height);
  if (show.size_filter == nullptr) return;
  GstCaps* caps = gst_caps_from_string(picture_caps(show).c_str());
  g_object_set(show.size_filter, "caps", caps, nullptr);
  gst_caps_unref(caps);
}

GstRTSPMediaFactory* make_factory(Show& show) {
  GstRTSPMediaFactory* factory = gst_rtsp_media_factory_new();
  gst_rtsp_media_factory_set_launch(factory, launch_line(show).c_str());
  gst_rtsp_media_factory_set_shared(factory, TRUE);
  gst_rtsp_media_factory_set_latency(factory, 20);
  if (show.udp_only) gst_rtsp_media_factory_set_protocols(factory, GST_RTSP_LOWER_TRANS_UDP);
  g_signal_connect(factory, "media-configure", G_CALLBACK(configure), &show);
  return factory;
}

}  // namespace porchlight::rtsp_test
