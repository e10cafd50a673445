// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "porchlight/record/footage_reader.hpp"
#include "record/export_plan.hpp"

namespace porchlight::record {

// The text that is signed: JSON with sorted keys, no spaces, whole numbers only (RFC 8785), no newline.
std::string export_manifest(const ExportOrder& order, const Exported& made, const std::string& sha256,
                            const ExportPlan& plan, const std::string& public_pem, WallTime now);

// `<out>.manifest.json`, `.manifest.sig`, `.public.pem`, each synced.
struct ManifestFiles {
  explicit ManifestFiles(const std::filesystem::path& out);
  std::filesystem::path manifest;
  std::filesystem::path signature;
  std::filesystem::path public_key;
};

}  // namespace porchlight::record
