// SPDX-License-Identifier: Apache-2.0
import { afterEach, expect, test, vi } from "vitest";
import { get, houseNow } from "../../src/page/api";
import { ring, takeEvent } from "../../src/page/ring";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a ring is shown also where the house's clock is an hour behind", async () => {
  vi.useFakeTimers({ now: Date.parse("2026-01-05T12:00:00Z") });
  vi.stubGlobal("fetch", async () => new Response("{}", { headers: { Date: "Mon, 05 Jan 2026 11:00:00 GMT" } }));
  await get("/api/v1/cameras");
  expect(new Date(houseNow()).toISOString()).toBe("2026-01-05T11:00:00.000Z");
  takeEvent({ id: "a", type: "ring", time: "2026-01-05T10:59:58Z", camera: "front" });
  expect(ring.value?.event.id).toBe("a");
});
