// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "http/stream.hpp"
#include "porchlight/base/unique_fd.hpp"
#include "porchlight/http/body.hpp"

namespace porchlight::http {

// What still has to go out to one client, in order: texts and pieces of files.
class Output {
 public:
  void add(std::string text);
  void add(std::shared_ptr<const std::string> text);
  void add(const FileBody& body);
  void add(const SharedBody& body);
  void clear() { pieces_.clear(); }
  std::size_t kept() const noexcept;  // bytes of texts
  bool empty() const noexcept { return pieces_.empty(); }

  struct Progress {
    // `done` with something left: `budget` bytes went out and others wait for the thread.
    Attempt::Outcome outcome = Attempt::Outcome::done;
    std::uint64_t bytes = 0;  // that went out
    std::size_t freed = 0;    // text bytes that need not be kept any more
  };
  Progress advance(Stream& stream, std::uint64_t budget, std::span<char> scratch);

 private:
  struct Piece {
    std::string text;
    std::shared_ptr<const std::string> shared;
    std::shared_ptr<const UniqueFd> file;
    std::uint64_t at = 0;  // in the text or the file
    std::uint64_t left = 0;
    std::shared_ptr<const void> hold{};
    std::string_view kept() const noexcept { return shared ? *shared : text; }
  };
  static Attempt write_some(const Piece& piece, Stream& stream, std::uint64_t budget,
                            std::span<char> scratch);

  std::list<Piece> pieces_;  // empty for hours in most connections, so no deque with its 576 bytes
};

}  // namespace porchlight::http
