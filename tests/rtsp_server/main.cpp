// SPDX-License-Identifier: Apache-2.0
// A camera for tests: `rtsp_test_server [--port N] [--clip FILE] [--user NAME --password WORD] [--fps N]
// [--gop FRAMES] [--groups open] [--codec h265] [--bitrate KBPS] [--pattern NAME] [--sound pcma|aac|opus]
// [--sound-late MS] [--wrap SECONDS] [--first NUMBER] [--log FILE] [--show always]` prints its URL and serves
// until its standard input closes. Without a clip every picture carries its number (picture_stamp.hpp); the
// log has a line for each that was drawn. `--show always`: also while nobody looks. Lines it understands
// there: `break` (well-formed packets of undecodable pictures), `freeze` (no picture is sent, connections
// stay), `hush` (no sound is sent), `mend` (all well again), `drop` (connections are closed), `skip N` (the
// next N numbers are never shown), `jump MS` (from now on timestamps are off by so much more), `size W H`,
// `wrapped` (answered by `wrapped done` once the timestamps of pictures went through 2^32). Exit 77: an
// element of GStreamer is missing.
#include <gst/gst.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "server.hpp"

namespace {

using namespace porchlight::rtsp_test;

constexpr int exit_skipped = 77;

struct Stage {
  Show show;
  GstRTSPServer* server = nullptr;
  GMainLoop* loop = nullptr;
};

bool read_arguments(int argc, char** argv, Address& address, Show& show) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view key = argv[i];
    const char* value = argv[i + 1];
    if (key == "--port")
      address.port = value;
    else if (key == "--user")
      address.user = value;
    else if (key == "--password")
      address.password = value;
    else if (key == "--fps")
      show.fps = std::atoi(value);
    else if (key == "--gop")
      show.keyframe_interval = std::atoi(value);
    else if (key == "--groups")
      show.open_groups = std::string_view(value) == "open";
    else if (key == "--codec")
      show.h265 = std::string_view(value) == "h265";
    else if (key == "--bitrate")
      show.bitrate_kbps = std::atoi(value);
    else if (key == "--pattern")
      show.pattern = value;
    else if (key == "--first")
      show.next_number = static_cast<std::uint32_t>(std::atoll(value));
    else if (key == "--sound")
      show.sound = value;
    else if (key == "--sound-late")
      show.sound_late_ms = std::atoi(value);
    else if (key == "--wrap")
      show.wrap_after_s = std::atoi(value);
    else if (key == "--show")
      address.watched = std::string_view(value) == "always";
    else if (key == "--log") {
      if ((show.log = std::fopen(value, "ae")) == nullptr) return false;
      std::setvbuf(show.log, nullptr, _IOLBF, 0);
    } else if (key == "--lower")
      show.udp_only = std::string_view(value) == "udp";
    else if (key == "--clip") {
      if (!(show.clip = read_clip(value))) return false;
    } else
      return false;
  }
  return argc % 2 == 1;
}

void obey(Stage& stage, std::string_view order) {
  if (order == "break") stage.show.trouble = Trouble::undecodable;
  if (order == "freeze") stage.show.trouble = Trouble::silent;
  if (order == "hush") stage.show.hushed = true;
  if (order == "mend") {
    stage.show.trouble = Trouble::none;
    stage.show.hushed = false;
  }
  if (order == "drop") close_clients(stage.server);
  int first = 0, second = 0;
  const std::string line(order);
  if (std::sscanf(line.c_str(), "skip %d", &first) == 1)
    stage.show.next_number += static_cast<std::uint32_t>(first);
  if (std::sscanf(line.c_str(), "jump %d", &first) == 1)
    stage.show.time_offset += static_cast<std::uint32_t>(90 * first);
  if (std::sscanf(line.c_str(), "size %d %d", &first, &second) == 2) change_size(stage.show, first, second);
  const bool failed = order == "wrapped" && !stage.show.wrapped;
  std::printf("%.*s %s\n", static_cast<int>(order.size()), order.data(), failed ? "failed" : "done");
  std::fflush(stdout);
}

gboolean on_input(GIOChannel* input, GIOCondition, gpointer data) {
  auto& stage = *static_cast<Stage*>(data);
  gchar* line = nullptr;
  gsize end = 0;
  const GIOStatus status = g_io_channel_read_line(input, &line, nullptr, &end, nullptr);
  if (status == G_IO_STATUS_AGAIN) return G_SOURCE_CONTINUE;
  if (status != G_IO_STATUS_NORMAL) {
    g_main_loop_quit(stage.loop);
    return G_SOURCE_REMOVE;
  }
  obey(stage, std::string_view(line, end));
  g_free(line);
  return G_SOURCE_CONTINUE;
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(nullptr, nullptr);
  static Stage stage;
  Address address;
  if (!read_arguments(argc, argv, address, stage.show)) {
    std::fprintf(stderr, "rtsp_test_server: wrong arguments, or neither H.264 nor H.265 in the clip\n");
    return 2;
  }
  if (const auto missing = missing_elements(stage.show); !missing.empty()) {
    std::printf("missing: %s\n", missing.c_str());
    return exit_skipped;
  }
  stage.server = start_server(address, stage.show);
  if (stage.server == nullptr) return 1;
  stage.loop = g_main_loop_new(nullptr, FALSE);
  GIOChannel* input = g_io_channel_unix_new(0);
  g_io_add_watch(input, static_cast<GIOCondition>(G_IO_IN | G_IO_HUP | G_IO_ERR), &on_input, &stage);
  const int port = gst_rtsp_server_get_bound_port(stage.server);
  if (address.watched) watch(port, address);
  std::printf("rtsp://127.0.0.1:%d/cam\n", port);
  std::fflush(stdout);
  g_main_loop_run(stage.loop);
  std::_Exit(0);  // streaming threads may be anywhere
}
