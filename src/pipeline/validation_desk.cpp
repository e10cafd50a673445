// SPDX-License-Identifier: Apache-2.0
#include "pipeline/validation_desk.hpp"

#include <utility>

namespace porchlight::pipeline {

Status ValidationDesk::bring(ModelValidation validation) {
  if (queue_.push(std::move(validation))) return {};
  return Error(ErrorCode::unavailable, "other validations of the face models wait");
}

void ValidationDesk::serve(vision::FaceEngine* engine) {
  const auto next = queue_.pop();
  if (!next) return;
  if (engine == nullptr) return next->answer(Validated());
  next->answer(engine->validate());
}

void ValidationDesk::refuse(const Error& why) {
  while (const auto next = queue_.pop()) next->answer(why);
}

}  // namespace porchlight::pipeline
