// SPDX-License-Identifier: Apache-2.0
// Photographs on their way. fetch() cannot tell how much of a body is sent; XMLHttpRequest can.
import { csrfToken, Problem, signedOut } from "../api";
import { isWithoutModels, type PhotoResult } from "./known";

export const mostBytes = 10 * 1024 * 1024;

export interface Answer {
  person?: { name: string };
  photos?: PhotoResult[];
  faces?: Identified[];
  detail?: string;
  type?: string;
}

export interface Identified {
  result: string;
  person?: string;
  confidence: number;
  refused?: string;
}

/** `part`: how much of the body is sent, 0 to 1. Throws a Problem; what was wrong with photographs is no problem but an answer. */
export function send(path: string, form: FormData, progress: (part: number) => void): Promise<Answer> {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.responseType = "json";
    request.setRequestHeader("X-CSRF-Token", csrfToken());
    request.upload.addEventListener("progress", (event) => progress(event.total > 0 ? event.loaded / event.total : 0));
    request.addEventListener("error", () => fail(new Problem(0, "no answer")));
    request.addEventListener("load", () => {
      const said = (request.response ?? {}) as Answer;
      if (request.status < 300 || (request.status === 422 && said.photos)) return done(said);
      if (request.status === 401) signedOut();
      const after = Number(request.getResponseHeader("Retry-After"));
      fail(new Problem(request.status, said.detail ?? "", said.type, after > 0 ? after : null));
    });
    request.send(form);
  });
}

export interface Outcome {
  file: string;
  photo: PhotoResult;
}

export interface Step {
  file: string;
  at: number; // from 1
  of: number;
  part: number; // of this one, 0 to 1; at 1 the house looks at it
}

/**
 * Enrols photographs one after the other, so that each has its answer as soon as it can, and together they may be
 * larger than one form. Throws a Problem when the house refuses all of them alike; what was learnt before it stays.
 */
export async function enrol(name: string, files: readonly File[], step: (step: Step) => void, told: (outcome: Outcome) => void): Promise<void> {
  for (const [index, file] of files.entries()) {
    const report = (part: number): void => step({ file: file.name, at: index + 1, of: files.length, part });
    report(0);
    told({ file: file.name, photo: await enrolOne(name, file, report) });
  }
}

async function enrolOne(name: string, file: File, progress: (part: number) => void): Promise<PhotoResult> {
  if (file.size > mostBytes) return { result: "too_large" };
  const form = new FormData();
  form.append("name", name);
  form.append("photo", file);
  try {
    const answer = await send("/api/v1/people", form, progress);
    return answer.photos?.[0] ?? { result: "failed" };
  } catch (thrown) {
    if (!(thrown instanceof Problem)) throw thrown;
    if (thrown.status === 413) return { result: "too_large" };
    if (thrown.status === 503 && !isWithoutModels(thrown)) return { result: "not_examined" };
    throw thrown;
  }
}

/** Who is in the photograph. Throws a Problem. */
export async function identify(file: File): Promise<Answer> {
  const form = new FormData();
  form.append("photo", file);
  return send("/api/v1/faces/identify", form, () => undefined);
}
