// SPDX-License-Identifier: Apache-2.0
// The settings are a file of their own, fetched when an administrator opens them: the first view does without.
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { isAdmin } from "../session";
import { w } from "../words";

type Settings = ComponentType<{ section: string }>;
let fetched: Settings | null = null;

export function SettingsPage({ section }: { section: string }) {
  const [Part, setPart] = useState<Settings | null>(() => fetched);
  const [failed, setFailed] = useState(false);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (fetched || !isAdmin()) return;
    setFailed(false);
    void import("../settings/settings").then(
      ({ Settings }) => {
        fetched = Settings;
        setPart(() => Settings);
      },
      () => setFailed(true), // the daemon is away, or has newer files than this page knows
    );
  }, [tries]);
  if (isAdmin() && Part) return <Part section={section} />;
  return (
    <>
      <h1>{w().settings}</h1>
      {!isAdmin() && <p class="fault" role="alert">{w().errors.forbidden}</p>}
      {isAdmin() && !failed && <p>{w().loading}</p>}
      {failed && <p class="fault" role="alert">{w().errors.gone}</p>}
      {failed && <button type="button" onClick={() => setTries(tries + 1)}>{w().retry}</button>}
    </>
  );
}
