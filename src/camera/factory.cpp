// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cassert>

#include "file_source.hpp"
#include "rtsp_source.hpp"
#include "source.hpp"

namespace porchlight::camera {
namespace {

using Make = std::unique_ptr<Source> (*)(const CameraOptions&, Clock&);
struct Row {
  SourceKind kind;
  Make make;
};

template <class Kind>
std::unique_ptr<Source> make(const CameraOptions& options, Clock& clock) {
  return std::make_unique<Kind>(options, clock);
}

// One row per kind.
constexpr std::array<Row, 2> kinds{{
    {SourceKind::rtsp, &make<RtspSource>},
    {SourceKind::file, &make<FileSource>},
}};

}  // namespace

std::unique_ptr<Source> make_source(const CameraOptions& options, Clock& clock) {
  for (const Row& row : kinds)
    if (row.kind == options.kind) return row.make(options, clock);
  assert(false && "every SourceKind has a row");
  return nullptr;
}

}  // namespace porchlight::camera
