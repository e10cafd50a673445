// SPDX-License-Identifier: Apache-2.0
// porchlight footage verify
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/progress.hpp"
#include "app/terminal.hpp"
#include "porchlight/base/durable_file.hpp"
#include "porchlight/base/one_line.hpp"
#include "porchlight/record/footage_reader.hpp"

namespace porchlight::app {
namespace {

using nlohmann::json;

int refuse(const CommandOptions& options, const Error& error) {
  if (!options.json || error.code() != ErrorCode::corrupt) return complain(error);
  print_json({{"ok", false}, {"detail", error.text()}});
  return exit_no;
}

// What the signature covers and a good film does not show by itself. Whoever signed may have written
// anything.
void print_changed(const json& manifest) {
  const auto segments = manifest.is_object() ? manifest.value("segments", json::array()) : json::array();
  for (const auto& segment : segments) {
    if (!segment.is_object() || segment.value("crc32_holds", json()) != json(false)) continue;
    const auto file = segment.value("file", json());
    std::printf("changed: %s was not what had been written when the film was made\n",
                file.is_string() ? one_line(file.get<std::string>(), 256).c_str() : "?");
  }
}

}  // namespace

int footage_verify_command(const CommandOptions& options, const std::string& film, const std::string& key) {
  std::string pem;
  if (!key.empty()) {
    auto read = read_whole_file(key, 4096);
    if (!read) return complain(read.error());
    pem = std::move(*read);
  }
  auto verified = [&] {
    ProgressLine line("verify");
    return record::verify_export(
        film, pem, [&line](const record::Progress& progress) { line.tell(progress.done, progress.all); });
  }();
  if (!verified) return refuse(options, verified.error());
  const auto manifest = json::parse(verified->manifest, nullptr, false);
  if (options.json) {
    print_json({{"ok", true}, {"key", verified->fingerprint}, {"manifest", manifest}});
    return exit_done;
  }
  std::printf("good: the film is as its manifest says\nkey: %s%s\n", verified->fingerprint.c_str(),
              key.empty() ? " (as it lies beside the film: compare it with what the owner says)" : "");
  print_changed(manifest);
  return exit_done;
}

}  // namespace porchlight::app
