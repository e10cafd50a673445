// SPDX-License-Identifier: Apache-2.0
#include "maintain/account.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "porchlight/maintain/checks.hpp"

namespace porchlight::maintain {

bool Account::is_in(gid_t group) const {
  return group == gid || std::find(groups.begin(), groups.end(), group) != groups.end();
}

std::optional<Account> find_account(const std::string& name) {
  const auto* entry = ::getpwnam(name.c_str());
  if (entry == nullptr) return std::nullopt;
  Account account{name, entry->pw_uid, entry->pw_gid, {}};
  int count = 64;
  account.groups.resize(static_cast<std::size_t>(count));
  if (::getgrouplist(name.c_str(), account.gid, account.groups.data(), &count) < 0) {
    account.groups.resize(static_cast<std::size_t>(count));
    ::getgrouplist(name.c_str(), account.gid, account.groups.data(), &count);
  }
  account.groups.resize(static_cast<std::size_t>(count));
  return account;
}

std::optional<gid_t> find_group(const std::string& name) {
  const auto* entry = ::getgrnam(name.c_str());
  return entry == nullptr ? std::nullopt : std::optional(entry->gr_gid);
}

std::string user_name(uid_t uid) {
  const auto* entry = ::getpwuid(uid);
  return entry == nullptr ? std::to_string(uid) : entry->pw_name;
}

bool may(const Account& account, const struct stat& file, unsigned wanted) {
  if (account.uid == 0) return true;
  const unsigned mode = file.st_mode;
  const unsigned granted = account.uid == file.st_uid   ? mode >> 6
                           : account.is_in(file.st_gid) ? mode >> 3
                                                        : mode;
  return (granted & wanted) == wanted;
}

std::string octal(mode_t mode) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%04o", mode & 07777U);
  return text.data();
}

std::string described(const std::filesystem::path& path, const struct stat& file) {
  const auto* group = ::getgrgid(file.st_gid);
  return "'" + path.string() + "' (mode " + octal(file.st_mode) + ", owner " + user_name(file.st_uid) + ":" +
         (group == nullptr ? std::to_string(file.st_gid) : group->gr_name) + ")";
}

void check_device(const std::filesystem::path& device, Findings& findings, const std::string& user) {
  struct stat seen {};
  auto service = find_account(user);
  if (!service || ::stat(device.c_str(), &seen) != 0) return;
  // The unit gives it this group, whatever the group database says.
  if (const auto gpio = find_group("gpio")) service->groups.push_back(*gpio);
  if (may(*service, seen, 6)) return;
  findings.bad(
      described(device, seen) + " cannot be opened by the service",
      "`udevadm control --reload && udevadm trigger --subsystem-match=gpio --settle`, with the rule that the "
      "package brings (60-porchlight.rules)");
}

bool is_privileged() {
  if (::geteuid() == 0) return true;
  const auto account = find_account(service_user);
  return account && account->uid == ::geteuid();
}

}  // namespace porchlight::maintain
