// SPDX-License-Identifier: Apache-2.0
#include "pipeline/queue_gauges.hpp"

#include <string>

namespace porchlight::pipeline {

QueueGauges::QueueGauges(telemetry::Metrics& metrics) : metrics_(metrics) {
  for (std::size_t i = 0; i < names; ++i)
    instruments_[i].dropped = metrics.counter(
        "pipeline_queue_dropped_total", {{"queue_name", std::string(to_string(static_cast<QueueName>(i)))}});
}

void QueueGauges::add(QueueName name, const Reading& reading) {
  auto& sum = now_[static_cast<std::size_t>(name)];
  sum.size += reading.size;
  sum.capacity += reading.capacity;
  sum.dropped += reading.dropped;
}

void QueueGauges::publish() {
  for (std::size_t i = 0; i < names; ++i) {
    auto& instruments = instruments_[i];
    const auto& reading = now_[i];
    if (reading.capacity == 0) continue;  // no such ring in this configuration: no series
    if (!instruments.seen) {
      const telemetry::Labels labels{{"queue_name", std::string(to_string(static_cast<QueueName>(i)))}};
      instruments.size = metrics_.gauge("pipeline_queue_size", labels);
      instruments.capacity = metrics_.gauge("pipeline_queue_capacity", labels);
      instruments.seen = true;
    }
    instruments.size.set(static_cast<double>(reading.size));
    instruments.capacity.set(static_cast<double>(reading.capacity));
    // A ring that a reload replaced starts again at 0: the sum may fall, the counter never.
    if (reading.dropped > dropped_before_[i])
      instruments.dropped.increment(static_cast<double>(reading.dropped - dropped_before_[i]));
    dropped_before_[i] = reading.dropped;
  }
}

}  // namespace porchlight::pipeline
