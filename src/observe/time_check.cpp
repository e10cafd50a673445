// SPDX-License-Identifier: Apache-2.0
#include "porchlight/observe/time_check.hpp"

#include <sys/stat.h>
#include <sys/timex.h>

namespace porchlight::observe {
namespace {

using namespace std::chrono_literals;

constexpr auto set_a_moment_ago = 60s;  // by which the two clocks may be read one after the other

std::optional<WallTime> written_at(const std::filesystem::path& file) {
  struct ::stat info {};
  if (::stat(file.c_str(), &info) != 0) return std::nullopt;
  return WallTime{std::chrono::seconds{info.st_mtim.tv_sec}};
}

std::string minutes(WallTime::duration time) {
  return std::to_string(std::chrono::floor<std::chrono::minutes>(time).count()) + " min";
}

}  // namespace

TimeFacts read_time_facts(const Clock& clock, const std::filesystem::path& root) {
  TimeFacts facts;
  timex kernel{};  // modes 0: only asks
  const int state = ::adjtimex(&kernel);
  if (state >= 0) facts.kernel = state != TIME_ERROR && (kernel.status & STA_UNSYNC) == 0;
  std::error_code failed;
  const auto service = root / "run/systemd/timesync";
  facts.service_runs = std::filesystem::exists(service, failed);
  facts.service_set = written_at(service / "synchronized");
  facts.now = clock.wall();
  return facts;
}

std::string time_fault(const TimeFacts& facts) {
  if (facts.kernel.value_or(false)) return {};
  if (facts.service_set) {
    const auto since = facts.now - *facts.service_set;
    if (since < -set_a_moment_ago)
      return "the clock was put back by " + minutes(-since) + " since systemd-timesyncd set it";
    if (since <= service_silence) return {};
    return "systemd-timesyncd set the clock " + minutes(since) + " ago, or it was put on since";
  }
  if (facts.service_runs) return "systemd-timesyncd has not set the clock";
  return facts.kernel ? "nothing keeps the clock right" : "";
}

}  // namespace porchlight::observe
