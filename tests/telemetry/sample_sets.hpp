// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "porchlight/telemetry/build.hpp"
#include "porchlight/telemetry/metrics.hpp"
#include "telemetry/contract_check.hpp"

namespace porchlight::telemetry {

inline ClosedSets sample_sets() {
  ClosedSets sets;
  sets.camera_ids = {"front", "back"};
  sets.channel_types = {"webhook", "log"};
  sets.endpoints = {"/metrics"};
  sets.model_versions = {"rfb320-1", "resnet-1"};
  sets.workers = {{"ingest-front", "ingest"}, {"button-1", "button"}};
  sets.button_ids = {"front"};
  sets.routes = {{"GET", "/health", {200, 503}}, {"POST", "/api/v1/buttons/{id}/ring", {200, 404}}};
  return sets;
}

// The same, said to the contract's checker.
inline contract::Configured sample_configured() {
  contract::Configured configured;
  configured.values = {{"camera_id", {"front", "back"}},
                       {"channel", {"webhook", "log"}},
                       {"endpoint", {"/metrics", "/health", "/api/v1/buttons/{id}/ring", "unmatched"}},
                       {"model_version", {"rfb320-1", "resnet-1"}},
                       {"worker_id", {"ingest-front", "button-1"}},
                       {"button_id", {"front"}}};
  configured.routes = {{"GET", "/health", {"200", "503"}},
                       {"POST", "/api/v1/buttons/{id}/ring", {"200", "404"}}};
  return configured;
}

}  // namespace porchlight::telemetry
