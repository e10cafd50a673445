// SPDX-License-Identifier: Apache-2.0
// What lists of the settings have in common: what was said of the last change, and the form that opens beneath.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { asProblem, type Problem } from "../api";
import { Said as Sentence } from "../views/said";
import { explain } from "../words";
import { inEnglish } from "../words/english";
import { draftAt } from "./drafts";
import { hasFaults } from "./form";
import { s } from "./words";

export interface Said {
  good: string;
  fault: string;
}
export const nothing: Said = { good: "", fault: "" };

/** What went wrong with a change, where its form has no words of its own. */
export function sayChange(problem: Problem): string {
  if (problem.status === 412) return s().changedBetween;
  // A 503 with reasons is no house that is busy: the old settings are back.
  return problem.status === 409 || (problem.status === 503 && hasFaults(problem)) ? s().conflict(inEnglish(problem.detail)) : explain(problem);
}

export interface Listing<T> {
  list: T[] | null;
  said: Said;
  say(said: Partial<Said>): void;
  /** Loads again. */
  refresh(): Promise<void>;
  /** Does it, says what became of it, loads again. True when it went well. */
  act(change: () => Promise<unknown>, good: string, words?: (problem: Problem) => string): Promise<boolean>;
}

export function useListing<T>(load: () => Promise<T[]>): Listing<T> {
  const [list, setList] = useState<T[] | null>(null);
  const [said, setSaid] = useState(nothing);
  const gone = useRef(false);
  const say = (part: Partial<Said>): void => void (gone.current || setSaid({ ...nothing, ...part }));
  const refresh = async (): Promise<void> => {
    try {
      const fresh = await load();
      if (!gone.current) setList(fresh);
    } catch (thrown) {
      say({ fault: explain(asProblem(thrown)) });
    }
  };
  const act: Listing<T>["act"] = async (change, good, words = sayChange) => {
    say({});
    try {
      await change();
    } catch (thrown) {
      say({ fault: words(asProblem(thrown)) });
      return false;
    }
    say({ good });
    await refresh();
    return true;
  };
  useEffect(() => {
    void refresh();
    return () => void (gone.current = true);
  }, []);
  return { list, said, say, refresh, act };
}

/** Good news and bad. */
export function Saying({ said }: { said: Said }) {
  return (
    <>
      <p role="status" class="answered"><Sentence text={said.good} /></p>
      {said.fault && <p class="fault" role="alert"><Sentence text={said.fault} /></p>}
    </>
  );
}

/** An entry of a list: a name, what is to be known, what can be done. */
export function Item({ id, title, children, actions }: { id: string | number; title: string; children?: ComponentChildren; actions?: ComponentChildren }) {
  return (
    <li class="card item">
      <h2 id={`entry-${id}`} tabIndex={-1}>{title}</h2>
      {children}
      {actions && <div class="actions">{actions}</div>}
    </li>
  );
}

/** Tells that a form was begun there and not saved: it opens as it was left. */
export const Begun = ({ place }: { place: string }) => (draftAt(place) ? <p class="soft">{s().begun}</p> : null);

/**
 * When a form closes, the focus goes to what it was about, or to the button that opened it; likewise after what is `shown` once.
 * A focus that is somewhere already stays: what a form made is read first, and its secret is shown this once.
 */
export function useReturn(open: string | number | boolean | null, shown = false): void {
  const before = useRef({ open, shown });
  useEffect(() => {
    const closed = before.current.open;
    const isOver = (closed !== null && open === null) || (before.current.shown && !shown);
    const isNowhere = !document.activeElement || document.activeElement === document.body;
    if (isOver && isNowhere) (document.getElementById(`entry-${closed}`) ?? document.getElementById("add"))?.focus();
    before.current = { open, shown };
  }, [open, shown]);
}

/** A form's beginning takes the focus. */
export function Opened({ title, children }: { title: string; children: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <section class="card edited">
      <h2 ref={heading} tabIndex={-1}>{title}</h2>
      {children}
    </section>
  );
}
