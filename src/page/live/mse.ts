// SPDX-License-Identifier: Apache-2.0
import type { Camera } from "../types";
import { socketAddress } from "../api";
import { liveEdge, readFragment, readMessage } from "./fragment";
import type { Stop } from "./source";

export interface LiveEvents {
  /** Another picture is there. */
  picture(): void;
  /** It is over, for whatever reason; called once, and not after Stop. */
  failed(): void;
}

const patience = 15_000; // ms without a picture before the stills are better
const keptSeconds = 10; // of what was shown
const mostWaiting = 32 << 20; // bytes; a group that is given to a newcomer has up to 4 MiB

export const canPlay = (camera: Camera): boolean => camera.live !== undefined && "MediaSource" in window;

// One MediaSource for one head; a camera that changes its codec gets another.
class Player {
  private readonly source = new MediaSource();
  private readonly url = URL.createObjectURL(this.source);
  private waiting: Uint8Array<ArrayBuffer>[] = [];
  private waitingBytes = 0;
  private buffer: SourceBuffer | null = null;

  constructor(private readonly video: HTMLVideoElement, type: string, private readonly failed: () => void) {
    this.source.addEventListener("sourceopen", () => {
      this.buffer = this.source.addSourceBuffer(type);
      this.buffer.addEventListener("updateend", () => this.pump());
      this.buffer.addEventListener("error", this.failed);
      this.pump();
    }, { once: true });
    video.src = this.url;
    video.muted = true; // or no browser begins by itself
  }

  add(bytes: Uint8Array<ArrayBuffer>): void {
    this.waiting.push(bytes);
    this.waitingBytes += bytes.byteLength;
    if (this.waitingBytes > mostWaiting) return this.failed();
    this.pump();
  }

  private pump(): void {
    const buffer = this.buffer;
    if (!buffer || buffer.updating || this.source.readyState !== "open") return;
    try {
      this.follow(buffer);
      const next = this.waiting.shift();
      if (!next) return;
      this.waitingBytes -= next.byteLength;
      buffer.appendBuffer(next);
    } catch {
      this.failed();
    }
  }

  private follow(buffer: SourceBuffer): void {
    const ranges = buffer.buffered;
    if (ranges.length === 0) return;
    const begin = ranges.start(ranges.length - 1);
    const jump = liveEdge(this.video.currentTime, begin, ranges.end(ranges.length - 1));
    if (jump !== null) this.video.currentTime = jump;
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
  const failed = (): void => {
    if (over) return;
    on.failed(); // while the last picture is still there
    end();
  };
  let watchdog = window.setTimeout(failed, patience);
  let count = 0;
  const signs = window.setInterval(() => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ t: ++count }));
  }, 2000);

  const text = (said: string): void => {
    const message = readMessage(said);
    if (message?.type === "unsupported") failed();
    if (message?.type !== "init") return;
    player?.close();
    if (MediaSource.isTypeSupported(message.codecs)) player = new Player(video, message.codecs, failed);
    else failed();
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
