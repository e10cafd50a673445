// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace porchlight::api {

// What is typed once to make an account, or instead of a second factor: 100 random bits as
// ABCD-EFGH-IJKL-MNOP-QRST. Only the hash is kept.
struct AccountCode {
  std::string text;
  std::string hash;
};
AccountCode new_account_code();
// Of what came back, in whatever case, with or without blanks and dashes.
std::string hash_of_code(std::string_view typed);

// A bearer token for a machine (scrape, alerts): 256 random bits as pls_…. Only the hash is kept.
AccountCode new_opaque_token();
std::string new_token_id();

}  // namespace porchlight::api
