// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace porchlight {

// One function for each alternative of a variant, for std::visit.
template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace porchlight
