// SPDX-License-Identifier: Apache-2.0
#include "http/mail_mime.hpp"

#include <utility>

#include "http/mail_head.hpp"

namespace porchlight::http {
namespace {

bool add_text(curl_mime* mime, const char* type, std::string_view text) {
  auto* part = curl_mime_addpart(mime);
  const auto body = body_text(text);
  return part != nullptr && curl_mime_data(part, body.data(), body.size()) == CURLE_OK &&
         curl_mime_type(part, type) == CURLE_OK && curl_mime_encoder(part, "quoted-printable") == CURLE_OK;
}

bool add_picture(curl_mime* mime, const Mail& mail) {
  CurlList headers;
  append(headers, "Content-ID: <" + mail.picture_id + ">");
  append(headers, "Content-Disposition: inline; filename=\"snapshot.jpg\"");
  auto* part = curl_mime_addpart(mime);
  if (part == nullptr || !headers ||
      curl_mime_data(part, mail.picture.data(), mail.picture.size()) != CURLE_OK ||
      curl_mime_type(part, "image/jpeg") != CURLE_OK || curl_mime_encoder(part, "base64") != CURLE_OK)
    return false;
  // 1: the part frees the list.
  return curl_mime_headers(part, headers.release(), 1) == CURLE_OK;
}

bool add_attachment(curl_mime* mime, const Mail::Attachment& file) {
  auto* part = curl_mime_addpart(mime);
  return part != nullptr && curl_mime_data(part, file.bytes.data(), file.bytes.size()) == CURLE_OK &&
         curl_mime_filename(part, file.name.c_str()) == CURLE_OK &&
         curl_mime_type(part, file.type.c_str()) == CURLE_OK && curl_mime_encoder(part, "base64") == CURLE_OK;
}

// Text and HTML within the whole, the file behind them.
CurlMime with_attachment(CURL* easy, CurlMime words, const Mail& mail) {
  CurlMime mixed(curl_mime_init(easy));
  auto* part = mixed ? curl_mime_addpart(mixed.get()) : nullptr;
  if (part == nullptr || curl_mime_subparts(part, words.get()) != CURLE_OK) return nullptr;
  static_cast<void>(words.release());  // the part owns it now
  if (curl_mime_type(part, "multipart/alternative") != CURLE_OK ||
      !add_attachment(mixed.get(), mail.attachment))
    return nullptr;
  return mixed;
}

bool add_html(CURL* easy, curl_mime* mime, const Mail& mail) {
  static constexpr auto type = "text/html; charset=utf-8";
  if (mail.picture.empty()) return add_text(mime, type, mail.html);
  CurlMime related(curl_mime_init(easy));
  if (!related || !add_text(related.get(), type, mail.html) || !add_picture(related.get(), mail))
    return false;
  auto* part = curl_mime_addpart(mime);
  if (part == nullptr || curl_mime_subparts(part, related.get()) != CURLE_OK) return false;
  static_cast<void>(related.release());  // the part owns it now
  return curl_mime_type(part, "multipart/related") == CURLE_OK;
}

}  // namespace

CurlMime body_of(CURL* easy, const Mail& mail) {
  CurlMime mime(curl_mime_init(easy));
  if (!mime || !add_text(mime.get(), "text/plain; charset=utf-8", mail.text) ||
      !add_html(easy, mime.get(), mail))
    return nullptr;
  return mail.attachment.bytes.empty() ? std::move(mime) : with_attachment(easy, std::move(mime), mail);
}

CurlList head_of(const Mail& mail) {
  CurlList list;
  for (const auto& line : head_lines(mail)) append(list, line);
  // libcurl adds the boundary.
  append(list, mail.attachment.bytes.empty() ? "Content-Type: multipart/alternative"
                                             : "Content-Type: multipart/mixed");
  return list;
}

}  // namespace porchlight::http
