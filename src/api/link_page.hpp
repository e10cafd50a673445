// SPDX-License-Identifier: Apache-2.0
// The page behind a message's link, made on the server: no script, nothing from elsewhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/http/message.hpp"
#include "porchlight/notify/words.hpp"
#include "porchlight/store/acknowledgements.hpp"

namespace porchlight::api {

// What a page shows. Texts are plain; the page escapes them.
struct LinkPage {
  notify::Language language = notify::Language::english;
  std::string title;   // of the event
  std::string text;    // lines
  std::string action;  // where its forms and its picture are: /l/<token>
  bool has_picture = false;
  std::vector<store::Acknowledgement> answers{};  // so far
  std::string who{};                              // whose link it is: link:<channel>
  std::string notice{};                           // what came of a form; empty: none was sent
};

http::Response link_page(int status, const LinkPage& page);

// What is said on a page that shows no event.
enum class LinkFault { unknown, expired, busy, too_often, foreign, bad_form, gone };
http::Response link_fault(LinkFault fault, notify::Language language);

// What a form's answer was told, in the page's language.
std::string link_notice(notify::Language language, bool is_reply, bool taken);

// The language that a browser asks for first, of the two that there are; nothing when it names neither.
std::optional<notify::Language> preferred_language(std::string_view accept_language);

}  // namespace porchlight::api
