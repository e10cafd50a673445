// SPDX-License-Identifier: Apache-2.0
#include "http/output.hpp"

#include <algorithm>

namespace porchlight::http {

void Output::add(std::string text) {
  if (text.empty()) return;
  const auto size = text.size();
  pieces_.push_back({std::move(text), nullptr, nullptr, 0, size});
}

void Output::add(std::shared_ptr<const std::string> text) {
  if (text->empty()) return;
  const auto size = text->size();
  pieces_.push_back({{}, std::move(text), nullptr, 0, size});
}

void Output::add(const FileBody& body) {
  for (const auto& slice : body.slices) {
    add(slice.before);
    if (slice.bytes > 0) pieces_.push_back({{}, nullptr, body.file, slice.offset, slice.bytes});
  }
  add(body.after);
}

void Output::add(const SharedBody& body) {
  for (const auto& slice : body.slices)
    if (slice.bytes > 0) pieces_.push_back({{}, slice.text, nullptr, slice.offset, slice.bytes});
  if (!pieces_.empty()) pieces_.back().hold = body.hold;
}

std::size_t Output::kept() const noexcept {
  std::size_t bytes = 0;
  for (const auto& piece : pieces_) bytes += piece.kept().size();
  return bytes;
}

Attempt Output::write_some(const Piece& piece, Stream& stream, std::uint64_t budget,
                           std::span<char> scratch) {
  if (!piece.file) return stream.write(piece.kept().substr(piece.at, piece.left));
  return stream.send_file(piece.file->get(), static_cast<::off_t>(piece.at), std::min(piece.left, budget),
                          scratch);
}

Output::Progress Output::advance(Stream& stream, std::uint64_t budget, std::span<char> scratch) {
  Progress progress;
  while (!pieces_.empty() && progress.bytes < budget) {
    auto& piece = pieces_.front();
    const auto attempt = write_some(piece, stream, budget, scratch);
    progress.outcome = attempt.outcome;
    if (attempt.outcome != Attempt::Outcome::done) return progress;
    progress.bytes += attempt.bytes;
    piece.at += attempt.bytes;
    piece.left -= attempt.bytes;
    if (piece.left > 0) continue;
    progress.freed += piece.kept().size();
    pieces_.pop_front();
  }
  return progress;
}

}  // namespace porchlight::http
