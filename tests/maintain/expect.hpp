// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "porchlight/maintain/doctor.hpp"

namespace porchlight::maintain {

// What the patient is told: verdict, and words of what was found and of the mend.
MATCHER_P3(Says, verdict, found, mend, "") {
  *result_listener << to_string(arg.verdict) << ": '" << arg.found << "', mend: '" << arg.mend << "'";
  return arg.verdict == verdict && arg.found.find(found) != std::string::npos &&
         arg.mend.find(mend) != std::string::npos && (verdict != Verdict::good || arg.mend.empty());
}

inline auto says_only(Verdict verdict, const std::string& found, const std::string& mend = "") {
  return testing::ElementsAre(Says(verdict, found, mend));
}

inline constexpr uid_t nobody = 65534;

// Runs it as a check of the doctor that an ordinary user started.
inline std::vector<Finding> as_nobody(const std::function<Findings()>& run) {
  const Check check{"nobody", std::chrono::seconds(10), [&] {
                      if (::setgid(nobody) != 0 || ::setuid(nobody) != 0) std::abort();
                      return run();
                    }};
  return examine(check).findings;
}

#define PORCHLIGHT_NEEDS_ROOT() \
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user or mount"

}  // namespace porchlight::maintain
