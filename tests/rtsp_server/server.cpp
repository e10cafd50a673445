// SPDX-License-Identifier: Apache-2.0
#include "server.hpp"

#include <chrono>
#include <thread>

extern "C" {
#include <libavformat/avformat.h>
}

namespace porchlight::rtsp_test {
namespace {

constexpr const char* role = "viewer";

void demand_login(GstRTSPServer* server, GstRTSPMediaFactory* factory, const Address& address) {
  GstRTSPAuth* auth = gst_rtsp_auth_new();
  gst_rtsp_auth_set_supported_methods(auth, GST_RTSP_AUTH_DIGEST);
  GstRTSPToken* token = gst_rtsp_token_new(GST_RTSP_TOKEN_MEDIA_FACTORY_ROLE, G_TYPE_STRING, role, nullptr);
  gst_rtsp_auth_add_digest(auth, address.user.c_str(), address.password.c_str(), token);
  gst_rtsp_token_unref(token);
  gst_rtsp_server_set_auth(server, auth);
  g_object_unref(auth);
  gst_rtsp_media_factory_add_role(factory, role, GST_RTSP_PERM_MEDIA_FACTORY_ACCESS, G_TYPE_BOOLEAN, TRUE,
                                  GST_RTSP_PERM_MEDIA_FACTORY_CONSTRUCT, G_TYPE_BOOLEAN, TRUE, nullptr);
}

GstRTSPFilterResult every_client(GstRTSPServer*, GstRTSPClient*, gpointer) {
  return GST_RTSP_FILTER_REMOVE;
}

}  // namespace

GstRTSPServer* start_server(const Address& address, Show& show) {
  GstRTSPServer* server = gst_rtsp_server_new();
  gst_rtsp_server_set_address(server, "127.0.0.1");
  gst_rtsp_server_set_service(server, address.port.c_str());
  GstRTSPMediaFactory* factory = make_factory(show);
  if (!address.user.empty()) demand_login(server, factory, address);
  GstRTSPMountPoints* mounts = gst_rtsp_server_get_mount_points(server);
  gst_rtsp_mount_points_add_factory(mounts, "/cam", factory);
  g_object_unref(mounts);
  return gst_rtsp_server_attach(server, nullptr) == 0 ? nullptr : server;
}

void watch(int port, const Address& address) {
  const std::string login = address.user.empty() ? "" : address.user + ":" + address.password + "@";
  std::thread([url = "rtsp://" + login + "127.0.0.1:" + std::to_string(port) + "/cam"] {
    av_log_set_level(AV_LOG_QUIET);
    for (;; std::this_thread::sleep_for(std::chrono::milliseconds(50))) {
      AVFormatContext* input = nullptr;
      AVDictionary* options = nullptr;
      av_dict_set(&options, "rtsp_transport", "tcp", 0);
      const int opened = avformat_open_input(&input, url.c_str(), nullptr, &options);
      av_dict_free(&options);
      if (opened < 0) continue;
      AVPacket* packet = av_packet_alloc();
      while (av_read_frame(input, packet) >= 0) av_packet_unref(packet);
      av_packet_free(&packet);
      avformat_close_input(&input);
    }
  }).detach();
}

void close_clients(GstRTSPServer* server) {
  g_list_free(gst_rtsp_server_client_filter(server, &every_client, nullptr));
}

}  // namespace porchlight::rtsp_test
