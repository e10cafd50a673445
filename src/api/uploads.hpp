// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/result.hpp"
#include "porchlight/http/router.hpp"

namespace porchlight::api {

// A photograph of 24 megapixels has up to 10 MB; several small ones fit in one upload.
inline constexpr std::size_t upload_bytes = std::size_t{10} << 20;
// Each is in memory until it is answered.
inline constexpr int uploads_at_once = 2;

// The right to do what costs much, for so few at a time that all of them together are bounded. Any thread.
class Slots {
 public:
  explicit Slots(int most) : most_(most) {}
  // Null: all are taken. The slot is free again when the last copy goes.
  std::shared_ptr<const void> take();

 private:
  const int most_;
  std::shared_ptr<std::atomic<int>> taken_ = std::make_shared<std::atomic<int>>(0);
};

enum class UploadKind { form, form_or_json };
// Judges a request's head: a form waits for a slot, which stays with the request; JSON stays small; the rest
// is 415. The slots outlive the router.
http::Gate upload_gate(Slots& slots, UploadKind kind);

// One photograph's end, as a word: enrolled, duplicate, no_face, several_faces, face_too_small, face_unfit,
// unreadable, too_large, not_examined, failed.
std::string_view photo_result(ErrorCode code) noexcept;
bool may_work_later(ErrorCode code) noexcept;

// What the form says. The photographs are copied out of the request, which does not outlast its handler.
struct PhotoForm {
  std::string name;
  std::vector<std::string> photos;
  std::string fault;  // empty: well-formed
};
PhotoForm read_photo_form(const http::Request& request, bool with_name);

}  // namespace porchlight::api
