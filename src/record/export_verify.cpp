// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "porchlight/base/durable_file.hpp"
#include "porchlight/record/footage_reader.hpp"
#include "record/export_manifest.hpp"
#include "record/file_digest.hpp"
#include "record/footage_key.hpp"

namespace porchlight::record {
namespace {

using nlohmann::json;

// A segment a minute for a year is 200 MB; nobody exports that.
constexpr std::size_t longest_manifest = std::size_t{64} << 20;

Error refused(const std::filesystem::path& film, const std::string& why) {
  return Error(ErrorCode::corrupt, "verify '" + film.string() + "': " + why);
}

struct Claim {
  std::uint64_t bytes = 0;
  std::string sha256;
  std::string public_key;
};

// Signed by us, but read like everything that comes from elsewhere.
std::optional<Claim> claim_of(const std::string& text) {
  const auto manifest = json::parse(text, nullptr, false);
  if (!manifest.is_object() || !manifest.contains("file") || !manifest["file"].is_object() ||
      !manifest.contains("public_key") || !manifest["public_key"].is_string())
    return std::nullopt;
  const auto& file = manifest["file"];
  if (!file.contains("bytes") || !file["bytes"].is_number_unsigned() || !file.contains("sha256") ||
      !file["sha256"].is_string())
    return std::nullopt;
  return Claim{file["bytes"], file["sha256"], manifest["public_key"]};
}

}  // namespace

Result<Verified> verify_export(const std::filesystem::path& film, const std::string& public_pem,
                               const std::function<void(const Progress&)>& progress) {
  const ManifestFiles files(film);
  auto text = read_whole_file(files.manifest, longest_manifest);
  if (!text) return std::move(text).error();
  auto signature = read_whole_file(files.signature, 4096);
  if (!signature) return std::move(signature).error();
  auto pem = public_pem.empty() ? read_whole_file(files.public_key, 4096) : Result<std::string>(public_pem);
  if (!pem) return std::move(pem).error();
  auto fingerprint = fingerprint_of(*pem);
  if (!fingerprint) return std::move(fingerprint).error();
  auto is_signed = is_signed_by(*text, *signature, *pem);
  if (!is_signed) return std::move(is_signed).error();
  if (!*is_signed) return refused(film, "the signature is not this key's under this manifest");
  const auto claim = claim_of(*text);
  if (!claim) return refused(film, "the manifest is none of ours");
  // The file beside the film is the manifest's text, byte for byte: base64 leaves bits that no key has.
  if (public_pem.empty() && *pem != claim->public_key)
    return refused(film, "the public key beside it is not the one of the manifest");
  const auto named = fingerprint_of(claim->public_key);
  if (!named || *named != *fingerprint) return refused(film, "the manifest names another key");
  std::error_code failed;
  const auto size = std::filesystem::file_size(film, failed);
  if (failed) return errno_error(failed.value(), "look at '" + film.string() + "'");
  if (size != claim->bytes) return refused(film, "the film is not as long as the manifest says");
  Progress told{0, size};
  auto digest = digest_file(film, size, 0, [&] {
    if (progress) progress(told);
    told.done = std::min<std::uint64_t>(size, told.done + 256 * 1024);
    return true;
  });
  if (!digest) return std::move(digest).error();
  if (digest->sha256 != claim->sha256) return refused(film, "the film is not the one of the manifest");
  return Verified{std::move(*fingerprint), std::move(*text)};
}

}  // namespace porchlight::record
