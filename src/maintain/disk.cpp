// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "maintain/account.hpp"
#include "maintain/volume.hpp"
#include "porchlight/base/clock.hpp"
#include "porchlight/base/unique_fd.hpp"
#include "porchlight/maintain/checks.hpp"
#include "porchlight/store/inspection.hpp"

namespace porchlight::maintain {
namespace {

using namespace std::chrono_literals;
using std::filesystem::path;

// A ring waits for one sync before it is acknowledged.
constexpr auto slow_sync = 500ms;

std::string make_folder_command(const path& folder) {
  return "install -d -m 750 -o " + std::string(service_user) + " -g " + service_user + " " + folder.string();
}

// False when nothing more can be asked of it.
bool check_folder(const path& folder, const std::string& user, Findings& findings) {
  struct stat seen {};
  if (::stat(folder.c_str(), &seen) != 0) {
    const auto error = errno_error(errno, "look at '" + folder.string() + "'");
    if (error.code() == ErrorCode::permission_denied && !is_privileged())
      findings.skipped(error.text(), run_with_sudo);
    else
      findings.bad(error.text(), make_folder_command(folder) + ", or set storage.path");
    return false;
  }
  if (!S_ISDIR(seen.st_mode)) {
    findings.bad("'" + folder.string() + "' is no folder", "set storage.path to a folder");
    return false;
  }
  const auto service = find_account(user);
  if (service && !may(*service, seen, 7))
    findings.bad(described(folder, seen) + " cannot be written by the user " + service->name,
                 "chown -R " + service->name + ": " + folder.string() + " && chmod 750 " + folder.string());
  return true;
}

struct Probe {
  int error = 0;
  const char* step = "";
  std::chrono::nanoseconds sync{};
};

Probe failed(const char* step) {
  return {errno, step, {}};
}

// O_EXCL: in a folder of the service, root must not follow what the service may have laid there.
Probe write_probe(const path& file) {
  ::unlink(file.c_str());  // of a doctor that was ended
  const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return failed("create");
  static constexpr std::array<char, 65536> block{};
  for (std::size_t done = 0; done < block.size();) {
    const auto wrote = ::write(fd.get(), block.data() + done, block.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return failed("write");
    done += static_cast<std::size_t>(wrote);
  }
  const auto begun = SystemClock().now();
  if (::fsync(fd.get()) != 0) return failed("sync");
  return {0, "", SystemClock().now() - begun};
}

std::string mend_of(int error, const path& folder) {
  switch (error) {
    case EACCES:
    case EPERM:
      return "chown -R " + std::string(service_user) + ": " + folder.string();
    case ENOSPC:
    case EDQUOT:
      return "free space (`du -xh " + folder.string() + " | sort -h | tail` shows what is large)";
    case EROFS:
      return "`journalctl -k | grep -i remount` says why the file system is read-only";
    default:
      return "`journalctl -k -n 50` shows what the disk said; replace it, or set storage.path to another";
  }
}

void check_writing(const path& folder, Findings& findings) {
  const auto file = folder / ".porchlight-doctor";
  const auto probe = write_probe(file);
  ::unlink(file.c_str());
  if (probe.error == EACCES && !is_privileged())
    return findings.skipped("'" + folder.string() + "' may not be written by this user", run_with_sudo);
  if (probe.error != 0)
    return findings.bad(
        errno_error(probe.error, std::string(probe.step) + " a file in '" + folder.string() + "'").text(),
        mend_of(probe.error, folder));
  std::array<char, 64> took{};
  std::snprintf(took.data(), took.size(), "synced in %.1f ms",
                std::chrono::duration<double, std::milli>(probe.sync).count());
  if (probe.sync > slow_sync)
    return findings.warning(folder.string() + ": " + took.data() + ", and every ring waits for a sync",
                            "replace the card, or set storage.path to a faster disk");
  findings.fact(took.data());
}

void check_database(const path& file, Findings& findings) {
  const std::string backup =
      "put back a copy of '" + file.string() + "', or move it away to begin an empty one";
  if (::access(file.c_str(), F_OK) != 0) return findings.fact("no database yet");
  if (::access(file.c_str(), R_OK) != 0 && !is_privileged())
    return findings.skipped("'" + file.string() + "' may not be read by this user", run_with_sudo);
  const auto inspection = store::inspect(file);
  if (!inspection) return findings.bad(inspection.error().text(), backup);
  if (!inspection->sound) return findings.bad("database '" + file.string() + "' is damaged", backup);
  const auto version = std::to_string(inspection->version), ours = std::to_string(inspection->ours);
  if (inspection->version > inspection->ours)
    return findings.bad(
        "database '" + file.string() + "' is of version " + version + ", this program knows up to " + ours,
        "install the porchlight that wrote it, or put back the copy '" + file.string() + ".v" + ours + "'");
  findings.fact(inspection->version == inspection->ours
                    ? "database of version " + version
                    : "database of version " + version + ", the next start makes it " + ours);
}

}  // namespace

Findings check_disk(const path& folder, bool daemon_runs, const std::string& user) {
  Findings findings;
  if (!check_folder(folder, user, findings)) return findings;
  struct statvfs seen {};
  if (::statvfs(folder.c_str(), &seen) == 0) judge_volume(volume_of(seen), folder.string(), findings);
  check_writing(folder, findings);
  if (!daemon_runs) check_database(folder / "porchlight.db", findings);
  return findings;
}

}  // namespace porchlight::maintain
