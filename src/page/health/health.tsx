// SPDX-License-Identifier: Apache-2.0
import { w } from "../words";

export function Health() {
  return <h1>{w().health}</h1>;
}
