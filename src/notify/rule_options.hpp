// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "porchlight/config/document.hpp"
#include "porchlight/notify/options.hpp"

namespace porchlight::notify {

// `quiet`, `rate` and `not_about` of a channel.
Recipient read_recipient(config::Section& channel);

// One of `notifications.rules`. `channels` are the ids that it may name.
Rule read_rule(config::Section& rule, const std::vector<std::string>& channels, const CameraNames& cameras);

// As `when` has it.
std::string_view name_of(Occasion occasion) noexcept;

// " (did you mean 'x'?)", or what there is.
std::string did_you_mean(const std::string& found, const std::vector<std::string>& words);

}  // namespace porchlight::notify
