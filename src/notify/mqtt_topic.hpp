// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace porchlight::notify {

// What is wrong with a topic (or the beginning of topics) to publish to; empty: nothing.
// MQTT 5.0, 4.7: no wildcards, no U+0000, UTF-8; `$` begins the broker's own topics.
std::string topic_fault(std::string_view topic);

}  // namespace porchlight::notify
