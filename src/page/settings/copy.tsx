// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from "preact/hooks";
import { s } from "./words";

/** A secret that is shown once, with a button that copies it. */
export function ShownOnce({ title, text, secret, done }: { title: string; text: string; secret: string; done(): void }) {
  const box = useRef<HTMLElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const [said, setSaid] = useState("");
  useEffect(() => heading.current?.focus(), []);
  const mark = (): void => {
    if (box.current) getSelection()?.selectAllChildren(box.current);
    setSaid(s().copyByHand);
  };
  const copy = (): void => {
    if (!navigator.clipboard) return mark(); // not over an insecure connection
    void navigator.clipboard.writeText(secret).then(() => setSaid(s().copied), mark);
  };
  return (
    <section class="card once">
      <h2 ref={heading} tabIndex={-1}>{title}</h2>
      <p>{text}</p>
      <p><strong>{s().onceOnly}</strong></p>
      <p><code ref={box} class="secret">{secret}</code></p>
      <p class="actions">
        <button type="button" onClick={copy}>{s().copy}</button>
        <button type="button" class="quiet" onClick={done}>{s().done}</button>
      </p>
      <p role="status" class="answered">{said}</p>
    </section>
  );
}
