// SPDX-License-Identifier: Apache-2.0
#include "http/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <optional>

#include "http/ranges.hpp"
#include "http/response_head.hpp"
#include "http/text.hpp"
#include "http/wall_time.hpp"
#include "porchlight/http/limits.hpp"
#include "porchlight/http/problem.hpp"
#include "porchlight/http/responder.hpp"

namespace porchlight::http {
namespace {

struct Facts {
  std::uint64_t size = 0;
  std::string tag;
  std::string modified;  // empty: says nothing about these bytes
  WallTime modified_at{};
};

std::optional<Facts> facts_of(int fd) {
  struct ::stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  std::array<char, 80> tag{};
  std::snprintf(tag.data(), tag.size(), "\"%jx-%jx-%jx%09lx\"", static_cast<std::uintmax_t>(info.st_ino),
                static_cast<std::uintmax_t>(info.st_size), static_cast<std::uintmax_t>(info.st_mtim.tv_sec),
                static_cast<unsigned long>(info.st_mtim.tv_nsec));
  const auto modified_at = wall_time_of(info.st_mtim.tv_sec);
  return Facts{static_cast<std::uint64_t>(info.st_size), tag.data(), http_date(modified_at), modified_at};
}

// Of its first `bytes`: neither what grows behind them nor when it did belongs to it.
std::optional<Facts> facts_of_beginning(int fd, std::uint64_t bytes) {
  struct ::stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  const auto size = std::min(bytes, static_cast<std::uint64_t>(info.st_size));
  std::array<char, 48> tag{};
  std::snprintf(tag.data(), tag.size(), "\"%jx-%jx-begun\"", static_cast<std::uintmax_t>(info.st_ino),
                static_cast<std::uintmax_t>(size));
  return Facts{size, tag.data(), {}, {}};
}

bool is_unchanged(const Request& request, const Facts& facts) {
  const auto tags = request.header("if-none-match");
  if (!tags.empty()) return names_tag(tags, facts.tag);
  const auto since = parse_http_date(request.header("if-modified-since"));
  return since && !facts.modified.empty() && facts.modified_at <= *since;
}

// The ranges asked for hold only for the representation that the client has the rest of.
std::string_view ranges_of(const Request& request, const Facts& facts) {
  const auto condition = request.header("if-range");
  const bool holds = condition.empty() || condition == facts.tag || condition == facts.modified;
  return request.method == Method::get && holds ? request.header("range") : std::string_view{};
}

std::string content_range(const ByteRange& range, std::uint64_t size) {
  return "bytes " + std::to_string(range.offset) + '-' + std::to_string(range.offset + range.bytes - 1) +
         '/' + std::to_string(size);
}

void describe_parts(FileBody& body, Response& response, const std::vector<ByteRange>& parts,
                    std::uint64_t size, std::string_view content_type) {
  const auto boundary = event::TraceContext::start().trace_text();
  for (const auto& part : parts) {
    const std::string begin = body.slices.empty() ? "--" : "\r\n--";
    body.slices.push_back({begin + boundary + "\r\nContent-Type: " + std::string(content_type) +
                               "\r\nContent-Range: " + content_range(part, size) + "\r\n\r\n",
                           part.offset, part.bytes});
  }
  body.after = "\r\n--" + boundary + "--\r\n";
  response.headers.emplace_back("Content-Type", "multipart/byteranges; boundary=" + boundary);
}

Response not_there(const Request& request) {
  return problem_response({.status = 404, .detail = "there is no such file"}, request.trace);
}

Response serve(const Request& request, std::shared_ptr<const UniqueFd> file,
               const std::optional<Facts>& facts, std::string_view content_type) {
  if (!facts) return not_there(request);
  Response response{200, {{"ETag", facts->tag}, {"Accept-Ranges", "bytes"}}, {}};
  if (!facts->modified.empty()) response.headers.emplace_back("Last-Modified", facts->modified);
  if (is_unchanged(request, *facts)) {
    response.status = 304;
    return response;
  }
  const auto answer = parse_ranges(ranges_of(request, *facts), facts->size, Limits{}.ranges);
  if (answer.kind == RangeAnswer::Kind::unsatisfiable) {
    auto refused = problem_response({.status = 416, .detail = "no such range"}, request.trace);
    refused.headers.emplace_back("Content-Range", "bytes */" + std::to_string(facts->size));
    return refused;
  }
  auto body = std::make_shared<FileBody>();
  body->file = std::move(file);
  if (answer.kind == RangeAnswer::Kind::whole) {
    body->slices.push_back({{}, 0, facts->size});
  } else if (answer.parts.size() == 1) {
    body->slices.push_back({{}, answer.parts[0].offset, answer.parts[0].bytes});
    response.headers.emplace_back("Content-Range", content_range(answer.parts[0], facts->size));
  } else {
    describe_parts(*body, response, answer.parts, facts->size, content_type);
  }
  if (answer.kind == RangeAnswer::Kind::parts) response.status = 206;
  if (answer.parts.size() < 2) response.headers.emplace_back("Content-Type", content_type);
  response.file = std::move(body);
  return response;
}

}  // namespace

Response serve_file(const Request& request, std::shared_ptr<const UniqueFd> file,
                    std::string_view content_type) {
  const auto facts = facts_of(file->get());
  return serve(request, std::move(file), facts, content_type);
}

Response serve_beginning(const Request& request, const std::filesystem::path& root, std::string_view name,
                         std::string_view content_type, std::uint64_t bytes) {
  auto opened = open_below(root, name);
  if (!opened) return not_there(request);
  const auto facts = facts_of_beginning(opened->get(), bytes);
  return serve(request, std::make_shared<const UniqueFd>(std::move(*opened)), facts, content_type);
}

Response serve_file(const Request& request, const std::filesystem::path& root, std::string_view name,
                    std::string_view content_type) {
  auto file = open_below(root, name);
  if (!file) return not_there(request);
  return serve_file(request, std::make_shared<const UniqueFd>(std::move(*file)), content_type);
}

Result<UniqueFd> open_below(const std::filesystem::path& root, std::string_view name) {
  const auto refused = [name](int errnum) { return errno_error(errnum, "open '" + std::string(name) + "'"); };
  UniqueFd at(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!at) return refused(errno);
  if (name.empty() || name.find('\0') != std::string_view::npos) return refused(ENOENT);
  while (!name.empty()) {
    const auto slash = name.find('/');
    const std::string part(name.substr(0, slash));
    name = slash == std::string_view::npos ? std::string_view{} : name.substr(slash + 1);
    const bool last = slash == std::string_view::npos;
    if (part.empty() || part == "." || part == "..") return refused(ENOENT);
    // A pipe that nobody writes must not hold the listener: hence O_NONBLOCK.
    const int kind = last ? O_RDONLY | O_NONBLOCK : O_PATH | O_DIRECTORY;
    UniqueFd next(::openat(at.get(), part.c_str(), kind | O_NOFOLLOW | O_CLOEXEC));
    if (!next) return refused(errno);
    if (last) return next;
    at = std::move(next);
  }
  return refused(ENOENT);  // it ended in a slash
}

std::optional<WallTime> parse_http_date(std::string_view text) {
  if (text.size() != 29) return std::nullopt;
  static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto month = months.find(text.substr(8, 3));
  std::tm parts{};
  const std::string digits(text);
  if (month == std::string_view::npos || month % 3 != 0 ||
      std::sscanf(digits.c_str() + 5, "%2d", &parts.tm_mday) != 1 ||
      std::sscanf(digits.c_str() + 12, "%4d %2d:%2d:%2d", &parts.tm_year, &parts.tm_hour, &parts.tm_min,
                  &parts.tm_sec) != 4)
    return std::nullopt;
  parts.tm_mon = static_cast<int>(month / 3);
  parts.tm_year -= 1900;
  const auto time = wall_time_of(::timegm(&parts));
  // One spelling only: it must be what we would have written.
  return http_date(time) == text ? std::optional(time) : std::nullopt;
}

bool names_tag(std::string_view list, std::string_view tag) {
  if (trimmed(list) == "*") return true;
  while (!list.empty()) {
    auto item = next_item(list, ',');
    if (item.starts_with("W/")) item.remove_prefix(2);
    if (item == tag) return true;
  }
  return false;
}

}  // namespace porchlight::http
