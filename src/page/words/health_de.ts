// SPDX-License-Identifier: Apache-2.0
import type { healthEn } from "./health_en";

export const healthDe: typeof healthEn = {};
