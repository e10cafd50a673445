// SPDX-License-Identifier: Apache-2.0
#include "porchlight/host/sampler.hpp"

#include <utility>

#include "host/cameras.hpp"
#include "host/control_group.hpp"
#include "host/memory.hpp"
#include "host/network.hpp"
#include "host/processors.hpp"
#include "host/sensors.hpp"
#include "host/sockets.hpp"
#include "host/volumes.hpp"

namespace porchlight::host {

struct Sampler::State {
  explicit State(SamplerOptions options)
      : root(std::move(options.root)), volumes(std::move(options.folder), std::move(options.recordings)) {}

  const std::filesystem::path root;
  Processors processors;
  Volumes volumes;
  Network network;
  Sockets sockets;
  Firmware firmware;
  ControlGroup group;
  Cameras cameras;
};

Sampler::Sampler(SamplerOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Sampler::~Sampler() = default;

telemetry::Samples Sampler::sample(MonotonicTime now, const std::vector<WorkerFigures>& workers) {
  auto& s = *state_;
  telemetry::Samples samples;
  const auto mounts = Mounts::read(s.root);
  s.processors.sample(s.root, samples);
  const auto memory = sample_memory(s.root, samples);
  sample_load(s.root, samples);
  s.volumes.sample(s.root, mounts, samples);
  s.network.sample(s.root, samples);
  s.sockets.sample(now, s.root, samples);
  sample_temperatures(s.root, samples);
  s.firmware.sample(s.root, samples);
  s.group.sample(s.root, mounts, memory.total, samples);
  s.cameras.sample(now, s.root, workers, samples);
  return samples;
}

}  // namespace porchlight::host
