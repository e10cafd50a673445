// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { asProblem, type Problem } from "../api";
import { Said } from "../views/said";
import { w } from "../words";

interface Props {
  title: string;
  yes: string;
  children: ComponentChildren; // what will come of it
  act(): Promise<void>;
  said(problem: Problem): string;
  closed(): void;
}

/** Asks before something is done that matters. The focus begins at "Cancel" and goes back to where it was. */
export function Confirm({ title, yes, children, act, said, closed }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const box = dialog.current;
    box?.showModal();
    return () => {
      box?.close(); // while it is open nothing outside of it takes the focus
      before?.focus();
    };
  }, []);
  const go = (): void => {
    if (busy) return;
    setBusy(true);
    setFault("");
    void act().then(closed, (thrown) => {
      setFault(said(asProblem(thrown)));
      setBusy(false);
    });
  };
  return (
    <dialog ref={dialog} class="confirm" aria-labelledby="confirm-title" onCancel={(event) => { event.preventDefault(); closed(); }}>
      <h2 id="confirm-title">{title}</h2>
      {children}
      <p class="fault" role="alert" hidden={fault === ""}><Said text={fault} /></p>
      <div class="actions">
        <button type="button" class="quiet" autoFocus onClick={closed}>{w().ofPeople.cancel}</button>
        <button type="button" aria-disabled={busy} onClick={go}>{yes}</button>
      </div>
    </dialog>
  );
}
