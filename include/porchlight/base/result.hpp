// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace porchlight {

// What a caller may switch on. The text is for people.
enum class ErrorCode {
  invalid_argument,
  not_found,
  already_exists,
  permission_denied,
  unavailable,
  timeout,
  end_of_stream,
  io,
  network,
  auth,
  decode,
  resource,
  cancelled,
  unsupported,
  corrupt,
  internal,
};

std::string_view to_string(ErrorCode code) noexcept;

// An expected failure. Text: lower case, no full stop, verb + object in single quotes, cause last,
// never a credential: `open 'x.part': No space left on device`.
class [[nodiscard]] Error {
 public:
  Error(ErrorCode code, std::string text) : code_(code), text_(std::move(text)) {}

  ErrorCode code() const noexcept { return code_; }
  const std::string& text() const noexcept { return text_; }

  // Puts what was being done in front: `record camera 'front': open 'x.part': …`.
  Error context(std::string_view doing) && {
    text_.insert(0, std::string(doing) + ": ");
    return std::move(*this);
  }

 private:
  ErrorCode code_;
  std::string text_;
};

// Maps an errno value to a code and appends its text to `doing`.
Error errno_error(int errnum, std::string_view doing);

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const noexcept { return state_.index() == 0; }
  bool ok() const noexcept { return state_.index() == 0; }

  T& value() & { return assert(ok()), std::get<0>(state_); }
  const T& value() const& { return assert(ok()), std::get<0>(state_); }
  T&& value() && { return assert(ok()), std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& { return assert(!ok()), std::get<1>(state_); }
  Error&& error() && { return assert(!ok()), std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : state_(std::move(error)) {}

  explicit operator bool() const noexcept { return ok(); }
  bool ok() const noexcept { return std::holds_alternative<std::monostate>(state_); }
  const Error& error() const& { return assert(!ok()), std::get<Error>(state_); }
  Error&& error() && { return assert(!ok()), std::get<Error>(std::move(state_)); }

 private:
  std::variant<std::monostate, Error> state_;
};

using Status = Result<void>;

}  // namespace porchlight
