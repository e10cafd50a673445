// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "porchlight/base/result.hpp"
#include "porchlight/media/packet.hpp"
#include "porchlight/record/volume.hpp"

namespace porchlight::record {

// Writes the packets of one video stream into a segment as a recorder does, syncs it, reads it again,
// checksum included, and removes it. No row of the index and no camera's numbers are touched. Waits for the
// disk; one at a time.
Status prove_recording(const Volume& volume, std::span<const media::PacketPtr> packets);

}  // namespace porchlight::record
