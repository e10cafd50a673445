// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { liveEdge, liveRate, readFragment, readMessage } from "../../src/page/live/fragment";

const message = (...bytes: number[]): ArrayBuffer => new Uint8Array(bytes).buffer;

test("a fragment is eight bytes of time, big-endian, and what follows", () => {
  expect(readFragment(message(0, 0, 0, 0, 0, 0, 1, 2, 7, 8))).toEqual({ micros: 258n, bytes: new Uint8Array([7, 8]) });
  expect(readFragment(message(255, 0, 0, 0, 0, 0, 0, 0, 1))?.micros).toBe(0xff00000000000000n);
});

test("what is too short is no fragment", () => {
  expect(readFragment(message())).toBeNull();
  expect(readFragment(message(0, 0, 0, 0, 0, 0, 0, 0))).toBeNull();
});

test("messages that this page does not know are passed over", () => {
  expect(readMessage('{"type":"init","codecs":"video/mp4; codecs=\\"avc1.42c01f\\"","more":1}')).toEqual({ type: "init", codecs: 'video/mp4; codecs="avc1.42c01f"' });
  expect(readMessage('{"type":"pong","t":7}')).toEqual({ type: "pong", t: 7 });
  expect(readMessage('{"type":"waiting"}')).toEqual({ type: "waiting" });
  for (const odd of ["", "null", "7", "[]", '{"type":"init"}', '{"type":"init","codecs":3}', '{"type":"pong"}', '{"type":"later"}', '{"typ'])
    expect(readMessage(odd), odd).toBeNull();
});

test("playing jumps to the newest picture when it has fallen behind, or begins", () => {
  expect(liveEdge(10.2, 5, 10.6, true)).toBeNull();
  expect(liveEdge(8, 5, 10.6, true)).toBeCloseTo(10.5);
  expect(liveEdge(0, 5, 5.05, true)).toBe(5);
});

test("a film begins with the newest of its group, not with the oldest", () => {
  expect(liveEdge(0, 0, 0.9, false)).toBeCloseTo(0.8);
  expect(liveEdge(0, 0, 0.04, false)).toBe(0);
});

test("what a stall left is made up for", () => {
  expect(liveRate(10, 10.2)).toBe(1);
  expect(liveRate(10, 10.5)).toBeGreaterThan(1);
});
