// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace porchlight::maintain {

// A user of this machine with all groups it is in.
struct Account {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  bool is_in(gid_t group) const;
};
std::optional<Account> find_account(const std::string& name);
std::optional<gid_t> find_group(const std::string& name);
std::string user_name(uid_t uid);

// Whether the mode bits let the account do all of `wanted` (4 read, 2 write, 1 enter). Access lists
// and capabilities are not looked at.
bool may(const Account& account, const struct stat& file, unsigned wanted);
// 0644
std::string octal(mode_t mode);
// '/etc/x' (mode 0644, owner root:adm)
std::string described(const std::filesystem::path& path, const struct stat& file);

}  // namespace porchlight::maintain
