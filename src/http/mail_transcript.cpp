// SPDX-License-Identifier: Apache-2.0
#include "http/mail_transcript.hpp"

#include <algorithm>

namespace porchlight::http {
namespace {

constexpr std::size_t longest_words = 200;
constexpr std::string_view recipient_command = "RCPT TO:<";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

void hide(std::string& text, std::string_view secret) {
  if (secret.empty()) return;
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3))
    text.replace(at, secret.size(), "***");
}

}  // namespace

std::string MailTranscript::cleaned(std::string_view words) const {
  std::string out(words.substr(0, 2 * longest_words));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  hide(out, password_);
  if (user_.find('@') == std::string::npos) hide(out, user_);
  // Masked before it is cut: half an address would not be known as one.
  out = with_masked_addresses(out);
  auto size = std::min(out.size(), longest_words);
  while (size < out.size() && (static_cast<unsigned char>(out[size]) & 0xc0) == 0x80) --size;
  return out.substr(0, size);
}

void MailTranscript::sent(std::string_view command) {
  // The farewell comes after a refusal, too, and does not change what it was.
  goodbye_ = command.starts_with("QUIT");
  if (goodbye_) return;
  reply_ = {};
  words_.clear();
  last_ = Command::other;
  if (!command.starts_with(recipient_command)) return;
  last_ = Command::recipient;
  const auto address = command.substr(recipient_command.size());
  recipients_.emplace_back(address.substr(0, address.find('>')), MailReply{});
}

void MailTranscript::received(std::string_view lines) {
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    line(lines.substr(0, end));
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  }
}

void MailTranscript::line(std::string_view text) {
  while (!text.empty() && (text.back() == '\r' || text.back() == '\n')) text.remove_suffix(1);
  if (goodbye_ || text.size() < 3 || !std::all_of(text.begin(), text.begin() + 3, is_digit)) return;
  const auto code = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
  if (text.size() > 4 && words_.size() < longest_words)
    words_ += (words_.empty() ? "" : " ") + std::string(text.substr(4, longest_words));
  if (text.size() > 3 && text[3] == '-') return;
  reply_ = {code, cleaned(words_)};
  words_.clear();
  if (last_ == Command::recipient) recipients_.back().second = reply_;
}

}  // namespace porchlight::http
