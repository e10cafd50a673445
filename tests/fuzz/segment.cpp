// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <span>

#include "fuzz/fuzz.hpp"
#include "record/segment_notes.hpp"
#include "record/segment_scan.hpp"

using namespace porchlight;
using http::test::must;

namespace {

record::SegmentBytes bytes_of_memory(std::span<const std::uint8_t> bytes) {
  return {bytes.size(), [bytes](std::uint64_t at, std::span<std::uint8_t> into) -> Status {
            must(at <= bytes.size() && into.size() <= bytes.size() - at);  // never beyond the end
            std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), into.size(), into.begin());
            return {};
          }};
}

}  // namespace

// A file on a disk that anybody may have had in his hands.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = bytes_of_memory({data, size});
  const auto look = record::look_at(bytes);
  must(look.ok());
  if (look->beginning != record::Beginning::whole) return 0;
  const auto& found = look->segment;
  must(!found.codec.empty() && found.width >= 0 && found.height >= 0 && found.duration.count() >= 0);
  must(look->fragments_end <= size && found.whole_bytes <= size && look->fragments_end <= found.whole_bytes);
  must(found.fragments <= size / 32);
  must(look->begins.size() == found.fragments && std::is_sorted(look->begins.begin(), look->begins.end()));
  must(found.fragments == 0 || look->begins.back() < look->fragments_end);
  if (found.tail && found.faults.empty())
    must(found.tail->bytes == look->fragments_end && found.tail->frames == found.frames);
  // What healing relies on: cut there, the file is what it was found to be.
  auto cut = bytes;
  cut.size = look->fragments_end;
  const auto again = record::look_at(cut);
  must(again.ok() && again->beginning == record::Beginning::whole && again->fragments_end == cut.size);
  must(again->segment.fragments == found.fragments && again->segment.frames == found.frames &&
       again->segment.duration == found.duration && !again->segment.tail);
  must(record::has_hole(bytes, 0, look->fragments_end).ok());
  must(record::is_lost(bytes, look->fragments_end).ok());
  must(record::has_fragment_behind(bytes, look->fragments_end).ok());
  must(record::checksum(bytes, look->fragments_end).ok());
  // A head that was read is written so that it reads the same.
  const auto box = record::head_box(found.head);
  const auto body = std::span(reinterpret_cast<const std::uint8_t*>(box.data()), box.size()).subspan(8);
  if (box.size() <= record::longest_note) must(record::parse_head(body).has_value());
  return 0;
}
