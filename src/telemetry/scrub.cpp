// SPDX-License-Identifier: Apache-2.0
// Hand-written scanners: a regular expression of the standard library recurses once a character and
// would overflow the stack on a long value.
#include "telemetry/scrub.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>
#include <vector>

namespace porchlight::telemetry {
namespace {

bool alnum(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}
bool digit(char c) {
  return c >= '0' && c <= '9';
}
char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}
bool token_char(char c) {
  return alnum(c) || c == '_' || c == '-';
}

bool starts_with_word(std::string_view text, std::string_view word) {
  return text.size() >= word.size() && std::equal(word.begin(), word.end(), text.begin(),
                                                  [](char a, char b) { return lower(a) == lower(b); });
}

std::size_t run(std::string_view text, std::size_t from, bool (*belongs)(char)) {
  while (from < text.size() && belongs(text[from])) ++from;
  return from;
}

// A part of the text to be replaced.
struct Span {
  std::size_t from;
  std::size_t to;
};

// `scheme://user:password@host`, from the slashes to the `@`. A password with a slash in it ends the
// authority early; a colon that no port follows gives it away.
std::optional<Span> userinfo(std::string_view text, std::size_t at) {
  if (!text.substr(at).starts_with("://")) return std::nullopt;
  const auto start = at + 3;
  const auto end = std::min(text.find_first_of(" \t\r\n\"'<>", start), text.size());
  const auto url = text.substr(start, end - start);
  const auto authority = url.substr(0, url.find_first_of("/?#"));
  auto sign = authority.rfind('@');
  if (sign == std::string_view::npos) {
    const auto colon = authority.find(':');
    const bool port = colon == std::string_view::npos || run(authority, colon + 1, digit) == authority.size();
    sign = port ? std::string_view::npos : url.rfind('@');
  }
  if (sign == std::string_view::npos) return std::nullopt;
  return Span{start, start + sign};
}

// `Bearer xyz`, `Basic xyz`.
std::optional<Span> credentials(std::string_view text, std::size_t at) {
  if (at > 0 && alnum(text[at - 1])) return std::nullopt;
  for (const std::string_view scheme : {"bearer", "basic", "digest"}) {
    if (!starts_with_word(text.substr(at), scheme)) continue;
    const auto start =
        run(text, at + scheme.size(), [](char c) { return c == ' ' || c == '\t' || c == ':'; });
    const auto end = run(text, start, [](char c) {
      return token_char(c) || c == '.' || c == '~' || c == '+' || c == '/' || c == '=';
    });
    // "basic settings" is plain language: a credential is long or holds more than letters.
    const auto word = text.substr(start, end - start);
    const bool plain = std::all_of(word.begin(), word.end(),
                                   [](char c) { return std::islower(static_cast<unsigned char>(c)) != 0; });
    if (start == at + scheme.size() || word.size() < 4 || (scheme != "bearer" && plain)) continue;
    return Span{start, end};
  }
  return std::nullopt;
}

// `eyJ…` and two or three parts with points between (RFC 7519).
std::optional<Span> web_token(std::string_view text, std::size_t at) {
  if (!text.substr(at).starts_with("eyJ") || (at > 0 && token_char(text[at - 1]))) return std::nullopt;
  const auto end = run(text, at, [](char c) { return token_char(c) || c == '.'; });
  const auto points = std::count(text.begin() + static_cast<std::ptrdiff_t>(at),
                                 text.begin() + static_cast<std::ptrdiff_t>(end), '.');
  return points >= 1 && end - at > 16 ? std::optional(Span{at, end}) : std::nullopt;
}

// `pls_…`: a scrape token of our own, 43 letters of base64url.
std::optional<Span> scrape_token(std::string_view text, std::size_t at) {
  constexpr std::size_t prefix = 4, letters = 43;
  if (!text.substr(at).starts_with("pls_") || (at > 0 && alnum(text[at - 1]))) return std::nullopt;
  const auto end = run(text, at + prefix, token_char);
  return end - at >= prefix + letters ? std::optional(Span{at, end}) : std::nullopt;
}

// `123456789:AAE…`: digits, a colon, 30 or more of the token's letters.
std::optional<Span> bot_token(std::string_view text, std::size_t at) {
  if (!digit(text[at]) || (at > 0 && digit(text[at - 1]))) return std::nullopt;
  const auto colon = run(text, at, digit);
  if (colon - at < 6 || colon >= text.size() || text[colon] != ':') return std::nullopt;
  const auto end = run(text, colon + 1, token_char);
  return end - colon > 30 ? std::optional(Span{at, end}) : std::nullopt;
}

// The part of an incoming webhook's URL that is its secret.
std::optional<Span> webhook_path(std::string_view text, std::size_t at) {
  for (const std::string_view path : {"hooks.slack.com/", "/api/webhooks/", "/v2/enqueue/"}) {
    if (!starts_with_word(text.substr(at), path)) continue;
    const auto start = at + path.size();
    const auto end = run(text, start, [](char c) { return token_char(c) || c == '/' || c == '.'; });
    if (end > start) return Span{start, end};
  }
  return std::nullopt;
}

// An address around this `@`. What lies before `done` has been replaced already.
std::optional<Span> address(std::string_view text, std::size_t at, std::size_t done) {
  if (text[at] != '@') return std::nullopt;
  const auto local = [](char c) { return token_char(c) || c == '.' || c == '+' || c == '%'; };
  auto from = at;
  while (from > done && local(text[from - 1])) --from;
  const auto to = run(text, at + 1, [](char c) { return alnum(c) || c == '-' || c == '.'; });
  const auto domain = text.substr(at + 1, to - at - 1);
  const bool whole = from < at && domain.find('.') != std::string_view::npos;
  return whole ? std::optional(Span{from, to}) : std::nullopt;
}

// The words of `apiKey`, `API_KEY`, `api-key`, in small letters.
std::vector<std::string> words_of(std::string_view key) {
  std::vector<std::string> words(1);
  char before = 0;
  for (const char c : key) {
    const bool upper = std::isupper(static_cast<unsigned char>(c)) != 0;
    const bool hump = upper && std::islower(static_cast<unsigned char>(before)) != 0;
    if ((!alnum(c) || hump) && !words.back().empty()) words.emplace_back();
    if (alnum(c)) words.back() += lower(c);
    before = c;
  }
  return words;
}

// `token=abc`, `"password": "abc"`, `Authorization: Bearer abc`: the value after a secret's key that
// ends just before this `=` or `:`.
std::optional<Span> keyed_value(std::string_view text, std::size_t at, std::size_t done) {
  if (text[at] != '=' && text[at] != ':') return std::nullopt;
  auto key_end = at;
  while (key_end > done &&
         (text[key_end - 1] == ' ' || text[key_end - 1] == '"' || text[key_end - 1] == '\''))
    --key_end;
  auto key_start = key_end;
  while (key_start > done && token_char(text[key_start - 1]) && key_end - key_start < 64) --key_start;
  const auto key = text.substr(key_start, key_end - key_start);
  const bool query_key =
      text[at] == '=' && (key == "key" || key == "auth" || key == "sig" || key == "signature");
  if (key.empty() || (!query_key && !is_secret_key(key))) return std::nullopt;
  auto start = run(text, at + 1, [](char c) { return c == ' ' || c == '\t'; });
  if (start >= text.size() || text.substr(at).starts_with("://")) return std::nullopt;
  const char quote = text[start];
  if (quote == '"' || quote == '\'') {
    const auto close = text.find(quote, start + 1);
    return Span{start + 1, std::min(close, text.size())};
  }
  // A header's value goes to the end of its line, a parameter's to the next delimiter.
  const auto names = words_of(key);
  const auto names_one = [&](const char* word) {
    return std::find(names.begin(), names.end(), word) != names.end();
  };
  const bool header = text[at] == ':' && (names_one("authorization") || names_one("cookie"));
  const auto end = std::min(text.find_first_of(header ? "\r\n" : " \t\r\n&,;\"'<>)]}", start), text.size());
  return end > start ? std::optional(Span{start, end}) : std::nullopt;
}

std::optional<Span> secret_at(std::string_view text, std::size_t at, std::size_t done) {
  switch (text[at]) {
    case ':':
      if (auto span = userinfo(text, at)) return span;
      return keyed_value(text, at, done);
    case '=':
      return keyed_value(text, at, done);
    case '@':
      return address(text, at, done);
    case 'e':
      return web_token(text, at);
    case 'p':
      return scrape_token(text, at);
    case 'B':
    case 'b':
    case 'D':
    case 'd':
      return credentials(text, at);
    case 'h':
    case 'H':
    case '/':
      return webhook_path(text, at);
    default:
      return digit(text[at]) ? bot_token(text, at) : std::nullopt;
  }
}

}  // namespace

