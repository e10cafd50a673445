// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "porchlight/base/mailbox.hpp"
#include "porchlight/media/packet.hpp"
#include "porchlight/record/recorder.hpp"

namespace porchlight::pipeline {

// The newest decoded frame of one camera, one mailbox for each lane that looks, and what the lanes want of
// it. Lives until the last lane has let go of the table that names it.
struct CameraView {
  CameraView(std::string camera_id, Wakeup& vision, std::shared_ptr<record::Recorder> its_recorder = {})
      : id(std::move(camera_id)), recorder(std::move(its_recorder)), for_vision(&vision) {}

  const std::string id;
  const std::shared_ptr<record::Recorder> recorder;  // null: the camera is not recorded
  Mailbox<media::FramePtr> for_ring;
  Mailbox<media::FramePtr> for_vision;
  Mailbox<media::FramePtr> for_viewers;
  Mailbox<media::FramePtr> for_pictures;  // of those who are shown one after another
  // Each is the whole message and publishes nothing else: relaxed.
  std::atomic<bool> has_button{false};  // main → decode lane: every picture is needed, a ring may come
  std::atomic<bool> searched{true};     // main → decode lane: for faces; vision runs
  std::atomic<bool> wanted{false};      // vision → decode lane: somebody is in sight or a ring waits
  std::atomic<bool> watched{false};     // picture lane → decode lane: somebody is shown its pictures
  std::atomic<bool> moving{false};      // decode lane → whoever asks
  std::atomic<bool> at_rest{false};     // decode → vision lane: what is posted is a look now and then
};

// Immutable; a reload sends the lanes a new one.
using CameraTable = std::map<std::string, std::shared_ptr<CameraView>>;
using CameraTablePtr = std::shared_ptr<const CameraTable>;

}  // namespace porchlight::pipeline
