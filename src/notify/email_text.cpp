// SPDX-License-Identifier: Apache-2.0
#include "notify/clip_file.hpp"
#include "notify/email.hpp"
#include "porchlight/base/html.hpp"
#include "porchlight/notify/payload.hpp"

namespace porchlight::notify {
namespace {

// A line of the text is a line of the mail.
std::string html_lines_of(std::string_view text) {
  auto html = html_escaped(text);
  for (auto at = html.find('\n'); at != std::string::npos; at = html.find('\n', at + 5))
    html.insert(at, "<br>");
  return html;
}

bool is_web_address(std::string_view link) {
  return link.starts_with("https://") || link.starts_with("http://");
}

std::string plain_of(const Words& words) {
  auto text = words.title + "\n";
  if (!words.text.empty()) text += "\n" + words.text + "\n";
  if (!words.link.empty()) text += "\n" + words.link + "\n";
  return text;
}

std::string html_of(const Words& words, const std::string& picture_id) {
  std::string html =
      "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head>\n"
      "<body style=\"font-family:sans-serif\">\n<p><strong>" +
      html_escaped(words.title) + "</strong></p>\n";
  if (!picture_id.empty())
    html += "<p><img src=\"cid:" + picture_id + "\" alt=\"" + html_escaped(words.title) +
            "\" style=\"max-width:100%\"></p>\n";
  if (!words.text.empty()) html += "<p>" + html_lines_of(words.text) + "</p>\n";
  if (is_web_address(words.link))
    html += "<p><a href=\"" + html_escaped(words.link) + "\">" + html_escaped(words.link) + "</a></p>\n";
  return html + "</body></html>\n";
}

// The part that a message's and its picture's id have in common; two channels write two different mails.
std::string id_of(const Message& message, std::uint32_t sequence, const EmailOptions& options) {
  return message.row.key.event_id.text() + "." + std::to_string(sequence) + "." + options.channel_id +
         options.from.substr(options.from.find('@'));
}

// Gmail makes one conversation only of mails whose subjects are the same but for a "Re:".
std::string subject_of(const Message& message) {
  const auto first = message.receipts.find(first_message);
  const bool answers = message.row.key.sequence != first_message && first != message.receipts.end();
  return answers && !first->second.empty() ? "Re: " + first->second : message.words.title;
}

}  // namespace

http::Mail mail_of(const Message& message, const EmailOptions& options) {
  const auto sequence = message.row.key.sequence;
  http::Mail mail;
  mail.from = options.from;
  mail.from_name = "Porchlight";
  mail.to_header = options.to;
  mail.subject = subject_of(message);
  mail.date = message.row.happened;
  mail.message_id = "<" + id_of(message, sequence, options) + ">";
  if (sequence != first_message) mail.in_reply_to = "<" + id_of(message, first_message, options) + ">";
  mail.headers = {{"Auto-Submitted", "auto-generated"}, {"X-Porchlight-Event", message.row.type}};
  if (message.words.critical) mail.headers.emplace_back("Importance", "high");
  if (message.picture) {
    mail.picture_id = "snapshot." + id_of(message, sequence, options);
    mail.picture = {reinterpret_cast<const char*>(message.picture->data()), message.picture->size()};
  }
  if (message.clip) {
    const auto file = clip_file_of(message.clip);
    mail.attachment = {file.name, file.type, characters_of(*message.clip)};
  }
  mail.text = plain_of(message.words);
  mail.html = html_of(message.words, mail.picture_id);
  return mail;
}

}  // namespace porchlight::notify
