// SPDX-License-Identifier: Apache-2.0
import { signal } from "@preact/signals";
import { get } from "./api";
import type { Camera } from "./types";

/** `null`: not asked for yet. */
export const cameras = signal<Camera[] | null>(null);

/** Throws a Problem. A camera whose description is as it was stays the same object, so that its picture goes on. */
export async function refreshCameras(): Promise<void> {
  const { cameras: fresh } = await get<{ cameras: Camera[] }>("/api/v1/cameras");
  const before = new Map(cameras.value?.map((camera) => [camera.id, camera]));
  cameras.value = fresh.map((camera) => {
    const known = before.get(camera.id);
    return known && JSON.stringify(known) === JSON.stringify(camera) ? known : camera;
  });
}

export const nameOf = (id: string | undefined): string => cameras.value?.find((camera) => camera.id === id)?.name || id || "";
