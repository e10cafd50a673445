// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from "preact/hooks";
import { asProblem, houseNow } from "../api";
import { cameras, nameOf, refreshCameras } from "../cameras";
import { acknowledge, putAway, refreshRing, ring, type Ring } from "../ring";
import { mayAnswer } from "../session";
import { clockTime, explain, w } from "../words";
import { Said } from "./said";
import { Tile } from "./tile";

const period = 3000; // ms between two looks whether somebody else is going

const answerWithin = 20_000; // ms; faces may be switched off, and then no answer comes

/** Who is at the door, as far as it is known. */
function whoText({ event, sighting }: Ring): string {
  switch (sighting?.result) {
    case undefined:
      return houseNow() - Date.parse(event.time) < answerWithin ? w().ringWho.looking : w().ringWho.untold;
    case "known_person":
      return sighting?.person ?? "";
    case "blacklist_match":
      return w().ringBlacklisted(sighting?.person ?? "");
    case "unknown_person":
      return w().ringWho.unknown;
    default:
      return w().ringWho.nobody;
  }
}

function Picture({ shown }: { shown: Ring }) {
  const camera = cameras.value?.find((one) => one.id === shown.event.camera);
  const picture = shown.sighting?.snapshot ?? shown.event.snapshot;
  if (picture) return <div class="picture"><img src={picture} alt={w().pictureOf(nameOf(shown.event.camera))} /></div>;
  return camera ? <Tile camera={camera} full /> : null;
}

function AcknowledgedBy({ shown }: { shown: Ring }) {
  const by = shown.acknowledged?.by ?? "";
  return <p class="answered">✓ {w().acknowledgedBy(by.startsWith("link:") ? w().acknowledgedLink : by)}</p>;
}

/** The ring of now over whatever page is open. The browser keeps the focus inside a modal dialog. */
export function RingDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [fault, setFault] = useState("");
  const [, setTicks] = useState(0); // draws anew what depends on the time
  const shown = ring.value;
  const id = shown?.event.id;
  const answer = (): void => {
    setFault("");
    void acknowledge().catch((thrown) => setFault(explain(asProblem(thrown))));
  };
  useEffect(() => {
    setFault("");
    if (!id) return undefined;
    const box = dialog.current;
    const before = document.activeElement as HTMLElement | null;
    if (!cameras.value) void refreshCameras().catch(() => undefined);
    if (box && !box.open) box.showModal();
    box?.querySelector("button")?.focus();
    const timer = window.setInterval(() => {
      setTicks((ticks) => ticks + 1);
      void refreshRing().catch(() => undefined);
    }, period);
    return () => {
      clearInterval(timer);
      box?.close();
      before?.focus();
    };
  }, [id]);
  useEffect(() => dialog.current?.querySelector("button")?.focus(), [shown?.acknowledged !== null]);
  if (!shown) return null;
  const place = nameOf(shown.event.camera ?? shown.event.button);
  const open = !shown.acknowledged && mayAnswer();
  const key = (event: KeyboardEvent): void => {
    if (open && event.key.toLowerCase() === "a" && !event.ctrlKey && !event.metaKey && !event.altKey) answer();
  };
  return (
    <dialog ref={dialog} class="ring" role="alertdialog" aria-labelledby="ring-title" aria-describedby="ring-who" onKeyDown={key}
      onCancel={(event) => { event.preventDefault(); putAway(); }}>
      <h1 id="ring-title">{w().ringTitle}</h1>
      <p class="soft">{place && `${w().ringAt(place)} · `}{clockTime(shown.event.time)}</p>
      <p id="ring-who" class={`who${shown.sighting?.result === "blacklist_match" ? " warn" : ""}`} aria-live="polite">{whoText(shown)}</p>
      <Picture shown={shown} />
      {fault && <p class="fault" role="alert"><Said text={fault} /></p>}
      <div role="status">{shown.acknowledged && <AcknowledgedBy shown={shown} />}</div>
      <div class="answers">
        {open && <button type="button" onClick={answer} aria-keyshortcuts="A">{w().acknowledge} <kbd>A</kbd></button>}
        <button type="button" class="quiet" onClick={putAway}>{shown.acknowledged ? w().close : w().later}</button>
      </div>
    </dialog>
  );
}
