// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cassert>

#include "exec_source.hpp"
#include "file_source.hpp"
#include "rtsp_source.hpp"
#include "rtsps_source.hpp"
#include "source.hpp"
#include "v4l2_source.hpp"

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
constexpr std::array<Row, 5> kinds{{
    {SourceKind::rtsp, &make<RtspSource>},
    {SourceKind::rtsps, &make<RtspsSource>},
    {SourceKind::file, &make<FileSource>},
    {SourceKind::v4l2, &make<V4l2Source>},
    {SourceKind::exec, &make<ExecSource>},
}};

}  // namespace

std::unique_ptr<Source> make_source(const CameraOptions& options, Clock& clock) {
  for (const Row& row : kinds)
    if (row.kind == options.kind) return row.make(options, clock);
  assert(false && "every SourceKind has a row");
  return nullptr;
}

}  // namespace porchlight::camera
