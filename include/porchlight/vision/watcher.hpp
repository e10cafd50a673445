// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/event/event.hpp"
#include "porchlight/media/packet.hpp"
#include "porchlight/telemetry/metrics.hpp"
#include "porchlight/vision/calibration.hpp"
#include "porchlight/vision/face_engine.hpp"
#include "porchlight/vision/gallery.hpp"

namespace porchlight::vision {

struct WatchOptions {
  std::chrono::milliseconds detect_every{200};       // while a face is in sight or a ring waits
  std::chrono::milliseconds idle_detect_every{400};  // else
  std::chrono::milliseconds visit_gap{5000};         // unseen this long: the visit is over
  std::chrono::milliseconds decide_within{2500};     // a visit still undecided then is named as it looks
};

// An answer of the watcher: the sighting, the security event that goes with a blacklisted face, and
// the frame that showed the face best (null when none did).
struct Seen {
  event::Sighting sighting;
  std::optional<event::Security> alert;
  media::FramePtr best_shot;
  Box box;
};

class CameraWatch;  // one camera's visits and rings
struct WatchDesk;   // what all cameras share

// Frames of all cameras in, one Sighting per visit out, and one more per ring. A visit is a person
// before a camera until unseen for visit_gap: short losses and changes of mind make no second one.
// Thread-bound (the vision thread). A call costs at most one detection, four tracker updates and one
// embedding: about 50 ms on a slow core. Holds at most eight visits a camera.
class Watcher {
 public:
  // `engine` and `clock` outlive us.
  Watcher(FaceEngine& engine, GalleryPtr gallery, const WatchOptions& options, const Clock& clock,
          telemetry::Metrics& metrics);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // Errors are the engine's (a frame that cannot be converted, …); the watcher goes on with the next.
  Result<std::vector<Seen>> on_frame(const std::string& camera, const media::FramePtr& frame);
  // The same in two halves, for whoever decides when a camera's turn is: search() looks for faces, follow()
  // only moves the boxes of those in sight.
  Result<std::vector<Seen>> search(const std::string& camera, const media::FramePtr& frame);
  Result<std::vector<Seen>> follow(const std::string& camera, const media::FramePtr& frame);
  // Whether the next frame is to be searched: not yet; at the pace of a camera before which nobody undecided
  // stands; or because somebody has no name yet or a ring waits.
  enum class Due : std::uint8_t { not_yet, at_rest, awaited };
  Due due(const std::string& camera) const;

  // Call at least every 100 ms while busy(): ends visits and answers rings whose time is up.
  std::vector<Seen> tick();
  // The ring is answered once by a Seen whose sighting carries its id: at once if who stands there is
  // known, as soon as they are, or at `deadline` with the best guess: Verdict::no_face when nobody was
  // seen, Verdict::error when the camera sent no picture.
  std::vector<Seen> expect_ring(const event::Ring& ring, MonotonicTime deadline);

  // Also finds the threshold anew: up to 50 ms with a large gallery.
  void set_gallery(GalleryPtr gallery);
  const Calibration& calibration() const noexcept;  // of the gallery of this moment
  // Answers every ring that waits, as it looks at this moment: nobody will look any further.
  std::vector<Seen> give_up();
  void forget_camera(const std::string& camera);
  bool busy() const noexcept;  // a visit is open or a ring waits
  bool busy(const std::string& camera) const noexcept;
  bool ring_waits() const noexcept;  // for its answer
  bool ring_waits(const std::string& camera) const noexcept;
  event::TraceContext ring_trace(const std::string& camera) const noexcept;  // all zero when none waits

 private:
  CameraWatch& watch(const std::string& camera);

  std::unique_ptr<WatchDesk> desk_;
  std::map<std::string, std::unique_ptr<CameraWatch>> cameras_;
};

}  // namespace porchlight::vision
