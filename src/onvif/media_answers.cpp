// SPDX-License-Identifier: Apache-2.0
#include "onvif/media_answers.hpp"

#include "onvif/names.hpp"
#include "onvif/xml.hpp"
#include "porchlight/base/one_line.hpp"

namespace porchlight::onvif {
namespace {

constexpr std::size_t most_profiles = 32;

// The encoder's configuration is of one kind in both services.
void read_encoder(pugi::xml_node encoder, Profile& profile) {
  const auto resolution = child(encoder, ns::schema, "Resolution");
  profile.codec = text_of(child(encoder, ns::schema, "Encoding"), 32);
  profile.width = static_cast<int>(number_of(child(resolution, ns::schema, "Width")));
  profile.height = static_cast<int>(number_of(child(resolution, ns::schema, "Height")));
  profile.fps = number_of(child(child(encoder, ns::schema, "RateControl"), ns::schema, "FrameRateLimit"));
}

// The token goes back to the device as it is, so it is not cut.
std::string token_of(pugi::xml_node profile) {
  const std::string token = profile.attribute("token").value();
  return one_line(token, longest_text) == token ? token : "";
}

template <class Encoder>
std::vector<Profile> profiles_of(pugi::xml_node response, const char* space,
                                 pugi::xml_node (*name)(pugi::xml_node), Encoder encoder_of) {
  std::vector<Profile> profiles;
  for (const auto one : children(response, space, "Profiles", most_profiles)) {
    const auto encoder = encoder_of(one);
    Profile profile;
    profile.token = token_of(one);
    if (!encoder || profile.token.empty()) continue;
    profile.name = text_of(name(one));
    read_encoder(encoder, profile);
    profiles.push_back(std::move(profile));
  }
  return profiles;
}

}  // namespace

std::vector<Profile> read_profiles(pugi::xml_node response) {
  return profiles_of(
      response, ns::media, [](pugi::xml_node one) { return child(one, ns::schema, "Name"); },
      [](pugi::xml_node one) { return child(one, ns::schema, "VideoEncoderConfiguration"); });
}

std::vector<Profile> read_profiles2(pugi::xml_node response) {
  return profiles_of(
      response, ns::media2, [](pugi::xml_node one) { return child(one, ns::media2, "Name"); },
      [](pugi::xml_node one) {
        return child(child(one, ns::media2, "Configurations"), ns::media2, "VideoEncoder");
      });
}

std::string read_stream_uri(pugi::xml_node response) {
  return text_of(child(child(response, ns::media, "MediaUri"), ns::schema, "Uri"), longest_uri + 1);
}

std::string read_stream_uri2(pugi::xml_node response) {
  return text_of(child(response, ns::media2, "Uri"), longest_uri + 1);
}

bool set_stream(Profile& profile, const std::string& uri, const Address& asked) {
  const auto address = parse_address(uri);
  if (!address || (address->scheme != "rtsp" && address->scheme != "rtsps")) return false;
  profile.uri = address->text();
  profile.elsewhere = address->host != asked.host;
  return true;
}

}  // namespace porchlight::onvif