KeyKind kind_of_key(std::string_view key) {
  static constexpr std::string_view secret[] = {
      "password", "passwd", "pwd",        "passphrase", "token",     "authorization", "cookie",
      "secret",   "apikey", "credential", "embedding",  "signature", "bearer",        "credentials"};
  static constexpr std::string_view personal[] = {"person", "plate"};
  static constexpr std::string_view before_key[] = {"api",    "private", "access",
                                                    "secret", "signing", "encryption"};
  const auto among = [](const auto& list, const std::string& word) {
    return std::find(std::begin(list), std::end(list), word) != std::end(list);
  };
  const auto words = words_of(key);
  auto kind = KeyKind::open;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (among(secret, words[i])) return KeyKind::secret;
    if (i > 0 && words[i] == "key" && among(before_key, words[i - 1])) return KeyKind::secret;
    if (among(personal, words[i])) kind = KeyKind::personal;
  }
  return kind;
}

bool is_secret_key(std::string_view key) {
  return kind_of_key(key) != KeyKind::open;
}

std::string scrubbed(std::string_view text) {
  std::string out;
  std::size_t done = 0;  // all before it is in `out`
  for (std::size_t at = 0; at < text.size();) {
    const auto span = secret_at(text, at, done);
    if (!span || span->from < done || span->to <= span->from) {
      ++at;
      continue;
    }
    out.append(text.substr(done, span->from - done)).append(redacted);
    done = span->to;
    at = std::max(at + 1, span->to);
  }
  return out.append(text.substr(done));
}

}  // namespace porchlight::telemetry
