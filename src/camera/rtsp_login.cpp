// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <new>

#include "porchlight/event/event.hpp"
#include "rtsp_message.hpp"

extern "C" {
#include <libavutil/base64.h>
#include <libavutil/md5.h>
#include <libavutil/mem.h>
#include <libavutil/sha.h>
}

namespace porchlight::camera {
namespace {

bool starts_with_word(std::string_view text, std::string_view word) {
  if (text.size() <= word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i)
    if ((text[i] | 0x20) != (word[i] | 0x20)) return false;
  return text[word.size()] == ' ';
}

// The value of `name="…"` or `name=…`.
std::string parameter(std::string_view challenge, std::string_view name) {
  for (std::size_t at = 0; (at = challenge.find(name, at)) != std::string_view::npos; at += name.size()) {
    const bool begins = at == 0 || challenge[at - 1] == ' ' || challenge[at - 1] == ',';
    auto rest = challenge.substr(at + name.size());
    if (!begins || !rest.starts_with('=')) continue;
    rest.remove_prefix(1);
    if (!rest.starts_with('"')) return std::string(rest.substr(0, rest.find_first_of(", ")));
    rest.remove_prefix(1);
    return std::string(rest.substr(0, rest.find('"')));
  }
  return {};
}

std::string hex(const std::uint8_t* bytes, std::size_t size) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text.push_back(digits[bytes[i] >> 4]);
    text.push_back(digits[bytes[i] & 15]);
  }
  return text;
}

std::string base64(const std::string& text) {
  std::string out(AV_BASE64_SIZE(text.size()), '\0');
  av_base64_encode(out.data(), static_cast<int>(out.size()),
                   reinterpret_cast<const std::uint8_t*>(text.data()), static_cast<int>(text.size()));
  out.resize(out.find('\0'));
  return out;
}

struct FreeAv {
  void operator()(void* memory) const noexcept { av_free(memory); }
};

}  // namespace

bool RtspLogin::take(const RtspHead& refusal) {
  if (user_.empty()) return false;
  int best = 0;  // 1: basic, 2: MD5, 3: SHA-256
  for (const auto& [name, value] : refusal.headers) {
    if (name != "www-authenticate") continue;
    const bool digest = starts_with_word(value, "Digest");
    if (!digest && !starts_with_word(value, "Basic")) continue;
    const auto algorithm = parameter(value, "algorithm");
    if (digest && !algorithm.empty() && algorithm != "MD5" && algorithm != "SHA-256") continue;
    const int rank = !digest ? 1 : algorithm == "SHA-256" ? 3 : 2;
    if (rank <= best) continue;
    best = rank;
    scheme_ = digest ? "Digest" : "Basic";
    sha256_ = rank == 3;
    realm_ = parameter(value, "realm");
    nonce_ = parameter(value, "nonce");
    opaque_ = parameter(value, "opaque");
    with_qop_ = parameter(value, "qop").find("auth") != std::string::npos;
    count_ = 0;
  }
  return best > 0;
}

std::string RtspLogin::answer(std::string_view method, std::string_view url) {
  if (scheme_.empty()) return {};
  if (scheme_ == "Basic") return "Basic " + base64(user_ + ":" + password_);
  return digest(method, url);
}

std::string RtspLogin::digest(std::string_view method, std::string_view url) {
  const std::string who = hash(user_ + ":" + realm_ + ":" + password_);
  const std::string what = hash(std::string(method) + ":" + std::string(url));
  std::string text = "Digest username=\"" + user_ + "\", realm=\"" + realm_ + "\", nonce=\"" + nonce_ +
                     "\", uri=\"" + std::string(url) + "\"";
  if (with_qop_) {
    std::array<std::uint8_t, 8> random{};
    event::fill_random(random.data(), random.size());
    const std::string ours = hex(random.data(), random.size());
    std::array<char, 9> count{};
    std::snprintf(count.data(), count.size(), "%08x", ++count_);
    text += ", response=\"" + hash(who + ":" + nonce_ + ":" + count.data() + ":" + ours + ":auth:" + what) +
            "\", qop=auth, nc=" + count.data() + ", cnonce=\"" + ours + "\"";
  } else {
    text += ", response=\"" + hash(who + ":" + nonce_ + ":" + what) + "\"";
  }
  if (sha256_) text += ", algorithm=SHA-256";
  if (!opaque_.empty()) text += ", opaque=\"" + opaque_ + "\"";
  return text;
}

std::string RtspLogin::hash(const std::string& text) const {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  std::array<std::uint8_t, 32> sum{};
  if (!sha256_) {
    av_md5_sum(sum.data(), bytes, text.size());
    return hex(sum.data(), 16);
  }
  const std::unique_ptr<AVSHA, FreeAv> sha(av_sha_alloc());
  if (!sha) throw std::bad_alloc();
  av_sha_init(sha.get(), 256);
  av_sha_update(sha.get(), bytes, text.size());
  av_sha_final(sha.get(), sum.data());
  return hex(sum.data(), sum.size());
}

}  // namespace porchlight::camera
