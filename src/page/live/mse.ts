// SPDX-License-Identifier: Apache-2.0
import type { Camera } from "../types";
import { socketAddress } from "../api";
import { liveEdge, liveRate, readFragment, readMessage } from "./fragment";
import type { Stop } from "./source";

export interface LiveEvents {
  /** Another picture is there, that is `ageMs` old; as good as now where nothing is said. */
  picture(ageMs?: number): void;
  /** It is over; called once, and not after Stop. `forGood`: this browser cannot play what the camera sends. */
  failed(forGood: boolean): void;
}

const patience = 15_000; // ms without a picture before the stills are better
const keptSeconds = 10; // of what was shown
const mostWaiting = 1000; // fragments; what came since the camera's last keyframe comes at once

// Safari on a phone has the managed one alone.
const Source: typeof MediaSource | undefined =
  window.MediaSource ?? (window as { ManagedMediaSource?: typeof MediaSource }).ManagedMediaSource;

export const canPlay = (camera: Camera): boolean => camera.live !== undefined && Source !== undefined;

function joined(parts: Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

// One MediaSource for one head; a camera that changes its codec gets another.
class Player {
  private readonly source = new (Source ?? MediaSource)();
  private readonly url = URL.createObjectURL(this.source);
  private waiting: Uint8Array<ArrayBuffer>[] = [];
  private buffer: SourceBuffer | null = null;
  private begun = false;
  private end = 0; // of what is there, s
  /** How long the newest picture waits until it is shown, in ms; 0: not known yet. */
  behind = 0;

  constructor(private readonly video: HTMLVideoElement, type: string, private readonly failed: () => void) {
    this.source.addEventListener("sourceopen", () => this.begin(type), { once: true });
    this.source.addEventListener("sourceended", this.failed); // by a decoder that gave up: nobody else ends it
    video.disableRemotePlayback = true; // else a managed source does not open
    video.src = this.url;
    video.muted = true; // or no browser begins by itself
  }

  private begin(type: string): void {
    try {
      this.buffer = this.source.addSourceBuffer(type);
    } catch {
      return this.failed();
    }
    this.buffer.addEventListener("updateend", () => this.pump());
    this.buffer.addEventListener("error", this.failed);
    this.pump();
  }

  add(bytes: Uint8Array<ArrayBuffer>): void {
    this.waiting.push(bytes);
    if (this.waiting.length > mostWaiting) return this.failed();
    this.pump();
  }

  private pump(): void {
    const buffer = this.buffer;
    if (!buffer || buffer.updating || this.source.readyState !== "open") return;
    try {
      this.follow(buffer);
      if (this.waiting.length > 0 && !buffer.updating) buffer.appendBuffer(joined(this.waiting.splice(0)));
    } catch {
      this.failed();
    }
  }

  private follow(buffer: SourceBuffer): void {
    const ranges = buffer.buffered;
    if (ranges.length === 0) return;
    const begin = ranges.start(ranges.length - 1);
    const end = ranges.end(ranges.length - 1);
    const jump = liveEdge(this.video.currentTime, begin, end, this.begun);
    if (jump !== null) this.video.currentTime = jump;
    // A picture begins where the one before it ended.
    if (end > this.end) {
      if (this.begun && end - this.end < 1) this.behind = Math.max(0, Math.round(1000 * (this.end - this.video.currentTime)));
      this.end = end;
    }
    this.begun = true;
    this.video.playbackRate = liveRate(this.video.currentTime, end);
    if (this.video.paused) void this.video.play().catch(() => undefined);
    const old = this.video.currentTime - keptSeconds;
    if (ranges.start(0) < old - keptSeconds) buffer.remove(0, old); // its end pumps on
  }

  close(): void {
    this.video.removeAttribute("src");
    this.video.load();
    URL.revokeObjectURL(this.url);
  }
}

export function playLive(path: string, video: HTMLVideoElement, on: LiveEvents): Stop {
  const socket = new WebSocket(socketAddress(path));
  socket.binaryType = "arraybuffer";
  let player: Player | null = null;
  let over = false;
  const end = (): void => {
    over = true;
    clearTimeout(watchdog);
    clearInterval(signs);
    socket.close();
    player?.close();
    player = null;
  };
  const endFor = (forGood: boolean): void => {
    if (over) return;
    on.failed(forGood); // while the last picture is still there
    end();
  };
  const failed = (): void => endFor(false);
  let watchdog = window.setTimeout(failed, patience);
  let rtt = 0; // ms, of the last sign of life
  const signs = window.setInterval(() => {
    if (socket.readyState !== WebSocket.OPEN) return;
    const behind = player?.behind ?? 0;
    socket.send(JSON.stringify({ t: Math.round(performance.now()), ...(rtt > 0 ? { rtt_ms: rtt } : {}), ...(behind > 0 ? { behind_ms: behind } : {}) }));
  }, 2000);

  const text = (said: string): void => {
    const message = readMessage(said);
    if (message?.type === "pong") rtt = Math.max(1, Math.round(performance.now() - message.t));
    if (message?.type === "unsupported") endFor(true);
    if (message?.type !== "init") return;
    player?.close();
    if (Source?.isTypeSupported(message.codecs)) player = new Player(video, message.codecs, failed);
    else endFor(true);
  };
  const bytes = (sent: ArrayBuffer): void => {
    const fragment = readFragment(sent);
    if (!fragment || !player) return;
    player.add(fragment.bytes);
    if (fragment.micros === 0n || over) return;
    clearTimeout(watchdog);
    watchdog = window.setTimeout(failed, patience);
    on.picture();
  };
  socket.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
    if (!over) typeof data === "string" ? text(data) : bytes(data);
  });
  socket.addEventListener("close", failed);
  return end;
}
