// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "porchlight/live/hls.hpp"

namespace porchlight::live {
namespace {

// Digits as we write them: no sign, no zero in front.
std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [at, fault] = std::from_chars(text.data(), end, value);
  if (fault != std::errc{} || at != end || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  return value;
}

bool cut_front(std::string_view& text, std::string_view front) {
  if (!text.starts_with(front)) return false;
  text.remove_prefix(front.size());
  return true;
}

bool cut_back(std::string_view& text, std::string_view back) {
  if (!text.ends_with(back)) return false;
  text.remove_suffix(back.size());
  return true;
}

}  // namespace

std::optional<HlsName> hls_name(std::string_view file) {
  HlsName name;
  if (file == "index.m3u8") return name;
  if (cut_front(file, "sub"))
    name.quality = Quality::sub;
  else if (!cut_front(file, "main"))
    return std::nullopt;
  name.kind = HlsName::Kind::playlist;
  if (file == ".m3u8") return name;
  const bool is_head = cut_front(file, "-init-");
  name.kind = is_head ? HlsName::Kind::head : HlsName::Kind::segment;
  if (!is_head && !cut_front(file, "-")) return std::nullopt;
  if (!cut_back(file, is_head ? ".mp4" : ".m4s")) return std::nullopt;
  const auto dot = is_head ? std::string_view::npos : file.find('.');
  const auto first = number(file.substr(0, dot));
  if (!first) return std::nullopt;
  name.number = *first;
  if (dot == std::string_view::npos) return name;
  const auto part = number(file.substr(dot + 1));
  if (!part) return std::nullopt;
  name.kind = HlsName::Kind::part;
  name.part = *part;
  return name;
}

std::string hls_file(const HlsName& name) {
  const std::string quality(to_string(name.quality)), count = std::to_string(name.number);
  switch (name.kind) {
    case HlsName::Kind::index:
      return "index.m3u8";
    case HlsName::Kind::playlist:
      return quality + ".m3u8";
    case HlsName::Kind::head:
      return quality + "-init-" + count + ".mp4";
    case HlsName::Kind::segment:
      return quality + '-' + count + ".m4s";
    case HlsName::Kind::part:
      return quality + '-' + count + '.' + std::to_string(name.part) + ".m4s";
  }
  return {};
}

}  // namespace porchlight::live
