// SPDX-License-Identifier: Apache-2.0
#include "porchlight/onvif/snippet.hpp"

#include <algorithm>
#include <set>
#include <string_view>

namespace porchlight::onvif {
namespace {

constexpr std::size_t longest_id = 32;

long pixels(const Profile& profile) {
  return static_cast<long>(profile.width) * profile.height;
}

bool is_h264(const Profile& profile) {
  return profile.codec == "H264";
}

bool is_read(const Profile& profile) {
  return !profile.uri.empty() && (is_h264(profile) || profile.codec == "H265");
}

// A face needs some pixels; see docs/cameras.md.
bool shows_faces(const Profile& profile) {
  return profile.width >= 640 && profile.height >= 360;
}

// [a-z0-9_]+, and no other camera's.
std::string id_of(const Device& device, std::set<std::string>& taken) {
  std::string id;
  for (const char c : device.name.empty() ? device.model : device.name) {
    if (id.size() >= longest_id) break;
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
      id += c;
    else if (c >= 'A' && c <= 'Z')
      id += static_cast<char>(c - 'A' + 'a');
    else if (!id.empty() && id.back() != '_')
      id += '_';
  }
  while (id.ends_with('_')) id.pop_back();
  if (id.empty()) id = "camera";
  auto unique = id;
  for (int n = 2; !taken.insert(unique).second; ++n) unique = id + "_" + std::to_string(n);
  return unique;
}

// A double-quoted scalar that means just this text: the configuration reads ${…} as a reference to a secret,
// which a stranger's text must not be.
std::string quoted(std::string_view text, bool reference = false) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"' || text[i] == '\\') out += '\\';
    if (!reference && text.substr(i).starts_with("${")) out += '$';
    out += text[i];
  }
  return out + "\"";
}

void add_stream(std::string& yaml, const char* key, const Profile* profile) {
  if (profile == nullptr) return;
  if (profile->elsewhere)
    yaml += "    # Another host than the device's own. Look at it, and use it if you know it:\n";
  yaml += std::string(profile->elsewhere ? "    # " : "    ") + key + ": " + quoted(profile->uri) + "\n";
}

std::string camera_yaml(const Device& device, const Choice& choice, const std::string& id,
                        const std::string& user, const std::string& password) {
  const auto& name = device.name.empty() ? device.model : device.name;
  std::string yaml = "  - id: " + quoted(id) + "\n";
  if (!name.empty()) yaml += "    name: " + quoted(name) + "\n";
  add_stream(yaml, "url", choice.main);
  add_stream(yaml, "detect_url", choice.detect);
  if (user.empty()) return yaml;
  yaml += "    user: " + quoted(user) + "\n";
  const auto reference = password.empty() ? "${credential:" + id + "}" : password;
  return yaml + "    password: " + quoted(reference, true) + "\n";
}

}  // namespace

Choice choose(const std::vector<Profile>& profiles) {
  Choice choice;
  for (const auto& one : profiles)
    if (is_read(one) && (choice.main == nullptr || pixels(one) > pixels(*choice.main))) choice.main = &one;
  const auto better = [](const Profile& one, const Profile& than) {
    if (shows_faces(one) != shows_faces(than)) return shows_faces(one);
    return pixels(one) < pixels(than);
  };
  for (const auto& one : profiles) {
    if (!is_read(one) || !is_h264(one) || pixels(one) >= pixels(*choice.main)) continue;
    if (choice.detect == nullptr || better(one, *choice.detect)) choice.detect = &one;
  }
  return choice;
}

std::string cameras_yaml(const std::vector<Device>& devices, const std::string& user,
                         const std::string& password) {
  std::string yaml;
  std::set<std::string> taken;
  for (const auto& device : devices) {
    const auto choice = choose(device.profiles);
    if (choice.main == nullptr) continue;
    yaml += camera_yaml(device, choice, id_of(device, taken), user, password);
  }
  return yaml.empty() ? yaml : "cameras:\n" + yaml;
}

}  // namespace porchlight::onvif
