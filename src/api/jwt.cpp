// SPDX-License-Identifier: Apache-2.0
#include "api/jwt.hpp"

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "api/digest.hpp"

namespace porchlight::api {
namespace {

using nlohmann::json;

constexpr const char* audience = "porchlight-api";
constexpr std::size_t longest = 4096;

std::int64_t seconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

struct Parts {
  std::string_view header, payload, signature, signed_text;
};

std::optional<Parts> split(std::string_view token) {
  const auto first = token.find('.');
  const auto second = token.find('.', first == std::string_view::npos ? first : first + 1);
  if (token.size() > longest || second == std::string_view::npos) return std::nullopt;
  if (token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1),
               token.substr(0, second)};
}

std::optional<json> object_of(std::string_view part) {
  const auto text = from_base64url(part);
  if (!text) return std::nullopt;
  auto object = json::parse(*text, nullptr, false);
  return object.is_object() ? std::optional(std::move(object)) : std::nullopt;
}

bool has(const json& object, const char* key, json::value_t type) {
  const auto found = object.find(key);
  return found != object.end() && found->type() == type;
}

// Numbers as NumericDate: we write and take whole seconds.
std::optional<WallTime> time_of(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_integer()) return std::nullopt;
  const auto value = found->get<std::int64_t>();
  constexpr std::int64_t latest = 9'000'000'000;  // the year 2255; the clock's nanoseconds end in 2262
  if (value < 0 || value > latest) return std::nullopt;
  return WallTime{std::chrono::seconds{value}};
}

bool read(const json& payload, Claims& claims) {
  const auto not_before = time_of(payload, "nbf");
  const auto expires = time_of(payload, "exp");
  if (!not_before || !expires) return false;
  for (const auto* key : {"jti", "sub", "scope", "aud"})
    if (!has(payload, key, json::value_t::string)) return false;
  const auto& subject = payload["sub"].get_ref<const std::string&>();
  const auto [end, fault] = std::from_chars(subject.data(), subject.data() + subject.size(), claims.user);
  if (fault != std::errc() || end != subject.data() + subject.size()) return false;
  claims.id = payload["jti"];
  claims.scopes = payload["scope"];
  claims.not_before = *not_before;
  claims.expires = *expires;
  return true;
}

}  // namespace

std::string_view to_string(TokenVerdict verdict) noexcept {
  constexpr std::array<std::string_view, 7> words{"valid",     "expired", "not_yet_valid", "bad_signature",
                                                  "malformed", "revoked", "wrong_audience"};
  return words[static_cast<std::size_t>(verdict)];
}

std::string TokenSigner::sign(const Claims& claims) const {
  const json payload{{"aud", audience},
                     {"exp", seconds(claims.expires)},
                     {"iat", seconds(claims.not_before)},
                     {"jti", claims.id},
                     {"nbf", seconds(claims.not_before)},
                     {"scope", claims.scopes},
                     {"sub", std::to_string(claims.user)}};
  const auto text = base64url(R"({"alg":"HS256","typ":"JWT"})") + "." + base64url(payload.dump());
  return text + "." + base64url(hmac_sha256(key_, text));
}

TokenVerdict TokenSigner::verify(std::string_view token, WallTime now, Claims& claims) const {
  const auto parts = split(token);
  if (!parts) return TokenVerdict::malformed;
  const auto header = object_of(parts->header);
  if (!header || header->contains("crit")) return TokenVerdict::malformed;
  if (!has(*header, "alg", json::value_t::string)) return TokenVerdict::malformed;
  const auto signature = from_base64url(parts->signature);
  if (!signature) return TokenVerdict::malformed;
  if ((*header)["alg"] != "HS256" || !same(*signature, hmac_sha256(key_, parts->signed_text)))
    return TokenVerdict::bad_signature;
  const auto payload = object_of(parts->payload);
  if (!payload || !read(*payload, claims)) return TokenVerdict::malformed;
  if ((*payload)["aud"] != audience) return TokenVerdict::wrong_audience;
  if (now < claims.not_before) return TokenVerdict::not_yet_valid;
  if (now >= claims.expires) return TokenVerdict::expired;
  return TokenVerdict::valid;
}

}  // namespace porchlight::api
