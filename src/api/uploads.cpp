// SPDX-License-Identifier: Apache-2.0
#include "api/uploads.hpp"

#include <charconv>
#include <optional>

#include "api/account_routes.hpp"
#include "api/library_state.hpp"
#include "porchlight/http/problem.hpp"

namespace porchlight::api {
namespace {

using http::Request;
using http::Response;

bool is_of_type(const Request& request, std::string_view type) {
  const auto given = request.header("content-type");
  if (given.size() < type.size()) return false;
  for (std::size_t i = 0; i < type.size(); ++i)
    if ((given[i] >= 'A' && given[i] <= 'Z' ? given[i] | 0x20 : given[i]) != type[i]) return false;
  return given.size() == type.size() || given[type.size()] == ';' || given[type.size()] == ' ';
}

std::size_t announced_length(const Request& request) {
  const auto text = request.header("content-length");
  std::size_t length = 0;
  std::from_chars(text.data(), text.data() + text.size(), length);
  return length;
}

}  // namespace

std::shared_ptr<const void> Slots::take() {
  if (taken_->fetch_add(1) >= most_) {
    taken_->fetch_sub(1);
    return nullptr;
  }
  return {static_cast<const void*>(taken_.get()), [taken = taken_](const void*) { taken->fetch_sub(1); }};
}

http::Gate upload_gate(Slots& slots, UploadKind kind) {
  return [&slots, kind](Request& request) -> std::optional<Response> {
    if (is_of_type(request, "multipart/form-data")) {
      request.hold = slots.take();
      if (request.hold) return std::nullopt;
      return busy("so many photographs are on their way already that this one must wait", request.trace);
    }
    const bool json = kind == UploadKind::form_or_json && is_of_type(request, "application/json");
    if (!json)
      return refusal(415,
                     kind == UploadKind::form ? "send multipart/form-data"
                                              : "send multipart/form-data, or application/json",
                     request);
    if (announced_length(request) <= account_body_bytes) return std::nullopt;
    return refusal(413, "JSON may have " + std::to_string(account_body_bytes) + " bytes here", request);
  };
}

std::string_view photo_result(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::not_found:
      return "no_face";
    case ErrorCode::already_exists:
      return "several_faces";
    case ErrorCode::unsupported:
    case ErrorCode::corrupt:
      return "unreadable";
    case ErrorCode::resource:
      return "too_large";
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
      return "not_examined";
    default:
      return "failed";
  }
}

bool may_work_later(ErrorCode code) noexcept {
  return code == ErrorCode::unavailable || code == ErrorCode::timeout;
}

PhotoForm read_photo_form(const Request& request, bool with_name) {
  PhotoForm form;
  bool named = false;
  for (const auto& part : request.parts) {
    if (part.name == "photo") {
      form.photos.emplace_back(part.bytes);
    } else if (with_name && part.name == "name" && !std::exchange(named, true)) {
      form.name = part.bytes;
    } else {
      form.fault =
          with_name ? "the form has 'name' once and 'photo' once or more" : "the form has one 'photo'";
    }
  }
  if (form.fault.empty() && with_name && !named) form.fault = "the form has no 'name'";
  if (form.fault.empty() && form.photos.empty()) form.fault = "the form has no 'photo'";
  if (form.fault.empty() && !with_name && form.photos.size() > 1) form.fault = "the form has one 'photo'";
  return form;
}

}  // namespace porchlight::api
