// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace porchlight::app {

// Passwords, keys and faces pass through the memory of every command: no core file shows them, whatever
// limits and patterns are set outside, and no other process of the same user reads or traces us. Root
// still can. To be called after the last exec, which makes a process readable again.
void keep_memory_private() noexcept;

}  // namespace porchlight::app
