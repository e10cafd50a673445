// SPDX-License-Identifier: Apache-2.0
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { explain, w } from "../words";
import { Problem } from "../api";

/** A view whose script is fetched when it is wanted. */
export function Lazy<P extends object>({ load, given }: { load(): Promise<ComponentType<P>>; given: P }) {
  const [part, setPart] = useState<{ View: ComponentType<P> } | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let wanted = true;
    void load().then((View) => wanted && setPart({ View }), () => wanted && setFailed(true));
    return () => void (wanted = false);
  }, []);
  if (part) return <part.View {...given} />;
  if (!failed) return <p>{w().loading}</p>;
  // The house is away, or a newer version has other files: what was loaded anew is whole.
  return (
    <>
      <p class="fault" role="alert">{explain(new Problem(0, ""))}</p>
      <button type="button" onClick={() => location.reload()}>{w().retry}</button>
    </>
  );
}
