// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>

#include "porchlight/base/result.hpp"

namespace porchlight::record {

// Hears how long each single sync took, also one that failed: on a dying disk that is the most telling
// figure. Any thread.
using SyncMeter = std::function<void(std::chrono::nanoseconds)>;

// How long what `call` does took.
template <class Call>
auto timed(const SyncMeter& meter, Call call) {
  const auto begun = std::chrono::steady_clock::now();
  const auto result = call();
  if (meter) meter(std::chrono::steady_clock::now() - begun);
  return result;
}

// Errors name the verb and the path.
Status sync_folder(const std::filesystem::path& folder, const SyncMeter& meter = {});

// Makes what is missing of `beneath` (relative) under `folder`, 0750, each synced into its parent. `folder`
// itself is not made: where it is missing, a disk is.
Status make_folders(const std::filesystem::path& folder, const std::filesystem::path& beneath,
                    const SyncMeter& meter = {});

// `from` gets the name `to` in the same folder, which is synced then. already_exists: there is something.
Status settle_name(const std::filesystem::path& from, const std::filesystem::path& to,
                   const SyncMeter& meter = {});

}  // namespace porchlight::record
