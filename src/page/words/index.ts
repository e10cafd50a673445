// SPDX-License-Identifier: Apache-2.0
import { computed, signal } from "@preact/signals";
import type { Problem } from "../api";
import { de } from "./de";
import { en, type Words } from "./en";
import { inEnglish } from "./english";

export type Language = "en" | "de";
const dictionaries: Record<Language, Words> = { en, de };
const kept = "porchlight.language";

/** The first of the browser's languages that we speak. */
export function languageOf(wanted: readonly string[]): Language {
  const found = wanted.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in dictionaries);
  return (found as Language | undefined) ?? "en";
}

function chosen(): Language {
  if (typeof localStorage === "undefined") return "en"; // under test, outside a browser
  const before = localStorage.getItem(kept);
  return before && before in dictionaries ? (before as Language) : languageOf(navigator.languages);
}

export const language = signal<Language>(chosen());
const words = computed(() => dictionaries[language.value]);
/** The texts in the language of now. Inside a component it is drawn anew when that changes. */
export const w = (): Words => words.value;

export function speak(next: Language): void {
  localStorage.setItem(kept, next);
  language.value = next;
}

// The browser's own variant of the language, where it has one: a British clock has no AM.
const locale = (): string =>
  (typeof navigator === "undefined" ? [] : navigator.languages).find((tag) => tag.startsWith(language.value)) ?? language.value;

export function clockTime(iso: string): string {
  return new Intl.DateTimeFormat(locale(), { hour: "2-digit", minute: "2-digit" }).format(new Date(iso));
}

export function clockSeconds(iso: string): string {
  return new Intl.DateTimeFormat(locale(), { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(iso));
}

export function dayName(iso: string): string {
  return new Intl.DateTimeFormat(locale(), { weekday: "long", day: "numeric", month: "long" }).format(new Date(iso));
}

/** A day and a time of it, short. */
export function momentText(iso: string): string {
  return new Intl.DateTimeFormat(locale(), { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" }).format(new Date(iso));
}

export function numberText(value: number, digits = 0): string {
  return new Intl.NumberFormat(locale(), { maximumFractionDigits: digits }).format(value);
}

/** How old a picture is, in words. */
export function ageText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? w().ageSeconds(seconds) : w().ageMinutes(Math.round(seconds / 60));
}

/** What went wrong, and what to do. Where a route gives a status a meaning of its own, its view says so first. */
export function explain(problem: Problem): string {
  const errors = w().errors;
  switch (problem.status) {
    case 0:
      return errors.unreachable;
    case 403:
      return errors.forbidden;
    case 404:
      return errors.gone;
    case 429:
      return errors.tooMany(problem.retryAfter ?? 60);
    case 503:
      return errors.busy;
    default:
      return errors.other(inEnglish(problem.detail));
  }
}
