// SPDX-License-Identifier: Apache-2.0
#include "app/progress.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdio>

namespace porchlight::app {
namespace {

volatile std::sig_atomic_t told_to_end = 0;

void note_signal(int) {
  told_to_end = 1;
}

// The first asks for an orderly end, the second ends at once.
void listen(bool on) {
  struct sigaction action {};
  action.sa_handler = on ? &note_signal : SIG_DFL;
  action.sa_flags = static_cast<int>(on ? SA_RESETHAND : 0);
  for (const int number : {SIGINT, SIGTERM}) ::sigaction(number, &action, nullptr);
}

}  // namespace

ProgressLine::ProgressLine(std::string doing)
    : doing_(std::move(doing)), shown_(::isatty(STDERR_FILENO) == 1) {}

ProgressLine::~ProgressLine() {
  if (listens_) listen(false);
  if (!last_.empty()) std::fprintf(stderr, "\r%*s\r", static_cast<int>(last_.size()), "");
}

std::stop_token ProgressLine::stop() {
  if (!listens_) {
    told_to_end = 0;
    listen(true);
    listens_ = true;
  }
  return stop_.get_token();
}

void ProgressLine::tell(std::uint64_t done, std::uint64_t all) {
  if (listens_ && told_to_end != 0) stop_.request_stop();
  if (!shown_ || all == 0) return;
  const auto percent = static_cast<unsigned>(static_cast<double>(done) * 100 / static_cast<double>(all));
  auto line = doing_ + ": " + std::to_string(percent) + " % of " +
              std::to_string((all + 999'999) / 1'000'000) + " MB";
  if (line == last_) return;
  std::fprintf(stderr, "\r%s", line.c_str());
  std::fflush(stderr);
  last_ = std::move(line);
}

}  // namespace porchlight::app
