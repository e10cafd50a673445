// SPDX-License-Identifier: Apache-2.0
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { refreshCameras } from "../cameras";
import { w } from "../words";
import "./settings.css";
import { Buttons } from "./buttons";
import { Cameras } from "./cameras";
import { Channels } from "./channels";
import { Rules } from "./rules";
import { Tokens } from "./tokens";
import { Users } from "./users";
import { s } from "./words";

const sections = { cameras: Cameras, buttons: Buttons, users: Users, tokens: Tokens, channels: Channels, rules: Rules } as const satisfies Record<string, ComponentType>;
type Section = keyof typeof sections;
const names = Object.keys(sections) as Section[];
const isSection = (name: string): name is Section => Object.hasOwn(sections, name);

function Overview() {
  return (
    <ul class="items">
      {names.map((name) => (
        <li key={name} class="card item way">
          <h2><a href={`#/settings/${name}`}>{s().sections[name]}</a></h2>
          <p class="soft">{s().about[name]}</p>
        </li>
      ))}
    </ul>
  );
}

/** The settings, all or one section of them. For administrators; the daemon sees to it. */
export function Settings({ section }: { section: string }) {
  useEffect(() => void refreshCameras().catch(() => undefined), [section]);
  if (!isSection(section))
    return (
      <>
        <h1>{w().settings}</h1>
        <Overview />
      </>
    );
  const Part: ComponentType = sections[section];
  return (
    <div class="settings">
      <nav class="sections" aria-label={s().sectionsLabel}>
        {names.map((name) => <a key={name} href={`#/settings/${name}`} aria-current={name === section ? "page" : undefined}>{s().sections[name]}</a>)}
      </nav>
      <h1>{s().sections[section]}</h1>
      <p class="soft">{s().about[section]}</p>
      <Part key={section} />
    </div>
  );
}
