// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/audit_key.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "porchlight/base/durable_file.hpp"
#include "porchlight/base/unique_fd.hpp"
#include "porchlight/event/id.hpp"
#include "store/audit_files.hpp"
#include "store/folder.hpp"

namespace porchlight::store {
namespace {

constexpr std::size_t made_size = 32;
constexpr std::size_t shortest = 16;
constexpr std::size_t longest = 4096;

// Nothing there, or nothing for us.
bool is_absent(const Error& error) {
  return error.code() == ErrorCode::not_found || error.code() == ErrorCode::permission_denied;
}

Result<AuditKey> read_key(const std::filesystem::path& file) {
  auto bytes = read_whole_file(file, longest);
  if (!bytes) return std::move(bytes).error().context("read the audit key");
  if (bytes->size() < shortest)
    return Error(ErrorCode::corrupt, "read the audit key '" + file.string() + "': it has fewer than " +
                                         std::to_string(shortest) +
                                         " bytes; put the right one back, or remove it if the log is new");
  return AuditKey{std::move(*bytes), file.string()};
}

// The key under a name of ours, complete and synced, before it gets its own: a link fails when another
// process was first, and then that one's key is the key.
Status make_key(const std::filesystem::path& folder) {
  auto name = (folder / "audit.key.XXXXXX").string();
  UniqueFd fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd) return errno_error(errno, "create the audit key '" + name + "'");
  std::string bytes(made_size, '\0');
  event::fill_random(bytes.data(), bytes.size());
  const auto failed = [&](const char* verb) {
    auto error = errno_error(errno, std::string(verb) + " the audit key '" + name + "'");
    ::unlink(name.c_str());
    return error;
  };
  if (::write(fd.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
    return failed("write");
  if (::fchmod(fd.get(), 0600) != 0) return failed("chmod");
  if (auto status = give_to_owner_of(folder, fd.get()); !status) {
    ::unlink(name.c_str());
    return status;
  }
  if (::fsync(fd.get()) != 0) return failed("sync");
  if (::link(name.c_str(), (folder / "audit.key").c_str()) != 0 && errno != EEXIST) return failed("link");
  ::unlink(name.c_str());
  return sync_folder(folder);
}

}  // namespace

Result<AuditKey> find_audit_key(const std::filesystem::path& folder) {
  if (const auto* credentials = std::getenv("CREDENTIALS_DIRECTORY"); credentials != nullptr) {
    auto key = read_key(std::filesystem::path(credentials) / "audit.key");
    if (key || !is_absent(key.error())) return key;
  }
  auto key = read_key("/etc/porchlight/credentials/audit.key");
  if (key || !is_absent(key.error())) return key;
  key = read_key(folder / "audit.key");
  if (!key && key.error().code() == ErrorCode::not_found) return AuditKey{};
  return key;
}

Result<AuditKey> find_or_make_audit_key(const std::filesystem::path& folder) {
  auto key = find_audit_key(folder);
  if (!key || !key->bytes.empty()) return key;
  if (auto status = make_key(folder); !status) return std::move(status).error();
  return read_key(folder / "audit.key");
}

}  // namespace porchlight::store
