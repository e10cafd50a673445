// SPDX-License-Identifier: Apache-2.0
import { computed } from "@preact/signals";
import { language } from "../words";
import { settingsDe } from "../words/settings_de";
import { settingsEn, type SettingsWords } from "../words/settings_en";

const dictionaries = { en: settingsEn, de: settingsDe };
const words = computed<SettingsWords>(() => dictionaries[language.value]);
/** The texts of the settings in the language of now. */
export const s = (): SettingsWords => words.value;

/** The word for a value, or the value itself where we have none. */
export const wordOf = (words: Readonly<Record<string, string>>, value: string): string => words[value] ?? value;

export function dayAndTime(iso: string): string {
  const locale = navigator.languages.find((tag) => tag.startsWith(language.value)) ?? language.value;
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
}
