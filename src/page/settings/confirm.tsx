// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from "preact/hooks";
import { s } from "./words";

interface ConfirmProps {
  word: string; // on the button
  label: string; // the same with what it is about
  question: string;
  act(): Promise<void>;
}

/** A button that asks before it acts. */
export function Confirm({ word, label, question, act }: ConfirmProps) {
  const [asked, setAsked] = useState(false);
  const [busy, setBusy] = useState(false);
  const first = useRef<HTMLButtonElement>(null);
  const keep = useRef<HTMLButtonElement>(null);
  const before = useRef(false);
  const acting = useRef(false);
  // What it was about is gone, and it with it: the focus goes on to where one adds another.
  useEffect(() => () => void (acting.current && (document.getElementById("add") ?? document.getElementById("main"))?.focus()), []);
  useEffect(() => {
    if (asked) keep.current?.focus();
    else if (before.current) first.current?.focus();
    before.current = asked;
  }, [asked]);
  const go = (): void => {
    if (busy) return;
    setBusy(true);
    acting.current = true;
    void act().finally(() => {
      acting.current = false;
      setBusy(false);
      setAsked(false);
    });
  };
  if (!asked) return <button ref={first} type="button" class="quiet danger" aria-label={label} onClick={() => setAsked(true)}>{word}</button>;
  return (
    <span class="confirm" role="group" aria-label={question} onKeyDown={(event) => event.key === "Escape" && setAsked(false)}>
      <span>{question}</span>
      <button type="button" class="danger" aria-disabled={busy} onClick={go}>{word}</button>
      <button ref={keep} type="button" class="quiet" onClick={() => setAsked(false)}>{s().keep}</button>
    </span>
  );
}
