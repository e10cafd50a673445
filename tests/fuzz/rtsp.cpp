// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "camera/rtsp_message.hpp"
#include "fuzz/fuzz.hpp"

using namespace porchlight;
using http::test::must;

// A camera's answer: its head, the challenge in it, and its description.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = http::test::text_of(data, size);
  if (const auto head = camera::parse_head(text)) {
    must(head->method.empty() ? head->status >= 100 && head->status <= 999 : head->status == 0);
    must(head->body <= camera::longest_body);
    camera::RtspLogin login("user", "a word");
    const bool taken = login.take(*head);
    const auto answer = login.answer("DESCRIBE", "rtsps://camera/main");
    must(taken == !answer.empty());
    // Unless the camera said it first: the realm is given back.
    must(text.find("a word") != std::string_view::npos || answer.find("a word") == std::string::npos);
    must(answer.find_first_of("\r\n") == std::string::npos);
    must(camera::parse_session(head->header("session")).second > 0);
  }
  if (const auto video = camera::video_of(text, "rtsps://camera/main")) {
    // One media description, and it is the video: by every end of a line that a reader may know.
    const std::string lines = "\n" + video->sdp;
    const auto first = std::min(lines.find("\nm="), lines.find("\rm="));
    must(first == lines.find("\nm=video "));
    must(lines.find("\nm=", first + 1) == std::string::npos &&
         lines.find("\rm=", first + 1) == std::string::npos);
    must(!video->setup.empty() && !video->control.empty());
    // Nor does the sound bring another along.
    const std::string sound = "\n" + video->audio_sdp;
    must(video->audio_sdp.empty() == video->audio_setup.empty());
    must(video->audio_sdp.empty() || video->audio_sdp.starts_with("m=audio "));
    must(sound.find("\nm=", 1) == std::string::npos && sound.find("\rm=") == std::string::npos);
  }
  return 0;
}
