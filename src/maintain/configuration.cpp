// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "maintain/account.hpp"
#include "maintain/plain_secrets.hpp"
#include "porchlight/base/durable_file.hpp"
#include "porchlight/maintain/checks.hpp"

namespace porchlight::maintain {
namespace {

constexpr std::size_t largest_file = 1 << 20;

std::vector<std::filesystem::path> files_of(const ConfigurationFacts& facts) {
  std::vector<std::filesystem::path> files{facts.file};
  std::error_code ignored;
  if (!facts.folder.empty())
    for (const auto& entry : std::filesystem::directory_iterator(facts.folder / "config.d", ignored))
      if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  std::sort(files.begin() + 1, files.end());
  return files;
}

void check_secrecy(const std::filesystem::path& file, const struct stat& seen, Findings& findings) {
  if ((seen.st_mode & S_IROTH) == 0) return;
  const auto text = read_whole_file(file, largest_file);
  const auto line = text ? line_of_plain_secret(*text) : std::nullopt;
  if (!line) return;
  findings.warning("'" + file.string() + "' (mode " + octal(seen.st_mode) +
                       ") can be read by every user and holds a secret in line " + std::to_string(*line),
                   "chgrp " + std::string(service_user) + " " + file.string() + " && chmod 640 " +
                       file.string() + ", or refer to the secret: \"${file:/path}\"");
}

void check_service_reads(const std::filesystem::path& file, const struct stat& seen, const std::string& user,
                         Findings& findings) {
  const auto service = find_account(user);
  if (!service) return;
  const auto folder = std::filesystem::absolute(file).parent_path();
  struct stat around {};
  if (::stat(folder.c_str(), &around) == 0 && !may(*service, around, 1))
    findings.bad("folder " + described(folder, around) + " cannot be entered by the user " + service->name,
                 "chgrp " + service->name + " " + folder.string() + " && chmod 750 " + folder.string());
  if (!may(*service, seen, 4))
    findings.bad(described(file, seen) + " cannot be read by the user " + service->name,
                 "chgrp " + service->name + " " + file.string() + " && chmod 640 " + file.string());
}

void check_file(const std::filesystem::path& file, const std::string& user, Findings& findings) {
  struct stat seen {};
  if (::stat(file.c_str(), &seen) != 0) return;
  check_secrecy(file, seen, findings);
  check_service_reads(file, seen, user, findings);
}

void unreadable(const ConfigurationFacts& facts, Findings& findings) {
  struct stat seen {};
  const int seen_error = ::stat(facts.file.c_str(), &seen) == 0 ? 0 : errno;
  if (seen_error == ENOENT || seen_error == ENOTDIR)
    return findings.bad(facts.failure,
                        "write it (`apt install --reinstall -o Dpkg::Options::=--force-confmiss "
                        "./porchlight_*.deb` brings the "
                        "sample), or name another: --config FILE");
  if (!is_privileged() && (seen_error == EACCES || ::access(facts.file.c_str(), R_OK) != 0))
    return findings.skipped(facts.failure, run_with_sudo);
  findings.bad(facts.failure, "chgrp " + std::string(service_user) + " " + facts.file.string() +
                                  " && chmod 640 " + facts.file.string() +
                                  ", if it is a plain file of at most 1 MiB");
}

void add_fault(const config::Fault& fault, Findings& findings) {
  if (config::is_hidden_credential(fault))
    return findings.skipped(fault.text(),
                            "`systemctl reload porchlight` says whether the service can read it");
  findings.bad(fault.text(),
               "edit " + fault.file + " at line " + std::to_string(fault.line) + ", then `porchlight check`");
}

}  // namespace

Findings check_configuration(const ConfigurationFacts& facts) {
  Findings findings;
  if (!facts.failure.empty()) {
    unreadable(facts, findings);
    return findings;
  }
  for (const auto& fault : facts.faults) add_fault(fault, findings);
  const auto files = files_of(facts);
  for (const auto& file : files) check_file(file, facts.user, findings);
  findings.fact(facts.file.string() +
                (files.size() > 1 ? " and " + std::to_string(files.size() - 1) + " of config.d" : "") +
                ": no faults");
  return findings;
}

}  // namespace porchlight::maintain
