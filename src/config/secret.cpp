// SPDX-License-Identifier: Apache-2.0
#include "config/secret.hpp"

#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "porchlight/base/durable_file.hpp"
#include "porchlight/config/document.hpp"

namespace porchlight::config {
namespace {

constexpr std::size_t most_secret_bytes = 64 * 1024;

Result<std::string> from_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return Error(ErrorCode::not_found, "environment variable '" + name + "' is not set");
  return std::string(value);
}

Result<std::string> from_file(const std::string& path) {
  if (path.empty() || path.front() != '/') {
    return Error(ErrorCode::invalid_argument, "secret file '" + path + "' must be an absolute path");
  }
  auto text = read_whole_file(path, most_secret_bytes);
  if (!text) return std::move(text).error().context("read secret");
  if (text->find('\0') != std::string::npos) {
    return Error(ErrorCode::invalid_argument, "secret file '" + path + "' holds a zero byte");
  }
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
  return text;
}

Result<std::string> from_credential(const std::string& name) {
  // A name with a slash could leave the folder.
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
    return Error(ErrorCode::invalid_argument, "credential name '" + name + "' is not a plain file name");
  }
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr) {
    return Error(ErrorCode::not_found,
                 "credential '" + name + "' is not there: " + std::string(credentials_hidden));
  }
  return from_file(std::string(folder) + '/' + name);
}

// A password may hold `${` by chance, so a reference that is none is not printed.
Error unknown_reference(std::string_view kind) {
  std::string text =
      "unknown reference '${…}' (known: ${ENV:NAME}, ${file:/path}, ${credential:NAME}; write '$${' "
      "for the characters themselves)";
  if (const auto near = suggestion(kind, {"ENV", "file", "credential"})) {
    text = "unknown reference (did you mean '${" + *near + ":…}'?)";
  }
  return Error(ErrorCode::invalid_argument, std::move(text));
}

Error not_for_root(std::string_view kind) {
  return {ErrorCode::auth, "reference '${" + std::string(kind) +
                               ":…}' stands in a file of config.d that others than root may write: root "
                               "does not follow it (`sudo -u porchlight` does, or give the file to root)"};
}

Result<std::string> lookup(std::string_view reference, Whose whose) {
  const auto colon = reference.find(':');
  const auto kind = reference.substr(0, colon);
  const std::string name(colon == std::string_view::npos ? std::string_view() : reference.substr(colon + 1));
  if (colon == std::string_view::npos || name.empty()) return unknown_reference(kind);
  if (whose == Whose::anothers && (kind == "ENV" || kind == "file") && ::geteuid() == 0)
    return not_for_root(kind);
  if (kind == "ENV") return from_environment(name);
  if (kind == "file") return from_file(name);
  if (kind == "credential") return from_credential(name);
  return unknown_reference(kind);
}

}  // namespace

Result<std::string> resolve_references(std::string_view text, Whose whose) {
  std::string out;
  while (true) {
    const auto start = text.find("${");
    if (start == std::string_view::npos) return out.append(text);
    if (start > 0 && text[start - 1] == '$') {
      out.append(text.substr(0, start - 1)).append("${");
      text.remove_prefix(start + 2);
      continue;
    }
    const auto end = text.find('}', start);
    if (end == std::string_view::npos) {
      return Error(ErrorCode::invalid_argument, "reference '${…' is not closed with '}'");
    }
    auto secret = lookup(text.substr(start + 2, end - start - 2), whose);
    if (!secret) return std::move(secret).error();
    out.append(text.substr(0, start)).append(*secret);
    text.remove_prefix(end + 1);
  }
}

}  // namespace porchlight::config
