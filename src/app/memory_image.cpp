// SPDX-License-Identifier: Apache-2.0
#include "app/memory_image.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace porchlight::app {

void keep_memory_private() noexcept {
  // The limit alone would not do: a core_pattern that is a pipe does not heed it.
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
}

}  // namespace porchlight::app
