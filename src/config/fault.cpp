// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <tuple>

#include "config/secret.hpp"
#include "porchlight/config/document.hpp"

namespace porchlight::config {

std::string Fault::text() const {
  return file + ':' + std::to_string(line) + ':' + std::to_string(column) + ": " + message;
}

bool is_hidden_credential(const Fault& fault) {
  return fault.message.ends_with(credentials_hidden);
}

void Faults::add(Fault fault) {
  const auto same = [&](const Fault& other) {
    return other.line == fault.line && other.column == fault.column && other.file == fault.file &&
           other.message == fault.message;
  };
  if (std::none_of(faults_.begin(), faults_.end(), same)) faults_.push_back(std::move(fault));
}

bool Faults::all_tolerable() const noexcept {
  return std::all_of(faults_.begin(), faults_.end(), [](const Fault& fault) { return fault.tolerable; });
}

void Faults::sort() {
  std::stable_sort(faults_.begin(), faults_.end(), [](const Fault& a, const Fault& b) {
    return std::tie(a.file, a.line, a.column) < std::tie(b.file, b.line, b.column);
  });
}

}  // namespace porchlight::config
