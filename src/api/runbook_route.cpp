// SPDX-License-Identifier: Apache-2.0
#include "api/runbook_route.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "api/digest.hpp"
#include "api/paths.hpp"
#include "porchlight/base/durable_file.hpp"
#include "porchlight/base/html.hpp"
#include "porchlight/http/fixed_text.hpp"

namespace porchlight::api {
namespace {

namespace fs = std::filesystem;
using http::Request;
using http::Response;

// There is one for each alert, of a few kilobytes; a folder that is named by mistake shall not fill the
// memory.
constexpr std::uint64_t file_limit = 64U << 10U;
constexpr std::size_t files_limit = 256;

constexpr std::string_view style =
    ":root{color-scheme:light dark}"
    "body{font:1rem/1.55 system-ui,sans-serif;margin:0 "
    "auto;max-width:44rem;overflow-wrap:break-word;padding:1rem}"
    "h1{font-size:1.5rem;margin:.5rem 0}"
    "h2{border-bottom:1px solid #8886;font-size:1.15rem;margin:1.75rem 0 .5rem;padding-bottom:.2rem}"
    "code{background:#8882;border-radius:.25rem;font:.9em ui-monospace,monospace;padding:.1em .3em}"
    "pre{background:#8882;border-radius:.5rem;overflow-x:auto;padding:.75rem}"
    "pre code{background:none;padding:0}"
    "table{border-collapse:collapse;display:block;overflow-x:auto}"
    "td,th{border:1px solid #8886;padding:.25rem .5rem;text-align:left;vertical-align:top}"
    "li{margin:.35rem 0}";

const std::string& policy() {
  static const std::string text = "default-src 'none'; style-src 'sha256-" + sha256_base64(style) +
                                  "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  return text;
}

std::string page_of(const std::string& name, const std::string& piece) {
  return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
         "<meta name=\"robots\" content=\"noindex\"><title>" +
         html_escaped(name) + " · Porchlight</title><style>" + std::string(style) +
         "</style></head><body><main>\n" + piece + "</main></body></html>\n";
}

struct Shelf {
  std::map<std::string, http::FixedText, std::less<>> runbooks;
  std::string missing;  // said of a name that is not among them
};

void read_runbooks(Shelf& shelf, const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const auto& path = entry->path();
    if (shelf.runbooks.size() == files_limit || path.extension() != ".html") continue;
    const auto name = path.stem().string();
    if (const auto piece = read_whole_file(path, file_limit))
      shelf.runbooks.try_emplace(name, page_of(name, *piece), "text/html; charset=utf-8");
  }
}

std::shared_ptr<const Shelf> read_shelf(const std::vector<fs::path>& places) {
  auto shelf = std::make_shared<Shelf>();
  for (const auto& place : places) {
    read_runbooks(*shelf, place);
    if (!shelf->runbooks.empty()) break;
  }
  if (shelf->runbooks.empty()) {
    shelf->missing = "The runbooks are not here. They were looked for in:\n";
    for (const auto& place : places) shelf->missing += "  " + place.string() + "\n";
    shelf->missing += "Install the package again, and restart the daemon.\n";
    return shelf;
  }
  shelf->missing = "There is no runbook of this name. There are:\n";
  for (const auto& [name, page] : shelf->runbooks) shelf->missing += "  " + name + "\n";
  return shelf;
}

// A name is looked up among those that were read: no path is made of it.
Response runbook_of(const Shelf& shelf, const Request& request) {
  const auto found = shelf.runbooks.find(request.parameter("name"));
  if (found == shelf.runbooks.end())
    return {404, {{"Content-Type", "text/plain; charset=utf-8"}}, shelf.missing};
  auto response = found->second.answer(request);
  response.headers.emplace_back("Content-Security-Policy", policy());
  return response;
}

}  // namespace

void add_runbook_route(Guard& guard, const std::vector<fs::path>& places) {
  const auto shelf = read_shelf(places);
  guard.add(
      {.method = http::Method::get,
       .path = paths::runbook,
       .handler = [shelf](const Request& request,
                          const http::Responder& responder) { responder.send(runbook_of(*shelf, request)); },
       .statuses = {200, 304, 404}},
      Access::everyone());
}

}  // namespace porchlight::api
