// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <span>

#include "porchlight/base/durable_file.hpp"
#include "porchlight/record/footage_reader.hpp"
#include "record/export_copy.hpp"
#include "record/export_gaps.hpp"
#include "record/export_manifest.hpp"
#include "record/export_plan.hpp"
#include "record/file_sync.hpp"
#include "record/footage_key.hpp"

namespace porchlight::record {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

Status write_manifest(const ExportOrder& order, const Exported& made, const std::string& sha256,
                      const ExportPlan& plan, const FootageKey& key) {
  const auto pem = key.public_pem();
  const auto text = export_manifest(order, made, sha256, plan, pem, SystemClock().wall());
  const ManifestFiles files(order.out);
  if (auto status = write_durably(files.public_key, bytes_of(pem)); !status) return status;
  if (auto status = write_durably(files.manifest, bytes_of(text)); !status) return status;
  return write_durably(files.signature, bytes_of(key.sign(text)));
}

Status give_name(const std::filesystem::path& part, const ExportOrder& order) {
  if (order.signed_manifest) return rename_durably(part, order.out);
  if (std::rename(part.c_str(), order.out.c_str()) == 0) return {};
  return errno_error(errno, "rename '" + part.string() + "'");
}

Result<Exported> export_to(const std::filesystem::path& part, const std::filesystem::path& folder,
                           const std::filesystem::path& key_file, const ExportOrder& order, ExportPlan& plan,
                           const std::function<void(const Progress&)>& progress, std::stop_token stop) {
  std::optional<FootageKey> key;
  if (order.signed_manifest) {
    auto found = FootageKey::find_or_make(key_file);
    if (!found) return std::move(found).error();
    key.emplace(std::move(*found));
  }
  auto made = ExportCopy(order, folder, plan, progress, stop).run(part);
  if (!made) return made;
  list_gaps(order, plan, *made);
  std::error_code failed;
  made->bytes = std::filesystem::file_size(part, failed);
  if (failed) return errno_error(failed.value(), "look at '" + part.string() + "'");
  if (key) {
    for (const auto& source : plan.parts)
      if (!source.checksum_holds()) made->changed.push_back(source.segment.file);
    auto digest = digest_file(part, made->bytes, 0, [&stop] { return !stop.stop_requested(); });
    if (!digest) return std::move(digest).error();
    if (auto status = write_manifest(order, *made, digest->sha256, plan, *key); !status)
      return std::move(status).error();
  }
  // Last: a film that has its name has its manifest, too.
  if (auto status = give_name(part, order); !status) return std::move(status).error();
  return made;
}

std::filesystem::path part_of(const ExportOrder& order) {
  auto part = order.out;
  part += ".part";
  return part;
}

Status expect_nothing_there(const ExportOrder& order) {
  for (const auto& file : export_files(order.out)) {
    std::error_code ignored;
    if (std::filesystem::exists(std::filesystem::symlink_status(file, ignored)))
      return Error(ErrorCode::already_exists, "export to '" + order.out.string() + "': '" + file.string() +
                                                  "' is there already; name a new file, or remove it");
  }
  return {};
}

// There was nothing under these names before.
void remove_all(const ExportOrder& order) {
  if (!order.signed_manifest) return void(::unlink(part_of(order).c_str()));
  for (const auto& file : export_files(order.out)) ::unlink(file.c_str());
}

}  // namespace

std::vector<std::filesystem::path> export_files(const std::filesystem::path& out) {
  const ManifestFiles files(out);
  auto part = out;
  part += ".part";
  return {out, part, files.manifest, files.signature, files.public_key};
}

Result<Exported> export_footage(store::SegmentIndex& index, const std::filesystem::path& folder,
                                const std::filesystem::path& key_file, const ExportOrder& order,
                                const std::function<void(const Progress&)>& progress, std::stop_token stop) {
  if (order.signed_manifest)
    if (auto status = expect_nothing_there(order); !status) return std::move(status).error();
  auto plan = plan_export(index, folder, order, stop);
  if (!plan) return std::move(plan).error();
  auto made = export_to(part_of(order), folder, key_file, order, *plan, progress, std::move(stop));
  if (!made) remove_all(order);
  return made;
}

}  // namespace porchlight::record
