// SPDX-License-Identifier: Apache-2.0
import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { explain, w } from "../words";
import { Problem } from "../api";

/** A view whose script is fetched when it is wanted. */
export function Lazy<P extends object>({ load, given }: { load(): Promise<ComponentType<P>>; given: P }) {
  const [part, setPart] = useState<{ View: ComponentType<P> } | null>(null);
  const [failed, setFailed] = useState(false);
  const wanted = useRef(true);
  const begin = (): void => {
    setFailed(false);
    void load().then((View) => wanted.current && setPart({ View }), () => wanted.current && setFailed(true));
  };
  // A newer version has other files: what is loaded anew is whole. While the house is away what was typed elsewhere is worth more.
  const again = async (): Promise<void> => {
    const answers = await fetch(location.pathname, { cache: "no-store" }).then((answer) => answer.ok, () => false);
    const isOld = answers && !(await load().then(() => true, () => false));
    if (isOld) location.reload();
    else begin();
  };
  useEffect(() => {
    begin();
    return () => void (wanted.current = false);
  }, []);
  if (part) return <part.View {...given} />;
  if (!failed) return <p>{w().loading}</p>;
  return (
    <>
      <p class="fault" role="alert">{explain(new Problem(0, ""))}</p>
      <button type="button" onClick={() => void again()}>{w().retry}</button>
    </>
  );
}
