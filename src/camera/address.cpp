// SPDX-License-Identifier: Apache-2.0
#include "address.hpp"

#include <algorithm>
#include <array>

#include "command_words.hpp"
#include "url.hpp"

namespace porchlight::camera {
namespace {

Error refuse(std::string text) {
  return Error(ErrorCode::invalid_argument, std::move(text));
}

Result<StreamAddress> network(std::string_view url, SourceKind kind, const std::string& begin) {
  auto parts = split_credentials(url);
  if (parts.bare.size() <= begin.size() || !parts.bare.starts_with(begin))
    return refuse("expected " + begin + "host/path");
  return StreamAddress{kind, std::move(parts.bare), std::move(parts.user), std::move(parts.password), {}};
}

Result<StreamAddress> rtsp(std::string_view url) {
  return network(url, SourceKind::rtsp, "rtsp://");
}

Result<StreamAddress> rtsps(std::string_view url) {
  return network(url, SourceKind::rtsps, "rtsps://");
}

Result<StreamAddress> file(std::string_view url) {
  if (file_path(url).empty()) return refuse("expected file:/path/of/a/clip");
  return StreamAddress{SourceKind::file, std::string(url), {}, {}, {}};
}

Result<StreamAddress> v4l2(std::string_view url) {
  if (!file_path(url).starts_with('/')) return refuse("expected v4l2:/dev/video0");
  return StreamAddress{SourceKind::v4l2, std::string(url), {}, {}, {}};
}

Result<StreamAddress> exec(std::string_view url) {
  auto words = split_command(url.substr(url.find(':') + 1));
  if (!words) return refuse("exec: " + words.error().text());
  return StreamAddress{SourceKind::exec, std::string(url), {}, {}, std::move(*words)};
}

struct Scheme {
  std::string_view name;
  Result<StreamAddress> (*read)(std::string_view url);
};
constexpr std::array<Scheme, 5> schemes{
    {{"rtsp", &rtsp}, {"rtsps", &rtsps}, {"file", &file}, {"v4l2", &v4l2}, {"exec", &exec}}};

Error unknown(const std::string& scheme) {
  if (scheme.empty()) return refuse("no scheme (expected rtsp://, rtsps://, v4l2:, exec: or file:)");
  std::vector<std::string> names;
  for (const auto& known : schemes) names.emplace_back(known.name);
  const auto near = config::suggestion(scheme, names);
  return refuse("unknown scheme '" + scheme + "'" + (near ? " (did you mean '" + *near + "'?)" : ""));
}

}  // namespace

Result<StreamAddress> address_of(std::string_view url) {
  const std::string scheme = scheme_of(url);
  for (const auto& known : schemes)
    if (known.name == scheme) return known.read(url);
  return unknown(scheme);
}

StreamAddress read_address(config::Section& section, std::string_view key) {
  const std::string url = section.text(key, "");
  if (url.empty()) return {};
  auto address = address_of(url);
  if (!address) {
    section.fault(key, address.error().text());
    return {};
  }
  if (address->kind == SourceKind::exec && !section.is_roots_own(key))
    section.fault(key, config::not_roots_own);
  return std::move(*address);
}

std::string StreamAddress::printable_url() const {
  if (kind == SourceKind::exec) return "exec:" + (command.empty() ? std::string() : command.front());
  return is_network(kind) ? url.substr(0, url.find('?')) : url;
}

}  // namespace porchlight::camera
