// SPDX-License-Identifier: Apache-2.0
#include "api/page_route.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/paths.hpp"
#include "porchlight/api/page_places.hpp"
#include "porchlight/base/durable_file.hpp"
#include "porchlight/http/fixed_text.hpp"

namespace porchlight::api {
namespace {

namespace fs = std::filesystem;
using http::Request;
using http::Response;

// The build has far smaller files; a folder that is named by mistake shall not fill the memory.
constexpr std::uint64_t file_limit = 4U << 20U;
constexpr std::size_t files_limit = 64;

// Nothing comes from another host, nothing stands in the page itself. blob: is for video that is put together
// in the browser, data: for the pictures that the build puts into the style sheet.
constexpr const char* content_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'";
// The build puts a hash of the content into the name.
constexpr const char* for_ever = "public, max-age=31536000, immutable";

std::string_view type_of(const fs::path& file) {
  static const std::map<std::string, std::string_view> types = {{".css", "text/css; charset=utf-8"},
                                                                {".html", "text/html; charset=utf-8"},
                                                                {".js", "text/javascript; charset=utf-8"},
                                                                {".json", "application/json"},
                                                                {".png", "image/png"},
                                                                {".svg", "image/svg+xml"},
                                                                {".webp", "image/webp"},
                                                                {".woff2", "font/woff2"}};
  const auto found = types.find(file.extension().string());
  return found == types.end() ? "application/octet-stream" : found->second;
}

struct Page {
  std::optional<http::FixedText> index;
  std::map<std::string, http::FixedText, std::less<>> assets;
  std::string missing;  // said instead of the page
};

void read_assets(Page& page, const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const auto& path = entry->path();
    if (page.assets.size() == files_limit || !entry->is_regular_file(error)) continue;
    auto text = read_whole_file(path, file_limit);
    if (text) page.assets.try_emplace(path.filename().string(), std::move(*text), std::string(type_of(path)));
  }
}

std::shared_ptr<const Page> read_page(const std::vector<fs::path>& places) {
  auto page = std::make_shared<Page>();
  page->missing = "The files of the page are not here. They were looked for in:\n";
  for (const auto& place : places) {
    auto text = read_whole_file(place / "index.html", file_limit);
    if (!text) {
      page->missing += "  " + text.error().text() + "\n";
      continue;
    }
    page->index.emplace(std::move(*text), std::string(type_of("index.html")));
    read_assets(*page, place / "assets");
    return page;
  }
  page->missing +=
      "Install the package again, or build the page (docs/page.md), and restart the daemon.\n"
      "The interface for programs under /api/v1 is there all the same.\n";
  return page;
}

Response plain(int status, std::string text) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(text)};
}

Response index_of(const Page& page, const Request& request) {
  if (!page.index) return plain(404, page.missing);
  auto response = page.index->answer(request);
  response.headers.emplace_back("Content-Security-Policy", content_policy);
  return response;
}

// A name is looked up among those that were read: no path is made of it.
Response asset_of(const Page& page, const Request& request) {
  if (!page.index) return plain(404, page.missing);
  const auto found = page.assets.find(request.parameter("file"));
  if (found == page.assets.end())
    return plain(404, "The page has no such file; it may be of an older version: load the page anew.\n");
  auto response = found->second.answer(request);
  for (auto& [name, value] : response.headers)
    if (name == "Cache-Control") value = for_ever;
  return response;
}

std::vector<fs::path> places_of(const char* folder, const char* variable) {
  if (const auto* named = std::getenv(variable)) return {named};
  std::error_code error;
  const auto program = fs::read_symlink("/proc/self/exe", error).parent_path();
  std::vector<fs::path> places{program / folder,
                               (program / "../share/porchlight").lexically_normal() / folder,
                               fs::path("/usr/share/porchlight") / folder};
  places.erase(std::unique(places.begin(), places.end()), places.end());
  return places;
}

}  // namespace

std::vector<fs::path> page_places() {
  return places_of("page", "PORCHLIGHT_PAGE");
}

std::vector<fs::path> runbook_places() {
  return places_of("runbooks", "PORCHLIGHT_RUNBOOKS");
}

void add_page_routes(Guard& guard, const std::vector<fs::path>& places) {
  const auto page = read_page(places);
  const auto add = [&guard, page](const char* path, Response (*answer)(const Page&, const Request&)) {
    guard.add({.method = http::Method::get,
               .path = path,
               .handler = [page, answer](
                              const Request& request,
                              const http::Responder& responder) { responder.send(answer(*page, request)); },
               .statuses = {200, 304, 404}},
              Access::everyone());
  };
  add(paths::page, index_of);
  add(paths::page_asset, asset_of);
}

}  // namespace porchlight::api
