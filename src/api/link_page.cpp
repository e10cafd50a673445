// SPDX-License-Identifier: Apache-2.0
#include "api/link_page.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>

#include "api/digest.hpp"
#include "porchlight/base/html.hpp"
#include "porchlight/notify/answers.hpp"

namespace porchlight::api {
namespace {

using notify::Language;
using Kind = store::Acknowledgement::Kind;

constexpr std::string_view style =
    ":root{color-scheme:light dark}"
    "body{font:1.1rem/1.45 system-ui,sans-serif;margin:0 auto;max-width:34rem;padding:1rem}"
    "h1{font-size:1.5rem;margin:.5rem 0}"
    "img{border-radius:.5rem;display:block;height:auto;width:100%}"
    "p{white-space:pre-line}"
    "form{margin:.75rem 0}"
    "button,input{border-radius:.5rem;box-sizing:border-box;font:inherit;margin:.25rem 0;min-height:3rem;"
    "padding:.5rem .75rem;width:100%}"
    "button.first{background:#1b5e20;border:0;color:#fff}"
    "[role=status]{border-left:.3rem solid #1b5e20;padding-left:.75rem}";

struct Phrases {
  const char* code;
  const char* acknowledge;
  const char* send;
  const char* own_words;
  const char* coming;
  const char* leave_it;
  const char* picture;
  const char* sees_to_it;
  const char* says;
};
constexpr Phrases english{"en",
                          "Acknowledge",
                          "Send",
                          "Your own words",
                          "I'm coming",
                          "Leave it at the door",
                          "Picture of the event",
                          "sees to it",
                          "says"};
constexpr Phrases german{"de",
                         "Ich kümmere mich",
                         "Senden",
                         "Eigene Worte",
                         "Ich komme",
                         "Bitte vor die Tür legen",
                         "Bild des Ereignisses",
                         "kümmert sich",
                         "sagt"};

const Phrases& phrases(Language language) {
  return language == Language::german ? german : english;
}

// The clock of the house's wall: whoever has the link lives by it.
std::string time_of_day(WallTime at) {
  const auto seconds = std::chrono::system_clock::to_time_t(at);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  std::array<char, 16> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%H:%M", &local)};
}

std::string policy() {
  return "default-src 'none'; style-src 'sha256-" + sha256_base64(style) +
         "'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
}

http::Response html(int status, Language language, std::string_view title, const std::string& body) {
  static const std::string content_policy = policy();
  std::string text = "<!doctype html>\n<html lang=\"" + std::string(phrases(language).code) +
                     "\"><head><meta charset=\"utf-8\">"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                     "<meta name=\"robots\" content=\"noindex\"><title>" +
                     html_escaped(title) + "</title><style>" + std::string(style) + "</style></head><body>" +
                     body + "</body></html>\n";
  return {status,
          {{"Content-Type", "text/html; charset=utf-8"},
           {"Content-Language", phrases(language).code},
           {"Content-Security-Policy", content_policy}},
          std::move(text)};
}

std::string answers_html(const LinkPage& page) {
  const auto& words = phrases(page.language);
  std::string list;
  for (const auto& answer : page.answers) {
    const auto name = html_escaped(notify::name_of_answerer(answer.who));
    list += "<li>" + time_of_day(answer.at) + " <b>" + name + "</b> ";
    list += answer.kind == Kind::reply ? std::string(words.says) + ": " + html_escaped(answer.text)
                                       : words.sees_to_it;
    list += "</li>";
  }
  return list.empty() ? list : "<ul>" + list + "</ul>";
}

std::string form(const LinkPage& page, const char* action, const std::string& inside) {
  return "<form method=\"post\" action=\"" + html_escaped(page.action) +
         "\"><input type=\"hidden\" name=\"action\" value=\"" + action + "\">" + inside + "</form>";
}

std::string forms_html(const LinkPage& page) {
  const auto& words = phrases(page.language);
  const auto answered = [&](Kind kind, bool by_anybody) {
    return std::any_of(page.answers.begin(), page.answers.end(), [&](const auto& answer) {
      return answer.kind == kind && (by_anybody || answer.who == page.who);
    });
  };
  std::string text;
  if (!answered(Kind::acknowledge, true))
    text +=
        form(page, "acknowledge", "<button class=\"first\">" + std::string(words.acknowledge) + "</button>");
  if (answered(Kind::reply, false)) return text;
  std::string quick;
  for (const auto* phrase : {words.coming, words.leave_it})
    quick +=
        "<button name=\"text\" value=\"" + html_escaped(phrase) + "\">" + html_escaped(phrase) + "</button>";
  text += form(page, "reply", quick);
  const std::string label = words.own_words;
  text += form(page, "reply",
               "<input name=\"text\" required maxlength=\"200\" autocomplete=\"off\" aria-label=\"" + label +
                   "\" placeholder=\"" + label + "\"><button>" + words.send + "</button>");
  return text;
}

struct FaultWords {
  int status;
  const char* english;
  const char* german;
};

FaultWords words_of(LinkFault fault) {
  switch (fault) {
    case LinkFault::unknown:
      return {404, "This link leads nowhere.", "Dieser Link führt nirgendwohin."};
    case LinkFault::expired:
      return {410, "This link has expired. Log in to see the event.",
              "Dieser Link ist abgelaufen. Wer angemeldet ist, sieht das Ereignis weiterhin."};
    case LinkFault::busy:
      return {503, "That could not be recorded, so nothing was done. Try again.",
              "Das ließ sich nicht festhalten, also ist nichts geschehen. Bitte noch einmal versuchen."};
    case LinkFault::too_often:
      return {429, "That was too often. Try again in a minute.",
              "Das war zu oft. In einer Minute geht es wieder."};
    case LinkFault::foreign:
      return {403, "Another page sent this. Open the link itself.",
              "Das kam von einer fremden Seite. Bitte den Link selbst öffnen."};
    case LinkFault::bad_form:
      return {400, "A reply has 1 to 200 characters on one line.",
              "Eine Antwort hat 1 bis 200 Zeichen in einer Zeile."};
    case LinkFault::gone:
      break;
  }
  return {404, "This event is not there any more.", "Dieses Ereignis gibt es nicht mehr."};
}

}  // namespace

http::Response link_page(int status, const LinkPage& page) {
  std::string body;
  if (!page.notice.empty()) body += "<p role=\"status\">" + html_escaped(page.notice) + "</p>";
  body += "<h1>" + html_escaped(page.title) + "</h1><p>" + html_escaped(page.text) + "</p>";
  if (page.has_picture)
    body += "<img alt=\"" + std::string(phrases(page.language).picture) + "\" src=\"" +
            html_escaped(page.action) + "/snapshot\">";
  body += answers_html(page) + forms_html(page);
  return html(status, page.language, page.title, body);
}

http::Response link_fault(LinkFault fault, Language language) {
  const auto words = words_of(fault);
  const std::string text = language == Language::german ? words.german : words.english;
  auto response = html(words.status, language, "Porchlight", "<h1>Porchlight</h1><p>" + text + "</p>");
  if (fault == LinkFault::too_often) response.headers.emplace_back("Retry-After", "60");
  if (fault == LinkFault::busy) response.headers.emplace_back("Retry-After", "2");
  return response;
}

std::string link_notice(Language language, bool is_reply, bool taken) {
  const bool is_german = language == Language::german;
  if (taken && is_reply) return is_german ? "Gesendet." : "Sent.";
  if (taken)
    return is_german ? "Danke, die anderen werden nicht mehr gerufen." : "Thank you, nobody else is called.";
  if (is_reply)
    return is_german ? "Von hier kam schon eine Antwort." : "There was a reply from here already.";
  return is_german ? "Darum kümmert sich schon jemand." : "Somebody sees to it already.";
}

std::optional<Language> preferred_language(std::string_view accept_language) {
  // In the order they are named: browsers name them so, and a q-value changes nothing between two.
  while (!accept_language.empty()) {
    const auto entry = accept_language.substr(0, accept_language.find(','));
    accept_language.remove_prefix(std::min(accept_language.size(), entry.size() + 1));
    const auto at = entry.find_first_not_of(" \t");
    if (at == std::string_view::npos || entry.size() < at + 2) continue;
    std::string code(entry.substr(at, 2));
    for (auto& c : code) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const auto rest = entry.substr(at + 2);
    if (!rest.empty() && rest.front() != '-' && rest.front() != ';' && rest.front() != ' ') continue;
    if (code == "de") return Language::german;
    if (code == "en") return Language::english;
  }
  return std::nullopt;
}

}  // namespace porchlight::api
