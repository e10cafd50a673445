// SPDX-License-Identifier: Apache-2.0
import { useEffect } from "preact/hooks";
import { refreshCameras } from "../cameras";
import { connected, listen } from "../feed";
import { findOpenRing, takeEvent } from "../ring";
import { w } from "../words";
import { RingDialog } from "./ring";

const opened = (): void => void findOpenRing().catch(() => undefined);
// By the answer it is known whether the session is over: a socket does not say.
const closed = (): void => void refreshCameras().catch(() => undefined);

/** What goes on whichever page is open: events come in, a ring shows. */
export function LiveHouse() {
  useEffect(() => listen({ event: takeEvent, opened, closed }), []);
  return (
    <>
      <div role="status">{!connected.value && <p class="lost">{w().connectionLost}</p>}</div>
      <RingDialog />
    </>
  );
}
