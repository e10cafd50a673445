// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, asProblem, type Problem } from "../api";
import { Said } from "../views/said";
import { explain } from "../words";
import { inEnglish } from "../words/english";
import { Counted, useSeconds } from "./busy";
import { bodyOf, missingOf, refusalOf, shownOf, takenAway, type Draft, type Entry, type FieldSpec, type Refusal } from "./form";
import { s } from "./words";

interface Found {
  codec: string;
  width: number;
  height: number;
  took_ms: number;
  picture: string; // JPEG in base64
}

const keys = ["url", "user", "password", "transport", "tls_verify", "ca_file", "format", "size", "fps"];

const masked = "[redacted]"; // what the daemon shows for the login in an address

/** Without the login that is masked: the daemon takes the stored one, for the same host. */
function unmasked(url: string): string {
  const parts = /^([a-z]+:\/\/)([^/@]*)@(.*)$/i.exec(url);
  return parts?.[2]?.includes(masked) ? `${parts[1]}${parts[3]}` : url;
}

/** What is asked of the daemon: what stands in the form, and of whom the stored password is. */
export function trialOf(fields: readonly FieldSpec[], draft: Draft, entry: Entry | null): Record<string, unknown> {
  const body = Object.entries(bodyOf(fields, draft, entry)).filter(([key, value]) => keys.includes(key) && value !== null);
  const asked = Object.fromEntries(body);
  const url = entry && typeof asked.url === "string" ? { url: unmasked(asked.url) } : {};
  // Said to be none: the stored one is for who leaves it out.
  const none = draft[takenAway("password")] === true && shownOf(fields, draft).some(({ key }) => key === "password") && !("password" in asked) ? { password: "" } : {};
  return { ...asked, ...url, ...none, ...(entry ? { id: entry.id } : {}) };
}

/** What to do about a camera that showed nothing. */
export function sayTrial(problem: Problem): string {
  if (problem.status === 429) return s().trialBusy;
  const reason = problem.body.reason;
  const reasons: Record<string, string> = s().camera.reasons;
  if (problem.status !== 422 || typeof reason !== "string") return problem.status === 422 ? inEnglish(problem.detail) : explain(problem);
  return [reasons[reason], inEnglish(problem.detail)].filter(Boolean).join(" — ");
}

interface TrialProps {
  draft: Draft;
  entry: Entry | null;
  fields: readonly FieldSpec[];
  refuse(refusal: Refusal): void;
}

/** Asks the camera of the form for a picture, before it is saved. */
export function Trial({ draft, entry, fields, refuse }: TrialProps) {
  const [found, setFound] = useState<Found | null>(null);
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const seconds = useSeconds(busy);
  const asked = JSON.stringify(trialOf(fields, draft, entry));
  const now = useRef(asked);
  now.current = asked;
  // What was found is of what was typed then.
  useEffect(() => {
    setFound(null);
    setFault("");
  }, [asked]);
  const attempt = async (): Promise<void> => {
    if (busy) return;
    if (missingOf(fields, draft, entry).includes("url")) return refuse({ faults: { url: s().fill }, others: [], tried: true });
    setBusy(true);
    setFault("");
    setFound(null);
    try {
      const answer = await ask<Found>("POST", "/api/v1/settings/cameras/trial", JSON.parse(asked));
      if (now.current === asked) setFound(answer);
    } catch (thrown) {
      const problem = asProblem(thrown);
      const isNamed = Array.isArray(problem.body.faults) && problem.body.faults.length > 0;
      if (isNamed) refuse({ ...refusalOf(problem, shownOf(fields, draft)), tried: true });
      else if (now.current === asked) setFault(sayTrial(problem));
    }
    setBusy(false);
  };
  return (
    <div class="trial">
      <p><button type="button" class="quiet" aria-disabled={busy} onClick={() => void attempt()}>{s().camera.try}</button></p>
      <div role="status">
        {busy && <p>{s().camera.trying}</p>}
        {found && <p class="answered">{s().camera.found(found.codec, found.width, found.height, found.took_ms)}</p>}
      </div>
      {busy && <Counted text={s().elapsed(seconds)} />}
      {found && <img src={`data:image/jpeg;base64,${found.picture}`} alt={s().camera.picture} onLoad={(event) => event.currentTarget.scrollIntoView({ block: "nearest" })} />}
      {fault && <p class="fault" role="alert"><Said text={fault} /></p>}
    </div>
  );
}
