// SPDX-License-Identifier: Apache-2.0
import { useEffect } from "preact/hooks";
import { connected, listen } from "../feed";
import { findOpenRing, takeEvent } from "../ring";
import { w } from "../words";
import { RingDialog } from "./ring";

/** What goes on whichever page is open: events come in, a ring shows. */
export function LiveHouse() {
  useEffect(() => listen({ event: takeEvent, opened: () => void findOpenRing().catch(() => undefined) }), []);
  return (
    <>
      <div role="status">{!connected.value && <p class="lost">{w().connectionLost}</p>}</div>
      <RingDialog />
    </>
  );
}
