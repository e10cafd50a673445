// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "porchlight/base/result.hpp"

namespace porchlight::store {

// The key of what accounts keep secret: 64 hex digits in systemd's credential `accounts.key`, else in
// `<folder>/accounts.key` (0600, made when missing). The database and its copies never hold it. Who
// loses it loses the second factors and the API tokens, nothing else.
class AccountsKey {
 public:
  // permission_denied when others may read the file; corrupt when it holds something else.
  static Result<AccountsKey> load(const std::filesystem::path& folder);

  // 32 bytes that depend on the key and the purpose.
  std::string derived(std::string_view purpose) const;

  // Authenticated encryption. `context` must be the same for both; nothing when it is not, when the key
  // is another, or when a bit changed.
  std::string sealed(std::string_view clear, std::string_view context) const;
  std::optional<std::string> opened(std::string_view sealed, std::string_view context) const;

 private:
  explicit AccountsKey(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string bytes_;
};

}  // namespace porchlight::store
