// SPDX-License-Identifier: Apache-2.0
// What the daemon says is English, also where it stands inside a German sentence.
const begin = "\u2068"; // the signs by which Unicode sets a foreign piece apart; they are not seen
const end = "\u2069";

/** The text, marked as English, for a sentence of any language. */
export const inEnglish = (text: string): string => begin + text.replace(/[\u2068\u2069]/g, "") + end;

/** A sentence in its pieces: every second one, beginning with the second, is English. */
export const piecesOf = (sentence: string): string[] => sentence.split(/[\u2068\u2069]/);
