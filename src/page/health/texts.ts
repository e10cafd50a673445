// SPDX-License-Identifier: Apache-2.0
import { numberText, w } from "../words";

const units = ["B", "KiB", "MiB", "GiB", "TiB"];

export function bytesText(bytes: number): string {
  const step = bytes > 0 ? Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10)) : 0;
  const amount = bytes / 1024 ** step;
  return `${numberText(amount, amount < 10 ? 1 : 0)} ${units[step]}`;
}

export const percentText = (value: number): string => `${numberText(value, value < 10 ? 1 : 0)} %`;

/** How long, by its largest part or two. */
export function spanText(seconds: number): string {
  const words = w().ofHealth;
  const whole = Math.max(0, Math.floor(seconds));
  const [days, hours, minutes] = [Math.floor(whole / 86_400), Math.floor((whole % 86_400) / 3600), Math.floor((whole % 3600) / 60)];
  if (days > 0) return hours > 0 ? `${words.days(days)} ${words.hours(hours)}` : words.days(days);
  if (hours > 0) return minutes > 0 ? `${words.hours(hours)} ${words.minutes(minutes)}` : words.hours(hours);
  return minutes > 0 ? words.minutes(minutes) : words.seconds(whole);
}
