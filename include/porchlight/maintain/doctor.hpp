// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace porchlight::maintain {

enum class Verdict : std::uint8_t { good, skipped, warning, bad };  // the later, the worse
std::string_view to_string(Verdict verdict) noexcept;

// One thing that a check saw. `mend` is a command or a key to change; what is not good always has one,
// but for a check that is skipped because there is nothing to look at.
struct Finding {
  Verdict verdict = Verdict::good;
  std::string found;
  std::string mend;
  bool operator==(const Finding&) const = default;
};

// What one check has to say. Facts are the line of a check that found nothing to complain of.
class Findings {
 public:
  void fact(std::string text);
  void skipped(std::string found, std::string mend = {});
  void warning(std::string found, std::string mend);
  void bad(std::string found, std::string mend);

  Verdict worst() const noexcept;
  // The complaints, or the facts as one good finding.
  std::vector<Finding> all() const;

 private:
  std::string facts_;
  std::vector<Finding> complaints_;
};

struct Check {
  std::string name;
  // Only guards against what hangs for ever: a probe has a limit of its own, which tells more.
  std::chrono::milliseconds limit{10'000};
  std::function<Findings()> run;
  // For what comes from the network: root does not decode it, and the verdict is the service's own.
  bool as_service = false;
};

struct Report {
  std::string check;
  std::vector<Finding> findings;  // at least one
  Verdict worst() const noexcept;
};

// Runs one check in a process of its own, so that neither a disk that hangs, nor a name that nobody
// resolves, nor a model that crashes its library ends the doctor: that is then what was found. The
// caller must be the only thread of its process.
Report examine(const Check& check);

// As lines for people: `good     disk        /var/lib/porchlight: …`, the mend on a line of its own.
std::string text_of(const Report& report);
// `9 good, 1 warning, 0 bad, 2 skipped`, counted by check.
std::string summary(const std::vector<Report>& reports);
std::string json_of(const std::vector<Report>& reports);
Verdict worst_of(const std::vector<Report>& reports) noexcept;

}  // namespace porchlight::maintain
