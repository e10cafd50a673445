// SPDX-License-Identifier: Apache-2.0
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <limits>

#include "porchlight/telemetry/metrics.hpp"
#include "telemetry/exemplars.hpp"

namespace porchlight::telemetry {

void Counter::increment(double by) noexcept {
  if (child_ != nullptr) child_->Increment(by);
}
double Counter::value() const noexcept {
  return child_ == nullptr ? 0 : child_->Value();
}

void Gauge::set(double value) noexcept {
  if (child_ != nullptr) child_->Set(value);
}
void Gauge::add(double by) noexcept {
  if (child_ != nullptr) child_->Increment(by);
}
// The exposition leaves out what is not a number.
void Gauge::clear() noexcept {
  set(std::numeric_limits<double>::quiet_NaN());
}
double Gauge::value() const noexcept {
  return child_ == nullptr ? 0 : child_->Value();
}

void Histogram::observe(double value) noexcept {
  if (child_ != nullptr) child_->Observe(value);
}
void Histogram::observe(double value, const TraceBytes& trace) noexcept {
  observe(value);
  if (exemplars_ != nullptr) exemplars_->keep(value, trace);
}

}  // namespace porchlight::telemetry
