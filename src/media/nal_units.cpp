// SPDX-License-Identifier: Apache-2.0
#include "porchlight/media/nal_units.hpp"

#include <algorithm>

namespace porchlight::media {

std::string_view without_zeros(std::string_view unit) noexcept {
  while (!unit.empty() && unit.back() == '\0') unit.remove_suffix(1);
  return unit;
}

bool NalUnits::next() noexcept {
  begin_ = end();
  if (length_size_ > 0) {
    body_ = begin_ + length_size_;
  } else {
    const auto code = bytes_.find(start_code, begin_);
    if (code == std::string_view::npos) return false;
    body_ = code + start_code.size();
  }
  if (body_ >= bytes_.size()) return false;
  end_.reset();
  return true;
}

std::size_t NalUnits::measured() const noexcept {
  std::size_t size = 0;
  for (std::size_t i = begin_; i < body_; ++i) size = size << 8U | static_cast<std::uint8_t>(bytes_[i]);
  return size;
}

bool NalUnits::is_whole() const noexcept {
  return length_size_ == 0 || measured() <= bytes_.size() - body_;
}

std::size_t NalUnits::end() noexcept {
  if (end_) return *end_;
  if (length_size_ > 0)
    end_ = body_ + std::min(measured(), bytes_.size() - body_);
  else
    end_ = std::min(bytes_.find(start_code, body_), bytes_.size());
  return *end_;
}

std::string_view NalUnits::bytes() noexcept {
  const auto unit = bytes_.substr(body_, end() - body_);
  return length_size_ == 0 ? without_zeros(unit) : unit;
}

}  // namespace porchlight::media
