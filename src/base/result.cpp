// SPDX-License-Identifier: Apache-2.0
#include "porchlight/base/result.hpp"

#include <cerrno>
#include <system_error>

namespace porchlight {
namespace {

ErrorCode code_of(int errnum) noexcept {
  switch (errnum) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
      return ErrorCode::not_found;
    case EEXIST:
    case EADDRINUSE:
    case EBUSY:
      return ErrorCode::already_exists;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::permission_denied;
    case EINVAL:
    case ENAMETOOLONG:
      return ErrorCode::invalid_argument;
    case ETIMEDOUT:
      return ErrorCode::timeout;
    case ENOSPC:
    case EDQUOT:
      return ErrorCode::resource;
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EPIPE:
      return ErrorCode::network;
    case EAGAIN:
      return ErrorCode::unavailable;
    // Also without memory or file descriptors: whoever hears `resource` of a file deletes others to make
    // room.
    default:
      return ErrorCode::io;
  }
}

}  // namespace

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::invalid_argument:
      return "invalid_argument";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::already_exists:
      return "already_exists";
    case ErrorCode::permission_denied:
      return "permission_denied";
    case ErrorCode::unavailable:
      return "unavailable";
    case ErrorCode::timeout:
      return "timeout";
    case ErrorCode::end_of_stream:
      return "end_of_stream";
    case ErrorCode::io:
      return "io";
    case ErrorCode::network:
      return "network";
    case ErrorCode::auth:
      return "auth";
    case ErrorCode::decode:
      return "decode";
    case ErrorCode::resource:
      return "resource";
    case ErrorCode::cancelled:
      return "cancelled";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::corrupt:
      return "corrupt";
    case ErrorCode::internal:
      return "internal";
  }
  return "internal";
}

Error errno_error(int errnum, std::string_view doing) {
  return {code_of(errnum), std::string(doing) + ": " + std::generic_category().message(errnum)};
}

}  // namespace porchlight
